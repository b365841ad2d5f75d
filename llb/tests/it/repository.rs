//! The short way from a directory to a plan, for programs that embed the library.

use std::io;
use std::process::Command;

use gowork_llb::plan::{GoCommand, Plan, Target};
use gowork_llb::tree::LocalTree;
use gowork_llb::{PlanError, Repository};

use crate::links::write;

const FILES: [(&str, &str); 3] = [
    ("go.mod", "module example.com/m\n\ngo 1.24\n"),
    (
        "cmd/api/main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/m/words\"\n)\n\nfunc main() { fmt.Println(words.Word) }\n",
    ),
    ("words/words.go", "package words\n\nconst Word = \"word\"\n"),
];

fn run(go: &GoCommand) -> io::Result<Vec<u8>> {
    let mut command = Command::new("go");
    command.args(&go.args).current_dir(&go.dir).envs(&go.env);
    let output = command.output()?;
    assert!(output.status.success(), "{output:?}");
    Ok(output.stdout)
}

fn steps(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.name.as_str()).collect()
}

#[test]
fn the_exact_plan_asks_go_also_through_a_link() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("real"), &FILES);
    std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
    let target = Target::linux("amd64");
    let [plain, linked] = ["real", "link"].map(|name| {
        let repository = Repository::open(dir.path().join(name), "").unwrap();
        let mut dirs = Vec::new();
        let plan = repository.plan(&target, |go| {
            dirs.push(go.dir.clone());
            run(go)
        });
        (plan.unwrap(), dirs)
    });
    assert!(plain.0.resolved);
    assert!(steps(&plain.0).contains(&"link:api"), "{:?}", plain.0);
    assert_eq!(format!("{plain:?}"), format!("{linked:?}"));
    let coarse = Repository::open(dir.path().join("real"), "").unwrap();
    let coarse = coarse.plan_without_go(&target).unwrap();
    assert!(!coarse.resolved);
}

#[test]
fn answers_from_elsewhere_make_the_same_plan() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &FILES);
    let target = Target::linux("amd64");
    let repository = Repository::open(dir.path(), "").unwrap();
    assert_eq!(repository.diagnostics(), []);
    let mut made = repository.outlines(std::slice::from_ref(&target));
    let outline = made.outlines.pop().unwrap();
    assert!(!outline.builds[0].packages.is_empty());
    let parts = (repository.scan(), repository.workspace());
    let root = dir.path().canonicalize().unwrap();
    let resolved = outline
        .ask::<Box<dyn std::error::Error>>(parts, &root, &LocalTree::new("/"), |go| Ok(run(go)?))
        .unwrap();
    let plan = repository
        .plan_with(&target, &resolved.resolutions)
        .unwrap();
    let asked = repository.plan(&target, run).unwrap();
    assert_eq!(format!("{plan:?}"), format!("{asked:?}"));
}

#[test]
fn errors_of_the_repository_and_of_go_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &FILES);
    let target = Target::linux("amd64");
    let open = |configuration| Repository::open(dir.path(), configuration).unwrap();
    let failing = |_: &GoCommand| Err::<Vec<u8>, _>("no go here");
    assert!(matches!(
        open("").plan(&target, failing),
        Err(PlanError::Go("no go here"))
    ));
    let Err(PlanError::Invalid(errors)) = open("nosuch = 1\n").plan(&target, failing) else {
        panic!("an unknown key is an error");
    };
    assert_eq!(errors.len(), 1, "{errors:?}");
}
