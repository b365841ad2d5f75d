//! Where files come from, asked of a scripted gateway.

mod named;

use std::collections::BTreeMap;

use buildkit_proto::pb;
use gowork_frontend::context::{Context, Filter};
use gowork_frontend::error::{BuildError, SourceFiles};
use gowork_frontend::gateway::fake::FakeGateway;
use gowork_frontend::opts::Options;
use gowork_llb::ops::{Output, Platform, caps, source};
use gowork_llb::tree::Ignore;
use prost::Message;

use super::opts::options;

const DEFINITION: &str = "# syntax=x\n";

fn daemon() -> FakeGateway {
    FakeGateway::new(&["frontend.inputs"], caps::ALL)
}

/// Opens the context and hands it to `check`.
fn with<T>(
    gateway: &FakeGateway,
    options: &Options,
    check: impl AsyncFnOnce(Result<Context<'_>, BuildError>) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { check(Context::open(gateway, options).await).await })
}

/// The source op of an output that is one, as `identifier {attrs}`.
fn source_of(output: &Output) -> (String, BTreeMap<String, String>) {
    let definition = output.to_definition().into_pb();
    let op = pb::Op::decode(definition.def[0].as_slice()).unwrap();
    let Some(pb::op::Op::Source(source)) = op.op else {
        panic!("{op:?} is no source")
    };
    (source.identifier, source.attrs)
}

fn platform() -> Platform {
    Platform::parse("linux/amd64").unwrap()
}

#[test]
fn a_local_context_is_filtered_by_its_dockerignore() {
    let gateway = daemon()
        .source("local://dockerfile", &[("Dockerfile", DEFINITION)])
        .source(
            "local://context",
            &[(
                ".dockerignore",
                "# comment\n/docs/\n*.md\n!README.md\n\n ./a/../b \n",
            )],
        );
    let options = options(&["local-sessionid:context=other"]);
    with(&gateway, &options, async |context| {
        let context = context.unwrap();
        assert_eq!(context.definition().bytes, DEFINITION.as_bytes());
        assert_eq!(context.excludes(), ["docs", "*.md", "!README.md", "b"]);
        let (identifier, attrs) = source_of(&context.source(&Filter::Whole));
        assert_eq!(identifier, "local://context");
        assert_eq!(
            attrs["local.excludepatterns"],
            r#"["docs","*.md","!README.md","b"]"#
        );
        assert_eq!(
            (
                attrs["local.session"].as_str(),
                attrs["local.sharedkeyhint"].as_str()
            ),
            ("other", "context")
        );
    });
    let solves = gateway.recorded().solves;
    assert_eq!(
        solves.len(),
        2,
        "the definition and the ignore file, nothing else"
    );
    let dockerfile = Output::from_definition(solves[0].definition.as_pb()).unwrap();
    let (_, attrs) = source_of(&dockerfile);
    assert_eq!(
        attrs["local.followpaths"],
        r#"["Dockerfile","Dockerfile.dockerignore","dockerfile","gowork.toml"]"#
    );
    assert_eq!(
        (
            attrs["local.differ"].as_str(),
            attrs["local.session"].as_str()
        ),
        ("none", "session-1")
    );
}

#[test]
fn subsets_have_hints_of_their_own() {
    let gateway = daemon().source("local://dockerfile", &[("Dockerfile", DEFINITION)]);
    with(&gateway, &options(&[]), async |context| {
        let context = context.unwrap();
        assert!(context.can_list());
        let go = ["**/*.go".to_owned()];
        let (_, listing) = source_of(&context.source(&Filter::Listing {
            hint: "listing",
            contents: &go,
        }));
        assert_eq!(
            (
                listing["local.metadatatransfer"].as_str(),
                listing["local.metadatatransferexclude"].as_str()
            ),
            ("true", r#"["**/*.go"]"#)
        );
        let (_, paths) = source_of(&context.source(&Filter::Paths {
            hint: "sources",
            paths: &go,
        }));
        assert_eq!(paths["local.followpaths"], r#"["**/*.go"]"#);
        let hints = [&listing, &paths].map(|attrs| attrs["local.sharedkeyhint"].as_str());
        let listing = context.source(&Filter::Listing {
            hint: "listing",
            contents: &go,
        });
        assert_eq!(listing.name(), Some("[internal] list build context"));
        assert_eq!(hints, ["context-listing", "context-sources"]);
    });
}

#[test]
fn a_daemon_that_cannot_list_gives_the_whole() {
    let old: Vec<&str> = caps::ALL
        .iter()
        .copied()
        .filter(|cap| *cap != caps::SOURCE_LOCAL_METADATA_TRANSFER)
        .collect();
    let gateway =
        FakeGateway::new(&[], &old).source("local://dockerfile", &[("Dockerfile", DEFINITION)]);
    with(&gateway, &options(&[]), async |context| {
        let context = context.unwrap();
        assert!(!context.can_list());
        assert_eq!(
            context.source(&Filter::Listing {
                hint: "listing",
                contents: &[]
            }),
            context.source(&Filter::Whole)
        );
    });
}

#[test]
fn the_definition_may_be_lower_case_and_have_its_own_ignore_file() {
    let gateway = daemon()
        .source(
            "local://df",
            &[
                ("sub/dockerfile", DEFINITION),
                ("sub/Dockerfile.dockerignore", "mine"),
            ],
        )
        .source("local://context", &[(".dockerignore", "not mine")]);
    with(
        &gateway,
        &options(&["filename=sub/Dockerfile", "dockerfilekey=df"]),
        async |context| {
            let context = context.unwrap();
            assert_eq!(context.definition().name, "sub/dockerfile");
            assert_eq!(context.excludes(), ["mine"]);
        },
    );
}

/// Two definition files beside each other: the command warns too.
#[test]
fn a_definition_that_is_not_read_is_noted() {
    for (files, filename, unread) in [
        (
            &[("Dockerfile", DEFINITION), ("gowork.toml", "skip = []")][..],
            "Dockerfile",
            Some("gowork.toml"),
        ),
        (
            &[("sub/dockerfile", DEFINITION), ("sub/gowork.toml", "")],
            "sub/Dockerfile",
            Some("sub/gowork.toml"),
        ),
        (
            &[("Dockerfile", DEFINITION), ("gowork.toml", DEFINITION)],
            "Dockerfile",
            None,
        ),
        (
            &[("Dockerfile", DEFINITION), ("gowork.toml", "")],
            "gowork.toml",
            None,
        ),
        (
            &[("api.Dockerfile", DEFINITION), ("gowork.toml", "")],
            "api.Dockerfile",
            None,
        ),
        (&[("Dockerfile", DEFINITION)], "Dockerfile", None),
    ] {
        let gateway = daemon().source("local://dockerfile", files);
        with(
            &gateway,
            &options(&[&format!("filename={filename}")]),
            async |context| {
                assert_eq!(context.unwrap().definition().unread(), unread, "{filename}");
            },
        );
    }
}

#[test]
fn a_missing_definition_says_what_to_do() {
    with(
        &daemon(),
        &options(&["filename=build.toml"]),
        async |context| {
            let error = context.err().unwrap().status(&SourceFiles::default());
            let expected = "read build.toml: open build.toml: no such file or directory\n    help: the first line of the file names this \
                        frontend: # syntax=IMAGE; name another file with -f";
            assert_eq!(error.message, expected);
        },
    );
}

#[test]
fn a_git_context_has_everything_in_it() {
    let gateway = daemon().source(
        "git://example.com/x.git#v1",
        &[("Dockerfile", DEFINITION), (".dockerignore", "ignored")],
    );
    let options = options(&[
        "context=https://example.com/x.git#v1",
        "contextsubdir=svc",
        "build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR=1",
        "build-arg:SOURCE_DATE_EPOCH=1",
    ]);
    with(&gateway, &options, async |context| {
        let context = context.unwrap();
        assert!(context.excludes().is_empty() && !context.can_list());
        let (identifier, attrs) = source_of(&context.definition().source);
        assert_eq!(identifier, "git://example.com/x.git#v1");
        assert_eq!(
            (
                attrs["git.keepgitdir"].as_str(),
                attrs["git.mtime"].as_str()
            ),
            ("true", "commit")
        );
        let ops = context
            .source(&Filter::Whole)
            .to_definition()
            .digests()
            .len();
        assert_eq!(ops, 3, "git, copy of the sub directory, terminal");
    });
}

#[test]
fn a_remote_context_with_a_local_definition() {
    let gateway = daemon()
        .source("local://stdin", &[("Dockerfile", "# local\n")])
        .source("git://example.com/x.git", &[("Dockerfile", DEFINITION)]);
    with(
        &gateway,
        &options(&["context=https://example.com/x.git", "dockerfilekey=stdin"]),
        async |context| {
            assert_eq!(context.unwrap().definition().bytes, b"# local\n");
        },
    );
}

#[test]
fn a_download_is_the_definition_or_an_archive() {
    let gateway = daemon().source("https://example.com/d", &[("context", DEFINITION)]);
    with(
        &gateway,
        &options(&["context=https://example.com/d"]),
        async |context| {
            assert_eq!(context.unwrap().definition().name, "context");
        },
    );
    let unpacked = |op: &pb::Op| match &op.op {
        Some(pb::op::Op::File(_)) => Some(Ok(BTreeMap::from([(
            "Dockerfile".to_owned(),
            DEFINITION.as_bytes().to_vec(),
        )]))),
        _ => None,
    };
    let archive = |op: &pb::Op| match &op.op {
        Some(pb::op::Op::Source(_)) => Some(Ok(BTreeMap::from([(
            "context".to_owned(),
            b"\x1f\x8b\x08..".to_vec(),
        )]))),
        _ => None,
    };
    let gateway = daemon().rule(unpacked).rule(archive);
    with(
        &gateway,
        &options(&["context=https://example.com/a.tgz"]),
        async |context| {
            assert_eq!(context.unwrap().definition().bytes, DEFINITION.as_bytes());
        },
    );
}

#[test]
fn a_context_of_another_build() {
    let other = source::Local::new("other").output();
    let gateway = daemon()
        .input("context", other.to_definition().into_pb())
        .source("local://dockerfile", &[("Dockerfile", DEFINITION)]);
    with(&gateway, &options(&[]), async |context| {
        assert_eq!(context.unwrap().source(&Filter::Whole), other);
    });
}

#[test]
fn nonsense_is_no_context() {
    with(
        &daemon(),
        &options(&["context=ftp://example.com/x"]),
        async |context| {
            let message = context.err().unwrap().to_string();
            assert!(
                message.starts_with(r#"the build context "ftp://example.com/x" is neither"#),
                "{message}"
            );
        },
    );
}

#[test]
fn ignore_files() {
    let text = "\u{feff}a\r\n#comment\n #not\n!\n! /b/ \n/\n./\na//b/./c/../d\n../x\n";
    assert_eq!(
        Ignore::parse(text.as_bytes()).patterns(),
        ["a", "#not", "!", "!b", "/", ".", "a/b/d", "../x"]
    );
}
