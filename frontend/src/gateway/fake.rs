//! A gateway that answers from a script and records what it was asked: for tests, no daemon needed.
//!
//! A definition is answered by the first rule that fits one of its ops, from the last op (the
//! terminal one's input) back.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_llb::ops::Digest;
use gowork_llb::ops::caps::{self as llb_caps, Supported};
use prost::Message;

use super::{
    Answer, FrontendSolve, Gateway, GatewayError, ImageQuery, Pong, Ref, ResolvedImage, Solve,
    Solved, Warning,
};

/// A filesystem of the script: path without leading slash -> contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Takes an op and its digest.
type Rule = Box<dyn Fn(&pb::Op, &Digest) -> Option<Result<Files, GatewayError>>>;

/// Whether an error says which op failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vertex {
    /// By its digest, as BuildKit does for the failure of a step.
    Named,
    /// It does not.
    Unknown,
}

/// The scripted gateway.
#[derive(Default)]
pub struct FakeGateway {
    pong: Pong,
    rules: Vec<Rule>,
    images: BTreeMap<String, ResolvedImage>,
    inputs: BTreeMap<String, pb::Definition>,
    state: RefCell<Recorded>,
    trees: RefCell<BTreeMap<String, Files>>,
}

/// What a [`FakeGateway`] was asked.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Every Solve, in order.
    pub solves: Vec<Solve>,
    /// Every Solve by another frontend. Each is answered with an empty result.
    pub frontends: Vec<FrontendSolve>,
    /// Every image looked up.
    pub images: Vec<ImageQuery>,
    /// Every warning.
    pub warnings: Vec<Warning>,
    /// How the build ended: a result or an error. More than one is a fault of the frontend.
    pub returned: Vec<Result<proto::Result, rpc::Status>>,
}

impl FakeGateway {
    /// A gateway with these capabilities and no rules: every Solve gives an empty filesystem.
    pub fn new(frontend_caps: &[&str], llb_caps: &[&str]) -> Self {
        let pong = Pong {
            frontend_caps: Supported::only(frontend_caps.iter().copied()),
            llb_caps: Supported::only(llb_caps.iter().copied()),
        };
        Self {
            pong,
            ..Self::default()
        }
    }

    /// Answers definitions having a source op `identifier` (`local://dockerfile`) with `files`.
    #[must_use]
    pub fn source(self, identifier: &str, files: &[(&str, &str)]) -> Self {
        let identifier = identifier.to_owned();
        let files: Files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        self.rule(move |op| match &op.op {
            Some(pb::op::Op::Source(source)) if source.identifier == identifier => {
                Some(Ok(files.clone()))
            }
            _ => None,
        })
    }

    /// Answers definitions by a rule of the caller's, asked op by op.
    #[must_use]
    pub fn rule(
        mut self,
        rule: impl Fn(&pb::Op) -> Option<Result<Files, GatewayError>> + 'static,
    ) -> Self {
        self.rules.push(Box::new(move |op, _| rule(op)));
        self
    }

    /// Fails definitions with an op that fits. Asked before the rules so far. The error says which
    /// op it was, if `vertex` says so.
    #[must_use]
    pub fn failing(
        mut self,
        fits: impl Fn(&pb::Op) -> bool + 'static,
        error: GatewayError,
        vertex: Vertex,
    ) -> Self {
        let rule = move |op: &pb::Op, digest: &Digest| {
            if !fits(op) {
                return None;
            }
            Some(Err(match vertex {
                Vertex::Named => error.clone().of_vertex(digest.as_str()),
                Vertex::Unknown => error.clone(),
            }))
        };
        self.rules.insert(0, Box::new(rule));
        self
    }

    /// Knows the image `reference` (fully qualified).
    #[must_use]
    pub fn image(mut self, reference: &str, digest: Option<&str>, config: &str) -> Self {
        let image = ResolvedImage {
            reference: reference.to_owned(),
            digest: digest.map(str::to_owned),
            config: config.as_bytes().to_vec(),
        };
        self.images.insert(reference.to_owned(), image);
        self
    }

    /// Passes `definition` as the input `name`.
    #[must_use]
    pub fn input(mut self, name: &str, definition: pb::Definition) -> Self {
        self.inputs.insert(name.to_owned(), definition);
        self
    }

    /// What was asked so far.
    pub fn recorded(&self) -> Recorded {
        self.state.borrow().clone()
    }

    fn answer(&self, definition: &pb::Definition) -> Result<Files, GatewayError> {
        for bytes in definition.def.iter().rev() {
            let Ok(op) = pb::Op::decode(bytes.as_slice()) else {
                continue;
            };
            let digest = Digest::of(bytes);
            if let Some(answer) = self.rules.iter().find_map(|rule| rule(&op, &digest)) {
                return answer;
            }
        }
        Ok(Files::new())
    }

    fn file(&self, from: &Ref, path: &str) -> Result<Vec<u8>, GatewayError> {
        let trees = self.trees.borrow();
        let tree = trees
            .get(&from.0)
            .ok_or_else(|| GatewayError::new("ReadFile", format!("no such ref: {}", from.0)))?;
        let file = tree.get(path.trim_start_matches('/'));
        file.cloned().ok_or_else(|| {
            GatewayError::new(
                "ReadFile",
                format!("open {path}: no such file or directory"),
            )
        })
    }
}

fn now<'a, T: 'a>(answer: Result<T, GatewayError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Gateway for FakeGateway {
    fn pong(&self) -> &Pong {
        &self.pong
    }

    fn solve(&self, request: Solve) -> Answer<'_, Solved> {
        let checked =
            llb_caps::check(&request.definition, &self.pong.llb_caps).map_err(GatewayError::from);
        let files = checked.and_then(|()| self.answer(request.definition.as_pb()));
        let empty = request.definition.is_scratch();
        self.state.borrow_mut().solves.push(request);
        now(files.map(|files| {
            let mut trees = self.trees.borrow_mut();
            let id = if empty {
                String::new()
            } else {
                format!("ref-{}", trees.len())
            };
            trees.insert(id.clone(), files);
            Solved { reference: Ref(id) }
        }))
    }

    fn solve_frontend(&self, request: FrontendSolve) -> Answer<'_, proto::Result> {
        self.state.borrow_mut().frontends.push(request);
        now(Ok(proto::Result::default()))
    }

    fn evaluate<'a>(&'a self, _: &'a Ref) -> Answer<'a, ()> {
        now(Ok(()))
    }

    fn read_range<'a>(
        &'a self,
        from: &'a Ref,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> Answer<'a, Vec<u8>> {
        now(self.file(from, path).map(|whole| match range {
            None => whole,
            Some(range) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(whole.len());
                whole[place(range.start)..place(range.end)].to_vec()
            }
        }))
    }

    fn stat_file<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Stat> {
        now(self.file(from, path).map(|bytes| Stat {
            path: path.rsplit('/').next().unwrap_or_default().to_owned(),
            mode: 0o644,
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            ..Stat::default()
        }))
    }

    fn read_dir<'a>(&'a self, from: &'a Ref, path: &'a str) -> Answer<'a, Vec<Stat>> {
        let trees = self.trees.borrow();
        let tree = trees.get(&from.0).cloned().unwrap_or_default();
        let dir = path.trim_matches('/');
        let mut entries = BTreeMap::new();
        for file in tree.keys() {
            let below = match dir {
                "" => Some(file.as_str()),
                dir => file
                    .strip_prefix(dir)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(below) = below else { continue };
            let (name, mode) = match below.split_once('/') {
                Some((name, _)) => (name, 1 << 31 | 0o755),
                None => (below, 0o644),
            };
            entries.insert(name.to_owned(), mode);
        }
        let stat = |(path, mode)| Stat {
            path,
            mode,
            ..Stat::default()
        };
        now(Ok(entries.into_iter().map(stat).collect()))
    }

    fn resolve_image(&self, query: ImageQuery) -> Answer<'_, ResolvedImage> {
        let found = self.images.get(&query.reference).cloned();
        let answer = found.ok_or_else(|| {
            GatewayError::new(
                "ResolveSourceMeta",
                format!("{}: not found", query.reference),
            )
        });
        self.state.borrow_mut().images.push(query);
        now(answer)
    }

    fn inputs(&self) -> Answer<'_, BTreeMap<String, pb::Definition>> {
        now(Ok(self.inputs.clone()))
    }

    fn warn(&self, warning: Warning) -> Answer<'_, ()> {
        self.state.borrow_mut().warnings.push(warning);
        now(Ok(()))
    }

    fn return_ok(&self, result: proto::Result) -> Answer<'_, ()> {
        self.state.borrow_mut().returned.push(Ok(result));
        now(Ok(()))
    }

    fn return_error(&self, status: rpc::Status) -> Answer<'_, ()> {
        self.state.borrow_mut().returned.push(Err(status));
        now(Ok(()))
    }
}
