//! Hand-written Dockerfiles: as articles have them, and the best that we could write, in two forms.
//!
//! All compile with the flags that ours does and leave the same binaries. None has a `# syntax=`
//! line: BuildKit's own frontend then saves them a container.

use super::scratch::{below, relative};
use super::subject::{Image, Subject};
use std::fmt::Write as _;

/// Certificates of a company's proxy, where there are such: in the directory that Go reads all
/// files of.
const CA: &str = "--mount=type=secret,id=ca,target=/etc/ssl/certs/build-ca.pem";
/// The same flags on all sides.
const BUILD: &str = "CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags=\"-s -w\"";

/// Manifests first, then `go mod download` in every module, then everything, then a stage for each
/// image: its layers are its cache.
pub(super) fn article(subject: &Subject, images: &[Image]) -> String {
    let mut text = format!("FROM {} AS base\nWORKDIR /src\n", subject.builder);
    for dir in [".".to_owned()]
        .iter()
        .chain(subject.modules.iter().filter(|dir| *dir != "."))
    {
        let of_dir = ["go.work", "go.work.sum", "go.mod", "go.sum"].map(|name| below(dir, name));
        let present: Vec<String> = of_dir
            .into_iter()
            .filter(|file| subject.source.join(file).exists())
            .collect();
        if !present.is_empty() {
            let _ = writeln!(text, "COPY {} {dir}/", present.join(" "));
        }
    }
    let downloads: Vec<String> = subject
        .modules
        .iter()
        .map(|dir| format!("(cd {dir} && go mod download)"))
        .collect();
    let _ = writeln!(
        text,
        "RUN {CA} \\\n    {}\nCOPY . .\n",
        downloads.join(" && \\\n    ")
    );
    for image in images {
        let (name, out, main) = (&image.name, &image.binary, relative(&image.main.dir));
        let _ = writeln!(
            text,
            "FROM base AS build-{name}\nRUN {BUILD} -o /out/{out} {main}\n"
        );
    }
    text + &stages_of(images, |image| format!("build-{}", image.name))
}

/// One RUN for all images: sources by a bind mount, modules and compile results in cache mounts.
pub(super) fn together(subject: &Subject, images: &[Image], cache: &str) -> String {
    let mains: Vec<String> = images
        .iter()
        .map(|image| relative(&image.main.dir))
        .collect();
    let mut text = format!(
        "FROM {} AS build\nWORKDIR /src\nRUN {} \\\n",
        subject.builder,
        mounts(cache)
    );
    // BuildKit takes two RUNs for the same one that differ in the names of their cache mounts
    // alone.
    let _ = writeln!(
        text,
        "    : {cache} && {BUILD} -o /out/ {}\n",
        mains.join(" ")
    );
    text + &stages_of(images, |_| "build".to_owned())
}

/// The same with a stage for each image.
pub(super) fn apart(subject: &Subject, images: &[Image], cache: &str) -> String {
    let mut text = format!("FROM {} AS base\nWORKDIR /src\n\n", subject.builder);
    for image in images {
        let (name, out, main) = (&image.name, &image.binary, relative(&image.main.dir));
        let _ = writeln!(
            text,
            "FROM base AS build-{name}\nRUN {} \\\n    {BUILD} -o /out/{out} {main}\n",
            mounts(cache)
        );
    }
    text + &stages_of(images, |image| format!("build-{}", image.name))
}

fn mounts(cache: &str) -> String {
    format!(
        "--mount=type=bind,target=. \\\n    --mount=type=cache,id={cache}-mod,target=/go/pkg/mod \\\n    \
         --mount=type=cache,id={cache}-build,target=/root/.cache/go-build \\\n    {CA}"
    )
}

/// The images, and one with all binaries, which is what is built where all are.
fn stages_of(images: &[Image], from: impl Fn(&Image) -> String) -> String {
    let mut text = String::new();
    for image in images {
        let (name, binary, from) = (&image.name, &image.binary, from(image));
        let _ = writeln!(
            text,
            "FROM scratch AS {name}\nCOPY --from={from} /out/{binary} /{binary}\nENTRYPOINT [\"/{binary}\"]\n"
        );
    }
    text.push_str("FROM scratch AS binaries\n");
    for image in images {
        let _ = writeln!(
            text,
            "COPY --from={} /out/{} /{}",
            from(image),
            image.binary,
            image.name
        );
    }
    text
}
