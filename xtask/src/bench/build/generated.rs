//! A workspace of forty modules, as a company's repository may be: libraries that build upon one
//! another, services that use them, third-party modules that most of them share. The same every
//! time; the checksums come from the module proxy.

use crate::command::run;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Changes whenever other files would be made.
const VERSION: u32 = 1;
/// Modules below `lib`, and below `services`.
const LIBRARIES: usize = 28;
const SERVICES: usize = 12;
/// Packages of a library and, beside the main, of a service.
const PACKAGES: [&str; 4] = ["model", "store", "codec", "flow"];
/// Source files of a package.
const FILES: usize = 4;
/// Types of a file; each has some methods.
const TYPES: usize = 5;

/// A third-party module, the package of it that is imported, and something to use of it.
struct ThirdParty {
    module: &'static str,
    version: &'static str,
    package: &'static str,
    name: &'static str,
    used: &'static str,
}

/// What libraries use, by number: the first library is below all others, so everything has zap.
const THIRD_PARTY: [(usize, ThirdParty); 9] = [
    (
        0,
        ThirdParty {
            module: "go.uber.org/zap",
            version: "v1.25.0",
            package: "go.uber.org/zap",
            name: "zap",
            used: "zap.NewNop",
        },
    ),
    (
        3,
        ThirdParty {
            module: "github.com/google/uuid",
            version: "v1.5.0",
            package: "github.com/google/uuid",
            name: "uuid",
            used: "uuid.NewString",
        },
    ),
    (
        5,
        ThirdParty {
            module: "github.com/go-chi/chi/v5",
            version: "v5.4.0",
            package: "github.com/go-chi/chi/v5",
            name: "chi",
            used: "chi.NewRouter",
        },
    ),
    (
        8,
        ThirdParty {
            module: "gopkg.in/yaml.v3",
            version: "v3.0.1",
            package: "gopkg.in/yaml.v3",
            name: "yaml",
            used: "yaml.Marshal",
        },
    ),
    (
        11,
        ThirdParty {
            module: "github.com/prometheus/client_golang",
            version: "v1.24.0",
            package: "github.com/prometheus/client_golang/prometheus",
            name: "prometheus",
            used: "prometheus.NewRegistry",
        },
    ),
    (
        14,
        ThirdParty {
            module: "google.golang.org/grpc",
            version: "v1.84.0",
            package: "google.golang.org/grpc",
            name: "grpc",
            used: "grpc.NewServer",
        },
    ),
    (
        18,
        ThirdParty {
            module: "github.com/jackc/pgx/v5",
            version: "v5.11.0",
            package: "github.com/jackc/pgx/v5",
            name: "pgx",
            used: "pgx.Connect",
        },
    ),
    (
        22,
        ThirdParty {
            module: "github.com/redis/go-redis/v9",
            version: "v9.21.0",
            package: "github.com/redis/go-redis/v9",
            name: "redis",
            used: "redis.NewClient",
        },
    ),
    (
        25,
        ThirdParty {
            module: "github.com/spf13/cobra",
            version: "v1.10.1",
            package: "github.com/spf13/cobra",
            name: "cobra",
            used: "cobra.NoArgs",
        },
    ),
];

/// The workspace, made once.
///
/// # Errors
/// If it cannot be written, or the go command does not find the modules.
pub(super) fn workspace(state: &State) -> Result<PathBuf> {
    let parent = state.path("bench");
    let directory = parent.join(format!("forty-modules-{VERSION}"));
    if !directory.is_dir() {
        let phase = Phase::start("generating a workspace of forty modules");
        std::fs::create_dir_all(&parent)?;
        let unfinished = tempfile::Builder::new()
            .prefix("unfinished-")
            .tempdir_in(&parent)?;
        generate(unfinished.path())?;
        sum(state, unfinished.path())?;
        std::fs::rename(unfinished.path(), &directory)?;
        phase.done();
    }
    Ok(directory)
}

fn generate(root: &Path) -> Result<()> {
    let mut work = "go 1.26\n\nuse (\n".to_owned();
    for number in 0..LIBRARIES {
        let dir = format!("lib/{}", library(number));
        writeln!(work, "\t./{dir}")?;
        write_module(root, &dir, third_party(number).into_iter())?;
        for (at, package) in PACKAGES.iter().enumerate() {
            let imports = lower(number, at);
            write_package(
                root,
                &format!("{dir}/{package}"),
                package,
                &imports,
                if at == 0 { third_party(number) } else { None },
            )?;
        }
    }
    for number in 0..SERVICES {
        let name = format!("service{number:02}");
        let dir = format!("services/{name}");
        writeln!(work, "\t./{dir}")?;
        write_module(root, &dir, std::iter::empty())?;
        let mut own = Vec::new();
        for package in PACKAGES {
            let mut imports: Vec<String> = used_by(number)
                .map(|library| path(library, package))
                .collect();
            imports.extend(own.last().cloned());
            write_package(
                root,
                &format!("{dir}/internal/{package}"),
                package,
                &imports,
                None,
            )?;
            own.push(format!("example.com/forty/{dir}/internal/{package}"));
        }
        write_main(root, &format!("{dir}/cmd/{name}"), &own)?;
    }
    std::fs::write(root.join("README.md"), "# Forty modules\n")?;
    std::fs::write(root.join("go.work"), work + ")\n")?;
    Ok(())
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

fn write_module<'a>(
    root: &Path,
    dir: &str,
    requires: impl Iterator<Item = &'a ThirdParty>,
) -> Result<()> {
    let mut text = format!("module example.com/forty/{dir}\n\ngo 1.26\n");
    for used in requires {
        write!(text, "\nrequire {} {}\n", used.module, used.version)?;
    }
    let dir = root.join(dir);
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("go.mod"), text)?;
    Ok(())
}

/// A package whose functions each use what it imports.
fn write_package(
    root: &Path,
    dir: &str,
    name: &str,
    imports: &[String],
    used: Option<&ThirdParty>,
) -> Result<()> {
    let dir = root.join(dir);
    std::fs::create_dir_all(&dir)?;
    for file in 0..FILES {
        let mut text = format!("// Package {name} does its part.\npackage {name}\n\nimport (\n");
        text.push_str("\t\"encoding/json\"\n\t\"errors\"\n\t\"fmt\"\n\t\"sort\"\n\t\"strings\"\n\t\"sync\"\n\n");
        let of_file: Vec<(usize, &String)> = imports
            .iter()
            .enumerate()
            .filter(|(n, _)| n % FILES == file % imports.len().max(1))
            .collect();
        for (number, import) in &of_file {
            writeln!(text, "\tp{number} {import:?}")?;
        }
        if let Some(used) = used.filter(|_| file == 0) {
            writeln!(text, "\t{} {:?}", used.name, used.package)?;
        }
        text.push_str(")\n\n");
        if let Some(used) = used.filter(|_| file == 0) {
            writeln!(
                text,
                "// Used keeps what is taken from outside.\nvar Used = {}\n",
                used.used
            )?;
        }
        for (number, _) in &of_file {
            writeln!(
                text,
                "// Needs{file}x{number} ties the packages together.\nvar Needs{file}x{number} = p{number}.NewRecord0x0\n"
            )?;
        }
        for kind in 0..TYPES {
            text.push_str(&TYPE.replace("NN", &format!("{file}x{kind}")));
        }
        std::fs::write(dir.join(format!("file{file}.go")), text)?;
    }
    let test = format!(
        "package {name}\n\nimport \"testing\"\n\nfunc TestRecord(t *testing.T) {{ t.Log(NewRecord0x0(\"a\")) }}\n"
    );
    std::fs::write(dir.join("file0_test.go"), test)?;
    Ok(())
}

fn write_main(root: &Path, dir: &str, own: &[String]) -> Result<()> {
    let dir = root.join(dir);
    std::fs::create_dir_all(&dir)?;
    let mut text = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\n".to_owned();
    for (number, import) in own.iter().enumerate() {
        writeln!(text, "\tp{number} {import:?}")?;
    }
    text.push_str(")\n\nfunc main() {\n");
    for number in 0..own.len() {
        writeln!(
            text,
            "\tfmt.Println(p{number}.NewRecord0x0(os.Args[0]).Render())"
        )?;
    }
    std::fs::write(dir.join("main.go"), text + "}\n")?;
    Ok(())
}

/// A type with methods such as services have many of: fields, checks, JSON, a lock, sorting.
const TYPE: &str = include_str!("generated_type.go.txt");

/// Has the go command complete the go.mod files and write down the checksums.
fn sum(state: &State, root: &Path) -> Result<()> {
    let go = |dir: &Path, arguments: &[&str]| -> Result<()> {
        let mut go = crate::golang::go_as_in_builds(state)?;
        go.current_dir(dir).args(arguments);
        run(&mut go)
    };
    for (number, used) in &THIRD_PARTY {
        let dir = root.join("lib").join(library(*number));
        go(
            &dir,
            &["get", &format!("{}@{}", used.package, used.version)],
        )?;
    }
    let mains: Vec<String> = (0..SERVICES)
        .map(|number| format!("./services/service{number:02}/cmd/service{number:02}"))
        .collect();
    let mut list = vec!["list", "-deps", "-f", "{{with .Error}}{{.}}{{end}}"];
    list.extend(mains.iter().map(String::as_str));
    go(root, &list).context("the generated workspace cannot be listed")
}

#[cfg(test)]
mod tests {
    use super::{generate, library, sum};
    use crate::bench::build::subject::Subject;
    use crate::state::State;

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

    #[test]
    #[ignore = "needs the module proxy"]
    fn it_compiles() {
        let root = tempfile::tempdir().expect("a directory");
        generate(root.path()).expect("generated");
        let state = State::open().expect("a state directory");
        sum(&state, root.path()).expect("summed");
        let mut go = crate::golang::go(&state).expect("go");
        go.current_dir(root.path()).args(["vet", "work"]).envs([
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", ""),
            ("CGO_ENABLED", "0"),
        ]);
        crate::command::run(go.env_remove("GOWORK")).expect("it compiles");
    }
}
