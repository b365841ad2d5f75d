//! What Dockerfiles can do, through our syntax line and through Docker's frontend alone: same
//! files, modes, owners and configs. The binaries are the same ones, given as a directory to the
//! latter.

use std::path::Path;

use serde_json::{Value, json};

use crate::bases::tree::Tree;
use crate::engine::{Build, Engine};
use crate::layout;
use crate::stages::programs;

/// A Dockerfile, and words for buildx.
struct Case {
    name: &'static str,
    dockerfile: &'static str,
    words: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "an argument with its default in a path",
        dockerfile: "FROM busybox:latest\nARG SERVICE=api\nCOPY --from=gowork /${SERVICE} /app\n",
        words: &[],
    },
    Case {
        name: "an argument that is given, in a path",
        dockerfile: "FROM busybox:latest\nARG SERVICE=api\nENV NAME=$SERVICE\nCOPY --from=gowork /$NAME /app\n",
        words: &["--build-arg=SERVICE=migrate"],
    },
    Case {
        name: "arguments before FROM, quoted, of other arguments and unset ones",
        dockerfile: "ARG TAG=\"latest\"\nARG IMAGE=busybox:${TAG}\nFROM ${IMAGE} AS base\nFROM base\nARG TAG\nARG GREETING=\"two words\" OTHER\nCOPY --from=gowork /api /api-${TAG}${OTHER}\nRUN echo \"$GREETING-$OTHER\" > /said\n",
        words: &["--build-arg=GREETING=given"],
    },
    Case {
        name: "arguments of the platform",
        dockerfile: "FROM busybox:latest\nARG TARGETARCH TARGETOS TARGETPLATFORM BUILDPLATFORM\nCOPY --from=gowork /api /${TARGETOS}/api-${TARGETARCH}\nRUN echo $TARGETPLATFORM $BUILDPLATFORM > /platforms\n",
        words: &["--platform=linux/amd64"],
    },
    Case {
        name: "documents with text that looks like instructions",
        dockerfile: "FROM busybox:latest\nARG WHO=world\nCOPY <<one <<\"two\" /docs/\nhello $WHO\nCOPY --from=gowork /unused /none\none\nFROM gowork\nhello $WHO\ntwo\nRUN <<-EOF sh\n\tcat /docs/one > /both\n\tcat /docs/two >> /both\nEOF\nCOPY --from=gowork /api /\n",
        words: &[],
    },
    Case {
        name: "another escape character, and lines that go on",
        dockerfile: "# escape=`\nFROM busybox:latest\nCOPY --from=gowork `\n  # a comment between\n  /api `\n  /migrate /opt/\nRUN echo a\\b > /said\n",
        words: &[],
    },
    Case {
        name: "patterns",
        dockerfile: "FROM busybox:latest\nCOPY --from=gowork /ap? /one/\nCOPY --from=gowork /[am]* /two/\nCOPY --from=gowork /*i* /three/\n",
        words: &[],
    },
    Case {
        name: "the whole directory",
        dockerfile: "FROM busybox:latest\nCOPY --from=gowork / /one\nCOPY --from=gowork . /two/\nCOPY --from=gowork --exclude=unused / /three\nCOPY --from=gowork --parents /api /./migrate /four/\n",
        words: &[],
    },
    Case {
        name: "modes and owners, with and without link",
        dockerfile: "FROM busybox:latest\nCOPY --from=gowork --chown=11:12 --chmod=0750 /api /made/for/it/\nCOPY --link --from=gowork --chown=13 /migrate /linked/\nCOPY --link --from=gowork --chmod=u=rx,g=x /api /linked/api\n",
        words: &[],
    },
    Case {
        name: "mounts of one file and of all",
        dockerfile: "FROM busybox:latest\nARG SERVICE=api\nRUN --mount=type=bind,from=gowork,source=/${SERVICE},target=/run/it /run/it 2> /said\nRUN --mount=from=gowork,target=/all ls /all > /list && cp /all/migrate /\n",
        words: &[],
    },
    Case {
        name: "stages that start from the binaries",
        dockerfile: "FROM gowork AS bins\nFROM bins AS more\nWORKDIR /work\nCOPY --from=bins /api copy\nFROM busybox:latest\nCOPY --from=bins /migrate /\nCOPY --from=more /work /work\n",
        words: &[],
    },
    Case {
        name: "an image of all binaries",
        dockerfile: "FROM gowork\nWORKDIR /work\nENV A=b\nENTRYPOINT [\"/api\"]\n",
        words: &[],
    },
    Case {
        name: "instructions of a base that run in the stage upon it",
        dockerfile: "FROM busybox:latest AS base\nONBUILD ARG SERVICE=migrate\nONBUILD COPY --from=gowork /$SERVICE /onbuild/\nONBUILD RUN /onbuild/* 2> /said\nFROM base\nCOPY --from=gowork /api /\n",
        words: &[],
    },
    Case {
        name: "stages by number and in any case, and one that nothing reaches",
        dockerfile: "FROM busybox:latest AS Tools\nRUN echo tools > /tools\nFROM busybox:latest\nCOPY --from=gowork /nowhere /\nFROM busybox:latest\nCOPY --from=0 /tools /zero\nCOPY --from=tools /tools /named\nCOPY --from=gowork /api /\n",
        words: &[],
    },
    Case {
        name: "all that a config can say",
        dockerfile: "FROM busybox:latest\nSHELL [\"/bin/sh\", \"-ec\"]\nLABEL one=1 two=\"a b\"\nEXPOSE 80 53/udp\nVOLUME /data\nUSER 7:8\nWORKDIR /home\nSTOPSIGNAL SIGINT\nHEALTHCHECK --interval=5s CMD /api\nCOPY --from=gowork /api /\nCMD exec /api\n",
        words: &["--label=two=given", "--label=three=3"],
    },
    Case {
        name: "secrets, caches, files of the build context and of a named one",
        dockerfile: "FROM busybox:latest\nRUN --mount=type=secret,id=token --mount=type=cache,target=/cache wc -c < /run/secrets/token > /size\nCOPY go.mod /\nCOPY --from=words words.go /\nADD cmd/api/main.go /src/\nCOPY --from=gowork /api /\n",
        words: &["--secret=id=token,env=TOKEN"],
    },
];

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn docker_makes_the_same_of_all_these_dockerfiles() {
    let repository = programs("FROM gowork\n");
    let binaries = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .files_to(binaries.path())
        .succeeds();
    let context = format!("gowork={}", binaries.path().display());
    let words = format!("words={}", repository.root().join("words").display());
    for case in CASES {
        let text = format!("# syntax=docker.io/gowork/gowork:1\n{}", case.dockerfile);
        repository.write("Dockerfile", &text);
        let file = repository.root().join("Dockerfile");
        let dir: &Path = &repository.root();
        let both = |build: Build| {
            build
                .args(case.words)
                .args(["--build-context", &words])
                .env("TOKEN", "secret")
        };
        let ours = || both(Engine::main().frontend(dir));
        let theirs = || both(Engine::main().stock(dir, &file)).args(["--build-context", &context]);
        assert_eq!(
            Tree::of(ours()).entries,
            Tree::of(theirs()).entries,
            "{}",
            case.name
        );
        assert_eq!(config(ours()), config(theirs()), "{}", case.name);
    }
}

/// The config of an image, without times and layers, and with what Docker's frontend says of its
/// history: the exporter adds an entry for each other layer.
fn config(build: Build) -> Value {
    let mut config = layout::build(build).image().config;
    let history = config["history"].as_array().cloned().unwrap_or_default();
    let history: Vec<Value> = history
        .into_iter()
        .filter(|entry| entry["comment"] != "buildkit.exporter.image.v0")
        .map(|entry| json!([entry["created_by"], entry["empty_layer"], entry["comment"]]))
        .collect();
    config["history"] = history.into();
    config["created"] = Value::Null;
    config["rootfs"] = Value::Null;
    config
}
