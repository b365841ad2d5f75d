//! Definitions as text, for people and snapshot tests: ops by number instead of digest, defaults
//! left out.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use buildkit_proto::pb;
use pb::file_action::Action;
use prost::Message as _;

use super::definition::Definition;
use super::meta::custom_name;
use super::platform::Platform;

impl fmt::Display for Definition {
    /// One paragraph an op, its inputs before it, the result last: `=> #3.0`, or `=> scratch`. Not
    /// meant to be parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digests = self.digests();
        let numbers = digests
            .iter()
            .enumerate()
            .map(|(number, digest)| (digest.as_str(), number))
            .collect();
        for (number, (digest, bytes)) in digests.iter().zip(&self.as_pb().def).enumerate() {
            let Ok(op) = pb::Op::decode(bytes.as_slice()) else {
                writeln!(f, "#{number} not an op")?;
                continue;
            };
            let text = OpText {
                op: &op,
                numbers: &numbers,
            };
            if op.op.is_none() && number + 1 == digests.len() {
                return write!(f, "=> {}", text.input(0));
            }
            write!(f, "#{number} {}", text.render())?;
            if let Some(metadata) = self.as_pb().metadata.get(digest.as_str()) {
                write_metadata(f, metadata)?;
            }
        }
        f.write_str("=> scratch")
    }
}

fn write_metadata(f: &mut fmt::Formatter<'_>, metadata: &pb::OpMetadata) -> fmt::Result {
    custom_name(metadata)
        .iter()
        .try_for_each(|name| writeln!(f, "   name {name:?}"))?;
    if metadata.ignore_cache {
        writeln!(f, "   ignores the cache")?;
    }
    metadata
        .progress_group
        .iter()
        .try_for_each(|group| writeln!(f, "   group {:?}", group.name))
}

struct OpText<'a> {
    op: &'a pb::Op,
    numbers: &'a BTreeMap<&'a str, usize>,
}

impl OpText<'_> {
    /// `#1.0`, or `scratch`.
    fn input(&self, index: i64) -> String {
        let input = usize::try_from(index)
            .ok()
            .and_then(|index| self.op.inputs.get(index));
        match input.map(|input| (self.numbers.get(input.digest.as_str()), input.index)) {
            None => "scratch".to_owned(),
            Some((Some(number), output)) => format!("#{number}.{output}"),
            Some((None, output)) => format!("#?.{output}"),
        }
    }

    fn render(&self) -> String {
        let mut out = String::new();
        let platform = self
            .op
            .platform
            .as_ref()
            .map(|p| format!(" [{}]", Platform::from_pb(p)))
            .unwrap_or_default();
        // Writing to a string does not fail.
        let _ = match &self.op.op {
            Some(pb::op::Op::Source(source)) => write_source(&mut out, source, &platform),
            Some(pb::op::Op::Exec(exec)) => self.write_exec(&mut out, exec, &platform),
            Some(pb::op::Op::File(file)) => self.write_file(&mut out, file),
            Some(pb::op::Op::Merge(merge)) => {
                let inputs: Vec<String> = merge
                    .inputs
                    .iter()
                    .map(|input| self.input(input.input))
                    .collect();
                writeln!(out, "merge {}", inputs.join(" "))
            }
            Some(pb::op::Op::Diff(diff)) => {
                let lower = diff.lower.as_ref().map_or(-1, |lower| lower.input);
                let upper = diff.upper.as_ref().map_or(-1, |upper| upper.input);
                writeln!(out, "diff {} -> {}", self.input(lower), self.input(upper))
            }
            Some(pb::op::Op::Build(_)) => writeln!(out, "build"),
            None => writeln!(out, "unknown"),
        };
        out
    }

    fn write_exec(&self, out: &mut String, exec: &pb::ExecOp, platform: &str) -> fmt::Result {
        let meta = exec.meta.clone().unwrap_or_default();
        writeln!(out, "exec {:?} in {}{platform}", meta.args, meta.cwd)?;
        meta.env
            .iter()
            .try_for_each(|env| writeln!(out, "   env {env}"))?;
        for secret in &exec.secretenv {
            writeln!(
                out,
                "   env {} from secret {}{}",
                secret.name,
                secret.id,
                optional(secret.optional)
            )?;
        }
        if !meta.user.is_empty() {
            writeln!(out, "   user {}", meta.user)?;
        }
        match exec.network() {
            pb::NetMode::Unset => {}
            pb::NetMode::Host => writeln!(out, "   network host")?,
            pb::NetMode::None => writeln!(out, "   network none")?,
        }
        if exec.security() == pb::SecurityMode::Insecure {
            writeln!(out, "   insecure")?;
        }
        exec.mounts
            .iter()
            .try_for_each(|mount| writeln!(out, "   {} {}", mount.dest, self.mount(mount)))
    }

    fn mount(&self, mount: &pb::Mount) -> String {
        let selector = if mount.selector.is_empty() {
            String::new()
        } else {
            format!(":{}", mount.selector)
        };
        let from = format!("{}{selector}", self.input(mount.input));
        match mount.mount_type() {
            pb::MountType::Bind if mount.readonly => format!("= {from} (read-only)"),
            pb::MountType::Bind if mount.output < 0 => format!("= {from} (changes dropped)"),
            pb::MountType::Bind => format!("= {from} -> .{}", mount.output),
            pb::MountType::Cache => {
                let cache = mount.cache_opt.clone().unwrap_or_default();
                let base = if mount.input < 0 {
                    String::new()
                } else {
                    format!(" from {from}")
                };
                format!(
                    "= cache {} ({}){base}",
                    cache.id,
                    cache.sharing().as_str_name().to_lowercase()
                )
            }
            pb::MountType::Tmpfs => match mount.tmpfs_opt.map_or(0, |tmpfs| tmpfs.size) {
                0 => "= tmpfs".to_owned(),
                size => format!("= tmpfs of {size} bytes"),
            },
            pb::MountType::Secret => {
                let secret = mount.secret_opt.clone().unwrap_or_default();
                format!("= secret {}{}", secret.id, optional(secret.optional))
            }
            pb::MountType::Ssh => {
                let agent = mount.ssh_opt.clone().unwrap_or_default();
                format!("= ssh {}{}", agent.id, optional(agent.optional))
            }
        }
    }

    fn write_file(&self, out: &mut String, file: &pb::FileOp) -> fmt::Result {
        let base = file.actions.first().map_or(-1, |action| action.input);
        writeln!(out, "file on {}", self.input(base))?;
        file.actions
            .iter()
            .try_for_each(|action| match &action.action {
                Some(Action::Copy(copy)) => {
                    let what = if copy.dir_copy_contents {
                        "contents of "
                    } else {
                        ""
                    };
                    write!(
                        out,
                        "   copy {what}{}:{} -> {}",
                        self.input(action.secondary_input),
                        copy.src,
                        copy.dest
                    )?;
                    patterns(out, "include", &copy.include_patterns)?;
                    patterns(out, "exclude", &copy.exclude_patterns)?;
                    match copy.mode_str.as_str() {
                        "" => writeln!(out, "{}", mode(copy.mode)),
                        change => writeln!(out, " mode {change}"),
                    }
                }
                Some(Action::Mkdir(mkdir)) => {
                    writeln!(out, "   mkdir {}{}", mkdir.path, mode(mkdir.mode))
                }
                Some(Action::Mkfile(mkfile)) => {
                    writeln!(
                        out,
                        "   mkfile {}{} ({} bytes)",
                        mkfile.path,
                        mode(mkfile.mode),
                        mkfile.data.len()
                    )
                }
                Some(Action::Rm(rm)) => writeln!(out, "   rm {}", rm.path),
                Some(Action::Symlink(symlink)) => {
                    writeln!(out, "   symlink {} -> {}", symlink.newpath, symlink.oldpath)
                }
                None => writeln!(out, "   unknown"),
            })
    }
}

fn write_source(out: &mut String, source: &pb::SourceOp, platform: &str) -> fmt::Result {
    writeln!(out, "source {}{platform}", source.identifier)?;
    source
        .attrs
        .iter()
        .try_for_each(|(attr, value)| writeln!(out, "   {attr} {value:?}"))
}

fn patterns(out: &mut String, what: &str, patterns: &[String]) -> fmt::Result {
    if patterns.is_empty() {
        Ok(())
    } else {
        write!(out, " {what} {patterns:?}")
    }
}

fn mode(mode: i32) -> String {
    if mode < 0 {
        String::new()
    } else {
        format!(" mode {mode:04o}")
    }
}

fn optional(optional: bool) -> &'static str {
    if optional { " (optional)" } else { "" }
}
