//! What an image puts over its base lies where COPY of a plain Dockerfile puts it: links of the
//! base are followed, inside of it, and what is there keeps its owner and mode. And a layer is the
//! same wherever and whenever it is made.

pub(crate) mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use gowork_llb::config::Config;
use gowork_llb::lower::{self, DockerfileOptions};
use gowork_llb::plan::{self, PlanInput, Target};
use gowork_llb::tree::LocalTree;
use gowork_llb::{packages, workspace};

use crate::engine::{Build, EmptyEngine, Engine};
use crate::layout::{self, Image, Layout};
use crate::options::tiny;
use crate::repository::Repository;
use tree::Tree;

/// Links and owned directories in every place that a layer of ours comes to.
const LINKED: &str = r#"FROM busybox:latest
RUN mkdir -p /real/bin /opt/tls/pem /opt/certs-of-base /var/lib/usrlocal/bin /usr/share /srv/up/sub /home/app/sub /etc/owned \
 && rm -rf /usr/local /etc/ssl /usr/share/zoneinfo.zip \
 && ln -s ../var/lib/usrlocal /usr/local && chown 7:8 /var/lib/usrlocal /var/lib/usrlocal/bin && chmod 0711 /var/lib/usrlocal/bin \
 && ln -s /opt/tls /etc/ssl && ln -s ../certs-of-base /opt/tls/certs && chown 5:6 /opt/certs-of-base && chmod 1750 /opt/certs-of-base \
 && ln -s ../tls/pem/bundle.pem /opt/certs-of-base/ca-certificates.crt && echo old > /opt/tls/pem/bundle.pem \
 && chown 3:4 /usr/share && chmod 2775 /usr/share && ln -s /var/zones/not/there.zip /usr/share/zoneinfo.zip \
 && ln -s real/bin /lbin && ln -s ../../../../srv/up /up && ln -s /nowhere/deep /dangling && ln -s hop2 /hop1 && ln -s /home/app /hop2 \
 && chown -R 1000:1001 /home/app && chmod 0700 /home/app/sub && chmod 0750 /home/app && chmod 1777 /tmp \
 && echo old > /etc/owned/file && chown -R 9:9 /etc/owned && chmod 0600 /etc/owned/file && ln -s ../srv/target /etc/linked
"#;

/// `from`, `to`, and what else is said: owner, mode.
type Put<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>);

const PUTS: &[Put<'_>] = &[
    ("tool.sh", "/bin/tool.sh", None, None),
    ("tool.sh", "/lbin/tool.sh", None, Some("0755")),
    ("tool.sh", "/lbin/", Some("11:12"), None),
    ("tool.sh", "/tmp/tool.sh", None, None),
    ("tool.sh", "/home/app/x/y/tool.sh", Some("1000:1000"), None),
    ("conf", "/home/app", None, None),
    ("conf", "/hop1/of-conf/", Some("5:5"), Some("0751")),
    ("conf", "/up/conf", None, None),
    ("tool.sh", "/up/sub/deeper/tool.sh", None, None),
    ("tool.sh", "/dangling/a/tool.sh", None, Some("0750")),
    ("tool.sh", "/srv", None, None),
    ("tool.sh", "/etc/owned/file", None, None),
    ("tool.sh", "/etc/linked", None, None),
    ("link.sh", "/opt/of-a-link.sh", None, None),
    ("linked-conf", "/opt/of-a-linked-directory", None, None),
    ("tool.sh", "/opt//odd/./tool.sh", None, None),
];

/// A program with files to put into its image.
fn program() -> Repository {
    let tiny = tiny();
    tiny.write("tool.sh", "#!/bin/sh\necho tool\n");
    tiny.write("conf/app.yaml", "a: 1\n");
    tiny.write("conf/sub/more.yaml", "b: 2\n");
    tiny.link("conf/link.yaml", "app.yaml");
    tiny.link("link.sh", "tool.sh");
    tiny.link("linked-conf", "conf");
    tiny
}

/// `[runtime]` with these files.
fn configuration(base: &str, puts: &[Put<'_>]) -> String {
    let mut text = format!(
        "# syntax=docker.io/gowork/gowork:1\n[runtime]\nbase = \"{base}\"\ncertificates = true\ntimezones = true\n"
    );
    for (from, to, owner, mode) in puts {
        text += &format!("[[runtime.files]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
        text.extend(owner.map(|owner| format!("owner = \"{owner}\"\n")));
        text.extend(mode.map(|mode| format!("mode = \"{mode}\"\n")));
    }
    text
}

/// The same by COPY.
fn plain(base: &str, puts: &[Put<'_>]) -> String {
    let mut text = format!("FROM golang:1.26 AS go\nFROM {base}\n");
    text +=
        "COPY --from=go /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n";
    text += "COPY --from=go /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip\n";
    for (from, to, owner, mode) in puts {
        let owner = owner
            .map(|owner| format!("--chown={owner} "))
            .unwrap_or_default();
        let mode = mode
            .map(|mode| format!("--chmod={mode} "))
            .unwrap_or_default();
        text += &format!("COPY {owner}{mode}{from} {to}\n");
    }
    text + "COPY --from=binaries tiny /usr/local/bin/tiny\n"
}

/// A base image, under the name `base`.
struct Base {
    layout: Layout,
}

impl Base {
    fn of(dockerfile: &str) -> Self {
        let repository = Repository::new(&[("base.Dockerfile", dockerfile)]);
        let file = repository.root().join("base.Dockerfile");
        Self {
            layout: layout::build(Engine::main().stock(&repository.root(), &file)),
        }
    }

    fn context(&self) -> [String; 2] {
        [
            "--build-context".to_owned(),
            format!("base=oci-layout://{}", self.layout.path().display()),
        ]
    }
}

fn by_copy(program: &Repository, base: &Base, puts: &[Put<'_>]) -> Build {
    let binaries = program.root().join("../binaries");
    Engine::main()
        .frontend(&program.root())
        .args(base.context())
        .target("binaries")
        .files_to(&binaries)
        .succeeds();
    program.write("plain.Dockerfile", &plain("base", puts));
    let context = format!("binaries={}", binaries.display());
    let build = Engine::main().stock(&program.root(), &program.root().join("plain.Dockerfile"));
    build
        .args(["--build-context", &context])
        .args(base.context())
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn everything_goes_over_a_base_as_copy_puts_it() {
    let base = Base::of(LINKED);
    let program = program();
    program.write("Dockerfile", &configuration("base", PUTS));
    let ours = Tree::of(
        Engine::main()
            .frontend(&program.root())
            .args(base.context()),
    );
    let copied = Tree::of(by_copy(&program, &base, PUTS));
    assert_eq!(ours.differences(&copied), Vec::<String>::new());
    for (path, mode) in [
        ("tmp", "drwxrwxrwt 0/0"),
        ("home/app", "drwxr-x--- 1000/1001"),
        ("opt/certs-of-base", "drwxr-x--T 5/6"),
    ] {
        assert!(
            ours.entries[path].what.starts_with(mode),
            "{path}: {:?}",
            ours.entries[path]
        );
    }
    for path in [
        "var/lib/usrlocal/bin/tiny",
        "opt/tls/pem/bundle.pem",
        "var/zones/not/there.zip",
        "nowhere/deep/a/tool.sh",
        "srv/tool.sh",
    ] {
        assert!(
            !ours.entries[path].content.is_empty(),
            "{path}: {:?}",
            ours.entries[path]
        );
    }
    // What is made has no time of the build.
    let made = [
        "nowhere",
        "nowhere/deep",
        "nowhere/deep/a",
        "var/zones",
        "var/zones/not",
        "home/app/x",
        "home/app/x/y",
        "srv/up/sub/deeper",
    ];
    for path in made.into_iter().chain([
        "home/app/x/y/tool.sh",
        "var/lib/usrlocal/bin/tiny",
        "opt/odd",
        "real/bin",
        "home/app",
    ]) {
        assert_eq!(ours.times[path], "1970-01-01 00:00:00", "{path}");
    }
}

/// What `gowork dockerfile` prints.
pub(crate) fn printed(root: &Path) -> String {
    let tree = LocalTree::new(root);
    let (config, _) = Config::parse(
        "Dockerfile",
        &std::fs::read_to_string(root.join("Dockerfile")).unwrap(),
    );
    let (config, said) = config.expand(&BTreeMap::new());
    assert!(said.is_empty(), "{said:?}");
    let scan = packages::scan(&tree);
    let workspace =
        workspace::load_chosen(&scan.mod_files, &plan::roots(&config, &scan.mod_files)).workspace;
    let target = Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    };
    let (outline, said) = plan::outline(&scan, &workspace, &config, &target);
    assert!(said.is_empty(), "{said:?}");
    let plan = plan::plan(PlanInput {
        outline: &outline,
        resolutions: None,
    });
    lower::dockerfile(&[plan], &DockerfileOptions::default()).unwrap()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_puts_everything_where_the_frontend_does() {
    let base = Base::of(LINKED);
    let program = program();
    program.write("Dockerfile", &configuration("base", PUTS));
    let ours = Tree::of(
        Engine::main()
            .frontend(&program.root())
            .args(base.context()),
    );
    program.write("printed.Dockerfile", &printed(&program.root()));
    let build = Engine::main()
        .stock(&program.root(), &program.root().join("printed.Dockerfile"))
        .target("tiny");
    assert_eq!(
        ours.differences(&Tree::of(build.args(base.context()))),
        Vec::<String>::new()
    );
}

/// Links to directories on the way of all layers.
const LINKED_DIRECTORIES: &str = r#"FROM busybox:latest
RUN mkdir -p /real/bin /opt/tls /opt/certs-of-base /var/lib/usrlocal && rm -rf /usr/local /etc/ssl && chown -R 7:8 /var/lib/usrlocal /opt/tls \
 && ln -s ../var/lib/usrlocal /usr/local && ln -s /opt/tls /etc/ssl && ln -s ../certs-of-base /opt/tls/certs && ln -s real/bin /lbin
"#;

/// On another machine, a year later: the same digest, with and without a time that is asked for.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_has_one_digest_everywhere() {
    let base = Base::of(LINKED_DIRECTORIES);
    let other = EmptyEngine::start_ahead("later", 366);
    let puts = [
        ("tool.sh", "/opt/deep/er/tool.sh", None, None),
        ("tool.sh", "/opt/deep/tool.sh", None, None),
        ("conf", "/lbin/more/conf", Some("5:5"), None),
        ("conf", "/opt/deep/er/", None, Some("0755")),
    ];
    let program = program();
    for from in ["scratch", "base"] {
        program.write("Dockerfile", &configuration(from, &puts));
        for (epoch, created) in [
            (None, "1970-01-01T00:00:00Z"),
            (Some("1700000000"), "2023-11-14T22:13:20Z"),
        ] {
            let image = |engine: &Engine| -> Image {
                let build = engine.frontend(&program.root()).args(base.context());
                layout::build(
                    epoch
                        .into_iter()
                        .fold(build, |build, epoch| build.env("SOURCE_DATE_EPOCH", epoch)),
                )
                .image()
            };
            let (here, there) = (image(&Engine::main()), image(&other.engine));
            assert_eq!(here.listing(), there.listing(), "on {from}");
            assert_eq!(here.config, there.config, "on {from}");
            assert_eq!(here.digest, there.digest, "on {from}");
            assert_eq!(here.config["created"], created, "on {from}");
            let ours = here.config["history"]
                .as_array()
                .unwrap()
                .iter()
                .rev()
                .take(3);
            let names: Vec<&str> = ours
                .map(|entry| entry["created_by"].as_str().unwrap())
                .collect();
            assert_eq!(
                names,
                [
                    "go build -o /usr/local/bin/tiny example.com/tiny",
                    "copy tool.sh to /opt/deep/er/tool.sh, copy tool.sh to /opt/deep/tool.sh, \
                     copy conf to /lbin/more/conf, copy conf to /opt/deep/er/",
                    if from == "scratch" {
                        "add CA certificates, time zones, users, /tmp"
                    } else {
                        "add CA certificates, time zones"
                    },
                ],
                "on {from}"
            );
        }
    }
}

/// What COPY refuses.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_copy_refuses_is_refused() {
    let base = Base::of(
        "FROM busybox:latest\nRUN ln -s loop2 /loop1 && ln -s /loop1 /loop2 && mkdir -p /app && ln -s /tmp /app/sub && touch /file\n",
    );
    for put in [
        ("tool.sh", "/loop1/tool.sh", None, None),
        ("conf", "/app", None, None),
        ("tool.sh", "/file/tool.sh", None, None),
    ] {
        let program = program();
        program.write("Dockerfile", &configuration("base", &[put]));
        let said = Engine::main()
            .frontend(&program.root())
            .args(base.context())
            .fails()
            .everything();
        by_copy(&program, &base, &[put]).fails();
        assert!(said.contains("files of tiny"), "{put:?}: {said}");
    }
}

/// ENV and EXPOSE as BuildKit's own frontend reads the printed Dockerfile.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn settings_that_extend_those_of_the_base() {
    let base =
        Base::of("FROM busybox:latest\nENV PATH=/base/bin:/bin LIB=/base/lib EMPTY=\nEXPOSE 81\n");
    let program = program();
    let text = r#"# syntax=docker.io/gowork/gowork:1
[runtime]
base = "base"
ports = ["8000-8010/udp", 80, "90-90"]
[runtime.env]
PATH = "/opt/app/bin:$$PATH"
GREETING = "a \"b\" $$HOME \\ 'x' $$$$LIB costs $$5 $$"
LIB = "/opt/lib$${LIB:+:$${LIB}}$${EMPTY:+x}$${NONE:-'n}"
OTHER = "$${LIB} ${ARG:-d} ${DOLLARS}"
"#;
    program.write("Dockerfile", text);
    let dir = tempfile::tempdir().unwrap();
    let ours = Engine::main()
        .frontend(&program.root())
        .args(base.context())
        .args(["--build-arg", "DOLLARS=$PATH ${LIB}"]);
    let outcome = ours.layout_to(dir.path()).succeeds();
    let config = Layout::at(dir).image().config;
    program.write(
        "Dockerfile",
        &text.replace("${DOLLARS}", "$$$$PATH $$$${LIB}"),
    );
    program.write("printed.Dockerfile", &printed(&program.root()));
    let build = Engine::main()
        .stock(&program.root(), &program.root().join("printed.Dockerfile"))
        .target("tiny");
    let stock = layout::build(build.args(base.context())).image().config;
    for key in ["Env", "ExposedPorts"] {
        assert_eq!(config["config"][key], stock["config"][key], "{key}");
    }
    let env: Vec<&str> = config["config"]["Env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.as_str().unwrap())
        .collect();
    assert!(env.contains(&"PATH=/opt/app/bin:/base/bin:/bin"), "{env:?}");
    assert!(env.contains(&"OTHER=/base/lib d $PATH ${LIB}"), "{env:?}");
    let said = outcome.records.warnings.join("\n");
    assert!(
        said.contains("`env.GREETING` takes the variable HOME")
            && !said.contains("takes the variable LIB"),
        "{said}"
    );
}
