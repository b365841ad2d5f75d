//! Stages of the configuration under and in images: what an image has of them is what Docker's
//! frontend makes of the same instructions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bases::printed;
use crate::bases::tree::Tree;
use crate::engine::{Build, Engine, Outcome};
use crate::layout;
use crate::options::tiny;
use crate::repository::{Repository, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// A stage that says everything that an image config can say.
const OS: &str = r#"FROM busybox:latest
ARG COLOR
RUN mkdir /data && chown 10001 /data && chmod 0700 /data && echo app:x:10001:0::/data:/bin/sh >> /etc/passwd
ENV COLOR=$COLOR PATH=/opt/bin:$PATH
USER app
WORKDIR /data
EXPOSE 81
STOPSIGNAL SIGINT
VOLUME /data
LABEL os=ours
HEALTHCHECK CMD ["true"]
ENTRYPOINT ["sh", "-c"]
CMD ["tiny"]
"#;

/// A program over the stage `os` with this text.
fn program(runtime: &str, os: &str) -> Repository {
    let program = tiny();
    program.write("Dockerfile", &configuration(runtime, os));
    program
}

fn configuration(runtime: &str, os: &str) -> String {
    format!(
        "{SYNTAX}[runtime]\nbase = \"stage:os\"\n{runtime}\n[stages.os]\nargs = {{ COLOR = \"blue\" }}\ndockerfile = '''\n{os}'''\n"
    )
}

fn ours(program: &Repository) -> Build {
    Engine::main().frontend(&program.root())
}

/// The same by Docker alone: the instructions of the stage, the binary, and these.
fn stock(program: &Repository, os: &str, more: &str) -> Build {
    let binaries = program.root().join("../binaries");
    ours(program)
        .target("binaries")
        .files_to(&binaries)
        .succeeds();
    let os = os.replacen('\n', " AS os\n", 1);
    let text = format!("{os}FROM os\nCOPY --from=binaries tiny /usr/local/bin/tiny\n{more}");
    program.write("stock.Dockerfile", &text);
    let file = program.root().join("stock.Dockerfile");
    Engine::main()
        .stock(&program.root(), &file)
        .args(["--build-arg=COLOR=blue", "--build-context"])
        .args([format!("binaries={}", binaries.display())])
}

fn config_of(build: Build) -> Value {
    let mut config = layout::build(build).image().config["config"].clone();
    // A mark of Docker's for Windows, which an entrypoint of ours takes away.
    config.as_object_mut().unwrap().remove("ArgsEscaped");
    config
}

fn steps_ran(outcome: &Outcome) -> BTreeSet<&str> {
    outcome.records.programs_ran()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_has_all_that_its_stage_says_unless_it_is_set() {
    let program = program("", OS);
    assert_eq!(
        config_of(ours(&program)),
        config_of(stock(&program, OS, "")),
        "nothing is set"
    );
    let tree = Tree::of(ours(&program));
    assert_eq!(
        tree.differences(&Tree::of(stock(&program, OS, ""))),
        Vec::<String>::new()
    );
    assert!(tree.entries["data"].what.starts_with("drwx------ 10001/0"));
    let set = "user = \"7:8\"\nworkdir = \"/tmp\"\ncmd = [\"date\"]\nenv = { COLOR = \"red\", OLD = \"$$PATH\" }\nports = [82]\nlabels = { os = \"theirs\" }\n";
    let said = "USER 7:8\nWORKDIR /tmp\nCMD [\"date\"]\nENV COLOR=red OLD=$PATH\nEXPOSE 82\nLABEL os=theirs\n";
    program.write("Dockerfile", &configuration(set, OS));
    assert_eq!(
        config_of(ours(&program)),
        config_of(stock(&program, OS, said)),
        "all is set"
    );
    program.write(
        "Dockerfile",
        &configuration("entrypoint = [\"tiny\"]\nstop_signal = \"SIGTERM\"\nhealthcheck = { disable = true }\n", OS),
    );
    let said = "ENTRYPOINT [\"tiny\"]\nSTOPSIGNAL SIGTERM\nHEALTHCHECK NONE\n";
    assert_eq!(
        config_of(ours(&program)),
        config_of(stock(&program, OS, said)),
        "the arguments of the stage are not for another entrypoint"
    );
    // Without an entrypoint of the stage, the image runs its binary.
    let plain = "FROM busybox:latest\nUSER 5\n";
    program.write("Dockerfile", &configuration("", plain));
    let said = "ENTRYPOINT [\"/usr/local/bin/tiny\"]\n";
    assert_eq!(
        config_of(ours(&program)),
        config_of(stock(&program, plain, said))
    );
}

/// The history has an entry for each layer, as exporters want it.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_history_goes_on_where_that_of_the_stage_ends() {
    let os = "FROM scratch\nCOPY go.mod /etc/mod\nUSER 4\n";
    let program = program("certificates = true\n", os);
    let image = layout::build(ours(&program)).image();
    let history = image.config["history"].as_array().unwrap();
    let made: Vec<&str> = history
        .iter()
        .filter(|entry| entry["empty_layer"] != true)
        .map(|entry| entry["created_by"].as_str().unwrap_or_default())
        .collect();
    let layers = image.config["rootfs"]["diff_ids"].as_array().unwrap();
    assert_eq!(made.len(), layers.len(), "{history:?}");
    assert_eq!(made.len(), 3, "{made:?}");
    assert!(made[0].starts_with("COPY go.mod /etc/mod"), "{made:?}");
    let ours = [
        "add CA certificates",
        "go build -o /usr/local/bin/tiny example.com/tiny",
    ];
    assert_eq!(made[1..], ours);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_edit_of_a_stage_under_an_image_compiles_nothing() {
    let program = program("", OS);
    let cached = || ours(&program).args(["--output=type=cacheonly"]).succeeds();
    cached();
    assert!(cached().records.ran().is_empty());
    let dir = format!("/{}", unique());
    let more = OS.replace("mkdir /data", &format!("mkdir /data {dir}"));
    program.write("Dockerfile", &configuration("", &more));
    let edited = cached();
    assert_eq!(
        steps_ran(&edited),
        BTreeSet::new(),
        "{}",
        edited.everything()
    );
    let ran = edited.records.ran();
    assert!(
        ran.iter().any(|name| name.contains(&dir)) && ran.contains("image tiny"),
        "{ran:?}"
    );
    // What the config says alone, runs nothing at all.
    program.write(
        "Dockerfile",
        &configuration("", &more.replace("SIGINT", "SIGTERM")),
    );
    let edited = cached();
    assert_eq!(
        edited.records.ran(),
        BTreeSet::new(),
        "{}",
        edited.everything()
    );
}

/// A stage under an image is for the platform of the image.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_stage_under_an_image_is_built_for_its_platform() {
    let program = program(
        "",
        "FROM scratch\nARG TARGETARCH\nENV ARCH=$TARGETARCH\nUSER 4\n",
    );
    let layout = layout::build(ours(&program).args(["--platform=linux/amd64,linux/arm64"]));
    let images = layout.images();
    assert_eq!(images.len(), 2);
    for image in images {
        let arch = image.config["architecture"].as_str().unwrap();
        let env = image.config["config"]["Env"].to_string();
        assert!(env.contains(&format!("ARCH={arch}")), "{arch}: {env}");
    }
}

/// A named context takes the place of a stage; the printed Dockerfile takes it by FROM.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_starts_from_the_context() {
    let program = program("entrypoint = [\"tiny\"]\n", OS);
    program.write("os.Dockerfile", &OS.replace("ARG COLOR", "ARG COLOR=green"));
    let file = program.root().join("os.Dockerfile");
    let os = layout::build(Engine::main().stock(&program.root(), &file));
    let context = [
        "--build-context".to_owned(),
        format!("os=oci-layout://{}", os.path().display()),
    ];
    program.write("printed.Dockerfile", &printed(&program.root()));
    let stock = || {
        let file = program.root().join("printed.Dockerfile");
        Engine::main()
            .stock(&program.root(), &file)
            .target("tiny")
            .args(context.clone())
    };
    let here = || ours(&program).args(context.clone());
    let (config, expected) = (config_of(here()), config_of(stock()));
    assert!(config["Env"].to_string().contains("COLOR=green"));
    assert_eq!(config, expected);
    assert_eq!(
        Tree::of(here()).differences(&Tree::of(stock())),
        Vec::<String>::new()
    );
}

fn refused(program: &Repository) -> String {
    ours(program).args(["--output=type=cacheonly"]).fails().text
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_wrong_with_a_stage_under_an_image_has_its_place() {
    let program = program("", "FROM busybox:latest\nRUN echo no >&2 && exit 3\n");
    let said = refused(&program);
    assert!(
        said.contains("Dockerfile:9") && said.contains(">>> RUN echo no >&2 && exit 3"),
        "{said}"
    );
    program.write("Dockerfile", &configuration("", "FROM scratch\nRUM true\n"));
    let said = refused(&program);
    assert!(
        said.contains("Dockerfile:9") && said.contains(">>> RUM true"),
        "{said}"
    );
    program.write(
        "Dockerfile",
        &configuration("", "FROM scratch\nCOPY --from=gowork /tiny /\n"),
    );
    let said = refused(&program);
    assert!(
        said.contains("stage os takes Go binaries, and images are made from it")
            && said.contains(">>> base = \"stage:os\""),
        "{said}"
    );
    program.write(
        "Dockerfile",
        &configuration("", OS).replace("stage:os", "stage:so"),
    );
    let said = refused(&program);
    assert!(
        said.contains("the build has no context called so; did you mean stage os?")
            && said.contains(">>> base = \"stage:so\"")
            && said.contains("or add a table [stages.so]"),
        "{said}"
    );
}
