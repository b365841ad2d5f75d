//! Images that take the place of those that Dockerfiles name.
//!
//! Most of them are on registries that a machine behind walls does not reach, and what they hold
//! changes. Both builds of a Dockerfile get the same stand-ins as named contexts, so that its text
//! stays as it is. Their package managers install nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::said::File;
use crate::base;
use crate::oci::{self, Layer, Packing};
use crate::state::State;

/// Package managers. All of them are one program that installs nothing.
const MANAGERS: [&str; 8] = [
    "apk", "apt", "apt-get", "dnf", "microdnf", "tdnf", "yum", "zypper",
];
/// What package managers are: the C compiler, which the image for Go on Alpine hides, is all that
/// they can bring.
const MANAGER: &str = r#"#!/bin/sh
case " $* " in
*" gcc "* | *" build-base "* | *" alpine-sdk "* | *" build-essential "*)
	[ -e /usr/bin/gcc-12 ] && ln -sf gcc-12 /usr/bin/gcc ;;
esac
exit 0
"#;
/// `adduser` and `addgroup` of Alpine, for the options that Dockerfiles use.
const ADD_USER: &str = r#"#!/bin/sh
id=1000 group= home= shell=/bin/ash name=
while [ $# -gt 0 ]; do
	case "$1" in
	-u | -g | -G | -h | -s)
		case "$1" in -u) id=$2 ;; -g) id=$2 ;; -G) group=$2 ;; -h) home=$2 ;; -s) shell=$2 ;; esac
		shift ;;
	-*) ;;
	*) [ -n "$name" ] || name=$1 ;;
	esac
	shift
done
home=${home:-/home/$name}
case "$0" in
*group) echo "$name:x:$id:" >> /etc/group ;;
*)
	echo "$name:x:$id:$id::$home:$shell" >> /etc/passwd
	[ -n "$group" ] || echo "$name:x:$id:" >> /etc/group
	mkdir -p "$home" && chown "$id:$id" "$home" ;;
esac
"#;
/// Programs that Dockerfiles copy out of images that hold little else.
const PROGRAMS: [&str; 2] = ["ko-app/grpc-health-probe", "usr/local/bin/litefs"];
/// Where programs find certificates.
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Flags that gowork compiles with, whatever a Dockerfile says: with them both builds make the same
/// binaries.
const GOFLAGS: &str = "GOFLAGS=-trimpath -buildvcs=false";
/// Releases that gowork may take for its builder.
const RELEASES: std::ops::RangeInclusive<u32> = 24..=27;

/// An image that stands in for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StandIn {
    /// Go with a C compiler, on Debian: the machine's release, whatever the name says.
    Golang,
    /// The same without a C compiler, for Go on Alpine.
    GolangAlpine,
    /// BusyBox, for Alpine, too.
    Alpine,
    /// Debian, for all other distributions.
    Debian,
    /// Users and certificates, for distroless images.
    Distroless,
    /// The same, with a user that is not root.
    DistrolessNonroot,
    /// Programs that do nothing, for images that a program is copied from.
    Programs,
}

impl StandIn {
    const ALL: [Self; 7] = [
        Self::Golang,
        Self::GolangAlpine,
        Self::Alpine,
        Self::Debian,
        Self::Distroless,
        Self::DistrolessNonroot,
        Self::Programs,
    ];

    /// What stands in for an image, by its name.
    pub(super) fn of(image: &str) -> Self {
        let image = image.to_lowercase();
        let path = image.split('@').next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let (name, tag) = last.split_once(':').unwrap_or((last, ""));
        let is_go = name == "go" || name.starts_with("golang") || name.starts_with("go-");
        let is_alpine = name.contains("alpine") || tag.contains("alpine");
        match (is_go, is_alpine) {
            (true, true) => Self::GolangAlpine,
            (true, false) => Self::Golang,
            (false, true) => Self::Alpine,
            _ if name == "busybox" => Self::Alpine,
            _ if PROGRAMS
                .iter()
                .any(|path| path.ends_with(&format!("/{name}"))) =>
            {
                Self::Programs
            }
            _ if path.contains("distroless") || name == "static" => {
                if tag.contains("nonroot") {
                    Self::DistrolessNonroot
                } else if tag.contains("debug") {
                    Self::Alpine
                } else {
                    Self::Distroless
                }
            }
            _ => Self::Debian,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Golang => "golang",
            Self::GolangAlpine => "golang-alpine",
            Self::Alpine => "alpine",
            Self::Debian => "debian",
            Self::Distroless => "distroless",
            Self::DistrolessNonroot => "distroless-nonroot",
            Self::Programs => "programs",
        }
    }

    /// The base image that it is made of.
    fn base(self, state: &State) -> Option<PathBuf> {
        match self {
            Self::Golang | Self::GolangAlpine => Some(base::golang(state)),
            Self::Alpine => Some(base::busybox(state)),
            Self::Debian => Some(base::debian(state)),
            Self::Distroless | Self::DistrolessNonroot | Self::Programs => None,
        }
    }

    /// Makes its image as an OCI layout in a directory.
    fn make(self, state: &State, brought: Brought<'_>, layout: &Path) -> Result<()> {
        let workshop = tempfile::tempdir()?;
        let root = workshop.path().join("root");
        let base = self.base(state);
        let (mut layers, mut config) = match &base {
            Some(base) => (oci::layers(base)?, oci::config(base)?),
            None => (Vec::new(), json!({})),
        };
        match self {
            Self::Distroless | Self::DistrolessNonroot => {
                distroless(&root, brought.bundle)?;
                config = distroless_config(self == Self::DistrolessNonroot);
            }
            Self::Programs => {
                for path in PROGRAMS {
                    program(&root.join(path), "#!/bin/sh\n")?;
                }
            }
            _ => {
                for manager in MANAGERS {
                    program(&root.join("usr/bin").join(manager), MANAGER)?;
                }
            }
        }
        if self == Self::Alpine {
            for name in ["adduser", "addgroup"] {
                program(&root.join("usr/bin").join(name), ADD_USER)?;
            }
        }
        if matches!(self, Self::Golang | Self::GolangAlpine) {
            // Modules come through what stands between this machine and the network.
            if let Some(bundle) = brought.bundle {
                write(&root.join(CERTIFICATES), &fs::read(bundle)?)?;
            }
            if let Some(cache) = brought.cache {
                layers.push(cache_layer(cache, workshop.path())?);
            }
            if let Some(env) = config["Env"].as_array_mut() {
                env.push(GOFLAGS.into());
            }
        }
        if self == Self::GolangAlpine {
            // A file of this name removes one of the layers below.
            for name in ["gcc", "cc", "c99", "c89"] {
                write(&root.join("usr/bin").join(format!(".wh.{name}")), b"")?;
            }
            // Alpine's shell knows more than Debian's.
            symlink("bash", root.join("usr/bin/sh"))?;
        }
        layers.push(Layer::pack(
            &root,
            &workshop.path().join("layer"),
            Packing {
                tar: &[],
                gzip: true,
            },
        )?);
        oci::write_layout(layout, &layers, &config)?;
        Ok(())
    }
}

/// What images for Go get of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brought<'b> {
    /// The certificates that its network needs.
    pub(super) bundle: Option<&'b Path>,
    /// A GOCACHE.
    pub(super) cache: Option<&'b Path>,
}

/// All stand-ins as OCI layouts.
pub(super) struct StandIns {
    dir: PathBuf,
}

impl StandIns {
    /// Makes them.
    ///
    /// # Errors
    /// If one cannot be written.
    pub(super) fn make(state: &State, brought: Brought<'_>) -> Result<Self> {
        let dir = state.path("base/stand-ins");
        for stand_in in StandIn::ALL {
            stand_in.make(state, brought, &dir.join(stand_in.name()))?;
        }
        Ok(Self { dir })
    }

    /// Values of `--build-context` for the images that Dockerfiles and settings name.
    pub(super) fn contexts(&self, images: &BTreeMap<String, StandIn>) -> Vec<String> {
        let context = |(image, stand_in): (&String, &StandIn)| {
            let layout = self.dir.join(stand_in.name());
            format!("{image}=oci-layout://{}", layout.display())
        };
        images.iter().map(context).collect()
    }
}

/// The images that a Dockerfile and the settings beside it name, with what stands in for them.
pub(super) fn images(
    dockerfile: &str,
    settings: &str,
    args: &[String],
) -> BTreeMap<String, StandIn> {
    let mut file = File::read(dockerfile);
    file.give(args);
    let mut names = BTreeSet::new();
    let mut stages = BTreeSet::from(["scratch".to_owned(), "gowork".to_owned()]);
    for words in file.all("FROM") {
        let filled = file.filled(words);
        let mut words = filled
            .split_whitespace()
            .filter(|word| !word.starts_with("--"));
        let image = words.next().unwrap_or_default().to_owned();
        if !stages.contains(&image.to_lowercase()) {
            names.insert(image);
        }
        if words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("as"))
        {
            stages.extend(words.next().map(str::to_lowercase));
        }
    }
    for words in file.all("COPY") {
        let filled = file.filled(words);
        let from = filled
            .split_whitespace()
            .find_map(|word| word.strip_prefix("--from="));
        let from = from.filter(|from| is_image(from, &stages));
        names.extend(from.map(str::to_owned));
    }
    let mut found: BTreeMap<String, StandIn> = names
        .into_iter()
        .map(|name| (name.clone(), StandIn::of(&name)))
        .collect();
    for minor in RELEASES {
        found.insert(format!("golang:1.{minor}"), StandIn::Golang);
    }
    for line in settings.lines() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        let value = file.filled(value.trim_matches('"'));
        match key {
            "version" => {
                found.insert(format!("golang:{value}"), StandIn::Golang);
            }
            "builder" if !value.starts_with("stage:") && !value.contains('$') => {
                found.insert(value.clone(), StandIn::of(&value));
            }
            _ => {}
        }
    }
    found
}

/// Whether `COPY --from` names an image: no stage has this name or number.
fn is_image(from: &str, stages: &BTreeSet<String>) -> bool {
    let is_stage = stages.contains(&from.to_lowercase()) || from.parse::<usize>().is_ok();
    !is_stage && !from.contains('$')
}

/// A GOCACHE as a layer, where builds by root have it. Its times lie far ahead: the go command gives
/// new times to old results, and removes those that a build does not use.
fn cache_layer(cache: &Path, workshop: &Path) -> Result<Layer> {
    let tar = [
        "--mtime=@4102444800",
        "--exclude=./trim.txt",
        "--owner=0",
        "--group=0",
        "--transform=flags=r;s,^[.],root/.cache/go-build,",
    ];
    Layer::pack(
        cache,
        &workshop.join("cache"),
        Packing {
            tar: &tar,
            gzip: false,
        },
    )
}

/// The files of a distroless image.
fn distroless(root: &Path, bundle: Option<&Path>) -> Result<()> {
    let users = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
    write(&root.join("etc/passwd"), users.as_bytes())?;
    let groups = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";
    write(&root.join("etc/group"), groups.as_bytes())?;
    if let Some(bundle) = bundle {
        write(&root.join(CERTIFICATES), &fs::read(bundle)?)?;
    }
    for (dir, mode, owner) in [
        ("tmp", 0o1777, 0),
        ("root", 0o700, 0),
        ("home", 0o755, 0),
        ("home/nonroot", 0o700, 65532),
    ] {
        let dir = root.join(dir);
        fs::create_dir_all(&dir)?;
        fs::set_permissions(&dir, Permissions::from_mode(mode))?;
        chown(&dir, Some(owner), Some(owner))?;
    }
    Ok(())
}

fn distroless_config(nonroot: bool) -> Value {
    json!({
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
        ],
        "User": if nonroot { "65532" } else { "0" },
        "WorkingDir": if nonroot { "/home/nonroot" } else { "/" },
    })
}

fn program(path: &Path, text: &str) -> Result<()> {
    write(path, text.as_bytes())?;
    fs::set_permissions(path, Permissions::from_mode(0o755))?;
    Ok(())
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    fs::write(path, text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{StandIn, images};

    #[test]
    fn an_image_is_stood_in_for_by_its_name() {
        for (image, stand_in) in [
            ("golang:1.24-alpine", StandIn::GolangAlpine),
            ("golang@sha256:00", StandIn::Golang),
            (
                "registry.access.redhat.com/ubi9/go-toolset:1.24",
                StandIn::Golang,
            ),
            ("cgr.dev/chainguard/go:1.25.5@sha256:00", StandIn::Golang),
            ("alpine", StandIn::Alpine),
            (
                "gcr.io/distroless/static:nonroot@sha256:00",
                StandIn::DistrolessNonroot,
            ),
            ("cgr.dev/chainguard/static", StandIn::Distroless),
            ("ubuntu:24.04", StandIn::Debian),
            ("flyio/litefs:0.5", StandIn::Programs),
        ] {
            assert_eq!(StandIn::of(image), stand_in, "{image}");
        }
    }

    #[test]
    fn stages_and_scratch_are_no_images() {
        let text = "ARG BASE=alpine:3\nFROM --platform=$BUILDPLATFORM golang:1.26 AS build\nFROM build AS more\nFROM scratch\nFROM ${BASE}\nCOPY --from=build /a /\nCOPY --from=0 /b /\nCOPY --from=flyio/litefs:0.5 /c /\n";
        let found = images(text, "version = \"1.26.2\"\n", &["BASE=debian".to_owned()]);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "debian",
                "flyio/litefs:0.5",
                "golang:1.24",
                "golang:1.25",
                "golang:1.26",
                "golang:1.26.2",
                "golang:1.27"
            ]
        );
    }
}
