//! Repositories to run the program in, and what it said.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A repository on disk for one test.
pub(crate) struct Repository {
    dir: tempfile::TempDir,
}

/// What a run said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part =
            |name: &str, text: &str| if text.is_empty() { String::new() } else { format!("--- {name}\n{}\n", text.trim_end()) };
        writeln!(f, "{}{}exit {}", part("stdout", &self.out), part("stderr", &self.err), self.code)
    }
}

impl Repository {
    /// The files of a txtar archive.
    pub(crate) fn new(archive: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repository = Self { dir };
        for part in archive.split("\n-- ").skip(1) {
            let (name, text) = part.split_once(" --\n").unwrap();
            repository.write(name, &format!("{text}\n"));
        }
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs `gowork` with the words of `args` in the repository.
    pub(crate) fn run(&self, args: &str) -> Said {
        run(self.path(), args)
    }
}

pub(crate) fn run(dir: &Path, args: &str) -> Said {
    let output = Command::cargo_bin("gowork").unwrap().current_dir(dir).args(args.split_whitespace()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Two services and a library.
pub(crate) const SMALL: &str = "
-- go.work --
go 1.26

use (
	./api
	./job
	./lib
)
-- api/go.mod --
module example.com/api

go 1.26
-- api/main.go --
package main

import \"example.com/lib\"

func main() { lib.Run() }
-- job/go.mod --
module example.com/job

go 1.26
-- job/main.go --
package main

import \"example.com/lib\"

func main() { lib.Run() }
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

func Run() {}
";
