//! Images that are built upon stages, or take files from them.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::config::Config;
use gowork_llb::lower::{self, ConfigInput, DockerfileOptions, LabelInput};
use gowork_llb::ops::Platform;
use gowork_llb::tree::TreePath;
use serde_json::{Value, json};

use super::dockerfile::text;
use super::{Made, make};

const MAIN: &str = "\n-- go.mod --\nmodule example.com/api\n\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

fn api(config: &str) -> Made {
    make(MAIN, config, &BTreeMap::new())
}

/// The lines of the image's stage in the printed Dockerfile, or the error.
fn printed(config: &str) -> String {
    match text(&api(config), &["amd64"], &DockerfileOptions::default()) {
        Ok(text) => {
            let start = text.find(" AS api\n").unwrap();
            let start = text[..start].rfind('\n').unwrap() + 1;
            text[start..].to_owned()
        }
        Err(error) => error + "\n",
    }
}

/// The config of the image over a base with this config.
fn config_over(config: &str, base: &Value) -> Value {
    let plan = api(config).plan("amd64");
    let base = serde_json::to_vec(base).unwrap();
    let input = ConfigInput {
        platform: &Platform::parse("linux/amd64").unwrap(),
        base: Some(&base),
        labels: LabelInput {
            given: &BTreeMap::new(),
            base_digest: None,
            time: None,
        },
        created: None,
    };
    let made = lower::image_config(&plan.images[0], input).unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    made["config"].clone()
}

#[test]
fn the_printed_dockerfile_starts_from_the_stage() {
    expect![[r#"
        FROM os AS api
        COPY --from=build-api /out/api /usr/local/bin/api
        ENTRYPOINT ["tini", "api"]
    "#]]
    .assert_eq(&printed(
        "[runtime]\nbase = \"stage:os\"\nentrypoint = [\"tini\", \"api\"]\n",
    ));
    expect![[r#"
        gowork.toml:2:8: image api has the entrypoint of the stage os if that has one, and else its binary: a Dockerfile cannot say that (write entrypoint = ["/usr/local/bin/api"], or what the stage has)
    "#]]
    .assert_eq(&printed("[runtime]\nbase = \"stage:os\"\n"));
    expect![[r#"
        gowork.toml:2:8: the printed Dockerfile has a stage of its own called deps (give the context another name)
    "#]]
    .assert_eq(&printed(
        "[runtime]\nbase = \"stage:deps\"\nentrypoint = [\"x\"]\n",
    ));
}

#[test]
fn an_image_has_what_its_stage_says_unless_it_is_set() {
    let base = json!({
        "architecture": "amd64", "os": "linux",
        "config": {"User": "app", "Env": ["PATH=/bin"], "Entrypoint": ["tini"], "Cmd": ["x"], "WorkingDir": "/data"},
    });
    let of_stage = "[runtime]\nbase = \"stage:os\"\n";
    assert_eq!(config_over(of_stage, &base), base["config"]);
    let made = config_over(&format!("{of_stage}cmd = [\"y\"]\nuser = \"5\"\n"), &base);
    assert_eq!(
        (&made["User"], &made["Entrypoint"], &made["Cmd"]),
        (&json!("5"), &json!(["tini"]), &json!(["y"]))
    );
    let made = config_over(&format!("{of_stage}entrypoint = [\"y\"]\n"), &base);
    assert_eq!(
        (&made["Entrypoint"], &made["Cmd"]),
        (&json!(["y"]), &Value::Null)
    );
    // The arguments of a stage without an entrypoint are those of a shell, more likely than not.
    let shell = json!({"config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]}});
    let made = config_over(of_stage, &shell);
    assert_eq!(
        (&made["Entrypoint"], &made["Cmd"], &made["User"]),
        (&json!(["/usr/local/bin/api"]), &Value::Null, &Value::Null)
    );
    let of_image = config_over("[runtime]\nbase = \"os\"\n", &base);
    assert_eq!(
        (&of_image["Entrypoint"], &of_image["User"]),
        (&json!(["/usr/local/bin/api"]), &json!("65532:65532"))
    );
}

#[test]
fn the_printed_dockerfile_copies_from_stages() {
    let files = r#"[runtime]
base = "alpine"
files = [
    { from = "stage:ui/dist", to = "/srv/www" },
    { from = "stage:ui", to = "/all", owner = "5:6", mode = "0750" },
    { from = "stage:ui/a b/[x]*.js", to = "/js/" },
    { from = "sql/*.sql", to = "/sql/" },
    { from = "a\\b", to = "/c" },
]
"#;
    expect![[r#"
        FROM alpine AS api
        COPY --from=ui --chown=0:0 /dist /srv/www
        COPY --from=ui --chown=5:6 --chmod=0750 / /all
        COPY --from=ui --chown=0:0 ["/a b/[x]*.js", "/js/"]
        COPY --chown=0:0 sql/*.sql /sql/
        COPY --chown=0:0 a\\\\b /c
        COPY --from=build-api /out/api /usr/local/bin/api
        USER 65532:65532
        ENTRYPOINT ["/usr/local/bin/api"]
    "#]]
    .assert_eq(&printed(files));
}

/// What files of the build context a pattern takes.
#[test]
fn a_pattern_takes_what_copy_takes() {
    let takes = |from: &str, file: &str| {
        let config = format!("[runtime]\nfiles = [{{ from = '{from}', to = \"/x/\" }}]\n");
        let plan = api(&config).plan("amd64");
        let source = &plan.images[0].runtime.files[0].from.value;
        source.takes(&TreePath::new(file).unwrap())
    };
    for (from, file) in [
        ("sql/*.sql", "sql/a.sql"),
        ("sql/*", "sql/a/b.sql"),
        ("*", "sql/a.sql"),
        ("[a-s]?l/x", "sql/x/y/z"),
        ("sql", "sql/a.sql"),
        (".", "sql/a.sql"),
    ] {
        assert!(takes(from, file), "{from} {file}");
    }
    for (from, file) in [
        ("sql/*.sql", "sql/a/b.sql"),
        ("sql/*", "sql"),
        ("*.sql", "sql/a.sql"),
        ("stage:sql/*", "sql/a.sql"),
        ("stage:x", "sql/a.sql"),
    ] {
        assert!(!takes(from, file), "{from} {file}");
    }
}

#[test]
fn wrong_sources_of_files_are_refused() {
    let config = r#"
[runtime]
files = [
    { from = "stage:", to = "/x" },
    { from = "stage:a b/c", to = "/x" },
    { from = "stage:ui/../../etc", to = "/x" },
    { from = "sql/*.sql", to = "/x" },
    { from = "stage:ui/[a", to = "/x/" },
    { from = "", to = "/x" },
]
"#;
    let (config, mut said) = Config::parse("gowork.toml", config);
    said.extend(config.expand(&BTreeMap::new()).1);
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    expect![[r#"
        gowork.toml:4:14: `runtime.files.from`: "" is not the name of a stage or of a named context (write the name that stands behind AS, or in --build-context NAME=...)
        gowork.toml:5:14: `runtime.files.from`: "a b" is not the name of a stage or of a named context (write the name that stands behind AS, or in --build-context NAME=...)
        gowork.toml:6:14: `runtime.files.from`: "stage:ui/../../etc" lies outside of stage ui (paths are from its root: "stage:ui/srv/www")
        gowork.toml:8:14: `runtime.files.from`: "stage:ui/[a" is not a pattern (`*` and `?` stand for characters, and `[a-z]` for one of them: close the `[`)
        gowork.toml:9:14: `runtime.files.from`: the path is empty (write a path in the build context, like "config/app.yaml")
        gowork.toml:7:32: `runtime.files.to`: "sql/*.sql" is a pattern, which may match several files (name a directory, with a slash at the end: "/x/")
    "#]]
    .assert_eq(&(said.join("\n") + "\n"));
}

#[test]
fn the_printed_dockerfile_makes_directories_and_links() {
    let made = r#"[runtime]
base = "alpine"
path = "/app/server"
dirs = [{ path = "/var/lib/api", owner = "5:6", mode = "0750" }, { path = "/data" }]
links = { "/usr/bin/x" = "/app/server", "/y z" = "a b" }
"#;
    let text = text(&api(made), &["amd64"], &DockerfileOptions::default()).unwrap();
    let start = text.find("# Directories and links").unwrap();
    let end = text.find("# Every binary").unwrap();
    expect![[r##"
        # Directories and links of api.
        FROM go AS made-api
        RUN mkdir -p /made/0 \
         && install -d -o 5 -g 6 -m 0750 /made/0/api \
         && mkdir -p /made/1 \
         && install -d -o 0 -g 0 -m 0755 /made/1/data \
         && mkdir -p /made/2 \
         && ln -s /app/server /made/2/x \
         && mkdir -p /made/3 \
         && ln -s "a b" "/made/3/y z"

    "##]]
    .assert_eq(&text[start..end]);
    expect![[r#"
        FROM alpine AS api
        COPY --from=made-api /made/0/ /var/lib/
        COPY --from=made-api /made/1/ /
        COPY --from=made-api /made/2/ /usr/bin/
        COPY --from=made-api /made/3/ /
        COPY --from=build-api /out/api /app/server
        USER 65532:65532
        ENTRYPOINT ["/app/server"]
    "#]]
    .assert_eq(&printed(made));
}

#[test]
fn wrong_directories_and_links_are_refused() {
    let config = r#"
[runtime]
path = "app"
links = { "usr/bin/x" = "/y", "/" = "/y", "/a" = "" }
dirs = [{ path = "/" }, { path = "/a/../b" }, { path = "/x", owner = "app", mode = "rwx" }]
"#;
    let (_, said) = Config::parse("gowork.toml", config);
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    expect![[r#"
        gowork.toml:3:8: `runtime.path`: "app" is not an absolute path (paths in the image start with `/`)
        gowork.toml:4:11: `runtime.links.usr/bin/x`: "usr/bin/x" is not an absolute path (paths in the image start with `/`)
        gowork.toml:4:31: `runtime.links./`: "/" is the root, which is there (write a path below it)
        gowork.toml:4:50: `runtime.links./a`: the link leads nowhere (write the path that it leads to, like "/usr/local/bin/api")
        gowork.toml:5:18: `runtime.dirs.path`: "/" is the root, which is there (write a path below it)
        gowork.toml:5:34: `runtime.dirs.path`: "/a/../b" climbs with `..` (write the path that it leads to)
        gowork.toml:5:70: `runtime.dirs.owner`: "app" is not an owner in numbers (write it like "65532:65532")
        gowork.toml:5:84: `runtime.dirs.mode`: "rwx" is not a file mode (write it in octal like "0644")
    "#]].assert_eq(&(said.join("\n") + "\n"));
}
