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
        let part = |name: &str, text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("--- {name}\n{}\n", text.trim_end())
            }
        };
        writeln!(
            f,
            "{}{}exit {}",
            part("stdout", &self.out),
            part("stderr", &self.err),
            self.code
        )
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

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.dir.path().join(name)).unwrap();
    }

    /// Runs git with the words of `args`; what it prints.
    pub(crate) fn git(&self, args: &str) -> String {
        let identity = [
            "-c",
            "user.name=someone",
            "-c",
            "user.email=someone@example.com",
            "-c",
            "init.defaultBranch=main",
        ];
        let mut git = std::process::Command::new("git");
        git.current_dir(self.path())
            .args(identity)
            .args(args.split_whitespace());
        let output = git
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Commits everything there is, in a new git repository if need be.
    pub(crate) fn commit(&self) {
        self.git("init --quiet");
        self.git("add --all");
        self.git("commit --quiet --allow-empty --message=words");
    }

    /// Runs `gowork` with the words of `args` in the repository.
    pub(crate) fn run(&self, args: &str) -> Said {
        run(self.path(), args)
    }

    /// The same, with more in its environment.
    pub(crate) fn run_with(&self, args: &str, env: &[(&str, String)]) -> Said {
        said(
            Command::cargo_bin("gowork")
                .unwrap()
                .current_dir(self.path())
                .args(args.split_whitespace())
                .envs(env.to_vec()),
        )
    }
}

pub(crate) fn run(dir: &Path, args: &str) -> Said {
    said(
        Command::cargo_bin("gowork")
            .unwrap()
            .current_dir(dir)
            .args(args.split_whitespace()),
    )
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
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

/// A service with embedded files, a profile, constraints, a runtime file and a third-party import;
/// another one; a library; a module that nobody uses.
pub(crate) const RICH: &str = "
-- go.work --
go 1.26

use (
	./api
	./job
	./lib
)
-- gowork.toml --
[images.api]
files = [{ from = \"api/static\", to = \"/srv\" }]
-- .dockerignore --
# words
docs
**/*.tmp
-- api/go.mod --
module example.com/api

go 1.26

require third.example.com/text v0.3.0
-- api/main.go --
package main

import (
	\"example.com/lib\"
	\"third.example.com/text/width\"
)

func main() { lib.Run(width.X) }
-- api/main_windows.go --
package main
-- api/main_test.go --
package main
-- api/dev.go --
//go:build dev && !prod

package main
-- api/cgo.go --
package main

import \"C\"
-- api/default.pgo --
profile
-- api/static/index.html --
hello
-- job/go.mod --
module example.com/job

go 1.26
-- job/main.go --
package main

import \"example.com/lib\"

func main() { lib.Run(1) }
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

import \"example.com/lib/pages\"

func Run(int) { pages.Show() }
-- lib/nobody/nobody.go --
package nobody
-- lib/pages/pages.go --
package pages

import \"embed\"

//go:embed *.html parts
var Files embed.FS

func Show() {}
-- lib/pages/home.html --
home
-- lib/pages/parts/head.html --
head
-- lib/pages/notes.txt --
words
-- old/go.mod --
module example.com/old
-- old/old.go --
package old
-- docs/guide.go --
package docs
-- README.md --
words
";
