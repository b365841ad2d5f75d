//! Workspaces that are made, not found: the same every time; only the checksums come from the module
//! proxy.

mod fleet;
mod forty;

use crate::command::run;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A workspace that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::bench) enum Kind {
    /// Forty modules, twelve services
    Forty,
    /// Sixty modules, forty services, and third-party modules that few of them hold
    Fleet,
}

impl Kind {
    /// For tables and directories.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Forty => "forty-modules",
            Self::Fleet => "fleet",
        }
    }

    /// Changes whenever other files would be made.
    fn version(self) -> u32 {
        match self {
            Self::Forty => forty::VERSION,
            Self::Fleet => fleet::VERSION,
        }
    }

    /// Writes its files, without checksums.
    fn generate(self, root: &Path) -> Result<()> {
        match self {
            Self::Forty => forty::generate(root),
            Self::Fleet => fleet::generate(root),
        }
    }

    /// The modules that need third-party modules, by directory, with these.
    fn required(self) -> Vec<(String, &'static ThirdParty)> {
        match self {
            Self::Forty => forty::required(),
            Self::Fleet => fleet::required(),
        }
    }
}

/// The workspace, made once.
///
/// # Errors
/// If it cannot be written, or the go command does not find the modules.
pub(super) fn workspace(state: &State, kind: Kind) -> Result<PathBuf> {
    let parent = state.path("bench");
    let directory = parent.join(format!("{}-{}", kind.name(), kind.version()));
    if !directory.is_dir() {
        let phase = Phase::start(&format!("generating the workspace {}", kind.name()));
        std::fs::create_dir_all(&parent)?;
        let unfinished = tempfile::Builder::new()
            .prefix("unfinished-")
            .tempdir_in(&parent)?;
        kind.generate(unfinished.path())?;
        sum(state, unfinished.path(), kind)?;
        std::fs::rename(unfinished.path(), &directory)?;
        phase.done();
    }
    Ok(directory)
}

/// Has the go command complete the go.mod files and write down the checksums.
fn sum(state: &State, root: &Path, kind: Kind) -> Result<()> {
    let go = |dir: &Path, arguments: &[&str]| -> Result<()> {
        let mut go = crate::golang::go_as_in_builds(state)?;
        go.current_dir(dir).args(arguments);
        run(&mut go)
    };
    for (dir, used) in kind.required() {
        let package = format!("{}@{}", used.package(), used.version);
        go(&root.join(dir), &["get", &package])?;
    }
    let list = ["list", "-deps", "-f", "{{with .Error}}{{.}}{{end}}", "work"];
    go(root, &list).context("the generated workspace cannot be listed")
}

/// A third-party module, the package of it that is imported, and something to use of it.
#[derive(Debug)]
struct ThirdParty {
    module: &'static str,
    version: &'static str,
    /// The package below the module; empty for its top.
    below: &'static str,
    /// With the name of the package before it, as in `zap.NewNop`.
    used: &'static str,
}

impl ThirdParty {
    const fn new(
        module: &'static str,
        version: &'static str,
        below: &'static str,
        used: &'static str,
    ) -> Self {
        Self {
            module,
            version,
            below,
            used,
        }
    }

    /// Import path of the package.
    fn package(&self) -> String {
        match self.below {
            "" => self.module.to_owned(),
            below => format!("{}/{below}", self.module),
        }
    }

    /// Name of the package.
    fn name(&self) -> &'static str {
        self.used.split('.').next().unwrap_or_default()
    }
}

/// A package to write.
struct Package<'a> {
    /// Its directory, from the top of the workspace.
    dir: String,
    /// The name in its package clauses.
    name: &'a str,
    /// Packages of the workspace.
    imports: &'a [String],
    used: Option<&'a ThirdParty>,
    /// How many files it has.
    files: usize,
    /// Types of a file; each has some methods.
    types: usize,
}

/// A type with methods such as services have many of: fields, checks, JSON, a lock, sorting.
const TYPE: &str = include_str!("type.go.txt");

impl Package<'_> {
    /// Writes it. Its files use all that they import.
    fn write(&self, root: &Path) -> Result<()> {
        let dir = root.join(&self.dir);
        std::fs::create_dir_all(&dir)?;
        for file in 0..self.files {
            std::fs::write(dir.join(format!("file{file}.go")), self.source(file)?)?;
        }
        let test = format!(
            "package {}\n\nimport \"testing\"\n\nfunc TestRecord(t *testing.T) {{ t.Log(NewRecord0x0(\"a\")) }}\n",
            self.name
        );
        std::fs::write(dir.join("file0_test.go"), test)?;
        Ok(())
    }

    fn source(&self, file: usize) -> Result<String> {
        let name = self.name;
        let used = self.used.filter(|_| file == 0);
        let imports: Vec<(usize, &String)> = self
            .imports
            .iter()
            .enumerate()
            .filter(|(n, _)| n % self.files == file % self.imports.len().max(1))
            .collect();
        let mut text = format!("// Package {name} does its part.\npackage {name}\n\nimport (\n");
        text.push_str("\t\"encoding/json\"\n\t\"errors\"\n\t\"fmt\"\n\t\"sort\"\n\t\"strings\"\n\t\"sync\"\n\n");
        for (number, import) in &imports {
            writeln!(text, "\tp{number} {import:?}")?;
        }
        if let Some(used) = used {
            writeln!(text, "\t{} {:?}", used.name(), used.package())?;
        }
        text.push_str(")\n\n");
        if let Some(used) = used {
            writeln!(
                text,
                "// Used keeps what is taken from outside.\nvar Used = {}\n",
                used.used
            )?;
        }
        for (number, _) in &imports {
            writeln!(
                text,
                "// Needs{file}x{number} ties the packages together.\nvar Needs{file}x{number} = p{number}.NewRecord0x0\n"
            )?;
        }
        for kind in 0..self.types {
            text.push_str(&TYPE.replace("NN", &format!("{file}x{kind}")));
        }
        Ok(text)
    }
}

/// Writes a go.mod without checksums, and the line of go.work into `work`.
fn write_module(
    root: &Path,
    workspace: &str,
    dir: &str,
    requires: Option<&ThirdParty>,
    work: &mut String,
) -> Result<()> {
    writeln!(work, "\t./{dir}")?;
    let mut text = format!("module example.com/{workspace}/{dir}\n\ngo 1.26\n");
    if let Some(used) = requires {
        write!(text, "\nrequire {} {}\n", used.module, used.version)?;
    }
    let dir = root.join(dir);
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("go.mod"), text)?;
    Ok(())
}

/// Writes a main that prints something of each package in `own`.
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

#[cfg(test)]
mod tests {
    use super::{Kind, sum};
    use crate::state::State;

    #[test]
    #[ignore = "needs the module proxy"]
    fn they_compile() {
        for kind in [Kind::Forty, Kind::Fleet] {
            let root = tempfile::tempdir().expect("a directory");
            kind.generate(root.path()).expect("generated");
            let state = State::open().expect("a state directory");
            sum(&state, root.path(), kind).expect("summed");
            let mut go = crate::golang::go(&state).expect("go");
            go.current_dir(root.path()).args(["vet", "work"]).envs([
                ("GOTOOLCHAIN", "local"),
                ("GOFLAGS", ""),
                ("CGO_ENABLED", "0"),
            ]);
            crate::command::run(go.env_remove("GOWORK")).expect("it compiles");
        }
    }
}
