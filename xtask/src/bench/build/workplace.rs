//! Where a side builds: a copy of the repository of its own, so that no side's transfers of sources
//! help another's; its Dockerfile; its exported cache.

use super::edit::Edit;
use super::records::Records;
use super::side::{DOCKERFILE_FRONTEND, Side};
use super::subject::{Image, Subject};
use crate::command::{command, last_lines, run};
use crate::engine::environment::{Variables, value};
use crate::engine::registry::Registry;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The name of our frontend image.
const GOWORK_FRONTEND: &str = "docker.io/gowork/gowork:1";

/// How many lines of a failed build are shown.
const SHOWN_LINES: usize = 30;

/// Programs and images that builds are made with.
pub(super) struct Equipment {
    /// The client.
    pub(super) buildx: PathBuf,
    /// Layout of the frontend image.
    pub(super) frontend: PathBuf,
    /// Layout of the frontend image of another revision, if it is a side.
    pub(super) earlier: Option<PathBuf>,
    /// Layout of the image of BuildKit's own frontend, if a side needs it.
    pub(super) dockerfile: Option<PathBuf>,
    /// The command line that prints Dockerfiles.
    pub(super) gowork: PathBuf,
    /// ko, if it is a side, and the image that it builds upon.
    pub(super) ko: Option<(PathBuf, String)>,
    /// How exported layers are compressed, in BuildKit's words.
    pub(super) compression: String,
    /// What is built for, if not for this machine alone.
    pub(super) platforms: Vec<String>,
    /// `PATH` with a go command.
    pub(super) path: std::ffi::OsString,
}

/// A side at work on one repository.
pub(super) struct Workplace<'a> {
    /// Who builds.
    pub(super) side: Side,
    subject: &'a Subject,
    equipment: &'a Equipment,
    directory: PathBuf,
}

/// What is asked of a build.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    /// What was edited.
    pub(super) edit: &'a Edit,
    /// The only image that is built, if it is one only.
    pub(super) one: Option<&'a Image>,
    /// What is done with a cache outside of the engine.
    pub(super) cache: Cache,
}

/// A cache outside of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    /// None is used.
    Unused,
    /// What the build leaves is exported.
    Export,
    /// The results image is pushed.
    Push,
    /// What was exported is imported.
    Import,
    /// The same, and what the build leaves is exported by the name of this pull request.
    Pull(usize),
}

/// An exported cache.
pub(super) struct Kept {
    /// Bytes of its config, which lists all that it has.
    pub(super) config: usize,
    /// What it remembers: a record for each vertex, or more.
    pub(super) records: usize,
    /// Bytes of its layers, by digest.
    pub(super) layers: BTreeMap<String, u64>,
}

/// A build that succeeded.
pub(super) struct Built {
    /// From the start of the client to its end.
    pub(super) seconds: f64,
    /// What BuildKit did.
    pub(super) records: Records,
}

impl<'a> Workplace<'a> {
    /// Sets it up in `workshop`.
    ///
    /// # Errors
    /// If the repository cannot be copied.
    pub(super) fn new(
        side: Side,
        subject: &'a Subject,
        equipment: &'a Equipment,
        workshop: &Path,
    ) -> Result<Self> {
        let directory = workshop.join(side.word());
        let place = Self {
            side,
            subject,
            equipment,
            directory,
        };
        copy(&subject.source, &place.repository())?;
        Ok(place)
    }

    /// The copy of the repository.
    pub(super) fn repository(&self) -> PathBuf {
        self.directory.join("repository")
    }

    /// Builds the copy as it is and measures that. What is written down for it, the Dockerfile, is
    /// no part of the measurement.
    ///
    /// # Errors
    /// If the build fails; the error shows the end of what it said.
    pub(super) fn build(&self, engine: &Variables, order: Order<'_>) -> Result<Built> {
        let mut command = if self.side.is_on_engine() {
            self.buildx(engine, order)?
        } else {
            self.ko(order)?
        };
        let started = Instant::now();
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.side.word()))?;
        let seconds = started.elapsed().as_secs_f64();
        let records = Records::parse(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            bail!(
                "{} failed: {}\n{}",
                self.side.word(),
                output.status,
                last_lines(&records.printed, SHOWN_LINES)
            );
        }
        Ok(Built { seconds, records })
    }

    fn buildx(&self, engine: &Variables, order: Order<'_>) -> Result<Command> {
        let dockerfile = self.directory.join("Dockerfile");
        let text = match self.side.dockerfile(self.subject, order.edit, order.one) {
            Some(text) => text,
            None => self.printed()?,
        };
        std::fs::write(&dockerfile, text)?;
        let mut buildx = Command::new(&self.equipment.buildx);
        buildx
            .envs(engine.iter().map(|(name, value)| (name, value)))
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
        buildx.args(["build", "--progress", "rawjson", "--provenance", "false"]);
        let target = match order.cache {
            Cache::Push => "results",
            _ => order.one.map_or("binaries", |image| &image.name),
        };
        buildx
            .args(["--target", target])
            .arg("--file")
            .arg(dockerfile);
        if !self.equipment.platforms.is_empty() {
            buildx.args(["--platform", &self.equipment.platforms.join(",")]);
        }
        if let Some(bundle) = value(engine, "GOWORK_TEST_CA") {
            buildx
                .arg("--secret")
                .arg(format!("id=ca,src={}", bundle.to_string_lossy()));
        }
        let frontend = match self.side {
            Side::HandSyntax => self
                .equipment
                .dockerfile
                .as_ref()
                .map(|layout| (DOCKERFILE_FRONTEND, layout)),
            Side::Earlier => self
                .equipment
                .earlier
                .as_ref()
                .map(|layout| (GOWORK_FRONTEND, layout)),
            side => side
                .is_ours()
                .then_some((GOWORK_FRONTEND, &self.equipment.frontend)),
        };
        if let Some((image, layout)) = frontend {
            buildx
                .arg("--build-context")
                .arg(format!("{image}=oci-layout://{}", layout.display()));
        }
        if self.side.is_ours() {
            // So that no side finds what another one has made. The results image is read with the
            // cache of `both`.
            let owner = match self.side {
                Side::Results => Side::Both,
                side => side,
            };
            let namespace = format!("BUILDKIT_CACHE_MOUNT_NS={}", owner.word());
            buildx.args(["--build-arg", &namespace]);
        }
        let output = self.add_cache(&mut buildx, engine, order.cache)?;
        buildx.args(["--output", &output]).arg(self.repository());
        Ok(buildx)
    }

    /// Adds what is said of the cache outside of the engine. Returns the output.
    fn add_cache(&self, buildx: &mut Command, engine: &Variables, cache: Cache) -> Result<String> {
        let compression = &self.equipment.compression;
        let named = |name: String, tag: &str| -> Result<String> {
            Ok(format!("{}/{name}:{tag}", registry(engine)?.address))
        };
        if let Cache::Export | Cache::Pull(_) = cache {
            let to = named(self.cache(), &tag(cache))?;
            buildx.arg("--cache-to").arg(format!(
                "type=registry,ref={to},mode=max,compression={compression}"
            ));
        }
        match cache {
            Cache::Unused | Cache::Export => {}
            Cache::Push => {
                let image = named(self.results(), TAG)?;
                return Ok(format!(
                    "type=image,name={image},push=true,compression={compression}"
                ));
            }
            Cache::Import | Cache::Pull(_) => {
                let from = named(self.cache(), TAG)?;
                buildx
                    .arg("--cache-from")
                    .arg(format!("type=registry,ref={from}"));
                if self.side == Side::Results {
                    let image = named(self.results(), TAG)?;
                    buildx
                        .arg("--build-context")
                        .arg(format!("gowork-results=docker-image://{image}"));
                }
            }
        }
        Ok("type=cacheonly".to_owned())
    }

    /// What the command line prints for the copy. The syntax line is left out: it would be pulled,
    /// and BuildKit has a frontend for it.
    fn printed(&self) -> Result<String> {
        let configuration = self.directory.join("gowork.toml");
        std::fs::write(&configuration, self.side.configuration(self.subject))?;
        let mut gowork = Command::new(&self.equipment.gowork);
        gowork
            .arg("-C")
            .arg(self.repository())
            .arg("-f")
            .arg(configuration);
        gowork.args([
            "dockerfile",
            "--platform",
            &format!("linux/{}", crate::oci::architecture()),
        ]);
        let text = crate::command::output(&mut gowork)?;
        let body = text
            .strip_prefix("# syntax=")
            .and_then(|rest| rest.split_once('\n'))
            .map(|(_, body)| body.to_owned());
        Ok(body.unwrap_or(text) + "\n")
    }

    fn ko(&self, order: Order<'_>) -> Result<Command> {
        let (program, base) = self.equipment.ko.as_ref().context("there is no ko")?;
        let configuration = self.directory.join("ko.yaml");
        std::fs::write(
            &configuration,
            format!(
                "defaultBaseImage: {base}\ndefaultFlags: [-trimpath, -buildvcs=false]\ndefaultLdflags: [-s, -w]\n"
            ),
        )?;
        let layout = self.directory.join("layout");
        if layout.exists() {
            std::fs::remove_dir_all(&layout)?;
        }
        let images: Vec<&Image> = match order.one {
            Some(image) => vec![image],
            None => self
                .subject
                .images
                .iter()
                .chain(&order.edit.service)
                .collect(),
        };
        let mut ko = Command::new(program);
        ko.args([
            "build",
            "--push=false",
            "--sbom=none",
            "--platform",
            &format!("linux/{}", crate::oci::architecture()),
        ]);
        // Relative to the repository: ko takes the path for a repository's name, which may have no
        // capitals.
        ko.arg("--oci-layout-path=../layout");
        ko.args(
            images
                .iter()
                .map(|image| super::scratch::relative(&image.main.dir)),
        )
        .current_dir(self.repository());
        ko.envs([
            ("KO_DOCKER_REPO", "localhost/bench"),
            ("CGO_ENABLED", "0"),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", "-modcacherw"),
        ]);
        ko.env("KO_CONFIG_PATH", configuration)
            .env("PATH", &self.equipment.path);
        ko.env("GOCACHE", self.directory.join("go-build"))
            .env("GOMODCACHE", self.directory.join("go-mod"));
        Ok(ko)
    }

    /// Removes what ko keeps between builds.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(super) fn forget(&self) -> Result<()> {
        for kept in ["go-build", "go-mod"]
            .map(|name| self.directory.join(name))
            .into_iter()
            .filter(|kept| kept.exists())
        {
            std::fs::remove_dir_all(&kept)
                .with_context(|| format!("cannot remove {}", kept.display()))?;
        }
        Ok(())
    }

    /// The name that its exported cache has in the registry.
    fn cache(&self) -> String {
        format!(
            "bench/{}-{}",
            in_registry(&self.subject.name),
            self.side.word()
        )
    }

    /// The name that its results image has in the registry.
    fn results(&self) -> String {
        format!("{}-image", self.cache())
    }

    /// Bytes of the exported cache; of [`Side::Results`] those of the results image, since the
    /// cache is that of [`Side::Both`].
    ///
    /// # Errors
    /// If it does not exist.
    pub(super) fn exported(&self, engine: &Variables) -> Result<u64> {
        let name = match self.side {
            Side::Results => self.results(),
            _ => self.cache(),
        };
        registry(engine)?.size(&name, TAG)
    }

    /// The cache that a build exported: what BuildKit reads of it first, and its layers.
    ///
    /// # Errors
    /// If it does not exist, or has another form.
    pub(super) fn kept(&self, engine: &Variables, cache: Cache) -> Result<Kept> {
        let (registry, name, tag) = (registry(engine)?, self.cache(), tag(cache));
        let config = registry.config(&name, &tag)?;
        let read: serde_json::Value = serde_json::from_str(&config)?;
        let records = read["records"].as_array();
        Ok(Kept {
            config: config.len(),
            records: records.context("the cache has no records")?.len(),
            layers: registry.named(&name, &tag)?,
        })
    }
}

/// The tag that a build exports its cache to.
fn tag(cache: Cache) -> String {
    match cache {
        Cache::Pull(number) => format!("{TAG}-pull-{number}"),
        _ => TAG.to_owned(),
    }
}

/// The name of a checkout's directory as part of a name in a registry, which has only small letters
/// and digits, and single signs between these.
fn in_registry(name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|sign: char| !sign.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The tag of exported caches.
const TAG: &str = "cache";

fn registry(engine: &Variables) -> Result<Registry> {
    let address = value(engine, "GOWORK_TEST_REGISTRY").context("the engine has no registry")?;
    Ok(Registry {
        address: address.to_string_lossy().into_owned(),
    })
}

/// Copies a repository, but not its history.
///
/// # Errors
/// If a file cannot be copied.
pub(in crate::bench) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    let mut cp = command("cp", ["--archive"]);
    let mut any = false;
    for entry in
        std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?
    {
        let entry = entry?;
        if entry.file_name() != ".git" {
            cp.arg(entry.path());
            any = true;
        }
    }
    if !any {
        bail!("{} is empty", from.display());
    }
    run(cp.arg(to))
}

#[cfg(test)]
mod tests {
    use super::in_registry;

    #[test]
    fn a_directory_of_any_name_has_a_name_in_a_registry() {
        assert_eq!(in_registry("etcd-io+etcd"), "etcd-io-etcd");
        assert_eq!(in_registry("_My--repo."), "my-repo");
    }
}
