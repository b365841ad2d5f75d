//! Rules about the host: its system, storage, memory, network, clock; and what a build may send.

use super::facts::{Facts, UserNamespaces};
use super::rule::{Rule, Severity};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "NoDType",
        severity: Severity::Error,
        look: no_d_type,
    },
    Rule {
        name: "SlowStorage",
        severity: Severity::Warning,
        look: slow_storage,
    },
    Rule {
        name: "DiskAlmostFull",
        severity: Severity::Warning,
        look: little_disk,
    },
    Rule {
        name: "LittleMemory",
        severity: Severity::Warning,
        look: little_memory,
    },
    Rule {
        name: "NoUserNamespaces",
        severity: Severity::Note,
        look: no_user_namespaces,
    },
    Rule {
        name: "NoLimits",
        severity: Severity::Warning,
        look: no_limits,
    },
    Rule {
        name: "CgroupV1",
        severity: Severity::Note,
        look: cgroup_v1,
    },
    Rule {
        name: "NoSeccomp",
        severity: Severity::Warning,
        look: no_seccomp,
    },
    Rule {
        name: "TwoFirewalls",
        severity: Severity::Warning,
        look: two_firewalls,
    },
    Rule {
        name: "NoBridgeNetfilter",
        severity: Severity::Warning,
        look: no_netfilter,
    },
    Rule {
        name: "SnapDocker",
        severity: Severity::Warning,
        look: snap,
    },
    Rule {
        name: "EndOfLife",
        severity: Severity::Warning,
        look: end_of_life,
    },
    Rule {
        name: "ClockDiffers",
        severity: Severity::Warning,
        look: clock,
    },
    Rule {
        name: "LargeContext",
        severity: Severity::Warning,
        look: large_context,
    },
];

fn no_d_type(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    (engine.storage("Supports d_type")? == "false").then(|| {
        (
            format!(
                "the file system of {} does not say the types of directory entries (d_type): overlay mounts lose files",
                engine.docker_root_dir
            ),
            "XFS of CentOS 7 and older is made with ftype=0, which cannot be changed: move the engine's directory (data-root in daemon.json) to a file system made with `mkfs.xfs -n ftype=1`, or to ext4".to_owned(),
        )
    })
}

fn slow_storage(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let why = match engine.driver.as_str() {
        "vfs" | "native" => "copies every file of every layer",
        "devicemapper" => "is slow, and Docker 25 does not have it",
        "aufs" => "is not maintained, and Docker 24 does not have it",
        "fuse-overlayfs" => "sends every access to a file through a program",
        _ => return None,
    };
    Some((
        format!("the storage driver {} {why}", engine.driver),
        "use overlay2 (\"storage-driver\" in daemon.json), or the containerd image store; in a container, give the engine's directory a volume, since overlay does not work on overlay".to_owned(),
    ))
}

/// A golang image, modules, std and compile results.
const DISK: u64 = 10_000_000_000;

fn little_disk(facts: &Facts) -> Option<(String, String)> {
    let free = facts.free_disk?;
    (free < DISK).then(|| {
        let engine = facts.engine.as_ref();
        let dir = engine.map_or("the engine's directory", |engine| &engine.docker_root_dir);
        (
            format!("{} are free in {dir}; a cold build of a medium repository takes about 5 GB", bytes(free)),
            "`docker buildx du` shows what builds keep, and `docker buildx prune` removes it; `docker system df` shows the rest".to_owned(),
        )
    })
}

const MEMORY: u64 = 2_000_000_000;

fn little_memory(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let total = engine.mem_total;
    (total > 0 && total < MEMORY).then(|| {
        let help = if engine.operating_system.contains("Docker Desktop") {
            "give the virtual machine more (Settings, Resources)"
        } else {
            "add memory or swap, or build on another machine: `docker buildx create --driver remote`"
        };
        (
            format!("the engine has {} of memory: compiling or linking may end with \"signal: killed\"", bytes(total)),
            help.to_owned(),
        )
    })
}

fn no_user_namespaces(facts: &Facts) -> Option<(String, String)> {
    let (why, setting) = match facts.user_namespaces {
        UserNamespaces::Allowed => return None,
        UserNamespaces::None => (
            "user.max_user_namespaces is 0",
            "user.max_user_namespaces=28633",
        ),
        UserNamespaces::Debian => (
            "kernel.unprivileged_userns_clone is 0",
            "kernel.unprivileged_userns_clone=1",
        ),
        UserNamespaces::AppArmor => (
            "kernel.apparmor_restrict_unprivileged_userns is 1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    };
    let mut help = format!(
        "only rootless engines and rootless BuildKit need them: write `{setting}` into a file in /etc/sysctl.d, then `sudo sysctl --system`"
    );
    if facts.user_namespaces == UserNamespaces::AppArmor {
        help += "; or give rootlesskit an AppArmor profile with `userns,`, as Docker's packages for rootless engines do";
    }
    Some((format!("users cannot make user namespaces: {why}"), help))
}

fn no_limits(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    (engine.has_option("rootless") && engine.cgroup_driver == "none").then(|| {
        (
            "the rootless engine has no cgroups: limits on memory and processors are ignored"
                .to_owned(),
            "it needs cgroup v2 and systemd: boot with systemd.unified_cgroup_hierarchy=1, and let systemd delegate cpu, io and memory (`Delegate=` in user@.service.d)".to_owned(),
        )
    })
}

fn cgroup_v1(facts: &Facts) -> Option<(String, String)> {
    (facts.engine.as_ref()?.cgroup_version == "1").then(|| {
        (
            "the host uses cgroup v1, which Docker, containerd and systemd are dropping".to_owned(),
            "boot with systemd.unified_cgroup_hierarchy=1 (RHEL 8: `sudo grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1`)".to_owned(),
        )
    })
}

fn no_seccomp(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let says = engine.security_options.is_some() && engine.podman.is_none();
    (says && !engine.has_option("seccomp")).then(|| {
        (
            "steps of builds run without seccomp: every system call of the kernel is open to them"
                .to_owned(),
            "use a kernel with CONFIG_SECCOMP_FILTER and a Docker that is built for it; remove seccomp-profile = unconfined from daemon.json".to_owned(),
        )
    })
}

fn two_firewalls(facts: &Facts) -> Option<(String, String)> {
    (facts.legacy_iptables && facts.has_nf_tables).then(|| {
        (
            "iptables writes into the old tables while nf_tables is loaded: rules of one do not see the other, and steps may have no network".to_owned(),
            "use one back end: `sudo update-alternatives --config iptables` (Debian, Ubuntu), then restart the engine".to_owned(),
        )
    })
}

fn no_netfilter(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let mut warnings = engine.warnings.iter().flatten();
    let warning = warnings.find(|warning| {
        warning.contains("bridge-nf-call-iptables is disabled")
            || warning.contains("IPv4 forwarding is disabled")
    })?;
    let warning = warning.trim_start_matches("WARNING: ");
    let setting = if warning.contains("IPv4") {
        "net.ipv4.ip_forward=1"
    } else {
        "net.bridge.bridge-nf-call-iptables=1"
    };
    Some((
        format!("the engine says: {warning}; steps of builds may have no network"),
        format!(
            "load br_netfilter, write `{setting}` into a file in /etc/sysctl.d, then `sudo sysctl --system`"
        ),
    ))
}

fn snap(facts: &Facts) -> Option<(String, String)> {
    let dir = &facts.engine.as_ref()?.docker_root_dir;
    dir.starts_with("/var/snap/").then(|| {
        (
            "Docker is a snap: it sees no files outside of home directories, so builds elsewhere and secrets in /etc fail with \"no such file\"".to_owned(),
            "remove the snap, and install Docker's own packages (https://docs.docker.com/engine/install/ubuntu/)".to_owned(),
        )
    })
}

/// Systems that get no updates any more, with the month in which they ended.
const ENDED: [(&str, &str, &str); 8] = [
    ("centos", "7", "June 2024"),
    ("centos", "8", "May 2024"),
    ("debian", "9", "June 2022"),
    ("debian", "10", "June 2024"),
    ("rhel", "7", "June 2024"),
    ("ubuntu", "16.04", "April 2021"),
    ("ubuntu", "18.04", "May 2023"),
    ("ubuntu", "20.04", "May 2025"),
];

fn end_of_life(facts: &Facts) -> Option<(String, String)> {
    let version = match facts.os.as_str() {
        "ubuntu" => facts.os_version.as_str(),
        _ => facts.os_version.split('.').next().unwrap_or_default(),
    };
    let (.., ended) = ENDED
        .iter()
        .find(|(os, release, _)| *os == facts.os && *release == version)?;
    let message = format!(
        "{} has had no public updates since {ended}, and new Docker packages are not made for it",
        facts.os_name
    );
    let help = "move to a supported release; until then, a builder in a container or on another machine has a current BuildKit: `docker buildx create --use`";
    Some((message, help.to_owned()))
}

/// Certificates and signatures have a grace of some minutes at most.
const CLOCK: i64 = 60;

fn clock(facts: &Facts) -> Option<(String, String)> {
    let ahead = facts.clock_ahead?;
    (ahead.abs() > CLOCK).then(|| {
        let which = if ahead > 0 { "ahead of" } else { "behind" };
        (
            format!(
                "the engine's clock is {} s {which} this machine's: certificates of registries and proxies may count as expired or not yet valid",
                ahead.abs()
            ),
            "let both follow a time server; a virtual machine that slept needs a restart (Docker Desktop: quit and start it)".to_owned(),
        )
    })
}

/// What takes a second or two to look through and send.
const CONTEXT: u64 = 200_000_000;

fn large_context(facts: &Facts) -> Option<(String, String)> {
    let context = facts.context.as_ref()?;
    (context.seen > CONTEXT).then(|| {
        let largest = context.largest.iter();
        let largest: Vec<String> = largest
            .map(|(name, size)| format!("{name} ({})", bytes(*size)))
            .collect();
        (
            format!(
                "a build may send {} of this repository; most of it is in {}",
                bytes(context.seen),
                largest.join(", ")
            ),
            "`gowork dockerignore --output .dockerignore` lets in only what the images are made of"
                .to_owned(),
        )
    })
}

/// A size for people.
pub(crate) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = units.into_iter().find(|(size, _)| count >= *size);
    match unit {
        // Tenths of a unit, in whole numbers.
        Some((size, name)) if count < 10 * size => {
            let tenths = count / (size / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        Some((size, name)) => format!("{} {name}", count / size),
        None => format!("{count} B"),
    }
}
