//! What the configuration names of the commit: when git is asked, and what becomes of its answer.

use gowork_frontend::gateway::fake::{FakeGateway, Files, Recorded};
use gowork_frontend::steps::git::{GitAnswer, Said};
use gowork_llb::ops::caps as llb;
use gowork_step::Version;
use serde_json::{Value, json};

use crate::opts::raw;
use crate::scripted::{self, GATEWAY, args};

const SOURCES: &str =
    "-- go.mod --\nmodule example.com/api\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

const COMMIT: &str = "vcs:revision=0123456789abcdef0123456789abcdef01234567";

/// The files of a context with a repository.
const REPOSITORY: &[(&str, &str)] = &[(".git/HEAD", "ref: refs/heads/main\n")];

/// The same builder, whose git step says this.
fn with_git(fake: FakeGateway, said: Said) -> FakeGateway {
    let answer = GitAnswer {
        version: Version,
        said,
        checkout: None,
    };
    let answer = serde_json::to_vec(&answer).unwrap();
    fake.rule(move |op| {
        let is_git = args(op).get(1).is_some_and(|word| word == "git");
        is_git.then(|| Ok(Files::from([("git.json".to_owned(), answer.clone())])))
    })
}

/// A build of the one image, with `labels` in its configuration.
struct Built {
    /// The labels of the image, or the error.
    labels: Result<Value, String>,
    /// The arguments of the git step, if it was run.
    asked: Option<Vec<String>>,
    warnings: Vec<String>,
}

async fn build(labels: &str, files: &[(&str, &str)], options: &[&str], said: Said) -> Built {
    let configuration = format!("[runtime]\nlabels = {{ {labels} }}\n");
    build_with(&configuration, files, options, said).await
}

async fn build_with(
    configuration: &str,
    files: &[(&str, &str)],
    options: &[&str],
    said: Said,
) -> Built {
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = scripted::configured(fake, configuration, files, SOURCES);
    let fake = with_git(fake, said);
    let (ended, recorded) = scripted::run(&fake, &raw(options)).await;
    let labels = ended.map(|result| {
        let config = &result.metadata["containerimage.config"];
        let config: Value = serde_json::from_slice(config).unwrap();
        config["config"]["Labels"].clone()
    });
    Built {
        labels,
        asked: asked(&recorded),
        warnings: recorded
            .warnings
            .into_iter()
            .map(|warning| warning.short)
            .collect(),
    }
}

/// The names that the git step is asked for.
fn asked(recorded: &Recorded) -> Option<Vec<String>> {
    use prost::Message as _;
    let definitions = recorded
        .solves
        .iter()
        .flat_map(|solve| &solve.definition.as_pb().def);
    for bytes in definitions {
        let op = buildkit_proto::pb::Op::decode(bytes.as_slice()).unwrap();
        if args(&op).get(1).is_some_and(|word| word == "git") {
            let names = args(&op).iter().filter(|word| word.starts_with("GIT_"));
            return Some(names.cloned().collect());
        }
    }
    None
}

fn values(values: &[(&str, &str)]) -> Said {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Said::Values(values.iter().map(owned).collect())
}

#[tokio::test(start_paused = true)]
async fn git_is_asked_for_what_the_configuration_names() {
    let said = values(&[("GIT_DESCRIBE", "v1.2.3"), ("GIT_COMMIT_TIME", "then")]);
    let labels = "a = \"${GIT_DESCRIBE}\", b = \"${GIT_COMMIT_TIME:-none}\"";
    let built = build(labels, REPOSITORY, &[COMMIT], said).await;
    assert_eq!(built.labels, Ok(json!({ "a": "v1.2.3", "b": "then" })));
    let names = ["GIT_DESCRIBE", "GIT_COMMIT_TIME"].map(str::to_owned);
    assert_eq!(built.asked, Some(names.to_vec()));
}

#[tokio::test(start_paused = true)]
async fn git_is_not_asked_for_what_the_options_say() {
    let dirty = format!("{COMMIT}-dirty");
    for (options, labels, want) in [
        (
            vec![COMMIT],
            "a = \"${GIT_REVISION}\"",
            "0123456789abcdef0123456789abcdef01234567",
        ),
        (vec![&dirty], "a = \"${GIT_DIRTY}\"", "true"),
        (
            vec![COMMIT, "build-arg:GIT_REVISION=v1"],
            "a = \"${GIT_REVISION}\"",
            "v1",
        ),
        (
            vec!["build-arg:GIT_DESCRIBE=v2"],
            "a = \"${GIT_DESCRIBE}\"",
            "v2",
        ),
        (
            vec!["build-arg:SOURCE_DATE_EPOCH=7"],
            "a = \"${SOURCE_DATE_EPOCH}\"",
            "7",
        ),
        (vec![], "a = \"plain\"", "plain"),
    ] {
        let built = build(labels, REPOSITORY, &options, Said::NoGit).await;
        assert_eq!(built.labels, Ok(json!({ "a": want })), "{options:?}");
        assert_eq!(built.asked, None, "{options:?}");
    }
    // That a client names no changes does not mean that it has looked for them.
    let said = values(&[("GIT_DIRTY", "true")]);
    let built = build("a = \"${GIT_DIRTY}\"", REPOSITORY, &[COMMIT], said).await;
    assert_eq!(built.labels, Ok(json!({ "a": "true" })));
}

#[tokio::test(start_paused = true)]
async fn what_git_cannot_say_has_a_reason() {
    let ignored: &[(&str, &str)] = &[REPOSITORY[0], (".dockerignore", "*.md\n.git\n")];
    let link: &[(&str, &str)] = &[(".git", "gitdir: ../.git/worktrees/x\n")];
    let failed = || Said::Failed("git describe: fatal: bad object HEAD".to_owned());
    for (files, said, reason, help, warns) in [
        (
            ignored,
            failed(),
            "the ignore file leaves out .git",
            "end .dockerignore with the line !.git, or pass --build-arg GIT_DESCRIBE=\"$(git describe --tags --always --dirty)\"",
            true,
        ),
        (
            link,
            failed(),
            ".git is a file here",
            "pass --build-arg GIT_DESCRIBE=",
            true,
        ),
        (
            &[],
            failed(),
            "the build context has no .git",
            "build the root of the checkout, or pass",
            false,
        ),
        (
            REPOSITORY,
            Said::NoGit,
            "the builder image golang:1.26 has no git",
            "name a `builder` under [go] that has git",
            true,
        ),
        (REPOSITORY, failed(), "fatal: bad object HEAD", "pass", true),
    ] {
        let built = build("a = \"${GIT_DESCRIBE}\"", files, &[], said.clone()).await;
        let error = built.labels.unwrap_err();
        assert!(
            error.contains("Dockerfile:3:16: GIT_DESCRIBE is not known: ")
                && error.contains(reason)
                && error.contains(help),
            "{error}"
        );
        let built = build("a = \"${GIT_DESCRIBE:-dev}\"", files, &[], said).await;
        assert_eq!(built.labels, Ok(json!({ "a": "dev" })), "{reason}");
        let expected = "Dockerfile:3:16: GIT_DESCRIBE has its default: ";
        let warned = built
            .warnings
            .iter()
            .any(|warning| warning.contains(expected) && warning.contains(reason));
        assert_eq!(warned, warns, "{reason}: {:?}", built.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn programs_that_say_the_commit_need_git() {
    let ignored: &[(&str, &str)] = &[REPOSITORY[0], (".dockerignore", ".git\n")];
    let failed = || Said::Failed("git log: fatal: bad object HEAD".to_owned());
    for (files, said, reason, help) in [
        (
            &[][..],
            failed(),
            "the build context has no .git",
            "build the root of the checkout, or set",
        ),
        (
            ignored,
            failed(),
            "the ignore file leaves out .git",
            "end .dockerignore with the line !.git, or set",
        ),
        (
            REPOSITORY,
            Said::NoGit,
            "the builder image golang:1.26 has no git",
            "name a `builder` under [go] that has git, as golang:1.26 does, or set",
        ),
        (
            REPOSITORY,
            failed(),
            "git log: fatal: bad object HEAD",
            "help: set",
        ),
    ] {
        let built = build_with("[go]\nbuildvcs = true\n", files, &[], said).await;
        let error = built.labels.unwrap_err();
        let at = "Dockerfile:3:12: `buildvcs`: programs cannot say which commit they are made of: ";
        assert!(
            error.contains(&format!("{at}{reason}"))
                && error.contains(&format!("{help} `buildvcs = false`")),
            "{error}"
        );
    }
    // `false` asks nothing.
    let built = build_with("[go]\nbuildvcs = false\n", &[], &[], Said::NoGit).await;
    assert!(built.labels.is_ok() && built.asked.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_image_that_has_git_cannot_be_named_by_git() {
    let configuration = "[go]\nbuilder = \"golang:${GIT_DESCRIBE}\"\n";
    let built = build_with(configuration, REPOSITORY, &[], Said::NoGit).await;
    let error = built.labels.unwrap_err();
    assert!(
        error.contains("`go.builder`: it is needed before git can be asked for GIT_DESCRIBE"),
        "{error}"
    );
    assert_eq!(built.asked, None);
}

/// The tags of a repository are not those of a directory in it.
#[tokio::test(start_paused = true)]
async fn a_directory_of_a_git_context_stamps_nothing() {
    let dockerfile = "# syntax=docker.io/gowork/gowork:1\n[go]\nbuildvcs = true\n";
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = scripted::configured(fake, "", &[], SOURCES).source(
        "git://example.com/x.git#v1:sub",
        &[("Dockerfile", dockerfile)],
    );
    let options = raw(&["context=https://example.com/x.git#v1:sub"]);
    let (ended, recorded) = scripted::run(&fake, &options).await;
    let error = ended.unwrap_err();
    assert!(
        error.contains("the build context is a directory of the repository, not its root")
            && error.contains("build the root of the checkout, or set `buildvcs = false`"),
        "{error}"
    );
    assert_eq!(asked(&recorded), None);
}

/// A git context has the commit, whatever the client says, and always as a whole repository.
#[tokio::test(start_paused = true)]
async fn a_git_context_is_fetched_with_its_repository() {
    use prost::Message as _;
    let said = values(&[("GIT_REVISION", "abc")]);
    let dockerfile =
        "# syntax=docker.io/gowork/gowork:1\n[runtime]\nlabels = { a = \"${GIT_REVISION}\" }\n";
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = scripted::configured(fake, "", &[], SOURCES).source(
        "git://example.com/x.git#v1:sub",
        &[("Dockerfile", dockerfile)],
    );
    let fake = with_git(fake, said);
    let options = raw(&["context=https://example.com/x.git#v1:sub"]);
    let (ended, recorded) = scripted::run(&fake, &options).await;
    let config = &ended.unwrap().metadata["containerimage.config"];
    assert!(String::from_utf8_lossy(config).contains("\"a\":\"abc\""));
    let definitions = recorded
        .solves
        .iter()
        .flat_map(|solve| &solve.definition.as_pb().def);
    let with_repository = definitions.filter_map(|bytes| {
        let op = buildkit_proto::pb::Op::decode(bytes.as_slice()).unwrap();
        match op.op {
            Some(buildkit_proto::pb::op::Op::Source(source)) => source
                .attrs
                .get("git.keepgitdir")
                .map(|_| source.identifier),
            _ => None,
        }
    });
    let identifiers: Vec<String> = with_repository.collect();
    assert_eq!(identifiers, ["git://example.com/x.git#v1"]);
}

/// A build of a git context with `SOURCE_DATE_EPOCH=context`: the config of the image, or the error;
/// and what git was asked for.
async fn dated(
    context: &str,
    configuration: &str,
    said: Said,
) -> (Result<Value, String>, Option<Vec<String>>) {
    let dockerfile = format!("# syntax=docker.io/gowork/gowork:1\n{configuration}");
    let files = [("Dockerfile", dockerfile.as_str())];
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = scripted::configured(fake, configuration, REPOSITORY, SOURCES)
        .source("git://example.com/x.git#v1", &files)
        .source("https://example.com/x.tgz", &[("context", &dockerfile)]);
    let fake = with_git(fake, said);
    let options = raw(&[context, "build-arg:SOURCE_DATE_EPOCH=context"]);
    let (ended, recorded) = scripted::run(&fake, &options).await;
    let config = ended
        .map(|result| serde_json::from_slice(&result.metadata["containerimage.config"]).unwrap());
    (config, asked(&recorded))
}

#[tokio::test(start_paused = true)]
async fn everything_gets_the_time_of_the_commit_if_that_is_asked_for() {
    const GIT: &str = "context=https://example.com/x.git#v1";
    let time = "2026-11-30T07:00:00Z";
    let said = || values(&[("GIT_COMMIT_TIME", time)]);
    let (config, names) = dated(GIT, "", said()).await;
    assert_eq!(config.unwrap()["created"], time);
    assert_eq!(names, Some(vec!["GIT_COMMIT_TIME".to_owned()]));

    // What the configuration does not name is not given to it, and what it names is.
    let label = "[runtime]\nlabels = { a = \"${GIT_COMMIT_TIME:-none}\" }\n";
    let (config, _) = dated(GIT, label, said()).await;
    assert_eq!(config.unwrap()["config"]["Labels"], json!({ "a": time }));

    // A directory of the client has no time of its own.
    let (config, names) = dated("filename=Dockerfile", "", said()).await;
    assert_eq!(config.unwrap()["created"], "1970-01-01T00:00:00Z");
    assert_eq!(names, None);

    for (context, said, expected) in [
        (
            GIT,
            Said::NoGit,
            "SOURCE_DATE_EPOCH=context: the time of the commit is not known: the builder image golang:1.26 has no git",
        ),
        (
            GIT,
            values(&[("GIT_COMMIT_TIME", "yesterday")]),
            "git says that the commit is of \"yesterday\"",
        ),
        (
            "context=https://example.com/x.tgz",
            said(),
            "SOURCE_DATE_EPOCH=context: the time of a build context from a web server is not known",
        ),
    ] {
        let (config, _) = dated(context, "", said).await;
        let error = config.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
