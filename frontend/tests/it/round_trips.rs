//! What a build asks the daemon for, and how often it has to wait for an answer before it can ask
//! for more. Each question takes one tick of a clock that stands still otherwise: so the ticks count
//! round trips, and questions of one tick are asked side by side.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;
use std::time::Duration;

use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use expect_test::expect;
use gowork_frontend::gateway::fake::FakeGateway;
use gowork_frontend::gateway::{
    Answer, FrontendSolve, Gateway, ImageQuery, Pong, Ref, ResolvedImage, Solve, Solved, Warning,
};
use gowork_frontend::serve;
use gowork_llb::ops::Reference;
use gowork_llb::ops::caps as llb;
use gowork_llb::ops::source::Image;
use tokio::time::{Instant, sleep};

use crate::opts::raw;
use crate::scripted::{self, GATEWAY};

/// How long the daemon takes to answer.
const TICK: Duration = Duration::from_millis(1);

/// A daemon that takes its time, and notes what it is asked at each tick.
struct Ticking {
    fake: FakeGateway,
    began: Instant,
    asked: RefCell<BTreeMap<u128, Vec<String>>>,
}

impl Ticking {
    fn new(fake: FakeGateway) -> Self {
        Self {
            fake,
            began: Instant::now(),
            asked: RefCell::default(),
        }
    }

    /// Notes the question, and answers a tick later.
    fn after<'a, T: 'a>(&'a self, question: String, answer: Answer<'a, T>) -> Answer<'a, T> {
        let ticks = self.began.elapsed().as_millis() / TICK.as_millis();
        let mut asked = self.asked.borrow_mut();
        asked.entry(ticks).or_default().push(question);
        Box::pin(async move {
            sleep(TICK).await;
            answer.await
        })
    }

    /// What was asked, a line for each tick.
    fn asked(&self) -> String {
        let mut text = String::new();
        for (number, questions) in self.asked.borrow().values().enumerate() {
            writeln!(text, "{}. {}", number + 1, questions.join("; ")).unwrap();
        }
        text
    }
}

/// The name of what is solved, as the progress output has it.
fn name(solve: &Solve) -> String {
    let definition = solve.definition.as_pb();
    let last = definition.def.last().and_then(|bytes| {
        let op: pb::Op = prost::Message::decode(bytes.as_slice()).ok()?;
        op.inputs.first().map(|input| input.digest.clone())
    });
    let metadata = last.and_then(|digest| definition.metadata.get(&digest));
    let name = metadata.and_then(|metadata| metadata.description.get("llb.customname"));
    name.cloned().unwrap_or_default()
}

impl Gateway for Ticking {
    fn pong(&self) -> &Pong {
        self.fake.pong()
    }

    fn solve(&self, request: Solve) -> Answer<'_, Solved> {
        let question = format!("solve {}", name(&request));
        self.after(question, self.fake.solve(request))
    }

    fn solve_frontend(&self, request: FrontendSolve) -> Answer<'_, proto::Result> {
        let question = format!("solve by {}", request.frontend);
        self.after(question, self.fake.solve_frontend(request))
    }

    fn evaluate<'a>(&'a self, from: &'a Ref) -> Answer<'a, ()> {
        self.after("evaluate".to_owned(), self.fake.evaluate(from))
    }

    fn read_range<'a>(
        &'a self,
        from: &'a Ref,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> Answer<'a, Vec<u8>> {
        let answer = self.fake.read_range(from, path, range);
        self.after(format!("read {path}"), answer)
    }

    fn stat_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Stat> {
        self.after(format!("stat {path}"), self.fake.stat_file(from, path))
    }

    fn read_dir<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<Stat>> {
        self.after(format!("list {path}"), self.fake.read_dir(from, path))
    }

    fn resolve_image(&self, query: ImageQuery) -> Answer<'_, ResolvedImage> {
        let question = format!("look up {}", query.reference);
        self.after(question, self.fake.resolve_image(query))
    }

    fn inputs(&self) -> Answer<'_, BTreeMap<String, pb::Definition>> {
        self.after("inputs".to_owned(), self.fake.inputs())
    }

    fn warn(&self, warning: Warning) -> Answer<'_, ()> {
        self.after(format!("warn {}", warning.short), self.fake.warn(warning))
    }

    fn return_ok(&self, result: proto::Result) -> Answer<'_, ()> {
        self.after("return".to_owned(), self.fake.return_ok(result))
    }

    fn return_error(&self, status: rpc::Status) -> Answer<'_, ()> {
        self.after("return an error".to_owned(), self.fake.return_error(status))
    }
}

const SOURCES: &str = "\
-- go.mod --
module example.com/m
go 1.26
-- cmd/api/main.go --
package main
func main() {}
-- cmd/web/main.go --
package main
func main() {}
";

/// What is asked in a build of one image whose steps are all in the cache.
async fn asked(configuration: &str) -> String {
    let base = format!("sha256:{}", "1".repeat(64));
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = fake.image("docker.io/library/alpine:3", Some(&base), "{}");
    let ticking = Ticking::new(scripted::configured(fake, configuration, &[], SOURCES));
    let mut own = tempfile::NamedTempFile::new().unwrap();
    let programs = Image::new(&Reference::parse("docker.io/gowork/gowork:1").unwrap());
    own.write_all(&programs.output().to_definition().to_bytes())
        .unwrap();
    let options = raw(&["target=api"]);
    serve(&ticking, &options, own.path()).await.unwrap();
    let ended = ticking.fake.recorded().returned;
    assert!(matches!(ended.as_slice(), [Ok(_)]), "{ended:?}");
    ticking.asked()
}

#[tokio::test(start_paused = true)]
async fn a_build_of_one_image_waits_for_few_answers() {
    expect![[r#"
        1. inputs
        2. solve [internal] load configuration from Dockerfile; solve [internal] load .dockerignore
        3. read Dockerfile; read gowork.toml; read Dockerfile.dockerignore; read .dockerignore
        4. solve [internal] list build context
        5. read .fsutil-metadata
        6. solve scan Go sources
        7. read scan.json
        8. look up docker.io/library/golang:1.26
        9. solve resolve modules
        10. read resolution.json
        11. solve image api
        12. return
    "#]]
    .assert_eq(&asked("").await);
}

/// Registries are asked side by side.
#[tokio::test(start_paused = true)]
async fn a_base_image_takes_no_round_trip_more() {
    let on_scratch = asked("").await.lines().count();
    let on_base = asked("[runtime]\nbase = \"alpine:3\"\n").await;
    assert_eq!(on_base.lines().count(), on_scratch, "{on_base}");
    let line = on_base.lines().find(|line| line.contains("alpine"));
    assert!(
        line.is_some_and(|line| line.contains("golang:1.26")),
        "{on_base}"
    );
}
