//! `gowork ci`: what its lines of shell do, with programs in the place of docker and cosign that
//! write down how they were called.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// The `run` texts of a job's steps, by the name of the step.
fn script(workflow: &str, job: &str, step: &str) -> String {
    let job = workflow.split_once(&format!("\n  {job}:\n")).expect(job).1;
    let step = job.split_once(&format!("- name: {step}\n")).expect(step).1;
    let (before, rest) = step.split_once("run: ").expect("run");
    let indent = before.rsplit('\n').next().unwrap().len();
    let Some(block) = rest.strip_prefix("|\n") else {
        return rest.lines().next().unwrap().to_owned();
    };
    let lines = block
        .lines()
        .take_while(|line| line.is_empty() || line.len() - line.trim_start().len() > indent);
    let lines: Vec<&str> = lines
        .map(|line| line.get(indent + 2..).unwrap_or_default())
        .collect();
    lines.join("\n")
}

/// A repository with its workflow, and a directory of programs.
struct Runner {
    repository: Repository,
    workflow: String,
    bin: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let repository = Repository::new(SMALL);
        repository.write("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n");
        repository.write("lib/lib_test.go", "package lib\n");
        repository.write("api/main_test.go", "package main\n");
        repository.commit();
        let workflow = repository.run("ci github");
        assert_eq!((workflow.code, workflow.err.as_str()), (0, ""));
        let runner = Self {
            repository,
            workflow: workflow.out,
            bin: tempfile::tempdir().unwrap(),
        };
        runner.program("docker", DOCKER);
        runner.program("cosign", "echo \"cosign $*\" >> \"$CALLS\"\n");
        runner
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.bin.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a step as GitHub does; whether it succeeded, what it gave to later steps, and what was
    /// called.
    fn step(&self, job: &str, step: &str, env: &[(&str, &str)]) -> (bool, String) {
        self.shell(&script(&self.workflow, job, step), env)
    }

    fn shell(&self, script: &str, env: &[(&str, &str)]) -> (bool, String) {
        let output = self.bin.path().join("output");
        let calls = self.bin.path().join("calls");
        for file in [&output, &calls] {
            std::fs::write(file, "").unwrap();
        }
        let gowork = PathBuf::from(env!("CARGO_BIN_EXE_gowork"));
        let path = [self.bin.path(), gowork.parent().unwrap()].map(Path::to_path_buf);
        let inherited = std::env::var_os("PATH").unwrap();
        let path = path.into_iter().chain(std::env::split_paths(&inherited));
        let status = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
            .arg(script)
            .current_dir(self.repository.path())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("GITHUB_OUTPUT", &output)
            .env("RUNNER_TEMP", self.bin.path())
            .env("CALLS", &calls)
            .env("REGISTRY", "ghcr.io")
            .env("GITHUB_REPOSITORY", "Someone/Shop")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_SHA", "c0ffee")
            .envs(env.iter().copied())
            .output()
            .unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        (status.status.success(), read(&output) + &read(&calls))
    }
}

/// Writes down its arguments, and the metadata of a build.
const DOCKER: &str = r#"echo "docker $*" >> "$CALLS"
while [ $# -gt 0 ]; do
  if [ "$1" = --metadata-file ]; then
    echo '{"containerimage.digest":"sha256:abc"}' > "$2"
  fi
  shift
done
"#;

const AFFECTED: &str = "List the images that the change touches";

#[test]
fn a_change_touches_what_gowork_says_and_a_new_branch_everything() {
    let runner = Runner::new();
    let before = runner.repository.git("rev-parse HEAD").trim().to_owned();
    runner
        .repository
        .write("api/main.go", "package main\n\nfunc main() {}\n");
    runner.repository.commit();
    let affected = |env: &[(&str, &str)]| runner.step("affected", AFFECTED, env);
    let api = "matrix={\"include\":[{\"image\":\"api\"}]}\nany=true\n";
    let all = "matrix={\"include\":[{\"image\":\"api\"},{\"image\":\"job\"}]}\nany=true\n";
    let push = ("GITHUB_EVENT_NAME", "push");
    let branch = ("GITHUB_REF_TYPE", "branch");
    let zeros = "0000000000000000000000000000000000000000";
    let gone = "0123456789012345678901234567890123456789";
    for (env, expected) in [
        (vec![push, branch, ("BEFORE", before.as_str())], api),
        (vec![push, branch, ("BEFORE", zeros)], all),
        (vec![push, branch, ("BEFORE", gone)], all),
        (vec![push, branch, ("BEFORE", "")], all),
        (
            vec![push, ("GITHUB_REF_TYPE", "tag"), ("BEFORE", &before)],
            all,
        ),
        (vec![("GITHUB_EVENT_NAME", "workflow_dispatch")], all),
    ] {
        assert_eq!(affected(&env), (true, expected.to_owned()), "{env:?}");
    }
    // A pull request is compared with where it left its base, whatever the base did since.
    let git = |args: &str| runner.repository.git(args);
    let request = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    git(&format!("update-ref refs/remotes/origin/main {before}"));
    assert_eq!(affected(&request), (true, api.to_owned()));
    git("checkout --quiet --orphan unrelated");
    runner.repository.commit();
    assert_eq!(affected(&request), (true, all.to_owned()));
    // A pull request that breaks an image fails.
    runner
        .repository
        .write("api/main.go", "package main\n\nimport (\n");
    assert!(!affected(&request).0);
}

#[test]
fn an_image_is_pushed_by_digest_signed_and_then_tagged() {
    let runner = Runner::new();
    let mut said = String::new();
    let mut step = |step: &str, env: &[(&str, &str)]| {
        let (success, calls) = runner.step("publish", step, env);
        assert!(success, "{step}: {calls}");
        let temp = runner.bin.path().to_str().unwrap();
        said += &format!("{step}\n{}\n", calls.replace(temp, "TEMP"));
    };
    step("Push by digest", &[("IMAGE", "api")]);
    let name = ("NAME", "ghcr.io/someone/shop/api@sha256:abc");
    let workflow = "Someone/Shop/.github/workflows/images.yml@refs/tags/v1.2.3";
    step(
        "Sign, and verify the signature",
        &[name, ("GITHUB_WORKFLOW_REF", workflow)],
    );
    for (kind, reference) in [
        ("tag", "v1.2.3"),
        ("tag", "v1.2.3-rc.1+build.5"),
        ("branch", "main"),
        ("branch", "feature/x"),
    ] {
        let env = [
            name,
            ("GITHUB_REF_TYPE", kind),
            ("GITHUB_REF_NAME", reference),
        ];
        step("Tag", &env);
    }
    expect![[r#"
        Push by digest
        name=ghcr.io/someone/shop/api@sha256:abc
        docker buildx build --target api --platform linux/amd64,linux/arm64 --cache-from type=registry,ref=ghcr.io/someone/shop/gowork-cache --sbom=true --provenance=mode=max --metadata-file TEMP/metadata.json --output type=image,name=ghcr.io/someone/shop/api,push=true,push-by-digest=true .

        Sign, and verify the signature
        cosign sign --yes ghcr.io/someone/shop/api@sha256:abc
        cosign verify ghcr.io/someone/shop/api@sha256:abc --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity https://github.com/Someone/Shop/.github/workflows/images.yml@refs/tags/v1.2.3

        Tag
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:sha-c0ffee ghcr.io/someone/shop/api@sha256:abc
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:1.2.3 ghcr.io/someone/shop/api@sha256:abc

        Tag
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:sha-c0ffee ghcr.io/someone/shop/api@sha256:abc
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:1.2.3-rc.1-build.5 ghcr.io/someone/shop/api@sha256:abc

        Tag
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:sha-c0ffee ghcr.io/someone/shop/api@sha256:abc
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:main ghcr.io/someone/shop/api@sha256:abc

        Tag
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:sha-c0ffee ghcr.io/someone/shop/api@sha256:abc
        docker buildx imagetools create --tag ghcr.io/someone/shop/api:feature-x ghcr.io/someone/shop/api@sha256:abc

    "#]].assert_eq(&said);
}

/// The last script of a job of GitLab.
fn gitlab_script(pipeline: &str, job: &str) -> String {
    let job = pipeline.split_once(&format!("\n{job}:\n")).expect(job).1;
    let block = job.split_once("    - |\n").expect("a script").1;
    let lines = block.lines().map_while(|line| line.strip_prefix("      "));
    lines.collect::<Vec<&str>>().join("\n")
}

#[test]
fn the_same_on_gitlab() {
    let runner = Runner::new();
    let pipeline = runner.repository.run("ci gitlab").out;
    let before = runner.repository.git("rev-parse HEAD").trim().to_owned();
    runner
        .repository
        .write("api/main.go", "package main\n\nfunc main() {}\n");
    runner.repository.commit();
    let dir = runner.bin.path().join("project");
    std::fs::create_dir(&dir).unwrap();
    let dir = dir.to_str().unwrap();
    let project = ("CI_PROJECT_DIR", dir);
    let affected = |env: &[(&str, &str)]| {
        let env = [env, &[project]].concat();
        assert!(runner.shell(&gitlab_script(&pipeline, "affected"), &env).0);
        let answer = std::fs::read_to_string(format!("{dir}/affected.json")).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let images = answer["images"].as_array().unwrap().iter();
        let images: Vec<String> = images.map(|image| image["image"].to_string()).collect();
        images.join(" ")
    };
    let push = ("CI_PIPELINE_SOURCE", "push");
    let branch = ("CI_COMMIT_BRANCH", "main");
    let zeros = "0000000000000000000000000000000000000000";
    let commit = before.as_str();
    let both = "\"api\" \"job\"";
    assert_eq!(affected(&[("CI_COMMIT_TAG", "v1.2.3"), push]), both);
    assert_eq!(
        affected(&[push, branch, ("CI_COMMIT_BEFORE_SHA", zeros)]),
        both
    );
    assert_eq!(
        affected(&[("CI_MERGE_REQUEST_DIFF_BASE_SHA", commit)]),
        "\"api\""
    );
    let first = [push, branch, ("CI_COMMIT_BEFORE_SHA", commit)];
    assert_eq!(affected(&first), "\"api\"");
    let published = gitlab_script(&pipeline, "publish");
    let temp = runner.bin.path().to_str().unwrap();
    let (success, said) = runner.shell(
        &published.replace("/tmp/", &format!("{temp}/")),
        &[
            project,
            branch,
            ("CI_REGISTRY_IMAGE", "registry.gitlab.com/someone/shop"),
            ("CI_SERVER_HOST", "gitlab.com"),
            ("CI_PROJECT_URL", "https://gitlab.com/someone/shop"),
            ("CI_CONFIG_PATH", ".gitlab-ci.yml"),
            ("CI_COMMIT_REF_NAME", "main"),
            ("CI_COMMIT_REF_SLUG", "main"),
            ("CI_COMMIT_SHA", "c0ffee"),
        ],
    );
    assert!(success, "{said}");
    expect![[r#"
        docker buildx build --target api --platform linux/amd64,linux/arm64 --cache-from type=registry,ref=registry.gitlab.com/someone/shop/gowork-cache --sbom=true --provenance=mode=max --metadata-file TEMP/metadata.json --output type=image,name=registry.gitlab.com/someone/shop/api,push=true,push-by-digest=true .
        cosign sign --yes registry.gitlab.com/someone/shop/api@sha256:abc
        cosign verify registry.gitlab.com/someone/shop/api@sha256:abc --certificate-oidc-issuer https://gitlab.com --certificate-identity https://gitlab.com/someone/shop//.gitlab-ci.yml@refs/heads/main
        docker buildx imagetools create --tag registry.gitlab.com/someone/shop/api:main --tag registry.gitlab.com/someone/shop/api:sha-c0ffee registry.gitlab.com/someone/shop/api@sha256:abc
        docker buildx build --target binaries --platform linux/amd64,linux/arm64 --cache-from type=registry,ref=registry.gitlab.com/someone/shop/gowork-cache --cache-to type=registry,ref=registry.gitlab.com/someone/shop/gowork-cache,mode=max,compression=zstd,ignore-error=true --output type=cacheonly .
    "#]]
    .assert_eq(&said.replace(temp, "TEMP"));
}

/// A failed build or signature tags nothing.
#[test]
fn a_failure_ends_a_step() {
    let runner = Runner::new();
    runner.program("docker", "exit 1\n");
    let (success, said) = runner.step("publish", "Push by digest", &[("IMAGE", "api")]);
    assert_eq!((success, said.as_str()), (false, ""));
    runner.program("docker", "true\n");
    // Without metadata there is no digest to go on with.
    let (success, said) = runner.step("publish", "Push by digest", &[("IMAGE", "api")]);
    assert_eq!((success, said.as_str()), (false, ""));
    runner.program("cosign", "test \"$1\" != verify\n");
    let env = [("NAME", "x"), ("GITHUB_WORKFLOW_REF", "y")];
    let (success, _) = runner.step("publish", "Sign, and verify the signature", &env);
    assert!(!success);
}

#[test]
fn the_tests_of_every_module_run_and_one_failure_fails() {
    let runner = Runner::new();
    runner.program("go", "echo \"go $*\" >> \"$CALLS\"\ntest \"$2\" != ./api\n");
    expect![[r#"
        (
            false,
            "go -C ./api test ./...\ngo -C ./lib test ./...\n",
        )
    "#]]
    .assert_debug_eq(&runner.step("test", "Test", &[]));
    runner.program("go", "true\n");
    assert!(runner.step("test", "Test", &[]).0);
}

#[test]
fn check_finds_a_pipeline_that_is_out_of_date() {
    let repository = Repository::new(SMALL);
    repository.write("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n");
    let file = ".github/workflows/images.yml";
    let run = |more: &str| repository.run(&format!("ci github --output {file} {more}"));
    assert_eq!(run("").code, 0);
    assert_eq!(run("--check").code, 0);
    repository.write("lib/lib_test.go", "package lib\n");
    let said = run("--check");
    expect![[r#"
        --- stderr
        error: .github/workflows/images.yml:70: not what would be printed now; print it again
        exit 1
    "#]]
    .assert_eq(&said.to_string());
    assert_eq!(run("").code, 0);
    assert_eq!(run("--check").code, 0);
}

#[test]
fn what_a_pipeline_cannot_be_made_of() {
    let repository = Repository::new(SMALL);
    expect![[r#"
        --- stderr
        error: no file to build: `gowork init` writes a Dockerfile, which a build reads
        exit 3
    "#]]
    .assert_eq(&repository.run("ci github").to_string());
    expect![[r#"
        --- stderr
        error: --cache gha: GitLab has no such cache; leave it out
        exit 2
    "#]]
    .assert_eq(&repository.run("ci gitlab --cache gha").to_string());
    repository.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.version=${VERSION}\"\n",
    );
    expect![[r#"
        --- stderr
        error: builds of this pipeline fail without the build-args VERSION
         |
         = help: give each a default in the configuration, or pass --build-arg NAME=VALUE here

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("ci github").to_string());
    let said = repository.run("ci github --build-arg VERSION=1");
    let built = "docker buildx build --file gowork.toml --target \"$IMAGE\" --platform linux/amd64,linux/arm64 --build-arg VERSION=1 \\\n";
    assert!(said.code == 0 && said.out.contains(built), "{said}");
}
