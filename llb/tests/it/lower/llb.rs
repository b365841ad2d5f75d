//! Steps as BuildKit gets them: a small plan as text, and the guards that every go command must
//! have.

use std::collections::BTreeMap;

use expect_test::expect_file;
use gowork_llb::config::ImageName;
use gowork_llb::gomod::ModulePath;
use gowork_llb::lower::{LlbInputs, LlbOptions, Lowering, NoCache};
use gowork_llb::ops::exec::{Exec, Network};
use gowork_llb::ops::source::{Image, Local};
use gowork_llb::ops::{Output, Platform, Reference};
use gowork_llb::plan::Plan;

use crate::plan::sealed::{WORK, partly_reached, planned, resolution};
use crate::support::sound;

fn image(reference: &str) -> Output {
    Image::new(&Reference::parse(reference).unwrap()).output()
}

/// The link of the plan's first image, as text.
pub(super) fn lowered(plan: &Plan) -> String {
    lowering(plan, |mut lowering| {
        lowering
            .step(plan.images[0].link)
            .unwrap()
            .to_definition()
            .to_string()
    })
}

pub(super) fn lowering<T>(plan: &Plan, with: impl FnOnce(Lowering<'_>) -> T) -> T {
    lowering_on(Some("sha256:builder"), plan, with)
}

fn lowering_on<T>(digest: Option<&str>, plan: &Plan, with: impl FnOnce(Lowering<'_>) -> T) -> T {
    lowering_as(true, digest, plan, with)
}

pub(super) fn lowering_as<T>(
    merge: bool,
    digest: Option<&str>,
    plan: &Plan,
    with: impl FnOnce(Lowering<'_>) -> T,
) -> T {
    let materials = LlbInputs {
        builder_digest: digest.map(ToOwned::to_owned),
        ..materials()
    };
    lowered_from(&materials, plan, |options| options.merge = merge, with)
}

/// The same with other options.
pub(super) fn lowering_with<T>(
    plan: &Plan,
    set: impl for<'a> FnOnce(&mut LlbOptions<'a>),
    with: impl FnOnce(Lowering<'_>) -> T,
) -> T {
    lowered_from(&materials(), plan, set, with)
}

pub(super) fn materials() -> LlbInputs {
    LlbInputs {
        builder_digest: Some("sha256:builder".to_owned()),
        context: Local::new("context").output(),
        builder: image("docker.io/library/golang:1.26"),
        builder_env: BTreeMap::from([("PATH".to_owned(), "/usr/local/go/bin:/bin".to_owned())]),
        programs: image("docker.io/gowork/gowork:1"),
        build_platform: Platform::parse("linux/amd64").unwrap(),
        accounts: BTreeMap::new(),
        modules: None,
        checkout: None,
        stages: BTreeMap::new(),
        bases: BTreeMap::from([("alpine".to_owned(), image("docker.io/library/alpine:3.22"))]),
    }
}

pub(super) fn lowered_from<T>(
    materials: &LlbInputs,
    plan: &Plan,
    set: impl for<'a> FnOnce(&mut LlbOptions<'a>),
    with: impl FnOnce(Lowering<'_>) -> T,
) -> T {
    let dress = |exec: Exec| exec;
    let no_cache = NoCache::Nothing;
    let mut options = LlbOptions {
        no_cache: &no_cache,
        cache_namespace: "",
        prefix: "",
        decorate_exec: &dress,
        network: Network::Sandbox,
        epoch: 0,
        merge: true,
    };
    set(&mut options);
    with(Lowering::new(plan, materials, options))
}

#[test]
fn a_link_and_all_before_it() {
    let text = lowered(&planned(&sound(WORK, ""), &resolution()));
    expect_file!["./llb.txt"].assert_eq(&text);
}

/// What is compiled at once beside the steps: what reads of those that run, of all images or of
/// some, or nothing where its results would have no place.
#[test]
fn all_steps_at_once() {
    let ahead = |plan: &Plan, image: Option<&str>, running: &[usize]| {
        let build = plan.step(plan.images[0].link).build;
        let ahead = lowering(plan, |mut lowering| {
            let images = image.map(|image| ["none", image].map(ImageName::new));
            let batch = lowering.batch(build, images.as_ref().map(|names| &names[..]), running);
            batch.unwrap()
        });
        ahead.map(|output| output.to_definition().to_string())
    };
    let plan = planned(&sound(WORK, ""), &resolution());
    let all = ahead(&plan, None, &[0, 1]).unwrap();
    expect_file!["./batch.txt"].assert_eq(&all);
    let one = ahead(&plan, Some("api"), &[0, 1]).unwrap();
    assert!(
        all.contains("api/job/main.go") && !one.contains("api/job/main.go"),
        "{one}"
    );
    assert!(ahead(&plan, Some("other"), &[0, 1]).is_none());
    assert!(ahead(&plan, None, &[]).is_none());
    // One library and the link cost no less at once.
    assert!(ahead(&plan, None, &[3]).is_none());
    // Whatever is in a builder image that has no digest, a step cannot be known by it.
    let step = plan.images[0].link;
    let link = lowering_on(None, &plan, |mut lowering| {
        lowering.step(step).unwrap().to_definition().to_string()
    });
    assert!(!link.contains("step.json"), "{link}");
    for config in [
        "cache = \"layer\"\n",
        "cache = \"mount\"\n",
        "[go]\ncgo = true\n",
    ] {
        assert!(
            ahead(&planned(&sound(WORK, config), &resolution()), None, &[0, 1]).is_none(),
            "{config}"
        );
    }
}

/// The op of the step with this name, inputs by their kind alone.
fn op_of(plan: &Plan, title: &str) -> String {
    let text = lowered(plan);
    let op = text
        .split("\n#")
        .find(|op| op.contains(&format!("name \"{title}")))
        .unwrap_or_else(|| panic!("{text}"));
    let (_, op) = op.split_once(' ').unwrap();
    op.split('#')
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join("#")
}

/// Whether the step of this name has what `from` ends with mounted at `dest`.
fn mounts(plan: &Plan, title: &str, dest: &str, from: &str) -> bool {
    op_of(plan, title)
        .lines()
        .any(|line| line.trim().starts_with(&format!("{dest} = ")) && line.ends_with(from))
}

/// The files of all steps lie in one place. The directory of a step is named by its content, and by
/// nothing of other steps.
#[test]
fn a_step_is_the_same_whatever_others_are_told() {
    let title = "compile ./lib";
    let of = |archive: &str| {
        let op = op_of(&planned(&sound(archive, ""), &resolution()), title);
        // Which images it is for is no part of it.
        op.lines()
            .filter(|line| !line.trim().starts_with("name ") && !line.trim().starts_with("group "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let more = format!("{WORK}-- api/cmd/more/main.go --\npackage main\nfunc main() {{}}\n");
    assert!(
        planned(&sound(&more, ""), &resolution()).images.len()
            > planned(&sound(WORK, ""), &resolution()).images.len()
    );
    assert_eq!(of(&more), of(WORK));
    assert!(of(WORK).contains("/gowork/step = #.0:/"), "{}", of(WORK));
}

/// What another directory is mounted in is writable, or there could be no mount point.
#[test]
fn modules_are_mounted_in_each_other() {
    let (outline, resolution) = partly_reached();
    let plan = planned(&outline, &resolution);
    for (dest, from) in [
        ("/src", " (changes dropped)"),
        (
            "/src/vendor/third.party/log",
            ":/third.party/log@v1.2.0 (changes dropped)",
        ),
        (
            "/src/vendor/third.party/log/inner",
            ":/third.party/log/inner@v0.3.0 (read-only)",
        ),
        (
            "/src/vendor/third.party/old/x",
            ":/third.party/old@v0.1.0/x (read-only)",
        ),
    ] {
        assert!(
            mounts(&plan, "compile ./lib", dest, from),
            "{dest}\n{}",
            lowered(&plan)
        );
    }
}

/// A directory that stands in for a module is not hidden by the module that has a path above.
#[test]
fn stand_ins_are_mounted_in_modules() {
    let (_, mut resolution) = partly_reached();
    let archive = WORK.replace(
        "_ \"third.party/log\"",
        "(\n_ \"third.party/log\"\n_ \"third.party/log/inner/deep\"\n)",
    );
    let archive = archive.replace(
        ")\n-- api/go.mod",
        ")\nreplace third.party/log/inner => ./inner\n-- api/go.mod",
    );
    let inner = "-- inner/go.mod --\nmodule third.party/log/inner\n-- inner/deep/deep.go --\npackage deep\n";
    resolution.replaced.insert(
        ModulePath::new("third.party/log/inner"),
        "v0.3.0".to_owned(),
    );
    resolution.packages.remove(2);
    resolution.modules.remove(1);
    for package in &mut resolution.packages {
        package.module = package.module.map(|ix| ix.min(1));
        package.imports.retain(|path| !path.contains("inner"));
    }
    let plan = planned(&sound(&(archive + inner), ""), &resolution);
    let title = "compile ./inner/deep, ./lib";
    for (dest, from) in [
        (
            "/src/vendor/third.party/log",
            ":/third.party/log@v1.2.0 (changes dropped)",
        ),
        (
            "/src/vendor/third.party/log/inner/deep",
            ":/vendor/third.party/log/inner/deep (read-only)",
        ),
    ] {
        assert!(
            mounts(&plan, title, dest, from),
            "{dest}\n{}",
            lowered(&plan)
        );
    }
}

/// With one image wanted, what runs may compile for others as well: their files are there too.
#[test]
fn what_is_compiled_at_once_has_all_files_of_the_steps() {
    let library = |name: &str| {
        format!("-- lib/{name}/{name}.go --\npackage {name}\nimport _ \"example.com/m/lib\"\n")
    };
    let main = |name: &str| {
        format!(
            "-- {name}/main.go --\npackage main\nimport (\n_ \"example.com/m/lib/{name}\"\n_ \"third.party/log\"\n)\nfunc main() {{}}\n"
        )
    };
    let names = ["one", "two"];
    let mut archive =
        "-- go.mod --\nmodule example.com/m\ngo 1.26\nrequire third.party/log v1.2.0\n".to_owned();
    archive.extend(names.map(library).into_iter().chain(names.map(main)));
    archive += &format!("-- lib/lib.go --\npackage lib\n// {}\n", "x".repeat(1000));
    // So that each library is part of two programs.
    for name in names {
        archive += &main(name).replace(&format!("-- {name}/"), &format!("-- job-{name}/"));
    }
    let plan = planned(&sound(&archive, ""), &resolution());
    let units = plan
        .steps
        .iter()
        .filter(|step| step.name.starts_with("unit"))
        .count();
    assert_eq!(units, 1, "all libraries are compiled in one step");
    let build = plan.step(plan.images[0].link).build;
    let ahead = lowering(&plan, |mut lowering| {
        lowering
            .batch(build, Some(&[ImageName::new("one")]), &[0, 1, 2])
            .unwrap()
    })
    .unwrap();
    let text = ahead.to_definition().to_string();
    let sources =
        "[\"go.mod\", \"lib/lib.go\", \"lib/one/one.go\", \"lib/two/two.go\", \"one/main.go\"]";
    assert!(text.contains(sources), "{text}");
}

/// A step that runs is recognised by a name of its own.
#[test]
fn steps_are_watched_by_their_names() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let build = plan.step(plan.images[0].link).build;
    let watch = |attempt: &str| {
        lowering(&plan, |lowering| {
            lowering
                .watch(build, None, 1, attempt)
                .unwrap()
                .unwrap()
                .to_definition()
        })
    };
    expect_file!["./watch.txt"].assert_eq(&watch("1").to_string());
    assert_ne!(watch("1"), watch("2"), "never in the cache");
}

/// The go commands that compile, each as text.
fn compiles(text: &str) -> Vec<&str> {
    text.split("\n#")
        .filter(|op| op.contains("exec [\"/gowork/gowork-cache\", \"compile\""))
        .collect()
}

#[test]
fn results_are_kept_where_the_configuration_says() {
    let lowered = |config: &str| lowered(&planned(&sound(WORK, config), &resolution()));
    let (layer, mount, both) = (
        lowered("cache = \"layer\"\n"),
        lowered("cache = \"mount\"\n"),
        lowered("cache = \"both\"\n"),
    );
    assert_eq!(lowered(""), both, "the default");
    assert!(!layer.contains("gowork-results"));
    assert!(
        compiles(&layer)
            .iter()
            .all(|exec| exec.contains("--layer /gowork/out") && !exec.contains("--mount"))
    );
    assert!(
        compiles(&both)
            .iter()
            .all(|exec| exec.contains("--mount /gowork/cache --layer /gowork/out"))
    );
    assert!(
        compiles(&both)
            .iter()
            .all(|exec| exec.contains("\"--step=/gowork/step/step.json\""))
    );
    for exec in compiles(&mount) {
        assert!(
            exec.contains("\"/gowork/step/parts\", \"-\"")
                && exec.contains("--mount /gowork/cache --discard /gowork/out"),
            "{exec}"
        );
        assert!(
            exec.contains("/gowork/cache = cache gowork-results (shared)"),
            "{exec}"
        );
    }
    assert!(!mount.contains("/gowork/results"));
    let link = |text: &str| {
        text.split("\n#")
            .find(|op| op.contains("name \"link api\""))
            .unwrap()
            .to_owned()
    };
    // It runs after what it needs, and takes nothing from it but that.
    assert!(
        link(&mount).contains("--mount /gowork/cache --discard /gowork/out"),
        "{}",
        link(&mount)
    );
    assert_eq!(
        link(&mount).matches("/gowork/after/").count(),
        3,
        "{}",
        link(&mount)
    );
    // Its own compile results are of no use to others; only the binary may be there already.
    assert!(
        !link(&layer).contains("gowork-results") && !link(&layer).contains("step.json"),
        "{}",
        link(&layer)
    );
    let ahead = "exec [\"/gowork/gowork-cache\", \"link\", \"--step=/gowork/step/step.json\", \"--mount=/gowork/cache\", ";
    assert!(
        link(&both).contains(ahead) && !link(&both).contains("--mount /gowork/cache "),
        "{}",
        link(&both)
    );
}

/// docker/dockerfile puts a namespace before the names of its mounts in the same way.
#[test]
fn a_namespace_stands_before_the_names_of_all_cache_mounts() {
    let plan = planned(&sound(WORK, ""), &resolution());
    let build = plan.step(plan.images[0].link).build;
    let all = |namespace: &'static str| {
        let set = |options: &mut LlbOptions<'_>| options.cache_namespace = namespace;
        let link = lowering_with(&plan, set, |mut lowering| {
            lowering.step(plan.images[0].link).unwrap()
        });
        let said = lowering_with(&plan, set, |mut lowering| {
            lowering.said(plan.images[0].link, "0").unwrap().unwrap()
        });
        let batch = lowering_with(&plan, set, |mut lowering| {
            lowering.batch(build, None, &[0, 1]).unwrap().unwrap()
        });
        let watch = lowering_with(&plan, set, |lowering| {
            lowering.watch(build, None, 1, "0").unwrap().unwrap()
        });
        [link, said, batch, watch]
            .map(|output| output.to_definition().to_string())
            .concat()
    };
    let (plain, ours) = (all(""), all("team-a"));
    let ids = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter_map(|line| line.split_once(" = cache "))
            .map(|(_, id)| id.to_owned());
        lines.collect()
    };
    let named: Vec<String> = ids(&plain)
        .iter()
        .map(|id| format!("team-a/{id}"))
        .collect();
    assert!(
        ids(&plain).len() > 6 && ids(&plain).iter().all(|id| id.starts_with("gowork-")),
        "{:?}",
        ids(&plain)
    );
    assert_eq!(ids(&ours), named);
    // BuildKit keys no step by the names of its cache mounts.
    let steps = |text: &str| text.matches(" exec [").count();
    assert_eq!(
        ours.matches("env GOWORK_CACHE_NAMESPACE=team-a").count(),
        steps(&ours)
    );
    assert!(!plain.contains("GOWORK_CACHE_NAMESPACE"));
}

/// The go command keys what is compiled from C by nothing of the system's headers and libraries: a
/// layer is keyed by them, a mount is not.
#[test]
fn what_the_go_command_does_not_key_stays_out_of_the_mount() {
    for cache in ["mount", "both"] {
        let text = lowered(&planned(
            &sound(WORK, &format!("cache = {cache:?}\n[go]\ncgo = true\n")),
            &resolution(),
        ));
        assert!(!text.contains("gowork-results"), "{text}");
        assert!(
            compiles(&text)
                .iter()
                .all(|exec| exec.contains("--layer /gowork/out")),
            "{text}"
        );
    }
}

/// golang/go#69179: without it the go command trusts an index of sources that is keyed by their
/// times. None but the resolve step, which looks after that itself, may have a network; and what
/// steps read they must not be able to change.
#[test]
fn every_go_command_is_guarded() {
    let text = lowered(&planned(&sound(WORK, ""), &resolution()));
    let execs: Vec<&str> = text
        .split("\n#")
        .filter(|op| op.contains("exec "))
        .collect();
    assert!(execs.len() >= 4, "{text}");
    for exec in execs
        .iter()
        .filter(|exec| !exec.contains("/gowork/gowork-frontend"))
    {
        for guard in [
            "GODEBUG=goindex=0",
            "GOTOOLCHAIN=local",
            "GOENV=off",
            "GOPROXY=off",
            "GOCACHEPROG=",
        ] {
            assert!(exec.contains(guard), "{guard} is missing in\n{exec}");
        }
        assert!(exec.contains("network none"), "{exec}");
    }
}
