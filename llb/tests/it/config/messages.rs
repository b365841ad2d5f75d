//! What is said about wrong configurations, word for word.

use expect_test::expect;
use gowork_llb::config;

use super::complains;

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
            Dockerfile:17: unknown key `xyzzy` in `[images.api]` (keys here: annotations, asmflags, base, binaries, binary, buildvcs, certificates, cgo, cmd, debug, dirs, entrypoint, env, experiment, files, gcflags, go386, goamd64, goarm, goarm64, gomips, gomips64, goppc64, goriscv64, healthcheck, labels, ldflags, licenses, links, main, oci_labels, path, ports, stop_signal, tags, timezones, user, users, volumes, workdir, workspace)
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
            Dockerfile:11:15: `runtime.healthcheck` must be a table, not a string (write healthcheck = { cmd = ["/usr/local/bin/api", "-health"] })
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
cache = "layers"
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
            Dockerfile:3:9: `cache`: "layers" is not one of its values (write one of "layer", "mount", "both")
            Dockerfile:5:11: `go.version`: "go1.26" is not a Go release (write it like "1.26" or "1.26.8")
            Dockerfile:6:11: `go.builder`: "https://example.com/golang" is a URL, not an image (leave out the scheme)
            Dockerfile:7:13: `go.toolchain`: "go1.26.8" is not one of its values (write one of "local", "auto")
            Dockerfile:8:9: `go.tags`: "a,b" is not one build tag (one item per tag: ["a", "b"])
            Dockerfile:8:16: `go.tags`: "" is not a build tag (tags are made of letters, digits, `_` and `.`)
            Dockerfile:9:11: `go.ldflags`: a word starts with ' and never ends (close it with ')
            Dockerfile:10:11: `go.gcflags`: flags start with `-` (write them like "-s -w", or with a package pattern: "all=-N -l")
            Dockerfile:11:11: `go.goamd64`: "3" is not one of its values (write one of "v1", "v2", "v3", "v4")
            Dockerfile:12:11: `go.goarm64`: "v9.9" is not a GOARM64 (write "v8.0" to "v8.9" or "v9.0" to "v9.5", then ",lse" or ",crypto" if need be)
            Dockerfile:13:15: `go.experiment`: "a,b" is not a GOEXPERIMENT (one item per experiment, like ["jsonv2"])
            Dockerfile:15:9: `modules.proxy`: "proxy.example.com" is not a module proxy (write it like "https://proxy.golang.org,direct")
            Dockerfile:16:12: `modules.private`: "https://git.example.com" is not a pattern of module paths (write it like "git.example.com/*")
            Dockerfile:18:8: `runtime.base`: "Alpine:3.22" is not an image: names are lower case (write "alpine:3.22")
            Dockerfile:19:8: `runtime.user`: "a:b:c" is not a user (write it like "65532:65532", "65532" or "app")
            Dockerfile:20:11: `runtime.workdir`: "data" is not an absolute path (paths in the image start with `/`)
            Dockerfile:21:15: `runtime.stop_signal`: "term" is not a signal (write it like "SIGTERM")
            Dockerfile:22:10: `runtime.ports`: "0" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080, "8080/udp" or "8000-8010")
            Dockerfile:22:13: `runtime.ports`: "70000" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080, "8080/udp" or "8000-8010")
            Dockerfile:22:20: `runtime.ports`: "80:8080" is not a port (one item per port that the program listens on, like 8080; you choose the published port when you run the image)
            Dockerfile:22:31: `runtime.ports`: "53/icmp" is not a port (write 1 to 65535, with a protocol if it is not TCP: 8080, "8080/udp" or "8000-8010")
            Dockerfile:23:9: `runtime.env.A=B`: "A=B" cannot name an environment variable (names are not empty and hold no `=` or blanks)
            Dockerfile:23:21: `runtime.env.`: "" cannot name an environment variable (names are not empty and hold no `=` or blanks)
            Dockerfile:24:12: `runtime.volumes`: "/a/../b" climbs with `..` (write the path that it leads to)
            Dockerfile:25:19: `runtime.files.from`: "../x" lies outside of the build context (paths are relative to its root)
            Dockerfile:25:32: `runtime.files.to`: "y" is not an absolute path (paths in the image start with `/`)
            Dockerfile:25:45: `runtime.files.owner`: "app" is not an owner in numbers (write it like "65532:65532")
            Dockerfile:25:59: `runtime.files.mode`: "0o644" is not a file mode (write it in octal like "0644")
            Dockerfile:26:41: `runtime.healthcheck.interval`: "30" is not a duration (write it like "30s", "500ms" or "1m30s")
            Dockerfile:26:57: `runtime.healthcheck.timeout`: "5 s" is not a duration (write it like "30s", "500ms" or "1m30s")
            Dockerfile:26:79: `runtime.healthcheck.start_period`: "1us" is shorter than a millisecond (write "1ms" or more)
            Dockerfile:27:9: `images.a/b`: "a/b" cannot name an image (names begin with a letter, and are words of letters and digits with `.`, `_` or `-` between them)
            Dockerfile:28:9: `images.binaries`: `binaries` cannot name an image: that target gives the binaries of all (choose another name)
            Dockerfile:30:8: `images.api.main`: "./cmd/..." is a pattern, not one package (write its directory like "./api/cmd/api", or its import path)
            Dockerfile:31:10: `images.api.binary`: "bin/api" is not a file name (a plain name, like "api")
            Dockerfile:32:15: `images.api.entrypoint`: it holds a NUL character (no program can be given that: leave it out)
            Dockerfile:34:8: `images.web.main`: "main.go" is a file, not a package (write its directory like "./api/cmd/api", or its import path)
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
            Dockerfile:3: `FROM` is an instruction of a Dockerfile, and a configuration is TOML (the settings for a Dockerfile are in gowork.toml beside it)
        "#]],
    );
    complains(
        "# syntax=x\n[go]\nldflags = \"-s\"\n\n  from golang:1.26 as build\nRUN go build\n",
        &expect![[r#"
            Dockerfile:5:3: `from` is an instruction of a Dockerfile, and the text above it is TOML (write a Dockerfile here and the settings into gowork.toml beside it, or TOML alone)
        "#]],
    );
    complains(
        "# syntax=x\n\nform golang:1.26 AS build\nRUN go build\n",
        &expect![[r#"
            Dockerfile:3: `form` is neither a key of the configuration nor an instruction of a Dockerfile; did you mean FROM?
        "#]],
    );
    complains(
        "[form]\nx\n",
        &expect![[r#"
        Dockerfile:2:2: TOML: key with no value, expected `=`
    "#]],
    );
    complains(
        "from = 1\n",
        &expect![[r#"
        Dockerfile:1: unknown key `from` (`base` belongs in [runtime])
    "#]],
    );
}

/// Comments and blank lines say nothing, nor does what stands before an instruction.
#[test]
fn a_dockerfile_starts_with_an_instruction() {
    for text in [
        "FROM scratch\n",
        "# syntax=x\n# escape=`\n\n  # a word\n\tfrom scratch",
        "\u{feff}# syntax=x\r\nARG TAG=1\r\nFROM alpine:$TAG\r\n",
        "RUN echo too early\nFROM scratch\n",
    ] {
        assert!(config::is_dockerfile(text), "{text:?}");
    }
    for text in [
        "",
        "# FROM scratch\n",
        "[go]\nFROM scratch\n",
        "from = \"scratch\"\n",
        "ARG=1\n",
        "FROMAGE x\n",
        "skip = []\n",
    ] {
        assert!(!config::is_dockerfile(text), "{text:?}");
    }
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
            Dockerfile:3:8: `runtime`: user "app" has a name, and the base image `scratch` knows no names (write numbers, like "65532:65532", or make the user: users = [{ name = "app", uid = 10001 }])
            Dockerfile:4:10: `runtime.healthcheck`: it has no `cmd` (add what it runs, like cmd = ["/usr/local/bin/api", "-health"], or set disable = true)
            Dockerfile:12:8: `images.job`: user "1000:app" has a name, and the base image `scratch` knows no names (write numbers, like "65532:65532", or make the user: users = [{ name = "app", uid = 10001 }])
        "#]],
    );
}
