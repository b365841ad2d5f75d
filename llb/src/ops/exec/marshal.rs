//! Writing a program run down: mount order, output numbers, capabilities.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

use super::super::marshal::{Draft, EMPTY, Inputs, SKIP};
use super::super::output::{OpError, Output};
use super::super::{caps, path};
use super::mount::{ContentCache, Kind, Mount, Sharing};
use super::{Exec, Network, Root, Security};

/// Where the root file system is mounted.
const ROOT: &str = "/";

/// A step that runs a program, written; its outputs.
#[derive(Debug, Clone)]
pub struct Executed {
    step: String,
    /// By destination; none for mounts that have no output, with the reason.
    outputs: BTreeMap<String, Result<Output, &'static str>>,
    root: Output,
}

impl Executed {
    /// The root file system after the run; unchanged if it was read-only.
    pub fn root(&self) -> Output {
        self.root.clone()
    }

    /// The mount at `dest` after the run: what the program made of a writable one, a read-only one
    /// unchanged.
    pub fn output(&self, dest: &str) -> Result<Output, OpError> {
        let problem = match self.outputs.get(&path::absolute(dest)) {
            Some(Ok(output)) => return Ok(output.clone()),
            Some(Err(reason)) => format!("the mount at {dest} has no output: {reason}"),
            None => {
                let known: Vec<&str> = self.outputs.keys().map(String::as_str).collect();
                format!("it has no mount at {dest}; it has {}", known.join(", "))
            }
        };
        Err(OpError {
            step: self.step.clone(),
            problem,
        })
    }
}

impl Exec {
    /// Writes the step down.
    pub fn run(self) -> Result<Executed, OpError> {
        let step = self
            .meta
            .custom_name()
            .map_or_else(|| self.args.join(" "), str::to_owned);
        let error = |problem| OpError {
            step: step.clone(),
            problem,
        };
        let root = self.check().map_err(error)?;
        let mounts = self.sorted_mounts(root).map_err(error)?;
        let mut writer = Writer::default();
        for mount in &mounts {
            writer.mount(mount).map_err(error)?;
        }
        let platform = self
            .platform
            .clone()
            .or_else(|| root.output.platform().cloned());
        let (kind, op_platform) = (self.wire_op(&mounts, writer.mounts), platform.clone());
        let caps = self.caps(writer.caps);
        let vertex = Draft {
            kind,
            inputs: writer.inputs,
            caps,
            meta: &self.meta,
            op_platform,
            platform,
        }
        .finish();
        let output = |after: After| match after {
            After::Output(index) => Ok(Output::new(&vertex, index)),
            After::Unchanged(output) => Ok(output),
            After::Nothing(reason) => Err(reason),
        };
        let outputs: BTreeMap<_, _> = writer
            .after
            .into_iter()
            .map(|(dest, after)| (dest, output(after)))
            .collect();
        let root = outputs
            .get(ROOT)
            .cloned()
            .and_then(Result::ok)
            .unwrap_or_default();
        Ok(Executed {
            step,
            outputs,
            root,
        })
    }

    fn wire_op(&self, sorted: &[Mount], mounts: Vec<pb::Mount>) -> pb::op::Op {
        pb::op::Op::Exec(pb::ExecOp {
            meta: Some(self.wire_meta(sorted)),
            mounts,
            network: match self.network {
                Network::Sandbox => pb::NetMode::Unset,
                Network::Host => pb::NetMode::Host,
                Network::None => pb::NetMode::None,
            } as i32,
            security: match self.security {
                Security::Sandbox => pb::SecurityMode::Sandbox,
                Security::Insecure => pb::SecurityMode::Insecure,
            } as i32,
            secretenv: self.secret_env.clone(),
            cdi_devices: self.devices.clone(),
        })
    }

    /// What the daemon would refuse later, or take for something else.
    fn check(&self) -> Result<&Root, String> {
        if self.args.is_empty() {
            return Err("it has no program to run".to_owned());
        }
        if !self.cwd.starts_with('/') {
            return Err(format!(
                "its working directory {:?} must be absolute",
                self.cwd
            ));
        }
        if let Some((key, _)) = self
            .env
            .iter()
            .find(|(key, _)| key.is_empty() || key.contains(['=', '\0']))
        {
            return Err(format!(
                "{key:?} cannot be the name of an environment variable"
            ));
        }
        let text = self
            .args
            .iter()
            .chain(self.env.iter().map(|(_, value)| value))
            .find(|text| text.contains('\0'));
        if text.is_some() {
            return Err("an argument or a variable has a NUL byte in it".to_owned());
        }
        self.root
            .as_ref()
            .ok_or_else(|| "it has no root file system; give it one, or scratch".to_owned())
    }

    /// The mounts in wire order: by destination, then secrets, then agents, in the order given.
    fn sorted_mounts(&self, root: &Root) -> Result<Vec<Mount>, String> {
        let at_root = if root.read_only {
            Mount::read_only
        } else {
            Mount::writable
        };
        let mut bound = vec![at_root(&root.output, ROOT.to_owned())];
        let (mut secrets, mut agents) = (Vec::new(), Vec::new());
        for mount in &self.mounts {
            let mut mount = mount.clone();
            if mount.dest.is_empty() && matches!(mount.kind, Kind::Ssh(_)) {
                mount.dest = format!("/run/buildkit/ssh_agent.{}", agents.len());
            }
            if !mount.dest.starts_with('/') {
                return Err(format!(
                    "the mount at {:?} must be at an absolute path",
                    mount.dest
                ));
            }
            mount.dest = path::clean(&mount.dest);
            match mount.kind {
                Kind::Secret(_) => secrets.push(mount),
                Kind::Ssh(_) => agents.push(mount),
                _ => bound.push(mount),
            }
        }
        bound.sort_by(|a, b| a.dest.cmp(&b.dest));
        bound.extend(secrets.into_iter().chain(agents));
        let mut seen = BTreeSet::new();
        match bound.iter().find(|mount| !seen.insert(mount.dest.as_str())) {
            Some(mount) if mount.dest == ROOT => {
                Err("a mount cannot be at /, which is the root's place".to_owned())
            }
            Some(mount) => Err(format!("it has two mounts at {}", mount.dest)),
            None => Ok(bound),
        }
    }

    fn wire_meta(&self, mounts: &[Mount]) -> pb::Meta {
        let mut env = self.env.clone();
        let agent = mounts
            .iter()
            .find(|mount| matches!(mount.kind, Kind::Ssh(_)));
        if let Some(agent) = agent.filter(|_| !env.iter().any(|(key, _)| key == "SSH_AUTH_SOCK")) {
            env.push(("SSH_AUTH_SOCK".to_owned(), agent.dest.clone()));
        }
        pb::Meta {
            args: self.args.clone(),
            env: env
                .into_iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
            cwd: self.cwd.clone(),
            // Mount points that the step made are removed, parents included. Old daemons ignore it.
            remove_mount_stubs_recursive: true,
            ..self.wire.clone()
        }
    }

    fn caps(&self, mut caps: BTreeSet<&'static str>) -> BTreeSet<&'static str> {
        caps.extend([caps::EXEC_META_BASE, caps::EXEC_META_SETS_DEFAULT_PATH]);
        for (needed, cap) in [
            (self.network != Network::Sandbox, caps::EXEC_META_NETWORK),
            (self.security != Security::Sandbox, caps::EXEC_META_SECURITY),
            (self.wire.proxy_env.is_some(), caps::EXEC_META_PROXY),
            (!self.wire.ulimit.is_empty(), caps::EXEC_META_ULIMIT),
            (
                !self.wire.cgroup_parent.is_empty(),
                caps::EXEC_META_CGROUP_PARENT,
            ),
            (
                !self.wire.valid_exit_codes.is_empty(),
                caps::EXEC_VALID_EXIT_CODE,
            ),
            (!self.secret_env.is_empty(), caps::EXEC_SECRET_ENV),
            (!self.devices.is_empty(), caps::EXEC_META_CDI),
        ] {
            caps.extend(needed.then_some(cap));
        }
        caps
    }
}

/// What is at a mount's place after the run.
enum After {
    /// The op's output of this number.
    Output(i64),
    /// What was there before.
    Unchanged(Output),
    /// Nothing that can be used, and why.
    Nothing(&'static str),
}

/// Numbers inputs and outputs while the mounts are written in order.
#[derive(Default)]
struct Writer {
    inputs: Inputs,
    mounts: Vec<pb::Mount>,
    after: Vec<(String, After)>,
    caps: BTreeSet<&'static str>,
    next_output: i64,
}

impl Writer {
    fn mount(&mut self, mount: &Mount) -> Result<(), String> {
        let mut wire = pb::Mount {
            input: mount
                .input()
                .map_or(EMPTY, |output| self.inputs.add(output)),
            selector: mount.selector.clone(),
            dest: mount.dest.clone(),
            output: SKIP,
            readonly: matches!(mount.kind, Kind::ReadOnly(_)),
            content_cache: match mount.content_cache {
                ContentCache::Default => pb::MountContentCache::Default,
                ContentCache::On => pb::MountContentCache::On,
                ContentCache::Off => pb::MountContentCache::Off,
            } as i32,
            ..pb::Mount::default()
        };
        let after = match &mount.kind {
            Kind::ReadOnly(output) => After::Unchanged(output.clone()),
            Kind::Writable(_) => {
                wire.output = self.next_output;
                self.next_output += 1;
                After::Output(wire.output)
            }
            Kind::Discarded(_) => After::Nothing("its changes are dropped"),
            Kind::Cache { id, sharing, .. } => {
                named(id, "cache", &mount.dest)?;
                wire.set_mount_type(pb::MountType::Cache);
                wire.cache_opt = Some(pb::CacheOpt {
                    id: id.clone(),
                    sharing: wire_sharing(*sharing) as i32,
                });
                After::Nothing("it is a cache")
            }
            Kind::Tmpfs { size } => {
                let too_big = |_| format!("the memory file system at {} is too big", mount.dest);
                wire.set_mount_type(pb::MountType::Tmpfs);
                wire.tmpfs_opt = Some(pb::TmpfsOpt {
                    size: i64::try_from(*size).map_err(too_big)?,
                });
                After::Nothing("it is a memory file system")
            }
            Kind::Secret(secret) => {
                named(&secret.id, "secret", &mount.dest)?;
                wire.output = 0;
                wire.set_mount_type(pb::MountType::Secret);
                wire.secret_opt = Some(secret.to_secret());
                After::Nothing("it is a secret")
            }
            Kind::Ssh(agent) => {
                wire.output = 0;
                wire.set_mount_type(pb::MountType::Ssh);
                wire.ssh_opt = Some(agent.to_ssh());
                After::Nothing("it is an SSH agent")
            }
        };
        self.caps.extend(needed(mount));
        self.mounts.push(wire);
        self.after.push((mount.dest.clone(), after));
        Ok(())
    }
}

fn named(id: &str, what: &str, dest: &str) -> Result<(), String> {
    if id.is_empty() {
        Err(format!("the {what} mount at {dest} has an empty id"))
    } else {
        Ok(())
    }
}

fn wire_sharing(sharing: Sharing) -> pb::CacheSharingOpt {
    match sharing {
        Sharing::Shared => pb::CacheSharingOpt::Shared,
        Sharing::Private => pb::CacheSharingOpt::Private,
        Sharing::Locked => pb::CacheSharingOpt::Locked,
    }
}

fn needed(mount: &Mount) -> impl Iterator<Item = &'static str> {
    let bound = mount.input().is_some_and(|output| !output.is_scratch());
    let kind: &[&'static str] = match &mount.kind {
        Kind::Cache { .. } => &[caps::EXEC_MOUNT_CACHE, caps::EXEC_MOUNT_CACHE_SHARING],
        Kind::Tmpfs { size: 0 } => &[caps::EXEC_MOUNT_TMPFS],
        Kind::Tmpfs { .. } => &[caps::EXEC_MOUNT_TMPFS, caps::EXEC_MOUNT_TMPFS_SIZE],
        Kind::Secret(_) => &[caps::EXEC_MOUNT_SECRET],
        Kind::Ssh(_) => &[caps::EXEC_MOUNT_SSH],
        Kind::Discarded(_) if bound => &[
            caps::EXEC_MOUNT_BIND,
            caps::EXEC_MOUNT_BIND_READ_WRITE_NO_OUTPUT,
        ],
        Kind::Discarded(_) => &[caps::EXEC_MOUNT_BIND_READ_WRITE_NO_OUTPUT],
        Kind::ReadOnly(_) | Kind::Writable(_) if bound => &[caps::EXEC_MOUNT_BIND],
        Kind::ReadOnly(_) | Kind::Writable(_) => &[],
    };
    let selector = (!mount.selector.is_empty()).then_some(caps::EXEC_MOUNT_SELECTOR);
    let content =
        (mount.content_cache != ContentCache::Default).then_some(caps::EXEC_MOUNT_CONTENT_CACHE);
    kind.iter().copied().chain(selector).chain(content)
}
