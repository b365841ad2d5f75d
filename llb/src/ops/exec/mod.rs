//! Running programs.

mod marshal;
mod mount;

use buildkit_proto::pb;

pub use marshal::Executed;
pub use mount::{ClientMount, ContentCache, Mount, Sharing};

use super::meta::Meta;
use super::output::Output;
use super::platform::Platform;

/// Which network a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Network {
    /// The daemon's, closed off from its host.
    #[default]
    Sandbox,
    /// The daemon's host's. The user must allow it, or the daemon refuses the whole definition.
    Host,
    /// None.
    None,
}

/// How far a program is locked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Security {
    /// As in any container.
    #[default]
    Sandbox,
    /// Privileged. The user must allow it, or the daemon refuses the whole definition.
    Insecure,
}

/// Proxy settings that a program sees in its environment (in both cases) without their being part
/// of the cache key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyEnv {
    /// `HTTP_PROXY`
    pub http: String,
    /// `HTTPS_PROXY`
    pub https: String,
    /// `FTP_PROXY`
    pub ftp: String,
    /// `NO_PROXY`
    pub no: String,
    /// `ALL_PROXY`
    pub all: String,
}

/// A resource limit of the program's processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulimit {
    /// Such as `nofile`.
    pub name: String,
    /// The limit that processes may raise.
    pub soft: i64,
    /// The limit up to which.
    pub hard: i64,
}

/// The root file system of a program.
#[derive(Debug, Clone)]
struct Root {
    output: Output,
    read_only: bool,
}

/// A program to run, under construction.
///
/// Arguments, environment, directory, user, network and mounts make the cache key: keep what
/// changes by itself out of them.
#[derive(Debug, Clone)]
pub struct Exec {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cwd: String,
    /// None given is an error when run.
    root: Option<Root>,
    mounts: Vec<Mount>,
    secret_env: Vec<pb::SecretEnv>,
    /// Fields that go onto the wire as they are: user, hostname, hosts, limits, proxy.
    wire: pb::Meta,
    devices: Vec<pb::CdiDevice>,
    network: Network,
    security: Security,
    platform: Option<Platform>,
    meta: Meta,
}

meta_builders!(Exec);

impl Exec {
    /// Runs `args`, the first being the program, looked up in PATH. No shell.
    pub fn new(args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            cwd: "/".to_owned(),
            root: None,
            mounts: Vec::new(),
            secret_env: Vec::new(),
            wire: pb::Meta::default(),
            devices: Vec::new(),
            network: Network::Sandbox,
            security: Security::Sandbox,
            platform: None,
            meta: Meta::default(),
        }
    }

    /// The root file system; what the program changes in it is an output, [`Executed::root`].
    #[must_use]
    pub fn root(mut self, root: &Output) -> Self {
        self.root = Some(Root {
            output: root.clone(),
            read_only: false,
        });
        self
    }

    /// The root file system, which the program cannot change.
    #[must_use]
    pub fn read_only_root(mut self, root: &Output) -> Self {
        self.root = Some(Root {
            output: root.clone(),
            read_only: true,
        });
        self
    }

    /// The working directory, absolute; without, `/`.
    #[must_use]
    pub fn cwd(mut self, dir: impl Into<String>) -> Self {
        self.cwd = dir.into();
        self
    }

    /// An environment variable. Set again, it takes the new value and the last place. The image's
    /// own variables do not come by themselves, except for a default PATH.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        self.env.retain(|(known, _)| *known != key);
        self.env.push((key, value.into()));
        self
    }

    /// The user: `name`, `uid`, `name:group` or `uid:gid`; without, root.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.wire.user = user.into();
        self
    }

    /// The container's host name.
    #[must_use]
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.wire.hostname = name.into();
        self
    }

    /// One more mount. Their order means nothing.
    #[must_use]
    pub fn mount(mut self, mount: impl Into<Mount>) -> Self {
        self.mounts.push(mount.into());
        self
    }

    /// The client's secret `id` as the variable `name`. Optional and missing, the variable is there
    /// and empty.
    #[must_use]
    pub fn secret_env(
        mut self,
        name: impl Into<String>,
        id: impl Into<String>,
        optional: bool,
    ) -> Self {
        self.secret_env.push(pb::SecretEnv {
            id: id.into(),
            name: name.into(),
            optional,
        });
        self
    }

    /// The network; without, the sandbox.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// How far it is locked in; without, as in any container.
    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// What it runs on; without, what the root is for. A foreign one runs in the daemon's emulator,
    /// if it has one.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Proxy settings.
    #[must_use]
    pub fn proxy(mut self, proxy: ProxyEnv) -> Self {
        self.wire.proxy_env = (proxy != ProxyEnv::default()).then_some(pb::ProxyEnv {
            http_proxy: proxy.http,
            https_proxy: proxy.https,
            ftp_proxy: proxy.ftp,
            no_proxy: proxy.no,
            all_proxy: proxy.all,
        });
        self
    }

    /// One more line of `/etc/hosts`. The address is not part of the cache key.
    #[must_use]
    pub fn extra_host(mut self, host: impl Into<String>, ip: std::net::IpAddr) -> Self {
        self.wire.extra_hosts.push(pb::HostIp {
            host: host.into(),
            ip: ip.to_string(),
        });
        self
    }

    /// One more resource limit.
    #[must_use]
    pub fn ulimit(mut self, limit: Ulimit) -> Self {
        self.wire.ulimit.push(pb::Ulimit {
            name: limit.name,
            soft: limit.soft,
            hard: limit.hard,
        });
        self
    }

    /// The size of `/dev/shm` in bytes.
    #[must_use]
    pub fn shm_size(self, bytes: u64) -> Self {
        self.mount(Mount::tmpfs("/dev/shm", bytes))
    }

    /// The cgroup to run in.
    #[must_use]
    pub fn cgroup_parent(mut self, name: impl Into<String>) -> Self {
        self.wire.cgroup_parent = name.into();
        self
    }

    /// A device by its CDI name. Since BuildKit v0.20; the user must allow it.
    #[must_use]
    pub fn device(mut self, name: impl Into<String>, optional: bool) -> Self {
        self.devices.push(pb::CdiDevice {
            name: name.into(),
            optional,
        });
        self
    }

    /// The exit codes that mean success, in place of 0. Since BuildKit v0.17.
    #[must_use]
    pub fn valid_exit_codes(mut self, codes: impl IntoIterator<Item = u8>) -> Self {
        self.wire.valid_exit_codes = codes.into_iter().map(i32::from).collect();
        self
    }
}
