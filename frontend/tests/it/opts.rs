//! Options as BuildKit passes them.

use std::ffi::OsString;

use expect_test::expect;
use gowork_frontend::error::BuildError;
use gowork_frontend::gateway::StepLimits;
use gowork_frontend::opts::{NoCache, Options, RawOptions, SbomAsked, keys};
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::exec::Network;
use gowork_llb::ops::source::ResolveMode;

pub(crate) fn raw(opts: &[&str]) -> RawOptions {
    let var = |(n, opt): (usize, &&str)| {
        (
            OsString::from(format!("BUILDKIT_FRONTEND_OPT_{n}")),
            OsString::from(*opt),
        )
    };
    let mut vars: Vec<(OsString, OsString)> = opts.iter().enumerate().map(var).collect();
    vars.push(("BUILDKIT_SESSION_ID".into(), "session-1".into()));
    let workers = r#"[{"id":"w1","labels":{},"platforms":[{"architecture":"arm64","os":"linux"},{"architecture":"arm","os":"linux","variant":"v7"}]}]"#;
    vars.push(("BUILDKIT_WORKERS".into(), workers.into()));
    vars.push(("PATH".into(), "/bin".into()));
    RawOptions::from_env(vars)
}

pub(crate) fn options(opts: &[&str]) -> Options {
    parsed(opts).unwrap_or_else(|problems| panic!("{}", BuildError::from(problems)))
}

fn parsed(opts: &[&str]) -> Result<Options, Vec<Diagnostic>> {
    let options = Options::read(&raw(opts));
    options.check().map(|()| options)
}

fn problems(opts: &[&str]) -> String {
    parsed(opts)
        .map(drop)
        .map_err(BuildError::from)
        .unwrap_err()
        .to_string()
}

#[test]
fn nothing_given_means_defaults() {
    let options = options(&[]);
    assert_eq!(
        (options.filename.as_str(), &options.target, &options.request),
        ("Dockerfile", &None, &None)
    );
    assert_eq!(options.build_platform.to_string(), "linux/arm64");
    assert_eq!(
        options.target_platforms(),
        std::slice::from_ref(&options.build_platform)
    );
    assert!(!options.multi_platform);
    assert_eq!(options.no_cache, NoCache::Off);
    assert_eq!(options.image_resolve_mode, ResolveMode::Default);
    assert_eq!(options.contexts.session_of("context"), "session-1");
    assert_eq!(
        (options.exec.network, options.source_date_epoch),
        (None, None)
    );
}

#[test]
fn values_may_contain_equal_signs_and_unknown_keys_are_ignored() {
    let options = options(&[
        "build-arg:LDFLAGS=-X main.v=1",
        "label:a.b=c=d",
        "vcs:source=https://example.com/x",
        "frontend.caps=x",
    ]);
    assert_eq!(options.build_args["LDFLAGS"], "-X main.v=1");
    assert_eq!(options.labels["a.b"], "c=d");
}

#[test]
fn platforms_are_normalised_and_each_comes_once() {
    let options = options(&["platform=linux/amd64,linux/aarch64,linux/arm64/v8,linux/arm"]);
    let platforms: Vec<String> = options.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    assert!(options.multi_platform);
}

#[test]
fn platforms_that_go_does_not_know_are_errors() {
    assert_eq!(
        options(&["platform=wasip1/wasm,wasi/wasm"]).platforms.len(),
        1
    );
    expect!["build option platform: Go does not compile for linux/foo (platforms of linux are linux/386, linux/amd64, linux/arm, linux/arm64, linux/loong64, linux/mips, linux/mips64, linux/mips64le, linux/mipsle, linux/ppc64, linux/ppc64le, linux/riscv64, linux/s390x, linux/sparc64)"].assert_eq(&problems(&["platform=linux/amd64,linux/foo"]));
}

#[test]
fn one_platform_can_be_asked_for_as_several() {
    assert!(options(&["platform=linux/amd64", "multi-platform=true"]).multi_platform);
    assert!(
        options(&[
            "platform=linux/amd64",
            "multi-platform=0",
            "build-arg:BUILDKIT_MULTI_PLATFORM=1"
        ])
        .multi_platform
    );
    expect![[r#"
        build option multi-platform is false, but 2 platforms are asked for
            help: ask for one platform, or leave the option out"#]]
    .assert_eq(&problems(&[
        "platform=linux/amd64,linux/arm64",
        "multi-platform=false",
    ]));
}

#[test]
fn no_cache_is_all_or_some() {
    assert_eq!(options(&["no-cache="]).no_cache, NoCache::All);
    assert_eq!(
        options(&["no-cache=api,Worker"]).no_cache,
        NoCache::Only(vec!["api".to_owned(), "Worker".to_owned()])
    );
    assert_eq!(
        options(&["build-arg:BUILDKIT_CACHE_MOUNT_NS=team"]).cache_mount_namespace,
        "team"
    );
}

#[test]
fn cache_imports_come_in_both_forms_and_any_key_case() {
    let imports = options(&[
        r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"example.com/cache"}},{"type":"local","attrs":{"src":"/c"}}]"#,
        "cache-from=example.com/cache,example.com/old",
    ])
    .cache_imports;
    let shown: Vec<String> = imports
        .iter()
        .map(|import| format!("{} {:?}", import.kind, import.attrs))
        .collect();
    assert_eq!(
        shown,
        [
            r#"registry {"ref": "example.com/cache"}"#,
            r#"local {"src": "/c"}"#,
            r#"registry {"ref": "example.com/old"}"#
        ]
    );
}

#[test]
fn an_sbom_of_ours_or_beside_that_of_a_scanner() {
    for (given, asked) in [
        ("label:a=b", SbomAsked::Off),
        ("attest:provenance=mode=max", SbomAsked::Off),
        ("attest:sbom=", SbomAsked::Ours),
        ("attest:sbom=type=sbom", SbomAsked::Ours),
        ("build-arg:BUILDKIT_ATTEST_SBOM=", SbomAsked::Ours),
        (
            "attest:sbom=\"generator=example.com/scanner\",a=b",
            SbomAsked::BesideScanner,
        ),
        (
            "build-arg:BUILDKIT_ATTEST_SBOM=a=b,generator=x",
            SbomAsked::BesideScanner,
        ),
    ] {
        assert_eq!(options(&[given]).sbom, asked, "{given}");
    }
}

#[test]
fn what_every_step_gets() {
    let exec = options(&[
        r#"add-hosts=DB=10.0.0.1,"v6=[::1]""#,
        "force-network-mode=host",
        "ulimit=nofile=1024:2048,core=-1",
        "shm-size=67108864",
        "cgroup-parent=/x",
        "hostname=a",
        "build-arg:BUILDKIT_SANDBOX_HOSTNAME=b",
        "build-arg:https_proxy=http://proxy:3128",
        "build-arg:NO_PROXY=localhost",
    ])
    .exec;
    let hosts: Vec<String> = exec
        .add_hosts
        .iter()
        .map(|host| format!("{} {}", host.name, host.ip))
        .collect();
    assert_eq!(hosts, ["db 10.0.0.1", "v6 ::1"]);
    let limits: Vec<String> = exec
        .ulimits
        .iter()
        .map(|limit| format!("{} {} {}", limit.name, limit.soft, limit.hard))
        .collect();
    assert_eq!(limits, ["nofile 1024 2048", "core -1 -1"]);
    assert_eq!(
        (exec.network, exec.shm_size),
        (Some(Network::Host), Some(67_108_864))
    );
    assert_eq!(
        (exec.cgroup_parent.as_deref(), exec.hostname.as_deref()),
        (Some("/x"), Some("b"))
    );
    assert_eq!(
        (
            exec.proxy.https.as_str(),
            exec.proxy.no.as_str(),
            exec.proxy.http.as_str()
        ),
        ("http://proxy:3128", "localhost", "")
    );
}

#[test]
fn what_every_step_may_take() {
    let none = StepLimits::default();
    assert_eq!(options(&["memory=", "shm-size=1"]).limits, none);
    let limits = options(&["memory=4294967296", "memswap=-1", "cpusetcpus=0-3,5"]).limits;
    let expected = StepLimits {
        memory: 4 << 30,
        memory_swap: -1,
        cpuset_cpus: "0-3,5".to_owned(),
        ..none
    };
    assert_eq!(limits, expected);
    let warning = options(&["memory=1", "cpushares=", "cpusetcpus=0"]).limits_without_effect();
    expect!["--memory, --cpuset-cpus: this builder gives steps no limits, which BuildKit does from v0.33 on (limit the builder: `docker buildx create` takes --driver-opt memory=4g,cpu-quota=200000, say)"]
        .assert_eq(&warning.unwrap().to_string());
    assert_eq!(options(&["memory="]).limits_without_effect(), None);
}

#[test]
fn contexts_and_their_sessions() {
    let contexts = options(&[
        "contextkey=ctx",
        "ctx=https://example.com/x.git",
        "contextsubdir=sub",
        "dockerfilekey=df",
        "context:golang:1.26=docker-image://example.com/golang:1.26",
        "local-sessionid:context=session-2",
        "sharedkey:localdir:assets=abc",
    ])
    .contexts;
    assert_eq!(
        contexts.remote.as_deref(),
        Some("https://example.com/x.git")
    );
    assert_eq!(
        (
            contexts.subdir.as_deref(),
            contexts.dockerfile_local.as_str(),
            contexts.dockerfile_forced
        ),
        (Some("sub"), "df", true)
    );
    assert_eq!(
        contexts.named["golang:1.26"],
        "docker-image://example.com/golang:1.26"
    );
    assert_eq!(
        (contexts.session_of("context"), contexts.session_of("df")),
        ("session-2", "session-1")
    );
    assert_eq!(contexts.shared_keys["assets"], "abc");
}

#[test]
fn all_malformed_options_are_reported_at_once() {
    expect![[r#"
        16 errors:
        build option platform: "amd64" is not a platform: it has one part only; write os/architecture[/variant], such as linux/amd64
        build option multi-platform: "maybe" is not true or false
        build option cache-imports: a cache import has no Type
        build option image-resolve-mode: "never" is not one of default, pull, local
        build option add-hosts: "db" is not HOST=IP
        build option force-network-mode: "bridge" is not one of none, host, sandbox
        build option ulimit: "nofile=9:1": the soft limit is above the hard one
        build option shm-size: "64m" is not a number of bytes
        build option memory: "4g" is not a number above 0
        build option memswap: "-2" is not a number above 0
        build option cpushares: "0" is not a number above 0
        build option cpuperiod: "-1" is not a number above 0
        build option cpuquota: "0.5" is not a number above 0
        build option cpusetcpus: "3-0" is not a list like 0-3,5
        build option cpusetmems: "0,x" is not a list like 0-3,5
        build argument SOURCE_DATE_EPOCH: "yesterday" is neither a number of seconds since 1970 nor `context`
            help: for the last commit's time: --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)"#]]
    .assert_eq(&problems(&[
        "platform=amd64",
        "multi-platform=maybe",
        r#"cache-imports=[{"Attrs":{}}]"#,
        "image-resolve-mode=never",
        "add-hosts=db",
        "force-network-mode=bridge",
        "ulimit=nofile=9:1",
        "shm-size=64m",
        "memory=4g",
        "memswap=-2",
        "cpushares=0",
        "cpuperiod=-1",
        "cpuquota=0.5",
        "cpusetcpus=3-0",
        "cpusetmems=0,x",
        "build-arg:SOURCE_DATE_EPOCH=yesterday",
    ]));
}

/// The keys that the frontend has a constant for, by its name.
fn known_keys() -> Vec<(&'static str, &'static str)> {
    let text = include_str!("../../src/opts/keys.rs");
    let mut known = Vec::new();
    for line in text.lines() {
        let constant = line.strip_prefix("pub const ").unwrap_or_default();
        if let Some((name, value)) = constant.split_once(": &str = \"") {
            known.push((name, value.trim_end_matches("\";")));
        }
    }
    known
}

/// What is read of options. A build argument of BuildKit's must do more than be in the list.
fn read_of(opts: &[&str]) -> String {
    let mut options = options(opts);
    options.build_args.retain(|name, _| name == "A");
    // Passed on as they are.
    options.given.clear();
    format!("{options:?}")
}

#[test]
fn every_known_key_is_read() {
    let examples = [
        "filename=x",
        "source=docker.io/gowork/gowork:1",
        "target=api",
        "platform=linux/s390x",
        "multi-platform=true",
        "build-arg:A=b",
        "label:a=b",
        "no-cache=",
        r#"cache-imports=[{"Type":"local"}]"#,
        "cache-from=example.com/cache",
        "image-resolve-mode=pull",
        "add-hosts=db=10.0.0.1",
        "force-network-mode=none",
        "ulimit=core=1",
        "shm-size=1",
        "cgroup-parent=x",
        "hostname=x",
        "memory=1",
        "memswap=-1",
        "cpushares=1",
        "cpuperiod=1",
        "cpuquota=1",
        "cpusetcpus=0-3,5",
        "cpusetmems=0",
        "context=https://example.com/x.git",
        "contextkey=other-context",
        "contextsubdir=x",
        "dockerfilekey=x",
        "context:a=docker-image://b",
        "input-metadata:a={}",
        "local-sessionid:a=b",
        "sharedkey:localdir:a=b",
        "requestid=x",
        "attest:sbom=",
        "vcs:revision=0123456789abcdef0123456789abcdef01234567-dirty",
        "vcs:source=https://git.example.com/x",
        "build-arg:BUILDKIT_ATTEST_SBOM=",
        "build-arg:BUILDKIT_MULTI_PLATFORM=1",
        "build-arg:BUILDKIT_SANDBOX_HOSTNAME=x",
        "build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR=1",
        "build-arg:BUILDKIT_CACHE_MOUNT_NS=x",
        "build-arg:BUILDKIT_GIT_ADVICE=1",
        "build-arg:SOURCE_DATE_EPOCH=1",
    ];
    let known = known_keys();
    assert_eq!(known.len(), examples.len());
    for (name, key) in known {
        let start = match name.strip_prefix("ARG_") {
            Some(_) => format!("build-arg:{key}="),
            None if key.ends_with(':') => key.to_owned(),
            None => format!("{key}="),
        };
        let example = examples
            .iter()
            .find(|example| example.starts_with(&start))
            .unwrap_or_else(|| panic!("no example of {name}: add one, and read the option"));
        // An option that `contextkey` can name.
        let other = "other-context=https://example.com/x.git";
        let (before, after) = (read_of(&[other]), read_of(&[other, example]));
        assert_ne!(
            before, after,
            "{name} changes nothing: read it, or list it in keys::IGNORED"
        );
    }
}

#[test]
fn ignored_keys_change_nothing() {
    for (key, reason) in keys::IGNORED {
        assert!(!reason.is_empty(), "{key}");
        let known = known_keys();
        assert!(
            !known.iter().any(|(_, other)| *other == key),
            "{key} is read and ignored"
        );
        let name = if key.ends_with([':', '_']) {
            format!("{key}X")
        } else {
            key.to_owned()
        };
        for value in ["1", "true", "x"] {
            let opt = format!("{name}={value}");
            assert_eq!(read_of(&[&opt]), read_of(&[]), "{opt}");
        }
    }
}

#[test]
fn the_commit_is_a_variable_unless_a_build_arg_says_it() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let revision = format!("vcs:revision={commit}");
    let of = |given: &[&str]| options(given).variables().get("GIT_REVISION").cloned();
    assert_eq!(of(&[&revision]).as_deref(), Some(commit));
    assert_eq!(
        of(&[&revision, "build-arg:GIT_REVISION=v1"]).as_deref(),
        Some("v1")
    );
    assert_eq!(of(&[]), None);
    // What is no commit is not taken for one.
    assert_eq!(of(&["vcs:revision=$(reboot)"]), None);
    assert!(options(&[&revision]).build_args.is_empty());
}
