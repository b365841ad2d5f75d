//! Tests of the configuration: what is read, what is refused and in which words, and that
//! documentation and schema are true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, in their helpers too"
)]

mod messages;
mod oracle;
mod properties;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use gowork_llb::config::{CompileConfig, Config, HealthcheckConfig};
use gowork_llb::diag::Diagnostic;
use gowork_llb::tree::TreePath;

fn args(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| format!("{diagnostic}\n"))
        .collect()
}

/// What is said about `text`, by parse, else by expand.
fn complaints(text: &str, build_args: &[(&str, &str)]) -> String {
    let (config, diagnostics) = Config::parse("Dockerfile", text);
    if diagnostics.is_empty() {
        lines(&config.expand(&args(build_args)).1)
    } else {
        lines(&diagnostics)
    }
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
    assert_eq!(
        (image.ldflags.as_str(), image.compile),
        ("-s -w", CompileConfig::default())
    );
    let runtime = image.runtime;
    assert_eq!(
        (runtime.base.as_str(), runtime.user.as_deref()),
        ("scratch", Some("65532:65532"))
    );
    assert!(runtime.certificates && runtime.timezones);
    assert!(Config::default().module_env().is_empty());
}

#[test]
fn a_base_image_brings_its_own_certificates_and_time_zones() {
    let config = good(
        "[runtime]\nbase = \"alpine:3.22\"\n[images.web]\ncertificates = true\n[images.bare]\nbase = \"scratch\"",
        &[],
    );
    let flags = |name: &str| {
        (
            config.image(name).runtime.certificates,
            config.image(name).runtime.timezones,
        )
    };
    assert_eq!(
        (flags("api"), flags("web"), flags("bare")),
        ((false, false), (true, false), (true, true))
    );
    let user = config.image("api").runtime.user;
    assert_eq!(user.as_deref(), Some("65532:65532"));
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
    assert_eq!(
        api.compile.levels,
        level(&[("GOAMD64", "v3"), ("GOARM", "7")])
    );
    assert_eq!(
        other.compile.levels,
        level(&[("GOAMD64", "v2"), ("GOARM", "7")])
    );
    assert_eq!(
        (api.compile.tags.len(), other.compile.tags.clone()),
        (0, BTreeSet::from(["netgo".to_owned()]))
    );
    assert_eq!(
        (
            api.compile.gcflags.as_str(),
            api.ldflags.as_str(),
            other.ldflags.as_str()
        ),
        ("all=-N", "", "-s -w")
    );
    assert_eq!(api.runtime.env, args(&[("A", "1"), ("B", "3"), ("C", "4")]));
    assert_eq!(other.runtime.env, args(&[("A", "1"), ("B", "2")]));
    assert_eq!(api.runtime.labels, args(&[("team", "shop")]));
    let ports = |image: &gowork_llb::config::ImageConfig| {
        image
            .runtime
            .ports
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ports(&api), ports(&other)),
        (
            vec!["9090/tcp".to_owned()],
            vec!["53/udp".to_owned(), "8080/tcp".to_owned()]
        )
    );
    assert_eq!(api.runtime.healthcheck, Some(HealthcheckConfig::Disabled));
    let Some(HealthcheckConfig::Run {
        interval, retries, ..
    }) = &other.runtime.healthcheck
    else {
        panic!("no check")
    };
    assert_eq!(
        (interval.map(|d| d.as_secs()), *retries),
        (Some(90), Some(3))
    );
    let file = &api.runtime.files[0];
    let (from, to) = (file.from.path().as_str(), file.to.as_str());
    assert_eq!(
        (from, to, file.owner, file.mode),
        ("config/app.yaml", "/etc/", (7, 7), Some(0o640))
    );
    assert_eq!(
        api.main
            .as_ref()
            .and_then(|main| main.span.as_ref())
            .unwrap()
            .to_string(),
        "Dockerfile:17:8"
    );
    assert_eq!(api.at.as_ref().unwrap().to_string(), "Dockerfile:16:9");
    assert_eq!((other.at, other.main), (None, None));
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
    let asked: String = asked
        .iter()
        .map(|arg| {
            format!(
                "{} {:?} {} {}\n",
                arg.name,
                arg.default,
                arg.key,
                arg.span.as_ref().unwrap()
            )
        })
        .collect();
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
tags = ["${A:-x${B}}"]
version = "${1}"
[runtime]
env = { PRICE = "5 $", OTHER = "${OTHER:?no}" }
"#,
        &expect![[r#"
            Dockerfile:2:9: `skip`: build-arg `SKIP` is not given (pass --build-arg SKIP=..., or give it a default: ${SKIP:-...})
            Dockerfile:4:11: `go.ldflags`: build-arg `VERSION` is not given (pass --build-arg VERSION=..., or give it a default: ${VERSION:-...})
            Dockerfile:5:11: `go.gcflags`: a `$` stands by itself (write ${FLAGS} for the build-arg, or $$FLAGS for the text)
            Dockerfile:6:12: `go.asmflags`: `${` is never closed (write ${NAME}; a dollar by itself is $$)
            Dockerfile:7:9: `go.tags`: the default of `A` holds a `$` (a default is plain text, or one other build-arg: ${NAME:-${OTHER}})
            Dockerfile:8:11: `go.version`: `${1}` is not a build-arg (write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`)
            Dockerfile:10:17: `runtime.env.PRICE`: a `$` stands by itself (a dollar by itself is written $$)
            Dockerfile:10:32: `runtime.env.OTHER`: `${OTHER:?no}` is not a build-arg (write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`)
        "#]],
    );
    expect![[r#"
        Dockerfile:2:10: `runtime.ports`: "http" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080, "8080/udp" or "8000-8010")
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
        let said = complaints(
            text,
            &[
                ("TOKEN", "hunter2"),
                ("GOPROXY", "https://me:hunter2@proxy.example.com"),
            ],
        );
        assert!(
            said.contains("secret") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[test]
fn skip_takes_patterns_as_go_has_them() {
    let config = good(
        r#"skip = ["./tools/...", "example.com/shop/...gen", "./one"]"#,
        &[],
    );
    let skipped = |dir: &str, path: &str| {
        config
            .skips(&TreePath::new(dir).unwrap(), path)
            .map(|pattern| pattern.value.as_str())
    };
    assert_eq!(skipped("tools", "x"), Some("./tools/..."));
    assert_eq!(skipped("tools/a/b", "x"), Some("./tools/..."));
    assert_eq!(skipped("toolset", "x"), None);
    assert_eq!(skipped("one", "x"), Some("./one"));
    assert_eq!(skipped("one/two", "x"), None);
    assert_eq!(
        skipped("cmd/a", "example.com/shop/cmd/protogen"),
        Some("example.com/shop/...gen")
    );
    assert_eq!(skipped("cmd/a", "example.com/shop/cmd/api"), None);
    assert!(
        good("skip = [\"./...\"]", &[])
            .skips(&TreePath::ROOT, "x")
            .is_some()
    );
    assert!(
        good("skip = [\".\"]", &[])
            .skips(&TreePath::new("a").unwrap(), "x")
            .is_none()
    );
}

#[test]
fn the_dockerfiles_of_the_examples_are_right() {
    for example in ["shop", "single", "replace", "vendored"] {
        let path = format!(
            "{}/../examples/{example}/Dockerfile",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# syntax="), "{path}");
        good(&text, &[]);
    }
}

#[test]
fn build_args_in_flags_are_parts_of_words() {
    let filled = |key: &str, written: &str, value: &str| {
        let config = good(&format!("[go]\n{key} = \"{written}\"\n"), &[("V", value)]).image("");
        if key == "ldflags" {
            config.ldflags
        } else {
            config.compile.gcflags
        }
    };
    for (key, written, value, becomes) in [
        ("ldflags", "-s  -X main.v=${V}", "1", "-s -X main.v=1"),
        ("ldflags", "-X 'main.v=${V}'", "it's", "-X main.v=it's"),
        (
            "ldflags",
            "-X 'main.v=${V} x'",
            "it's",
            "-X \"main.v=it's x\"",
        ),
        ("ldflags", "-s ${V} -w", "", "-s -w"),
        ("ldflags", "-s ${V} -w", "-x y", "-s '-x y' -w"),
        ("ldflags", "-s '${V}'", "", "-s ''"),
        // All of the flags, and nothing else beside it.
        ("ldflags", "${V}", "-s -w", "-s -w"),
        ("ldflags", "${W:--s -w}", "", "-s -w"),
        ("ldflags", "-X main.v=${W:-a b}", "", "-X 'main.v=a b'"),
        ("ldflags", "-X main.v=$$${V}", "x y", "-X 'main.v=$x y'"),
        ("gcflags", "all=-N -d=${V}", "a b", "all=-N '-d=a b'"),
        (
            "gcflags",
            "${V}=-N -l",
            "example.com/...",
            "example.com/...=-N -l",
        ),
    ] {
        assert_eq!(
            filled(key, written, value),
            becomes,
            "{written} with {value:?}"
        );
    }
    let wrong = |text: &str, value: &str| complaints(text, &[("V", value)]);
    let said = [
        wrong("[go]\nldflags = \"-X 'main.v=${V}'\"", "a 'b' \"c\""),
        wrong("[go]\nldflags = \"${V} -w\"", "main=-x"),
        wrong("[go]\ngcflags = \"${V}=-N\"", "all=-w net"),
        wrong("[go]\ntags = [\"${V}\"]", "a,b"),
        wrong("[go]\nexperiment = [\"${V}\"]", "a b"),
        wrong("[runtime]\nworkdir = \"/a${V}\"", "\nRUN id"),
        wrong("[images.api]\nbinary = \"${V}\"", "a\nb"),
    ];
    expect![[r#"
        Dockerfile:2:11: `go.ldflags`: "main.v=a 'b' \"c\"" would have to be one word, and Go cannot quote it: it holds both kinds of quotes (pass a build-arg without " or without ')
        Dockerfile:2:11: `go.ldflags`: "main=-x -w" does not start with `-` (flags start with `-`, like "-s -w")
        Dockerfile:2:11: `go.gcflags`: "all=-w net=" is not a package pattern (it is what stands before the first `=`)
        Dockerfile:2:9: `go.tags`: "a,b" is not one build tag (one item per tag: ["a", "b"])
        Dockerfile:2:15: `go.experiment`: "a b" is not a GOEXPERIMENT (one item per experiment, like ["jsonv2"])
        Dockerfile:2:11: `runtime.workdir`: "/a\nRUN id" holds a line break or another control character (leave it out)
        Dockerfile:2:10: `images.api.binary`: "a\nb" holds a line break or another control character (leave it out)
    "#]].assert_eq(&said.concat());
}

#[test]
fn build_args_that_nothing_uses_are_reported() {
    let warned = |config: &str, names: &[&str]| {
        let given: BTreeMap<String, String> = names
            .iter()
            .map(|name| ((*name).to_owned(), "secret".to_owned()))
            .collect();
        lines(
            &Config::parse("Dockerfile", config)
                .0
                .unused_build_args(&given),
        )
    };
    let config =
        "[go]\nldflags = \"-X main.v=${VERSION}\"\n[images.api]\nmain = \"./${DIR:-api}\"\n";
    expect![[r#"
        build-arg GOPROXI is not used (did you mean GOPROXY?)
        build-arg VERSOIN is not used (did you mean VERSION?)
        build-arg XYZZY is not used (the configuration uses DIR, VERSION)
        build-arg version is not used (did you mean VERSION?)
    "#]]
    .assert_eq(&warned(
        config,
        &["VERSOIN", "version", "GOPROXI", "XYZZY", "VERSION", "DIR"],
    ));
    expect![[r#"
        build-arg SOURCE_DATE_EPOC is not used (did you mean SOURCE_DATE_EPOCH?)
        build-arg XYZZY is not used (the configuration uses none; write ${XYZZY} where its value belongs)
    "#]]
    .assert_eq(&warned("", &["XYZZY", "SOURCE_DATE_EPOC"]));
    let known = [
        "GOPROXY",
        "GOVCS",
        "HTTP_PROXY",
        "http_proxy",
        "https_proxy",
        "FTP_PROXY",
        "no_proxy",
        "ALL_PROXY",
    ];
    assert_eq!(warned("", &known), "");
    assert_eq!(
        warned(
            "",
            &[
                "SOURCE_DATE_EPOCH",
                "BUILDKIT_INLINE_CACHE",
                "BUILDKIT_SYNTAX"
            ]
        ),
        ""
    );
}

#[test]
fn capital_letters_of_an_image_count_as_small_ones() {
    let config = good("[images.API]\nports = [80]\n", &[]);
    assert_eq!(config.images.keys().collect::<Vec<_>>(), ["api"]);
    let wrong = "[images.API]\n[images.api]\n[images.2048]\n[images.Scratch]\n[images.\"a.-b\"]\n";
    expect![[r#"
        Dockerfile:2:9: `images.api` differs from another table's name in capital letters only (capital letters count as small ones here: put both tables into one)
        Dockerfile:3:9: `images.2048`: "2048" cannot name an image (names begin with a letter, and are words of letters and digits with `.`, `_` or `-` between them)
        Dockerfile:4:9: `images.Scratch`: `Scratch` cannot name an image: it means something else to Docker (choose another name)
        Dockerfile:5:9: `images.a.-b`: "a.-b" cannot name an image (names begin with a letter, and are words of letters and digits with `.`, `_` or `-` between them)
    "#]].assert_eq(&complaints(wrong, &[]));
}
