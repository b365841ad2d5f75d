//! A workspace of forty modules, as a company's repository may be: libraries that build upon one
//! another, services that use them, third-party modules that most of them share. The same every
//! time; the checksums come from the module proxy.

use super::{Package, ThirdParty, write_main, write_module};
use anyhow::Result;
use std::path::Path;

/// Changes whenever other files would be made.
pub(super) const VERSION: u32 = 1;
/// Modules below `lib`, and below `services`.
const LIBRARIES: usize = 28;
const SERVICES: usize = 12;
/// Packages of a library and, beside the main, of a service.
const PACKAGES: [&str; 4] = ["model", "store", "codec", "flow"];
/// Source files of a package.
const FILES: usize = 4;
/// Types of a file; each has some methods.
const TYPES: usize = 5;

/// What libraries use, by number: the first library is below all others, so everything has zap.
const THIRD_PARTY: [(usize, ThirdParty); 9] = [
    (
        0,
        ThirdParty::new("go.uber.org/zap", "v1.25.0", "", "zap.NewNop"),
    ),
    (
        3,
        ThirdParty::new("github.com/google/uuid", "v1.5.0", "", "uuid.NewString"),
    ),
    (
        5,
        ThirdParty::new("github.com/go-chi/chi/v5", "v5.4.0", "", "chi.NewRouter"),
    ),
    (
        8,
        ThirdParty::new("gopkg.in/yaml.v3", "v3.0.1", "", "yaml.Marshal"),
    ),
    (
        11,
        ThirdParty::new(
            "github.com/prometheus/client_golang",
            "v1.24.0",
            "prometheus",
            "prometheus.NewRegistry",
        ),
    ),
    (
        14,
        ThirdParty::new("google.golang.org/grpc", "v1.84.0", "", "grpc.NewServer"),
    ),
    (
        18,
        ThirdParty::new("github.com/jackc/pgx/v5", "v5.11.0", "", "pgx.Connect"),
    ),
    (
        22,
        ThirdParty::new(
            "github.com/redis/go-redis/v9",
            "v9.21.0",
            "",
            "redis.NewClient",
        ),
    ),
    (
        25,
        ThirdParty::new("github.com/spf13/cobra", "v1.10.1", "", "cobra.NoArgs"),
    ),
];

/// Writes it.
///
/// # Errors
/// If it cannot be written.
pub(super) fn generate(root: &Path) -> Result<()> {
    let mut work = "go 1.26\n\nuse (\n".to_owned();
    for number in 0..LIBRARIES {
        let dir = format!("lib/{}", library(number));
        write_module(root, "forty", &dir, third_party(number), &mut work)?;
        for (at, name) in PACKAGES.iter().enumerate() {
            let used = third_party(number).filter(|_| at == 0);
            package(format!("{dir}/{name}"), name, &lower(number, at), used).write(root)?;
        }
    }
    for number in 0..SERVICES {
        let name = format!("service{number:02}");
        let dir = format!("services/{name}");
        write_module(root, "forty", &dir, None, &mut work)?;
        let mut own = Vec::new();
        for name in PACKAGES {
            let mut imports: Vec<String> =
                used_by(number).map(|library| path(library, name)).collect();
            imports.extend(own.last().cloned());
            package(format!("{dir}/internal/{name}"), name, &imports, None).write(root)?;
            own.push(format!("example.com/forty/{dir}/internal/{name}"));
        }
        write_main(root, &format!("{dir}/cmd/{name}"), &own)?;
    }
    std::fs::write(root.join("README.md"), "# Forty modules\n")?;
    std::fs::write(root.join("go.work"), work + ")\n")?;
    Ok(())
}

fn package<'a>(
    dir: String,
    name: &'a str,
    imports: &'a [String],
    used: Option<&'a ThirdParty>,
) -> Package<'a> {
    Package {
        dir,
        name,
        imports,
        used,
        files: FILES,
        types: TYPES,
    }
}

/// The libraries that need a third-party module, with it.
pub(super) fn required() -> Vec<(String, &'static ThirdParty)> {
    THIRD_PARTY
        .iter()
        .map(|(number, used)| (format!("lib/{}", library(*number)), used))
        .collect()
}

/// Libraries 7, 11 and so on further: every service has another selection, all have the lowest
/// ones.
fn used_by(service: usize) -> impl Iterator<Item = usize> {
    let chosen = (0..4).map(move |n| (service * 5 + n * 7) % LIBRARIES);
    std::iter::once(service % 3).chain(chosen)
}

/// What a package of a library imports: the package before it, and the same one of libraries below.
fn lower(number: usize, at: usize) -> Vec<String> {
    let mut imports = Vec::new();
    if at > 0 {
        imports.push(path(number, PACKAGES[at - 1]));
    }
    // A tree with a few cross links: reach sets differ, as those of true repositories do.
    let below = [number / 2, number.saturating_sub(3), 0]
        .map(|lower| (lower < number).then(|| path(lower, PACKAGES[at])));
    imports.extend(below.into_iter().flatten());
    imports.sort();
    imports.dedup();
    imports
}

fn library(number: usize) -> String {
    format!("lib{number:02}")
}

fn path(number: usize, package: &str) -> String {
    format!("example.com/forty/lib/{}/{package}", library(number))
}

fn third_party(number: usize) -> Option<&'static ThirdParty> {
    THIRD_PARTY
        .iter()
        .find(|(library, _)| *library == number)
        .map(|(_, used)| used)
}

#[cfg(test)]
mod tests {
    use super::{generate, library};
    use crate::bench::build::subject::Subject;

    #[test]
    fn it_has_forty_modules_and_twelve_images() {
        let root = tempfile::tempdir().expect("a directory");
        generate(root.path()).expect("generated");
        let subject = Subject::open("forty", root.path(), &[]).expect("a repository");
        assert_eq!((subject.modules.len(), subject.images.len()), (40, 12));
        // Every service reaches the lowest library, so nothing is shared more.
        assert_eq!(
            subject.shared.path,
            format!("example.com/forty/lib/{}/codec", library(0))
        );
        assert!(subject.required.contains_key("go.uber.org/zap"));
    }

    #[test]
    fn images_that_are_not_wanted_are_skipped() {
        let root = tempfile::tempdir().expect("a directory");
        generate(root.path()).expect("generated");
        let wanted = ["service03".to_owned(), "service07".to_owned()];
        let subject = Subject::open("forty", root.path(), &wanted).expect("a repository");
        let names: Vec<_> = subject
            .images
            .iter()
            .map(|image| image.name.as_str())
            .collect();
        assert_eq!(names, ["service03", "service07"]);
        let error = Subject::open("forty", root.path(), &["none".to_owned()])
            .err()
            .expect("an error");
        assert!(
            error
                .to_string()
                .contains("no image none; it has service00"),
            "{error}"
        );
    }
}
