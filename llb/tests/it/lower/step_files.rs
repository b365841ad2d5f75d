//! Both sides of the files that steps read: gowork-cache reads what the library wrote, for each
//! kind of step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use buildkit_proto::pb;
use gowork_cache::args::{self, Args};
use gowork_cache::id::Id;
use gowork_cache::steps::{description, memo};
use gowork_llb::config::ImageName;
use gowork_llb::ops::Output;
use gowork_llb::plan::{Plan, Step, StepKind};
use gowork_llb::resolution::{REQUEST_FILE, ResolveRequest};
use gowork_step::{
    BATCH, Batch, DESCRIPTION, Description, LinkDescription, NAMES, Names, OwnFile, PARTS,
    STEP_DIR, from_json, parse_parts, part_dir,
};
use prost::Message as _;

use super::llb::lowering;
use crate::plan::sealed::{WORK, planned, resolution};
use crate::support::sound;

/// An exec, and the files that it finds in [`STEP_DIR`].
struct Run {
    args: Vec<String>,
    cache: Args,
    files: BTreeMap<String, Vec<u8>>,
}

/// The exec that `output` is of.
fn run(output: &Output) -> Run {
    let definition = output.to_definition();
    let ops: BTreeMap<String, pb::Op> = definition
        .as_pb()
        .def
        .iter()
        .map(|bytes| {
            (
                gowork_llb::ops::Digest::of(bytes).as_str().to_owned(),
                decode(bytes),
            )
        })
        .collect();
    let op = &ops[output.digest().unwrap().as_str()];
    let Some(pb::op::Op::Exec(exec)) = &op.op else {
        panic!("no exec: {op:?}")
    };
    let mount = exec
        .mounts
        .iter()
        .find(|mount| mount.dest == STEP_DIR)
        .unwrap();
    let from = &ops[&op.inputs[usize::try_from(mount.input).unwrap()].digest];
    let meta = exec.meta.as_ref().unwrap();
    let cache = meta
        .env
        .iter()
        .find_map(|pair| pair.strip_prefix("GOCACHEPROG="))
        .unwrap_or("program --layer /none");
    Run {
        args: meta.args.clone(),
        cache: args::parse(cache.split(' ').skip(1).map(ToOwned::to_owned)).unwrap(),
        files: files(from, &mount.selector),
    }
}

fn decode(bytes: &[u8]) -> pb::Op {
    pb::Op::decode(bytes).unwrap()
}

/// The files that an op makes in a directory.
fn files(op: &pb::Op, dir: &str) -> BTreeMap<String, Vec<u8>> {
    let Some(pb::op::Op::File(file)) = &op.op else {
        panic!("no files: {op:?}")
    };
    let made = file
        .actions
        .iter()
        .filter_map(|action| match &action.action {
            Some(pb::file_action::Action::Mkfile(made)) => {
                let name = made.path.strip_prefix(dir)?.trim_start_matches('/');
                (!name.contains('/')).then(|| (name.to_owned(), made.data.clone()))
            }
            _ => None,
        });
    made.collect()
}

/// The description as the program reads it.
fn described(bytes: &[u8]) -> Description {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    description::read_json(file.path().to_str().unwrap()).unwrap()
}

/// What the plan says of a step's own files.
fn own_names(step: &Step) -> BTreeSet<String> {
    let vendored = step
        .inputs
        .own
        .vendor
        .keys()
        .map(|file| format!("vendor/{file}"));
    step.inputs
        .own
        .files
        .iter()
        .map(ToString::to_string)
        .chain(vendored)
        .collect()
}

fn names(own: &[OwnFile]) -> BTreeSet<String> {
    own.iter().map(|file| file.name.clone()).collect()
}

/// Every file that a step compiles itself changes the step's key.
fn keys_every_file(description: &Description) {
    let dir = tempfile::tempdir().unwrap();
    let mut here = description.clone();
    for (number, file) in here.own.iter_mut().enumerate() {
        file.at = dir
            .path()
            .join(number.to_string())
            .to_str()
            .unwrap()
            .to_owned();
        fs::write(&file.at, "before").unwrap();
    }
    let reads: Vec<Id> = here
        .reads
        .iter()
        .map(|name| Id::of(name.as_bytes()))
        .collect();
    let key = || memo::key(&here, "go1.26", &reads).unwrap();
    let before = key();
    for file in &here.own {
        fs::write(&file.at, "after").unwrap();
        assert_ne!(key(), before, "{}", file.name);
        fs::write(&file.at, "before").unwrap();
        assert_eq!(key(), before);
    }
}

fn is_as_planned(plan: &Plan, step: &Step, description: &Description) {
    let parts: Vec<Vec<String>> = step
        .kind
        .parts()
        .iter()
        .map(|part| part.named().iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(description.parts, parts, "{}", step.name);
    let own = own_names(step);
    assert!(
        names(&description.own).is_superset(&own),
        "{}: {own:?}",
        step.name
    );
    let part =
        |result: &gowork_llb::plan::Results| &plan.step(result.step).kind.parts()[result.part];
    let mut reads: Vec<String> = step
        .inputs
        .results
        .iter()
        .map(|result| part_dir(part(result).named()))
        .collect();
    reads.sort();
    assert_eq!(description.reads, reads, "{}", step.name);
    assert!(
        description.salt.contains(&"sha256:builder".to_owned()),
        "{:?}",
        description.salt
    );
    keys_every_file(description);
}

#[test]
fn each_kind_of_step_is_read_as_it_was_planned() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let mut kinds = BTreeSet::new();
    for (ix, step) in plan.steps.iter().enumerate() {
        let run = run(&lowering(&plan, |mut lowering| {
            lowering.step(gowork_llb::plan::StepIx(ix)).unwrap()
        }));
        let kind = match &step.kind {
            StepKind::Resolve(request) => {
                let asked: ResolveRequest = from_json(&run.files[REQUEST_FILE]).unwrap();
                assert_eq!(&asked, request);
                "resolve"
            }
            StepKind::Link(_) => {
                is_as_planned(&plan, step, &described(&run.files[DESCRIPTION]));
                assert_eq!(run.args[1], gowork_step::words::LINK);
                "link"
            }
            compiles => {
                let description = described(&run.files[DESCRIPTION]);
                is_as_planned(&plan, step, &description);
                let list = String::from_utf8(run.files[PARTS].clone()).unwrap();
                assert_eq!(parse_parts(&list), description.parts);
                assert_eq!(run.args[1], gowork_step::words::COMPILE);
                match compiles {
                    StepKind::Std(_) => "std",
                    StepKind::Deps(_) => "deps",
                    _ => "unit",
                }
            }
        };
        if kind != "resolve" {
            assert_eq!(
                run.cache.parents.len(),
                step.inputs.results.len(),
                "{}",
                step.name
            );
        }
        kinds.insert(kind);
    }
    assert_eq!(kinds, ["deps", "link", "resolve", "std", "unit"].into());
}

#[test]
fn a_batch_is_read_as_its_steps_are() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let build = plan.step(plan.images[0].link).build;
    let api = [ImageName::new("api")];
    let images = Some(&api[..]);
    let ahead = lowering(&plan, |mut lowering| {
        lowering.batch(build, images, &[0, 1]).unwrap()
    })
    .unwrap();
    let batch: Batch = from_json(&run(&ahead).files[BATCH]).unwrap();
    let watch = lowering(&plan, |lowering| {
        lowering.watch(build, images, 1, "1").unwrap()
    })
    .unwrap();
    let watched: Names = from_json(&run(&watch).files[NAMES]).unwrap();
    let by_step = |description: &Description| {
        let is_it = |step: &&Step| {
            let parts = step
                .kind
                .parts()
                .iter()
                .map(|part| part.named().iter().map(ToString::to_string).collect())
                .collect::<Vec<Vec<String>>>();
            !matches!(step.kind, StepKind::Resolve(_)) && parts == description.parts
        };
        plan.steps.iter().find(is_it).unwrap()
    };
    for description in &batch.steps {
        is_as_planned(&plan, by_step(description), description);
        assert!(watched.names.contains(&description.name));
    }
    let [
        LinkDescription {
            step,
            package,
            binary,
            ..
        },
    ] = &batch.links[..]
    else {
        panic!("{:?}", batch.links)
    };
    is_as_planned(&plan, by_step(step), step);
    assert_eq!(
        (package.as_str(), binary.as_str()),
        ("example.com/api", "api")
    );
    assert_eq!(watched.names.last(), Some(&step.name));
    assert_eq!(
        watched.names.len(),
        plan.steps.len() - 2,
        "all but the resolve step and the link of the other image"
    );
}
