//! What the texts of a host say, as far as rules ask for it. A fact that no text says is missing:
//! nothing is supposed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::reach::Reach;
use super::recording::{
    APPARMOR_USERNS, BUILDER, BUILDER_ERROR, DAEMON, DATE, DISK, GO_ENV, INFO, INFO_ERROR,
    IPTABLES, MAX_USER_NAMESPACES, MODULES, OS_RELEASE, REACH, Recording, USERNS_CLONE,
};

/// What is known of a host.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// What the engine says of itself; none, if it cannot be reached.
    pub(crate) engine: Option<Engine>,
    /// What `docker info` printed as its error.
    pub(crate) engine_error: String,
    /// The builder that a build takes.
    pub(crate) builder: Option<Builder>,
    /// What `docker buildx inspect` printed as its error.
    pub(crate) builder_error: String,
    /// `ID` of os-release, `debian`.
    pub(crate) os: String,
    /// `VERSION_ID` of os-release, `12`.
    pub(crate) os_version: String,
    /// `PRETTY_NAME` of os-release.
    pub(crate) os_name: String,
    /// Whether people without rights may make user namespaces.
    pub(crate) user_namespaces: UserNamespaces,
    /// Whether the `iptables` command writes into the old tables.
    pub(crate) legacy_iptables: bool,
    /// Whether the kernel's module of the new tables is loaded.
    pub(crate) has_nf_tables: bool,
    /// The engine's settings, or what is wrong with them.
    pub(crate) daemon: Option<Result<Value, String>>,
    /// Free space of the engine's directory, bytes.
    pub(crate) free_disk: Option<u64>,
    /// How many seconds the engine's clock is ahead of the host's.
    pub(crate) clock_ahead: Option<i64>,
    /// What a build may send.
    pub(crate) context: Option<Context>,
    /// The settings of the go command here; empty without such a command.
    pub(crate) go: BTreeMap<String, String>,
    /// Those that the configuration of the repository gives to a build, if there is a repository.
    pub(crate) build_settings: Option<BTreeMap<String, String>>,
    /// What a step of the builder image reaches, if it was asked.
    pub(crate) reach: Option<Reach>,
}

/// What stands in the way of user namespaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum UserNamespaces {
    /// Nothing that is known.
    #[default]
    Allowed,
    /// `user.max_user_namespaces` is 0.
    None,
    /// `kernel.unprivileged_userns_clone` is 0.
    Debian,
    /// AppArmor.
    AppArmor,
}

/// `docker info`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Engine {
    /// Its version, `28.5.1`. Empty, if the engine cannot be reached.
    pub(crate) server_version: String,
    /// Of storage: `overlay2`, or that of containerd.
    pub(crate) driver: String,
    /// Words about storage.
    pub(crate) driver_status: Option<Vec<(String, String)>>,
    /// `1` or `2`.
    pub(crate) cgroup_version: String,
    /// `systemd`, `cgroupfs` or `none`.
    pub(crate) cgroup_driver: String,
    /// Of the kernel.
    pub(crate) kernel_version: String,
    /// The engine's system.
    pub(crate) operating_system: String,
    /// Its directory.
    pub(crate) docker_root_dir: String,
    /// Bytes of memory.
    pub(crate) mem_total: u64,
    /// `name=seccomp,profile=builtin`.
    pub(crate) security_options: Option<Vec<String>>,
    /// What the engine itself warns of.
    pub(crate) warnings: Option<Vec<String>>,
    /// Why the engine cannot be reached.
    pub(crate) server_errors: Option<Vec<String>>,
    /// Its time.
    pub(crate) system_time: String,
    /// Podman's own fields, where `docker` is Podman.
    #[serde(rename = "host")]
    pub(crate) podman: Option<Value>,
}

impl Engine {
    /// The major of its version. An engine that is built from the Go module of moby says that one's:
    /// its major 2 began with Docker 29, and Docker itself went from 1 to 17.
    pub(crate) fn major(&self) -> Option<u32> {
        match self.server_version.split('.').next()?.parse().ok()? {
            2 => Some(29),
            major => Some(major),
        }
    }

    /// Whether containerd stores images.
    pub(crate) fn has_containerd_store(&self) -> bool {
        let mut status = self.driver_status.iter().flatten();
        status.any(|(name, value)| name == "driver-type" && value.starts_with("io.containerd"))
    }

    /// What storage says about `name`.
    pub(crate) fn storage(&self, name: &str) -> Option<&str> {
        let mut status = self.driver_status.iter().flatten();
        let (_, value) = status.find(|(key, _)| key == name)?;
        Some(value)
    }

    /// Whether it has a security option.
    pub(crate) fn has_option(&self, name: &str) -> bool {
        let mut options = self.security_options.iter().flatten();
        options.any(|option| {
            let mut parts = option.split(',');
            parts.any(|part| part.strip_prefix("name=") == Some(name))
        })
    }
}

/// `docker buildx inspect`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Builder {
    /// Its name.
    pub(crate) name: String,
    /// `docker`, `docker-container`, `kubernetes` or `remote`.
    pub(crate) driver: String,
    /// `(0, 16)` of BuildKit v0.16.0, where the builder runs.
    pub(crate) buildkit: Option<(u32, u32)>,
    /// What its node says is wrong.
    pub(crate) error: Option<String>,
}

/// What a build may send.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Bytes of the repository.
    pub(crate) whole: u64,
    /// Bytes that the ignore file lets in.
    pub(crate) seen: u64,
    /// Entries at the root that have the most of these, with their bytes, the largest first.
    pub(crate) largest: Vec<(String, u64)>,
}

impl Facts {
    /// Reads them.
    pub(crate) fn of(recording: &Recording) -> Self {
        let text = |name| recording.text(name);
        let info: Option<Engine> = text(INFO).and_then(|info| serde_json::from_str(info).ok());
        let told = info
            .iter()
            .flat_map(|info| info.server_errors.iter().flatten());
        let told: Vec<&str> = told.map(String::as_str).collect();
        let engine_error = if told.is_empty() {
            text(INFO_ERROR).unwrap_or_default().to_owned()
        } else {
            told.join("; ")
        };
        let engine =
            info.filter(|engine| !engine.server_version.is_empty() || engine.podman.is_some());
        let clock_ahead = engine.as_ref().and_then(|engine| {
            let host: i64 = text(DATE)?.parse().ok()?;
            Some(seconds(&engine.system_time)? - host)
        });
        let reach = text(REACH).map(Reach::read);
        let of_step = reach.as_ref().and_then(|reach| reach.clock_ahead);
        let os_release = text(OS_RELEASE).unwrap_or_default();
        Self {
            engine_error,
            builder: text(BUILDER).map(builder),
            builder_error: text(BUILDER_ERROR).unwrap_or_default().to_owned(),
            os: assigned(os_release, "ID"),
            os_version: assigned(os_release, "VERSION_ID"),
            os_name: assigned(os_release, "PRETTY_NAME"),
            user_namespaces: user_namespaces(recording),
            legacy_iptables: text(IPTABLES).is_some_and(|version| version.contains("(legacy)")),
            has_nf_tables: text(MODULES)
                .is_some_and(|modules| modules.lines().any(|line| line.starts_with("nf_tables "))),
            daemon: text(DAEMON)
                .map(|daemon| serde_json::from_str(daemon).map_err(|error| error.to_string())),
            free_disk: text(DISK).and_then(free),
            // A builder elsewhere has another clock than the engine here.
            clock_ahead: of_step.or(clock_ahead),
            context: None,
            go: text(GO_ENV)
                .and_then(|settings| serde_json::from_str(settings).ok())
                .unwrap_or_default(),
            build_settings: None,
            reach,
            engine,
        }
    }

    /// A setting of the go command here. Returns `None` if there is no such command.
    pub(crate) fn go(&self, name: &str) -> Option<&str> {
        self.go.get(name).map(String::as_str)
    }

    /// What the engine's settings say at `pointer`.
    pub(crate) fn setting(&self, pointer: &str) -> Option<&Value> {
        let daemon = self.daemon.as_ref()?.as_ref().ok()?;
        daemon.pointer(pointer)
    }
}

fn user_namespaces(recording: &Recording) -> UserNamespaces {
    if recording.text(MAX_USER_NAMESPACES) == Some("0") {
        UserNamespaces::None
    } else if recording.text(USERNS_CLONE) == Some("0") {
        UserNamespaces::Debian
    } else if recording.text(APPARMOR_USERNS) == Some("1") {
        UserNamespaces::AppArmor
    } else {
        UserNamespaces::Allowed
    }
}

/// The value of a line `NAME=value` or `NAME="value"`.
fn assigned(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = line.unwrap_or_default().trim();
    value.trim_matches(['"', '\'']).to_owned()
}

fn builder(text: &str) -> Builder {
    // Older buildx: `Buildkit: v0.11.6`, newer: `BuildKit version: v0.16.0`.
    let value = |names: &[&str]| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            names.contains(&name).then(|| value.trim().to_owned())
        })
    };
    let version = value(&["BuildKit version", "BuildKit", "Buildkit"]);
    Builder {
        name: value(&["Name"]).unwrap_or_default(),
        driver: value(&["Driver"]).unwrap_or_default(),
        buildkit: version.as_deref().and_then(release),
        error: value(&["Error"]),
    }
}

/// `(0, 16)` of `v0.16.0-rc1`.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

/// The fourth column of the last line of `df -Pk`, in bytes.
fn free(df: &str) -> Option<u64> {
    let line = df.lines().skip(1).last()?;
    let kilobytes: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Seconds since 1970 of `2026-11-29T12:00:00.5Z` or with an offset in place of the `Z`.
fn seconds(time: &str) -> Option<i64> {
    let (date, rest) = time.split_once('T')?;
    let number = |text: &str| text.parse::<i64>().ok();
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut clock = rest.get(..8)?.split(':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let zone = rest[8..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let ahead = match (zone.get(..1)?, zone.get(1..)?.split_once(':')) {
        ("Z", _) => 0,
        (sign, Some((hours, minutes))) => {
            let offset = number(hours)? * 3600 + number(minutes)? * 60;
            if sign == "-" { -offset } else { offset }
        }
        _ => return None,
    };
    // Days from civil: years begin in March, so that a leap day is the last of one.
    let year = if month <= 2 { year - 1 } else { year };
    let days_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + days_of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_of_docker() {
        let major = |version: &str| {
            let server_version = version.to_owned();
            let engine = Engine {
                server_version,
                ..Engine::default()
            };
            engine.major()
        };
        for (version, expected) in [
            ("29.1.0", Some(29)),
            ("20.10.24+dfsg1", Some(20)),
            ("1.13.1", Some(1)),
            // The version of github.com/moby/moby/v2.
            ("2.0.0-beta.24", Some(29)),
            ("2.1.0", Some(29)),
            ("dev", None),
            ("", None),
        ] {
            assert_eq!(major(version), expected, "{version}");
        }
    }

    #[test]
    fn times_of_engines() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-03-01T00:00:00Z", Some(951_868_800)),
            ("2026-11-29T12:30:15.123456789Z", Some(1_795_955_415)),
            ("2026-11-29T14:30:15.1+02:00", Some(1_795_955_415)),
            ("2026-11-29T07:00:15-05:30", Some(1_795_955_415)),
            ("", None),
            ("2026-11-29", None),
            ("2026-13-29T12:30:15Z", None),
            ("2026-11-29T12:30", None),
            ("2026-11-29T12:30:15", None),
        ] {
            assert_eq!(seconds(time), expected, "{time}");
        }
    }

    #[test]
    fn builders_of_old_and_new_buildx() {
        let old =
            "Name:   default\nDriver: docker\n\nNodes:\nName:      default\nBuildkit:  20.10.24\n";
        assert_eq!(builder(old).buildkit, Some((20, 10)));
        let new =
            "Name: b\nDriver: docker-container\n\nNodes:\nName: b0\nBuildKit version: v0.25.1\n";
        let builder = builder(new);
        assert_eq!(
            (builder.name.as_str(), builder.buildkit),
            ("b", Some((0, 25)))
        );
    }
}
