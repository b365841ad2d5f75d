//! A builder with faults: each call of a build fails, is cancelled, or takes long, one after the
//! other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::ops::Range;
use std::time::Duration;

use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_frontend::gateway::fake::FakeGateway;
use gowork_frontend::gateway::{
    Answer, FrontendSolve, Gateway, GatewayError, ImageQuery, Pong, Ref, ResolvedImage, Solve,
    Solved, Warning,
};
use gowork_frontend::opts::RawOptions;
use gowork_frontend::serve;
use gowork_llb::ops::Reference;
use gowork_llb::ops::caps as llb;
use gowork_llb::ops::source::Image;
use tokio::time::{sleep, timeout};

use crate::scripted::{self, GATEWAY};

const SOURCES: &str =
    "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

/// What happens at a call.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Nothing,
    /// The call with this number fails with this code and message.
    At(usize, i32, &'static str),
    /// Every call takes this long.
    Slow(Duration),
}

/// A scripted builder with a fault.
struct Faulty {
    fake: FakeGateway,
    fault: Fault,
    calls: Cell<usize>,
    /// The call that failed.
    hit: RefCell<Option<&'static str>>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            fake: scripted::builder(&GATEWAY, llb::ALL, SOURCES),
            fault,
            calls: Cell::new(0),
            hit: RefCell::new(None),
        }
    }

    fn call<'a, T: 'a>(&'a self, name: &'static str, answer: Answer<'a, T>) -> Answer<'a, T> {
        let number = self.calls.replace(self.calls.get() + 1);
        match self.fault {
            Fault::At(at, code, message) if at == number => {
                *self.hit.borrow_mut() = Some(name);
                let mut error = GatewayError::new(name, message.to_owned());
                error.status.code = code;
                Box::pin(std::future::ready(Err(error)))
            }
            Fault::Slow(time) => Box::pin(async move {
                sleep(time).await;
                answer.await
            }),
            Fault::Nothing | Fault::At(..) => answer,
        }
    }
}

impl Gateway for Faulty {
    fn pong(&self) -> &Pong {
        self.fake.pong()
    }

    fn solve(&self, request: Solve) -> Answer<'_, Solved> {
        self.call("Solve", self.fake.solve(request))
    }

    fn solve_frontend(&self, request: FrontendSolve) -> Answer<'_, proto::Result> {
        self.call("Solve", self.fake.solve_frontend(request))
    }

    fn evaluate<'a>(&'a self, reference: &'a Ref) -> Answer<'a, ()> {
        self.call("Evaluate", self.fake.evaluate(reference))
    }

    fn read_range<'a>(
        &'a self,
        from: &'a Ref,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> Answer<'a, Vec<u8>> {
        self.call("ReadFile", self.fake.read_range(from, path, range))
    }

    fn stat_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Stat> {
        self.call("StatFile", self.fake.stat_file(from, path))
    }

    fn read_dir<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<Stat>> {
        self.call("ReadDir", self.fake.read_dir(from, path))
    }

    fn resolve_image(&self, query: ImageQuery) -> Answer<'_, ResolvedImage> {
        self.call("ResolveSourceMeta", self.fake.resolve_image(query))
    }

    fn inputs(&self) -> Answer<'_, BTreeMap<String, pb::Definition>> {
        self.call("Inputs", self.fake.inputs())
    }

    fn warn(&self, warning: Warning) -> Answer<'_, ()> {
        self.call("Warn", self.fake.warn(warning))
    }

    fn return_ok(&self, result: proto::Result) -> Answer<'_, ()> {
        self.call("Return", self.fake.return_ok(result))
    }

    fn return_error(&self, status: rpc::Status) -> Answer<'_, ()> {
        self.call("Return", self.fake.return_error(status))
    }
}

/// A build. Returns the error that the user sees, if it ends with one.
async fn build(faulty: &Faulty) -> Result<(), String> {
    let mut own = tempfile::NamedTempFile::new().unwrap();
    let image = Image::new(&Reference::parse("docker.io/gowork/gowork:1").unwrap()).output();
    own.write_all(&image.to_definition().to_bytes()).unwrap();
    let options = RawOptions::default();
    let serving = serve(faulty, &options, own.path());
    // The clock stands still while something can go on, so this is a hang and no slowness.
    let served = timeout(Duration::from_secs(30 * 24 * 3600), serving).await;
    served
        .expect("the build ends")
        .map_err(|error| error.to_string())?;
    let mut returned = faulty.fake.recorded().returned;
    assert_eq!(returned.len(), 1, "one build ends once");
    returned
        .remove(0)
        .map(drop)
        .map_err(|status| status.message)
}

/// How many calls a build makes.
async fn calls() -> usize {
    let sound = Faulty::new(Fault::Nothing);
    assert_eq!(build(&sound).await, Ok(()));
    sound.calls.get()
}

/// The calls that a build can do without, and what it says of the others.
async fn each_call_with(code: i32, message: &'static str) -> (BTreeSet<&'static str>, Vec<String>) {
    let (mut spared, mut said) = (BTreeSet::new(), Vec::new());
    for at in 0..calls().await {
        let faulty = Faulty::new(Fault::At(at, code, message));
        let ended = build(&faulty).await;
        let call = faulty.hit.borrow().expect("each call is made again");
        match ended {
            Ok(()) => {
                spared.insert(call);
            }
            Err(error) => said.push(format!("{call}: {error}")),
        }
    }
    (spared, said)
}

/// The daemon's words reach the user, whichever call it is.
#[tokio::test(start_paused = true)]
async fn each_call_fails_with_clear_words() {
    let (spared, said) = each_call_with(14, "the disk of the builder is gone").await;
    assert!(said.len() > 5, "{said:?}");
    for error in &said {
        assert!(error.contains("the disk of the builder is gone"), "{error}");
    }
    // Beside the build, and to show warnings.
    for call in spared {
        assert!(
            ["Solve", "ReadFile", "Evaluate", "Warn"].contains(&call),
            "{call}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_is_cancelled() {
    let (_, said) = each_call_with(1, "context canceled").await;
    assert!(said.len() > 5, "{said:?}");
    for error in &said {
        assert!(error.contains("context canceled"), "{error}");
        assert!(!error.contains("bug"), "{error}");
    }
}

/// A build of very many images is described in more than BuildKit takes in a message. What refuses
/// it is tonic, or the daemon's grpc-go.
#[tokio::test(start_paused = true)]
async fn too_many_steps_for_a_message() {
    for (code, words) in [
        (
            11,
            "Error, encoded message length too large: found 18039000 bytes, the limit is: 16777216 bytes",
        ),
        (
            8,
            "grpc: received message larger than max (18039000 vs. 16777216)",
        ),
    ] {
        let (_, said) = each_call_with(code, words).await;
        let clear = said.iter().filter(|error| error.contains("one message"));
        let clear: Vec<&String> = clear.collect();
        assert!(clear.len() > 2, "{said:?}");
        for error in clear {
            assert!(error.contains("--target NAME"), "{error}");
            assert!(!error.contains("bytes"), "{error}");
        }
    }
}

/// Some wait for a person, or for a registry that does not hurry.
#[tokio::test(start_paused = true)]
async fn a_slow_builder_is_waited_for() {
    let slow = Faulty::new(Fault::Slow(Duration::from_secs(3600)));
    assert_eq!(build(&slow).await, Ok(()));
}
