//! Tests of the configuration: what is read, what is refused and in which words, and that documentation and schema are true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic, in their helpers too")]

mod oracle;
mod properties;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use gowork_llb::config::{CompileConfig, Config, HealthcheckConfig};
use gowork_llb::diag::Diagnostic;
use gowork_llb::tree::TreePath;

fn args(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

/// What is said about `text`, by parse, else by expand.
fn complaints(text: &str, build_args: &[(&str, &str)]) -> String {
    let (config, diagnostics) = Config::parse("Dockerfile", text);
    if diagnostics.is_empty() { lines(&config.expand(&args(build_args)).1) } else { lines(&diagnostics) }
}

fn complains(text: &str, expected: &Expect) {
    expected.assert_eq(&complaints(text, &[]));
}

/// The configuration of a right text, filled in.
fn good(text: &str, build_args: &[(&str, &str)]) -> Config {
    let (config, diagnostics) = Config::parse("Dockerfile", text);
    assert_eq!(lines(&diagnostics), "");
    let (config, diagnostics) = config.expand(&args(build_args));
    assert_eq!(lines(&diagnostics), "");
    config
}

#[test]
fn an_empty_file_is_the_default() {
    for text in [
        "",
        "# syntax=docker.io/gowork/gowork:1\n",
        "#syntax=x\r\n# check=skip=all\r\n\r\n",
        "\u{feff}# syntax=x\n",
        "[go]\n[images]\n",
    ] {
        assert_eq!(good(text, &[]), Config::default(), "{text:?}");
    }
    let image = Config::default().image("api");
    assert_eq!((image.ldflags.as_str(), image.compile), ("-s -w", CompileConfig::default()));
    let runtime = image.runtime;
    assert_eq!((runtime.base.as_str(), runtime.user.as_str()), ("scratch", "65532:65532"));
    assert!(runtime.certificates && runtime.timezones);
    assert!(Config::default().module_env().is_empty());
}

#[test]
fn a_base_image_brings_its_own_certificates_and_time_zones() {
    let config =
        good("[runtime]\nbase = \"alpine:3.22\"\n[images.web]\ncertificates = true\n[images.bare]\nbase = \"scratch\"", &[]);
    let flags = |name: &str| (config.image(name).runtime.certificates, config.image(name).runtime.timezones);
    assert_eq!((flags("api"), flags("web"), flags("bare")), ((false, false), (true, false), (true, true)));
    assert_eq!(config.image("api").runtime.user, "65532:65532");
}

#[test]
fn an_image_overrides_key_by_key() {
    let config = good(
        r#"
[go]
tags = ["netgo"]
goamd64 = "v2"
goarm = "7"
gcflags = "all=-N"
[runtime]
env = { A = "1", B = "2" }
labels = { team = "shop" }
ports = [8080, "53/udp"]
cmd = ["-v"]
[runtime.healthcheck]
cmd = ["/api", "-health"]
interval = "1m30s"
retries = 3
[images.api]
main = "./api/cmd/api"
ports = [9090]
env = { B = "3", C = "4" }
tags = []
goamd64 = "v3"
ldflags = ""
healthcheck.disable = true
[[images.api.files]]
from = "./config/app.yaml"
to = "/etc/"
owner = "7"
mode = "0640"
"#,
        &[],
    );
    let (api, other) = (config.image("api"), config.image("other"));
    let level = |pairs: &[(&str, &str)]| args(pairs);
    assert_eq!(api.compile.levels, level(&[("GOAMD64", "v3"), ("GOARM", "7")]));
    assert_eq!(other.compile.levels, level(&[("GOAMD64", "v2"), ("GOARM", "7")]));
    assert_eq!((api.compile.tags.len(), other.compile.tags.clone()), (0, BTreeSet::from(["netgo".to_owned()])));
    assert_eq!((api.compile.gcflags.as_str(), api.ldflags.as_str(), other.ldflags.as_str()), ("all=-N", "", "-s -w"));
    assert_eq!(api.runtime.env, args(&[("A", "1"), ("B", "3"), ("C", "4")]));
    assert_eq!(other.runtime.env, args(&[("A", "1"), ("B", "2")]));
    assert_eq!(api.runtime.labels, args(&[("team", "shop")]));
    let ports = |image: &gowork_llb::config::ImageConfig| image.runtime.ports.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((ports(&api), ports(&other)), (vec!["9090/tcp".to_owned()], vec!["53/udp".to_owned(), "8080/tcp".to_owned()]));
    assert_eq!(api.runtime.healthcheck, Some(HealthcheckConfig::Disabled));
    let Some(HealthcheckConfig::Run { interval, retries, .. }) = &other.runtime.healthcheck else { panic!("no check") };
    assert_eq!((interval.map(|d| d.as_secs()), *retries), (Some(90), Some(3)));
    let file = &api.runtime.files[0];
    assert_eq!((file.from.as_str(), file.to.as_str(), file.owner, file.mode), ("config/app.yaml", "/etc/", (7, 7), Some(0o640)));
    assert_eq!(api.main.as_ref().and_then(|main| main.span.as_ref()).unwrap().to_string(), "Dockerfile:17:8");
    assert_eq!(api.at.as_ref().unwrap().to_string(), "Dockerfile:16:9");
    assert_eq!((other.at, other.main), (None, None));
}

#[test]
fn unknown_keys_are_told_with_the_nearest_right_one() {
    complains(
        r#"# syntax=docker.io/gowork/gowork:1
ldflags = "-s"
baze = "x"
[go]
taggs = ["netgo"]
cgo-enabled = true
[runtime]
port = [80]
healthcheck.intervall = "3s"
from = "alpine"
platforms = ["linux/arm64"]
[images.api]
version = "1.26"
Ports = [80]
proxy = "off"
environment = { A = "1" }
xyzzy = 1
[image.web]
"#,
        &expect![[r#"
            Dockerfile:2: unknown key `ldflags` (`ldflags` belongs in [go])
            Dockerfile:3: unknown key `baze` (`base` belongs in [runtime])
            Dockerfile:5: unknown key `taggs` in `[go]`; did you mean `tags`?
            Dockerfile:6: unknown key `cgo-enabled` in `[go]`; did you mean `cgo`?
            Dockerfile:8: unknown key `port` in `[runtime]`; did you mean `ports`?
            Dockerfile:9:13: unknown key `intervall` in `[runtime.healthcheck]`; did you mean `interval`?
            Dockerfile:10: unknown key `from` in `[runtime]`; did you mean `base`?
            Dockerfile:11: unknown key `platforms` in `[runtime]`: platforms are not configured here (pass --platform to the build)
            Dockerfile:13: unknown key `version` in `[images.api]`: one Go toolchain builds all images (set `version` in [go])
            Dockerfile:14: unknown key `Ports` in `[images.api]`; did you mean `ports`?
            Dockerfile:15: unknown key `proxy` in `[images.api]` (`proxy` belongs in [modules])
            Dockerfile:16: unknown key `environment` in `[images.api]`; did you mean `env`?
            Dockerfile:17: unknown key `xyzzy` in `[images.api]` (keys here: asmflags, base, binary, certificates, cgo, cmd, entrypoint, env, experiment, files, gcflags, go386, goamd64, goarm, goarm64, gomips, gomips64, goppc64, goriscv64, healthcheck, labels, ldflags, main, ports, stop_signal, tags, timezones, user, volumes, workdir)
            Dockerfile:18:2: unknown key `image`; did you mean `images`?
        "#]],
    );
}

#[test]
fn wrong_types_are_told_with_what_to_write() {
    complains(
        r#"skip = "./tools/..."
go = 1
[modules]
private = [1, "a"]
[runtime]
certificates = "true"
env = { PORT = 8080, A = ["b"] }
ports = "8080"
user = 65532
files = { from = "a", to = "/b" }
healthcheck = "curl"
[images]
web = "./web"
[images.api]
main = ["./api"]
version = 1.30
goarm = 7
cgo = 1
healthcheck = { retries = "3", cmd = "/api -health" }
files = [{ from = "a" }, 3]
"#,
        &expect![[r#"
            Dockerfile:1:8: `skip` must be an array of strings, not a string (write skip = ["./tools/..."])
            Dockerfile:2:6: `go` must be a table, not a number (write go = { version = "1.26" })
            Dockerfile:4:12: `modules.private` must be an array of strings, not a number (write private = ["1"])
            Dockerfile:6:16: `runtime.certificates` must be true or false, not a string (write certificates = true)
            Dockerfile:7:16: `runtime.env.PORT` must be a string, not a number (write PORT = "8080")
            Dockerfile:7:26: `runtime.env.A` must be a string, not an array (write A = "...")
            Dockerfile:8:9: `runtime.ports` must be an array of numbers or strings, not a string (write ports = ["8080"])
            Dockerfile:9:8: `runtime.user` must be a string, not a number (write user = "65532")
            Dockerfile:10:9: `runtime.files` must be an array of tables, not a table (write files = [{ from = "config/app.yaml", to = "/etc/app.yaml" }])
            Dockerfile:11:15: `runtime.healthcheck` must be a table, not a string (write healthcheck = { cmd = ["/api", "-health"] })
            Dockerfile:13:7: `images.web` must be a table, not a string (write web = { main = "./cmd/api" })
            Dockerfile:15:8: `images.api.main` must be a string, not an array (write main = "./cmd/api")
            Dockerfile:16: unknown key `version` in `[images.api]`: one Go toolchain builds all images (set `version` in [go])
            Dockerfile:17:9: `images.api.goarm` must be a string, not a number (write goarm = "7")
            Dockerfile:18:7: `images.api.cgo` must be true or false, not a number (write cgo = true)
            Dockerfile:19:27: `images.api.healthcheck.retries` must be a whole number, not a string (write retries = 3)
            Dockerfile:19:38: `images.api.healthcheck.cmd` must be an array of strings, not a string (write cmd = ["/api -health"])
            Dockerfile:20:10: `images.api.files.to` is missing (add to = "/etc/app.yaml")
            Dockerfile:20:26: `images.api.files` must be an array of tables, not a number (write files = [{ from = "config/app.yaml", to = "/etc/app.yaml" }])
        "#]],
    );
}

#[test]
fn wrong_values_are_told_with_right_ones() {
    complains(
        r#"
skip = ["/abs/...", "../x"]
[go]
version = "go1.26"
builder = "https://example.com/golang"
toolchain = "go1.26.8"
tags = ["a,b", ""]
ldflags = "-X 'main.version=1"
gcflags = "N"
goamd64 = "3"
goarm64 = "v9.9"
experiment = ["a,b"]
[modules]
proxy = "proxy.example.com"
private = ["https://git.example.com"]
[runtime]
base = "Alpine:3.22"
user = "a:b:c"
workdir = "data"
stop_signal = "term"
ports = [0, 70000, "80:8080", "53/icmp"]
env = { "A=B" = "", "" = "" }
volumes = ["/a/../b"]
files = [{ from = "../x", to = "y", owner = "app", mode = "0o644" }]
healthcheck = { cmd = ["x"], interval = "30", timeout = "5 s", start_period = "1us" }
[images."a/b"]
[images.binaries]
[images.api]
main = "./cmd/..."
binary = "bin/api"
entrypoint = ["a\u0000b"]
[images.web]
main = "main.go"
"#,
        &expect![[r#"
            Dockerfile:2:9: `skip`: "/abs/..." is not a package (write it like "./tools/..." or "example.com/shop/tools/...")
            Dockerfile:2:21: `skip`: "../x" lies outside of the build context (write it like "./tools/..." or "example.com/shop/tools/...")
            Dockerfile:4:11: `go.version`: "go1.26" is not a Go release (write it like "1.26" or "1.26.8")
            Dockerfile:5:11: `go.builder`: "https://example.com/golang" is a URL, not an image (leave out the scheme)
            Dockerfile:6:13: `go.toolchain`: "go1.26.8" is not one of its values (write one of "local", "auto")
            Dockerfile:7:9: `go.tags`: "a,b" is not one build tag (one item a tag: ["a", "b"])
            Dockerfile:7:16: `go.tags`: "" is not a build tag (tags are made of letters, digits, `_` and `.`)
            Dockerfile:8:11: `go.ldflags`: a word starts with ' and never ends (close it with ')
            Dockerfile:9:11: `go.gcflags`: flags start with `-` (write them like "-s -w", or with a package pattern: "all=-N -l")
            Dockerfile:10:11: `go.goamd64`: "3" is not one of its values (write one of "v1", "v2", "v3", "v4")
            Dockerfile:11:11: `go.goarm64`: "v9.9" is not a GOARM64 (write "v8.0" to "v8.9" or "v9.0" to "v9.5", then ",lse" or ",crypto" if need be)
            Dockerfile:12:15: `go.experiment`: "a,b" is not a GOEXPERIMENT (one item an experiment, like ["jsonv2"])
            Dockerfile:14:9: `modules.proxy`: "proxy.example.com" is not a module proxy (write it like "https://proxy.golang.org,direct")
            Dockerfile:15:12: `modules.private`: "https://git.example.com" is not a pattern of module paths (write it like "git.example.com/*")
            Dockerfile:17:8: `runtime.base`: "Alpine:3.22" is not an image: names are lower case (write "alpine:3.22")
            Dockerfile:18:8: `runtime.user`: "a:b:c" is not a user (write it like "65532:65532", "65532" or "app")
            Dockerfile:19:11: `runtime.workdir`: "data" is not an absolute path (paths in the image start with `/`)
            Dockerfile:20:15: `runtime.stop_signal`: "term" is not a signal (write it like "SIGTERM")
            Dockerfile:21:10: `runtime.ports`: "0" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080 or "8080/udp")
            Dockerfile:21:13: `runtime.ports`: "70000" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080 or "8080/udp")
            Dockerfile:21:20: `runtime.ports`: "80:8080" is not a port (one item a port that the program listens on, like 8080; what it is published as is said when the image is run)
            Dockerfile:21:31: `runtime.ports`: "53/icmp" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080 or "8080/udp")
            Dockerfile:22:9: `runtime.env.A=B`: "A=B" cannot name an environment variable (names are not empty and hold no `=` or blanks)
            Dockerfile:22:21: `runtime.env.`: "" cannot name an environment variable (names are not empty and hold no `=` or blanks)
            Dockerfile:23:12: `runtime.volumes`: "/a/../b" climbs with `..` (write the path it ends up at)
            Dockerfile:24:19: `runtime.files.from`: "../x" lies outside of the build context (paths are relative to its root)
            Dockerfile:24:32: `runtime.files.to`: "y" is not an absolute path (paths in the image start with `/`)
            Dockerfile:24:45: `runtime.files.owner`: "app" is not an owner in numbers (write it like "65532:65532")
            Dockerfile:24:59: `runtime.files.mode`: "0o644" is not a file mode (write it in octal like "0644")
            Dockerfile:25:41: `runtime.healthcheck.interval`: "30" is not a duration (write it like "30s", "500ms" or "1m30s")
            Dockerfile:25:57: `runtime.healthcheck.timeout`: "5 s" is not a duration (write it like "30s", "500ms" or "1m30s")
            Dockerfile:25:79: `runtime.healthcheck.start_period`: "1us" is shorter than a millisecond (write "1ms" or more)
            Dockerfile:26:9: `images.a/b`: "a/b" cannot name an image (names are made of letters, digits, `.`, `_` and `-`)
            Dockerfile:27:9: `images.binaries`: `binaries` cannot name an image: that target gives the binaries of all (choose another name)
            Dockerfile:29:8: `images.api.main`: "./cmd/..." is a pattern, not one package (write its directory like "./api/cmd/api", or its import path)
            Dockerfile:30:10: `images.api.binary`: "bin/api" is not a file name (a plain name, like "api")
            Dockerfile:31:15: `images.api.entrypoint`: it holds a NUL character (no program can be given that: leave it out)
            Dockerfile:33:8: `images.web.main`: "main.go" is a file, not a package (write its directory like "./api/cmd/api", or its import path)
        "#]],
    );
}

#[test]
fn syntax_errors_are_told_all_at_once() {
    complains(
        "[go\ntags = [\"a\"]\n[runtime]\nbase = alpine\nuser = \"x\nuser = \"y\"\n",
        &expect![[r#"
            Dockerfile:1:4: TOML: unclosed table, expected `]`
            Dockerfile:4:8: TOML: string values must be quoted, expected literal string
            Dockerfile:5:10: TOML: invalid basic string, expected `"`
            Dockerfile:6: TOML: duplicate key `user`
        "#]],
    );
    complains(
        "# syntax=x\n[go]\nversion = \"1.26\"\nversion = \"1.27\"\n",
        &expect![[r#"
            Dockerfile:4: TOML: duplicate key `version`
        "#]],
    );
    complains(
        "# syntax=x\n\nFROM golang:1.26 AS build\nRUN go build\n",
        &expect![[r#"
        Dockerfile:3: `FROM` is an instruction of a Dockerfile, and this frontend reads TOML (remove the instructions, an empty file builds every main package; or drop the `# syntax=` line to build them)
    "#]],
    );
    complains(
        "from = 1\n",
        &expect![[r#"
        Dockerfile:1: unknown key `from` (`base` belongs in [runtime])
    "#]],
    );
}

#[test]
fn columns_count_characters() {
    complains(
        "# größe\n[runtime.labels]\n\"größe\" = 1\n",
        &expect![[r#"
        Dockerfile:3:11: `runtime.labels.größe` must be a string, not a number (write größe = "1")
    "#]],
    );
}

#[test]
fn build_args_are_filled_in() {
    let text = r#"
[go]
version = "${GO_VERSION:-1.26}"
ldflags = "-s -w -X main.version=${VERSION} -X main.price=$$5"
tags = ["netgo", "${EXTRA:-}"]
[runtime]
base = "${REGISTRY:-docker.io}/library/alpine:${ALPINE:-3.22}"
env = { VERSION = "${VERSION}" }
"#;
    let config = good(text, &[("VERSION", "1.2.3"), ("ALPINE", "")]);
    assert_eq!(config.go.version.as_ref().unwrap().value, "1.26");
    let api = config.image("api");
    assert_eq!(api.ldflags, "-s -w -X main.version=1.2.3 -X main.price=$5");
    assert_eq!(api.runtime.base.value, "docker.io/library/alpine:3.22");
    assert_eq!(api.runtime.env, args(&[("VERSION", "1.2.3")]));
    assert_eq!(api.compile.tags, BTreeSet::from(["netgo".to_owned()]));

    let asked = Config::parse("Dockerfile", text).0.build_args();
    let asked: String =
        asked.iter().map(|arg| format!("{} {:?} {} {}\n", arg.name, arg.default, arg.key, arg.span.as_ref().unwrap())).collect();
    expect![[r#"
        GO_VERSION Some("1.26") go.version Dockerfile:3:11
        VERSION None go.ldflags Dockerfile:4:11
        EXTRA Some("") go.tags Dockerfile:5:18
        REGISTRY Some("docker.io") runtime.base Dockerfile:7:8
        ALPINE Some("3.22") runtime.base Dockerfile:7:8
        VERSION None runtime.env.VERSION Dockerfile:8:19
    "#]]
    .assert_eq(&asked);
}

#[test]
fn build_args_that_are_missing_or_make_no_sense_are_told() {
    complains(
        r#"
skip = ["${SKIP}"]
[go]
ldflags = "-X main.version=${VERSION}"
gcflags = "$FLAGS"
asmflags = "${FLAGS"
tags = ["${A:-${B}}"]
version = "${1}"
[runtime]
env = { PRICE = "5 $", OTHER = "${OTHER:?no}" }
"#,
        &expect![[r#"
            Dockerfile:2:9: `skip`: build-arg `SKIP` is not given (pass --build-arg SKIP=..., or give it a default: ${SKIP:-...})
            Dockerfile:4:11: `go.ldflags`: build-arg `VERSION` is not given (pass --build-arg VERSION=..., or give it a default: ${VERSION:-...})
            Dockerfile:5:11: `go.gcflags`: a `$` stands by itself (write ${FLAGS} for the build-arg, or $$FLAGS for the text)
            Dockerfile:6:12: `go.asmflags`: `${` is never closed (write ${NAME}; a dollar by itself is $$)
            Dockerfile:7:9: `go.tags`: the default of `A` holds a `$` (defaults are plain text)
            Dockerfile:8:11: `go.version`: `${1}` is not a build-arg (write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`)
            Dockerfile:10:17: `runtime.env.PRICE`: a `$` stands by itself (a dollar by itself is written $$)
            Dockerfile:10:32: `runtime.env.OTHER`: `${OTHER:?no}` is not a build-arg (write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`)
        "#]],
    );
    expect![[r#"
        Dockerfile:2:10: `runtime.ports`: "http" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080 or "8080/udp")
    "#]].assert_eq(&complaints("[runtime]\nports = [\"${PORT}\"]", &[("PORT", "http")]));
}

#[test]
fn module_settings_take_build_args_by_name() {
    let text = "[modules]\nproxy = \"${UNDEFINED}\"\nprivate = [\"a.example.com\", \"b.example.com/*\"]\nsumdb = \"off\"";
    let given = [
        ("GOPROXY", "https://proxy.example.com|direct"),
        ("GOPRIVATE", "c.example.com, d.example.com"),
        ("GOSUMDB", ""),
        ("GOFLAGS", "-x"),
    ];
    expect![[r#"{"GOPRIVATE": "c.example.com,d.example.com", "GOPROXY": "https://proxy.example.com|direct"}"#]]
        .assert_eq(&format!("{:?}", good(text, &given).module_env()));
    expect![[r#"
        build-arg GOPROXY: "proxy.example.com" is not a module proxy (write it like "https://proxy.golang.org,direct")
        build-arg GOINSECURE: "http://x" is not a pattern of module paths (write it like "git.example.com/*")
    "#]]
    .assert_eq(&complaints("", &[("GOPROXY", "proxy.example.com"), ("GOINSECURE", "http://x")]));
}

#[test]
fn a_password_in_a_proxy_url_is_refused_and_not_shown() {
    for text in [
        "[modules]\nproxy = \"https://me:hunter2@proxy.example.com,direct\"",
        "[modules]\nproxy = \"direct|me:hunter2@proxy\"",
        "[modules]\nproxy = \"https://me:${TOKEN}@h\"",
        "",
    ] {
        let said = complaints(text, &[("TOKEN", "hunter2"), ("GOPROXY", "https://me:hunter2@proxy.example.com")]);
        assert!(said.contains("secret") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_only_two_keys_together_make_wrong_is_told() {
    complains(
        r#"
[runtime]
user = "app"
[runtime.healthcheck]
interval = "3s"
[images.api]
base = "alpine"
[images.web]
user = "1000"
healthcheck = { disable = true }
[images.job]
user = "1000:app"
"#,
        &expect![[r#"
            Dockerfile:3:8: `runtime`: user "app" has a name, and the base image `scratch` knows none (write numbers, like "65532:65532")
            Dockerfile:4:10: `runtime.healthcheck`: it has no `cmd` (add what it runs, like cmd = ["/api", "-health"], or set disable = true)
            Dockerfile:12:8: `images.job`: user "1000:app" has a name, and the base image `scratch` knows none (write numbers, like "65532:65532")
        "#]],
    );
}

#[test]
fn skip_takes_patterns_as_go_has_them() {
    let config = good(r#"skip = ["./tools/...", "example.com/shop/...gen", "./one"]"#, &[]);
    let skipped = |dir: &str, path: &str| config.skips(&TreePath::new(dir).unwrap(), path).map(|pattern| pattern.value.as_str());
    assert_eq!(skipped("tools", "x"), Some("./tools/..."));
    assert_eq!(skipped("tools/a/b", "x"), Some("./tools/..."));
    assert_eq!(skipped("toolset", "x"), None);
    assert_eq!(skipped("one", "x"), Some("./one"));
    assert_eq!(skipped("one/two", "x"), None);
    assert_eq!(skipped("cmd/a", "example.com/shop/cmd/protogen"), Some("example.com/shop/...gen"));
    assert_eq!(skipped("cmd/a", "example.com/shop/cmd/api"), None);
    assert!(good("skip = [\"./...\"]", &[]).skips(&TreePath::ROOT, "x").is_some());
    assert!(good("skip = [\".\"]", &[]).skips(&TreePath::new("a").unwrap(), "x").is_none());
}
