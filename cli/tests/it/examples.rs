//! What is printed for the examples is kept beside them: `examples/*/expected`. `UPDATE_EXPECT=1`
//! renews it.

use expect_test::expect_file;

use crate::support::{root, run};

/// Runs a command in each example and compares its output.
fn check(name: &str, args: &str) {
    let mut examples: Vec<_> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // Another example is a program in Rust.
    examples.retain(|path| path.is_dir() && !path.join("Cargo.toml").exists());
    examples.sort();
    assert!(!examples.is_empty(), "no examples");
    for example in examples {
        let said = run(&example, args);
        assert_eq!(
            (said.code, said.err.as_str()),
            (0, ""),
            "{}: {said}",
            example.display()
        );
        expect_file![example.join("expected").join(name)].assert_eq(&said.out);
    }
}

#[test]
fn dockerfile() {
    check("Dockerfile", "dockerfile");
}

#[test]
fn dockerfile_with_cache_mounts() {
    check("Dockerfile.mount", "dockerfile --cache mount");
}

#[test]
fn bake() {
    check("docker-bake.hcl", "bake");
}

#[test]
fn dockerignore() {
    check("dockerignore", "dockerignore");
}

#[test]
fn pipelines() {
    check("github.yml", "ci github");
    check("github-gha.yml", "ci github --cache gha --branch trunk");
    check("gitlab-ci.yml", "ci gitlab");
}

#[test]
fn compose() {
    check("compose.yaml", "compose --platform linux/amd64");
}

#[test]
fn plan() {
    check("plan.json", "plan --format json --platform linux/amd64");
}

#[test]
fn graph() {
    check(
        "graph.dot",
        "graph --of packages --format dot --platform linux/amd64",
    );
    check("graph.mmd", "graph --platform linux/amd64");
}
