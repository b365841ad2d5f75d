//! Which key is what: the tables of the configuration read one by one, each key once.

use std::collections::BTreeSet;

use super::image_name::image_name;
use super::read::Section;
use super::{
    Build, Checks, Config, Dir, File, Go, Healthcheck, Image, Levels, Licenses, Modules, Overlay,
    Runtime, Stage, User,
};
use super::{check, check_runtime, oci_labels};

/// The whole document.
pub(super) fn config(s: &mut Section<'_, '_>) -> Config {
    Config {
        skip: s.strings("skip", r#"["./tools/..."]"#).unwrap_or_default(),
        roots: s.strings("roots", r#"["./services"]"#),
        cache: s.string("cache", r#""both""#),
        check: s
            .table("check", r#"{ skip = ["VersionSkew"] }"#, checks)
            .unwrap_or_default(),
        licenses: s
            .table("licenses", r#"{ allow = ["Apache-2.0", "MIT"] }"#, licenses)
            .unwrap_or_default(),
        stages: s
            .tables(
                "stages",
                r#"{ image = "node:24" }"#,
                check::stage_name,
                stage,
            )
            .into_iter()
            .map(|(name, stage)| (name.to_string(), stage))
            .collect(),
        overlay: s
            .array(
                "overlay",
                r#"[{ from = "ui", source = "/src/dist", to = "ui/dist" }]"#,
                overlay,
            )
            .unwrap_or_default(),
        go: s
            .table("go", r#"{ version = "1.26" }"#, go)
            .unwrap_or_default(),
        modules: s
            .table("modules", r#"{ private = ["git.example.com/*"] }"#, modules)
            .unwrap_or_default(),
        runtime: s
            .table("runtime", r#"{ base = "alpine:3.22" }"#, runtime)
            .unwrap_or_default(),
        images: s.tables("images", r#"{ main = "./cmd/api" }"#, image_name, image),
        tools: BTreeSet::new(),
    }
}

fn checks(s: &mut Section<'_, '_>) -> Checks {
    Checks {
        skip: s.strings("skip", r#"["VersionSkew"]"#),
    }
}

fn licenses(s: &mut Section<'_, '_>) -> Licenses {
    Licenses {
        allow: s.strings("allow", r#"["Apache-2.0", "MIT"]"#),
        except: s.names(
            "except",
            r#"{ "example.com/module" = "why it may be in images" }"#,
            check::module_path,
        ),
    }
}

fn stage(s: &mut Section<'_, '_>) -> Stage {
    Stage {
        at: s.span(),
        dockerfile: s.string("dockerfile", r#""ui/Dockerfile""#),
        target: s.string("target", r#""build""#),
        args: s.names("args", r#"{ NODE = "24" }"#, check_runtime::env_name),
        image: s.string("image", r#""node:24""#),
    }
}

fn overlay(s: &mut Section<'_, '_>) -> Option<Overlay> {
    let from = s.required("from", r#""ui""#);
    let source = s.string("source", r#""/src/dist""#);
    let to = s.required("to", r#""ui/dist""#);
    Some(Overlay {
        from: from?,
        source,
        to: to?,
    })
}

/// `[go]`.
pub(super) fn go(s: &mut Section<'_, '_>) -> Go {
    Go {
        version: s.string("version", r#""1.26""#),
        builder: s.string("builder", r#""golang:1.26-bookworm""#),
        toolchain: s.string("toolchain", r#""local""#),
        build: build(s),
    }
}

fn build(s: &mut Section<'_, '_>) -> Build {
    Build {
        tags: s.strings("tags", r#"["netgo"]"#),
        ldflags: s.string("ldflags", r#""-s -w""#),
        gcflags: s.string("gcflags", r#""all=-N -l""#),
        asmflags: s.string("asmflags", r#""-S""#),
        cgo: s.boolean("cgo"),
        workspace: s.boolean("workspace"),
        buildvcs: s.boolean("buildvcs"),
        experiment: s.strings("experiment", r#"["jsonv2"]"#),
        levels: Levels {
            goamd64: s.string("goamd64", r#""v3""#),
            goarm64: s.string("goarm64", r#""v8.2""#),
            goarm: s.string("goarm", r#""7""#),
            go386: s.string("go386", r#""softfloat""#),
            gomips: s.string("gomips", r#""softfloat""#),
            gomips64: s.string("gomips64", r#""softfloat""#),
            goppc64: s.string("goppc64", r#""power9""#),
            goriscv64: s.string("goriscv64", r#""rva22u64""#),
        },
    }
}

/// `[modules]`.
pub(super) fn modules(s: &mut Section<'_, '_>) -> Modules {
    let pattern = r#"["git.example.com/*"]"#;
    Modules {
        proxy: s.string("proxy", r#""https://proxy.golang.org,direct""#),
        private: s.strings("private", pattern),
        noproxy: s.strings("noproxy", pattern),
        nosumdb: s.strings("nosumdb", pattern),
        sumdb: s.string("sumdb", r#""sum.golang.org""#),
        insecure: s.strings("insecure", pattern),
        vcs: s.string("vcs", r#""public:git""#),
    }
}

/// `[runtime]`.
pub(super) fn runtime(s: &mut Section<'_, '_>) -> Runtime {
    let labels = s.names(
        "labels",
        r#"{ "org.opencontainers.image.title" = "shop" }"#,
        check_runtime::label_name,
    );
    let oci_labels = s.boolean("oci_labels");
    Runtime {
        of_commit: oci_labels::of_commit(oci_labels.as_ref(), &labels),
        oci_labels,
        labels,
        base: s.string("base", r#""alpine:3.22""#),
        user: s.string("user", r#""65532:65532""#),
        users: s.array("users", r#"[{ name = "app", uid = 10001 }]"#, user),
        certificates: s.boolean("certificates"),
        timezones: s.boolean("timezones"),
        licenses: s.boolean("licenses"),
        env: s.names("env", r#"{ LOG_LEVEL = "info" }"#, check_runtime::env_name),
        annotations: s.names(
            "annotations",
            r#"{ "org.opencontainers.image.title" = "shop" }"#,
            check_runtime::annotation_name,
        ),
        ports: s.strings_or_numbers("ports", "[8080]"),
        path: s.string("path", r#""/app/""#),
        binaries: s.strings("binaries", r#"["migrate"]"#),
        entrypoint: s.strings("entrypoint", r#"["/usr/local/bin/api", "serve"]"#),
        cmd: s.strings("cmd", r#"["-v"]"#),
        workdir: s.string("workdir", r#""/data""#),
        stop_signal: s.string("stop_signal", r#""SIGTERM""#),
        volumes: s.strings("volumes", r#"["/data"]"#),
        healthcheck: s.table(
            "healthcheck",
            r#"{ cmd = ["/usr/local/bin/api", "-health"] }"#,
            healthcheck,
        ),
        debug: s.boolean("debug"),
        links: s.names(
            "links",
            r#"{ "/usr/bin/api" = "/usr/local/bin/api" }"#,
            check_runtime::made_path,
        ),
        dirs: s.array(
            "dirs",
            r#"[{ path = "/data", owner = "65532:65532" }]"#,
            dir,
        ),
        files: s.array(
            "files",
            r#"[{ from = "config/app.yaml", to = "/etc/app.yaml" }]"#,
            file,
        ),
    }
}

fn healthcheck(s: &mut Section<'_, '_>) -> Healthcheck {
    Healthcheck {
        at: s.span(),
        disable: s.boolean("disable"),
        cmd: s.strings("cmd", r#"["/usr/local/bin/api", "-health"]"#),
        interval: s.string("interval", r#""30s""#),
        timeout: s.string("timeout", r#""5s""#),
        start_period: s.string("start_period", r#""10s""#),
        start_interval: s.string("start_interval", r#""1s""#),
        retries: s.number("retries", "3"),
    }
}

fn file(s: &mut Section<'_, '_>) -> Option<File> {
    let from = s.required("from", r#""config/app.yaml""#);
    let to = s.required("to", r#""/etc/app.yaml""#);
    let (owner, mode) = (
        s.string("owner", r#""65532:65532""#),
        s.string("mode", r#""0644""#),
    );
    Some(File {
        from: from?,
        to: to?,
        owner,
        mode,
    })
}

fn user(s: &mut Section<'_, '_>) -> Option<User> {
    let name = s.required("name", r#""app""#);
    let uid = s.required_number("uid", "10001");
    let gid = s.number("gid", "10001");
    let group = s.string("group", r#""app""#);
    let home = s.string("home", r#""/home/app""#);
    Some(User {
        name: name?,
        uid: uid?,
        gid,
        group,
        home,
    })
}

fn dir(s: &mut Section<'_, '_>) -> Option<Dir> {
    let path = s.required("path", r#""/data""#);
    let owner = s.string("owner", r#""65532:65532""#);
    let mode = s.string("mode", r#""0750""#);
    Some(Dir {
        path: path?,
        owner,
        mode,
    })
}

/// `[images.NAME]`.
pub(super) fn image(s: &mut Section<'_, '_>) -> Image {
    Image {
        at: s.span(),
        main: s.string("main", r#""./cmd/api""#),
        binary: s.string("binary", r#""api""#),
        build: build(s),
        runtime: runtime(s),
    }
}
