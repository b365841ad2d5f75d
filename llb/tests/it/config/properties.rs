//! What holds for any configuration and any text.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::{
    Build, Checks, Config, Dir, File, Go, Healthcheck, Image, ImageName, Levels, Licenses, Modules,
    Overlay, Runtime, Spanned, User,
};
use gowork_llb::diag::Rule;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

type Text = Option<Spanned<String>>;
type Texts = Option<Vec<Spanned<String>>>;

fn text(pattern: &'static str) -> impl Strategy<Value = Text> {
    of(pattern.prop_map(Spanned::from))
}

fn texts(pattern: &'static str) -> impl Strategy<Value = Texts> {
    of(vec(pattern.prop_map(Spanned::from), 0..3))
}

fn flag() -> impl Strategy<Value = Option<Spanned<bool>>> {
    of(any::<bool>().prop_map(Spanned::from))
}

fn names(pattern: &'static str) -> impl Strategy<Value = BTreeMap<String, Spanned<String>>> {
    btree_map(
        pattern,
        "[ -#%-~äß\n\t]{0,12}".prop_map(Spanned::from),
        0..3,
    )
}

fn build() -> impl Strategy<Value = Build> {
    let levels = (
        text("v[1-4]"),
        text("v8\\.[0-9](,lse)?"),
        text("[567]"),
        text("sse2|softfloat"),
    )
        .prop_map(|(goamd64, goarm64, goarm, go386)| Levels {
            goamd64,
            goarm64,
            goarm,
            go386,
            ..Levels::default()
        });
    (
        texts("[a-z0-9_.]{1,8}"),
        text("-[sw]( 'a b')?"),
        text("all=-N"),
        (flag(), flag(), flag()),
        texts("[a-z0-9]{1,8}"),
        levels,
    )
        .prop_map(
            |(tags, ldflags, gcflags, (cgo, workspace, buildvcs), experiment, levels)| Build {
                tags,
                ldflags,
                gcflags,
                asmflags: None,
                cgo,
                workspace,
                buildvcs,
                experiment,
                levels,
            },
        )
}

fn healthcheck() -> impl Strategy<Value = Option<Healthcheck>> {
    let fields = (
        vec("[ -#%-~]{1,8}".prop_map(Spanned::from), 1..3),
        text("[1-9][0-9]?(ms|s|m|h)"),
        of(any::<u32>().prop_map(Spanned::from)),
    );
    of(fields.prop_map(|(cmd, interval, retries)| Healthcheck {
        cmd: Some(cmd),
        interval,
        retries,
        ..Healthcheck::default()
    }))
}

fn file() -> impl Strategy<Value = File> {
    (
        "[a-z]{1,5}(/[a-z.]{1,4}x)?",
        "/[a-z/]{0,8}",
        text("[0-9]{1,5}(:[0-9]{1,5})?"),
        text("0?[0-7]{3}"),
    )
        .prop_map(|(from, to, owner, mode)| File {
            from: from.into(),
            to: to.into(),
            owner,
            mode,
        })
}

fn links() -> impl Strategy<Value = BTreeMap<String, Spanned<String>>> {
    let target = "[/.]?[a-z.]{1,8}".prop_map(Spanned::from);
    btree_map("/[a-z]{1,4}(/[a-z]{1,4})?", target, 0..3)
}

fn dir() -> impl Strategy<Value = Dir> {
    ("/[a-z]{1,5}", text("[0-9]{1,5}"), text("0[0-7]{3}")).prop_map(|(path, owner, mode)| Dir {
        path: path.into(),
        owner,
        mode,
    })
}

fn user() -> impl Strategy<Value = User> {
    let id = || any::<u16>().prop_map(|id| Spanned::from(u32::from(id)));
    (
        "[a-z_][a-z0-9._-]{0,8}",
        id(),
        of(id()),
        text("[a-z]{1,8}"),
        text("/[a-z]{1,5}"),
    )
        .prop_map(|(name, uid, gid, group, home)| User {
            name: name.into(),
            uid,
            gid,
            group,
            home,
        })
}

fn runtime() -> impl Strategy<Value = Runtime> {
    let first = (
        (flag(), flag(), flag()),
        text("[a-z]{1,8}(:[0-9.]{1,3}0)?"),
        text("[0-9]{1,5}(:[0-9]{1,5})?"),
        of(vec(user(), 0..3)),
        flag(),
        flag(),
    );
    let tables = (
        text("/[a-z]{1,4}/?"),
        texts("(\\./)?[a-z]{1,5}(/[a-z]{1,4})?"),
        links(),
        of(vec(dir(), 0..3)),
        names("[A-Z_]{1,8}"),
        (names("[a-z.]{1,8}"), names("[a-z.]{1,8}")),
        texts("[1-9][0-9]{0,3}(/udp)?"),
    );
    let run = (
        texts("[ -#%-~]{0,8}"),
        texts("[ -#%-~]{0,8}"),
        text("/[a-z]{0,8}"),
        text("SIG[A-Z]{2,5}"),
        texts("/[a-z]{1,8}"),
    );
    (first, tables, run, healthcheck(), of(vec(file(), 0..3))).prop_map(
        |(first, tables, run, healthcheck, files)| {
            let ((debug, oci_labels, licenses), base, user, users, certificates, timezones) = first;
            let (path, binaries, links, dirs, env, (labels, annotations), ports) = tables;
            let (entrypoint, cmd, workdir, stop_signal, volumes) = run;
            let (ports, healthcheck) = (ports, healthcheck);
            Runtime {
                debug,
                base,
                user,
                users,
                certificates,
                timezones,
                licenses,
                env,
                labels,
                of_commit: of_commit(oci_labels.as_ref().is_some_and(|on| on.value)),
                oci_labels,
                annotations,
                ports,
                path,
                binaries,
                entrypoint,
                cmd,
                workdir,
                stop_signal,
                volumes,
                healthcheck,
                links,
                dirs,
                files,
            }
        },
    )
}

/// What `oci_labels` asks git for.
fn of_commit(is_asked: bool) -> BTreeMap<String, Spanned<String>> {
    let asked = [
        ("source", "${GIT_SOURCE:-}"),
        ("revision", "${GIT_REVISION:-}"),
        ("version", "${GIT_DESCRIBE:-}"),
        ("created", "${GIT_COMMIT_TIME:-}"),
    ];
    let asked = asked.into_iter().filter(|_| is_asked);
    let asked = asked.map(|(label, value)| {
        let name = format!("org.opencontainers.image.{label}");
        (name, value.to_owned().into())
    });
    asked.collect()
}

/// Without what git is asked, whose answers take the questions' place.
fn without_questions(mut config: Config) -> Config {
    let images = config.images.values_mut().map(|image| &mut image.runtime);
    for runtime in images.chain([&mut config.runtime]) {
        runtime.of_commit.clear();
    }
    config
}

fn overlay() -> impl Strategy<Value = Overlay> {
    (
        "[a-z]{1,5}",
        text("/[a-z/]{0,8}"),
        "[a-z]{1,5}(/[a-z]{1,4})?",
    )
        .prop_map(|(from, source, to)| Overlay {
            from: from.into(),
            source,
            to: to.into(),
        })
}

fn config() -> impl Strategy<Value = Config> {
    let go = (
        text("1\\.[0-9]{1,2}"),
        text("golang:[0-9.]{1,3}0"),
        text("local|auto"),
        build(),
    )
        .prop_map(|(version, builder, toolchain, build)| Go {
            version,
            builder,
            toolchain,
            build,
        });
    let modules = (
        text("https://[a-z]{1,5},direct"),
        texts("[a-z.*/]{1,8}"),
        text("off|sum\\.golang\\.org"),
    )
        .prop_map(|(proxy, private, sumdb)| Modules {
            proxy,
            private,
            sumdb,
            ..Modules::default()
        });
    let licenses = (
        texts("MIT|Apache-2\\.0|GPL-3\\.0-or-later"),
        btree_map("[a-z]{1,5}\\.example/[a-z]{1,5}", "[a-z]{1,5}", 0..3),
    )
        .prop_map(|(allow, except)| Licenses {
            allow,
            except: except
                .into_iter()
                .map(|(module, reason)| (module, Spanned::from(reason)))
                .collect(),
        });
    let image = (
        text("\\./[a-z]{1,5}"),
        text("[a-z]{1,5}"),
        build(),
        runtime(),
    )
        .prop_map(|(main, binary, build, runtime)| Image {
            at: None,
            main,
            binary,
            build,
            runtime,
        });
    (
        (
            vec("\\./[a-z]{1,5}(/\\.\\.\\.)?".prop_map(Spanned::from), 0..3),
            texts("\\./[a-z]{1,5}"),
            text("layer|mount|both"),
            vec(overlay(), 0..3),
            of(vec(
                select(&Rule::ALL).prop_map(|rule| Spanned::from(rule.name().to_owned())),
                0..3,
            )),
            licenses,
        ),
        go,
        modules,
        runtime(),
        btree_map("[a-z][a-z0-9]{0,4}([._-][a-z0-9]{1,3})?", image, 0..3),
    )
        .prop_map(
            |((skip, roots, cache, overlay, rules, licenses), go, modules, runtime, images)| {
                Config {
                    skip,
                    roots,
                    cache,
                    check: Checks { skip: rules },
                    licenses,
                    stages: BTreeMap::new(),
                    overlay,
                    go,
                    modules,
                    runtime,
                    images: images
                        .into_iter()
                        .map(|(name, image)| (ImageName::new(name), image))
                        .collect(),
                    tools: BTreeSet::new(),
                }
            },
        )
}

/// The configuration without places, which TOML does not carry.
fn placeless(mut config: Config) -> Config {
    let clear = |runtime: &mut Runtime| {
        runtime
            .healthcheck
            .iter_mut()
            .for_each(|check| check.at = None)
    };
    clear(&mut config.runtime);
    for image in config.images.values_mut() {
        image.at = None;
        clear(&mut image.runtime);
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_what_is_read(config in config()) {
        let text = toml::to_string(&config).unwrap();
        let (read, diagnostics) = Config::parse("f", &text);
        prop_assert_eq!(super::lines(&diagnostics), "", "{}", text);
        prop_assert_eq!(&placeless(read), &config);
        let (expanded, diagnostics) = config.expand(&BTreeMap::new());
        prop_assert_eq!(super::lines(&diagnostics), "");
        prop_assert_eq!(without_questions(expanded), without_questions(config));
    }

    #[test]
    fn a_slip_in_a_key_is_told_at_its_place(config in config(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let text = toml::to_string(&config).unwrap();
        // Lines of a text over several lines may look like keys and tables.
        prop_assume!(!text.contains("\"\"\"") && !text.contains("'''"));
        let is_key = |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()));
        // Names of the user's own, in env, labels and annotations, cannot be slips.
        let mut table = "";
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('[') { table = line; }
            if is_key(&line) && !table.ends_with(".env]") && !table.ends_with(".labels]") && !table.ends_with(".annotations]") { keys.push((number, line)); }
        }
        prop_assume!(!keys.is_empty());
        let (number, line) = keys[which.index(keys.len())];
        let key = line.split_once(" = ").unwrap().0;
        let mut slip = key.to_owned();
        slip.insert(at.index(key.len() + 1), 'q');
        let slipped: String = text.lines().enumerate().map(|(n, l)| if n == number { l.replacen(key, &slip, 1) } else { l.to_owned() } + "\n").collect();
        let (_, diagnostics) = Config::parse("f", &slipped);
        let reported = diagnostics.iter().find(|d| d.message.starts_with(&format!("unknown key `{slip}`")));
        prop_assert!(reported.is_some_and(|d| d.span.as_ref().is_some_and(|span| span.start.line as usize == number + 1 && span.start.column == 1)), "{slipped}\n{diagnostics:?}");
        prop_assert!(reported.is_some_and(|d| d.message.contains(&format!("did you mean `{key}`"))), "{:?}", reported);
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>()) {
        let (config, _) = Config::parse("f", &text);
        let (config, _) = config.expand(&BTreeMap::new());
        config.image("x");
    }

    #[test]
    fn no_configuration_is_too_odd(
        key in "(go|runtime|modules|images\\.x|skip|[a-z]{1,4})(\\.(tags|ldflags|version|goarm64|proxy|ports|files|user|base|healthcheck|env|main))?(\\.[a-z]{1,4})?",
        value in "\"\\PC{0,12}\"|'[${}:A-Z\\-. ,\"]{0,12}'|[0-9.e+-]{1,8}|true|\\[(\"\\PC{0,6}\", ?){0,3}\\]|\\{ ?[a-z]{1,4} ?= ?\"\\PC{0,4}\" ?\\}",
        given in btree_map("[A-Z]{1,2}|GOPROXY|GOPRIVATE", "\\PC{0,12}", 0..4),
    ) {
        let text = format!("# x\n{key} = {value}\n");
        let (config, diagnostics) = Config::parse("f", &text);
        for diagnostic in &diagnostics {
            let span = diagnostic.span.as_ref().unwrap();
            prop_assert!(span.start.line >= 1 && span.end >= span.start, "{diagnostic:?}");
        }
        let (config, _) = config.expand(&given);
        config.image("x");
        config.build_args();
    }
}

#[test]
fn no_depth_is_too_deep() {
    let deep = 50_000;
    for text in [
        format!("skip = {}", "[".repeat(deep)),
        format!("skip = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("go = {}", "{ a = ".repeat(deep)),
        format!("go{} = 1", ".a".repeat(deep)),
        format!("[go{}]", ".a".repeat(deep)),
        format!(
            "[[images.x.files]]\n{}",
            "[[images.x.files]]\n".repeat(deep / 10)
        ),
    ] {
        let (_, diagnostics) = Config::parse("f", &text);
        assert!(!diagnostics.is_empty());
        assert!(
            diagnostics
                .iter()
                .all(|diagnostic| diagnostic.span.is_some() || diagnostic.others > 0),
            "{}",
            super::lines(&diagnostics)
        );
    }
}
