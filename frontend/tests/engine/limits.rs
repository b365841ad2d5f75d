//! What the command line says of steps: each sees it in a step of ours as in a `RUN` of Docker's.

use std::collections::BTreeSet;

use crate::engine::{Build, Engine};
use crate::repository::Repository;

/// In place of the go command, and of the program of a `RUN`.
const SEE: &str = r#"#!/bin/sh
see() { echo "SEEN $1: $(eval "$2" 2>/dev/null | tr '\n\t' '  ')" >&2; }
see host 'cat /proc/sys/kernel/hostname'
see hosts 'grep -v localhost /etc/hosts | grep taken'
see network 'ls /sys/class/net'
see files 'ulimit -Hn; ulimit -Sn'
see shm 'df -k /dev/shm | sed 1d | tr -s " " | cut -d " " -f 2'
see memory 'cd /sys/fs/cgroup; cat memory.max || cat memory/memory.limit_in_bytes'
see swap 'cd /sys/fs/cgroup; cat memory.swap.max || cat memory/memory.memsw.limit_in_bytes'
see weight 'cd /sys/fs/cgroup; cat cpu.weight || cat cpu/cpu.shares'
see quota 'cd /sys/fs/cgroup; cat cpu.max || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us'
see processors 'cd /sys/fs/cgroup; cat cpuset.cpus || cat cpuset/cpuset.cpus'
exit 1
"#;

/// What a build's failing step said.
fn seen(build: Build) -> BTreeSet<String> {
    let failed = build.fails();
    let said = failed.everything();
    let lines = said.lines().filter_map(|line| line.split_once("SEEN "));
    // A log line is repeated in an error, whose lines are in a box.
    let seen: BTreeSet<String> = lines.map(|(_, line)| line.trim_end().to_owned()).collect();
    assert_eq!(seen.len(), 10, "{said}");
    seen
}

/// What a step sees with this, in a build of Docker's, and that it is the same in one of ours.
fn in_both(words: &[&str]) -> BTreeSet<String> {
    let ours = Repository::new(&[
        (
            "Dockerfile",
            "# syntax=docker.io/gowork/gowork:1\n[go]\nbuilder = \"stage:see\"\n[stages.see]\ndockerfile = '''\nFROM golang:1.26\nCOPY --chmod=755 see /usr/local/go/bin/go\n'''\n",
        ),
        ("see", SEE),
        ("go.mod", "module example.com/see\n\ngo 1.26\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
        (
            "stock.Dockerfile",
            "FROM golang:1.26\nCOPY --chmod=755 see /see\nRUN /see\n",
        ),
    ]);
    let root = ours.root();
    let stock = Engine::main().stock_as_it_is(&root, &root.join("stock.Dockerfile"));
    let theirs = seen(stock.args(words));
    let seen = seen(Engine::main().frontend(&root).args(words));
    assert_eq!(seen, theirs, "{words:?}");
    seen
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn steps_have_what_the_command_line_says() {
    let seen = in_both(&[
        "--add-host=taken.test:192.0.2.7",
        "--network=none",
        "--ulimit=nofile=1000:2000",
        "--shm-size=65536k",
        "--build-arg=BUILDKIT_SANDBOX_HOSTNAME=box",
        "--cgroup-parent=gowork-test",
    ]);
    for line in [
        "host: box",
        "hosts: 192.0.2.7 taken.test",
        "network: lo",
        "files: 2000 1000",
        "shm: 65536",
    ] {
        assert!(seen.contains(line), "{line}: {seen:?}");
    }
}

/// An engine whose cgroups lack a controller shows nothing of its limits, in either step.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn steps_have_limits() {
    let seen = in_both(&[
        "--memory=512m",
        "--memory-swap=600m",
        "--cpu-shares=512",
        "--cpu-period=50000",
        "--cpu-quota=40000",
        "--cpuset-cpus=0",
    ]);
    let has = |name: &str| {
        seen.iter()
            .any(|line| line.starts_with(&format!("{name}: ")))
    };
    for (name, line) in [
        ("memory", "memory: 536870912"),
        ("quota", "quota: 40000 50000"),
        ("processors", "processors: 0"),
    ] {
        assert!(seen.contains(line) || !has(name), "{line}: {seen:?}");
    }
    let program = crate::options::tiny();
    let build = Engine::main().frontend(&program.root());
    let limited = build
        .args(["--memory=1g", "--output=type=cacheonly"])
        .succeeds();
    assert_eq!(limited.records.warnings, Vec::<String>::new());
}
