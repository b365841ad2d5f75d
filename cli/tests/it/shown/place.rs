//! Repositories that pages are about.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Repository, root};

/// What is in the directory where commands of a page are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// This repository.
    Root,
    /// What a build takes of a clone of this repository: an example.
    Clone,
    /// The example `shop`.
    Shop,
    /// The same without a Dockerfile: gowork has not come yet.
    New,
    /// The same with its configuration in gowork.toml, so that the Dockerfile can be a printed one.
    Printed,
    /// The same with an edit after `origin/main`.
    Edited,
    /// The same with another version of a module after `origin/main`. Asks the Go proxy.
    Updated,
    /// A module with the program `api` and a dependency.
    Api,
    /// The same with delve as a tool. Asks the Go proxy.
    Debugged,
    /// The same with cobra as the dependency, and a repository of that to clone. Asks the Go proxy.
    Cobra,
    /// The program `api` and a member of the workspace that lies outside of the repository.
    Outside,
    /// The same without a Dockerfile.
    OutsideNew,
    /// A workspace whose members require different versions.
    Skewed,
    /// A workspace that uses a module which is not there.
    Missing,
    /// A program that opens a file which is in no image.
    Catalog,
    /// The Dockerfile that the page on stages converts.
    Converted,
    /// The Dockerfile that the page on migrating converts.
    Migrated,
}

/// Programs that import something, and nothing else.
const SKEWED: &str = "
-- go.work --
go 1.26

use (
	./api
	./web
)
-- api/go.mod --
module example.com/shop/api

go 1.26

require golang.org/x/text v0.14.0
-- api/main.go --
package main

import _ \"golang.org/x/text/width\"

func main() {}
-- web/go.mod --
module example.com/shop/web

go 1.26

require golang.org/x/text v0.13.0
-- web/main.go --
package main

import _ \"golang.org/x/text/width\"

func main() {}
";

const MISSING: &str = "
-- go.work --
go 1.26

use (
	./api
	./jobs
)
-- api/go.mod --
module example.com/shop/api

go 1.26
-- api/main.go --
package main

func main() {}
";

const CATALOG: &str = "
-- go.mod --
module example.com/shop

go 1.26
-- catalog/main.go --
package main

import (
	\"fmt\"
	\"log\"
	\"os\"
)

// The catalog is what the shop sells.
func main() {
	text, err := os.ReadFile(\"products.json\")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf(\"%s\", text)
}
-- catalog/products.json --
[]
";

const OUTSIDE: &str = "
-- repository/go.work --
go 1.26

use (
	.
	../lib
)
-- repository/go.mod --
module example.com/shop

go 1.26
-- repository/cmd/api/main.go --
package main

import \"example.com/lib\"

func main() { println(lib.Name) }
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

const Name = \"lib\"
";

const CONVERTED: &str = "
-- go.mod --
module example.com/shop

go 1.26
-- cmd/api/main.go --
package main

var version string

func main() { println(version) }
-- config/shop.json --
{}
";

const MIGRATED: &str = "
-- go.mod --
module example.com/app

go 1.26
-- cmd/api/main.go --
package main

func main() {}
";

const COBRA: &str = "github.com/spf13/cobra";

/// The first line of files to build.
const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// A place, for as long as commands run in it.
pub(crate) struct Ground {
    all: Repository,
    /// From there to the repository.
    below: PathBuf,
}

impl Ground {
    /// The repository, in a directory that has nothing but what is beside it.
    pub(crate) fn new(place: Place) -> Self {
        let all = Repository::new(match place {
            Place::Outside | Place::OutsideNew => OUTSIDE,
            _ => "",
        });
        let below = match place {
            Place::Root => root(),
            _ => all.path().join("repository"),
        };
        std::fs::create_dir_all(&below).unwrap();
        let ground = Self { all, below };
        ground.fill(place);
        ground
    }

    pub(crate) fn repository(&self) -> &Path {
        &self.below
    }

    /// What the repository lies in.
    pub(crate) fn around(&self) -> &Path {
        self.all.path()
    }

    fn fill(&self, place: Place) {
        match place {
            Place::Root | Place::OutsideNew => {}
            Place::Outside => self.write("Dockerfile", SYNTAX),
            Place::Clone => {
                let to = self.below.join("examples/shop");
                copy(&root().join("examples/shop"), &to, &["expected"]);
            }
            Place::Shop => self.shop(),
            Place::New => self.copy("shop"),
            Place::Printed => {
                self.copy("shop");
                self.write("gowork.toml", SYNTAX);
            }
            Place::Edited => {
                self.shop();
                self.commit();
                self.append("lib/money/money.go", "\n// More.\n");
            }
            Place::Updated => self.updated(),
            Place::Api => self.api(),
            Place::Debugged => {
                self.api();
                self.write("Dockerfile", &format!("{SYNTAX}[runtime]\ndebug = true\n"));
                self.go("", &["get", "-tool", "github.com/go-delve/delve/cmd/dlv"]);
            }
            Place::Cobra => self.cobra(),
            Place::Skewed => self.files(SKEWED),
            Place::Missing => self.files(MISSING),
            Place::Catalog => self.files(CATALOG),
            Place::Converted => {
                self.with_dockerfile(CONVERTED, "docs/dockerfile.md", " AS builder\n")
            }
            Place::Migrated => self.with_dockerfile(MIGRATED, "docs/migrating.md", " AS build\n"),
        }
    }

    /// The files of a txtar archive.
    fn files(&self, archive: &str) {
        for part in archive.split("\n-- ").skip(1) {
            let (name, text) = part.split_once(" --\n").unwrap();
            self.write(name, &format!("{text}\n"));
        }
    }

    /// The same, and the Dockerfile of a page that has these words.
    fn with_dockerfile(&self, archive: &str, page: &str, words: &str) {
        self.files(archive);
        let page = std::fs::read_to_string(root().join(page)).unwrap();
        let mut files = page.split("```dockerfile\n").skip(1);
        let text = files.find_map(|rest| {
            let (text, _) = rest.split_once("```").unwrap();
            text.contains(words).then_some(text)
        });
        self.write("Dockerfile", text.unwrap());
    }

    fn shop(&self) {
        self.copy("shop");
        self.write("Dockerfile", SYNTAX);
    }

    fn api(&self) {
        self.copy("single");
        let main = self.below.join("main.go");
        let text = std::fs::read_to_string(&main).unwrap();
        self.write("cmd/api/main.go", &text);
        std::fs::remove_file(main).unwrap();
        std::fs::remove_file(self.below.join("main_test.go")).unwrap();
        self.write("Dockerfile", SYNTAX);
    }

    fn updated(&self) {
        self.shop();
        let files = ["go.mod", "go.sum"].map(|name| format!("services/api/{name}"));
        let now = files
            .each_ref()
            .map(|it| std::fs::read_to_string(self.below.join(it)).unwrap());
        self.go("services/api", &["get", "github.com/go-chi/chi/v5@v5.4.0"]);
        self.commit();
        for (name, text) in files.iter().zip(&now) {
            self.write(name, text);
        }
    }

    fn cobra(&self) {
        self.files(MIGRATED);
        self.write("Dockerfile", SYNTAX);
        let main = format!(
            "package main\n\nimport \"{COBRA}\"\n\nfunc main() {{ _ = new(cobra.Command).Execute() }}\n"
        );
        self.write("cmd/api/main.go", &main);
        self.go("", &["get", &format!("{COBRA}@v1.10.1")]);
        self.go("", &["mod", "tidy"]);
        let from = self.go("", &["list", "-m", "-f={{.Dir}}", COBRA]);
        let to = self.around().join("cobra.git");
        copy(Path::new(from.trim()), &to, &[]);
        git(&to, &["init", "--quiet"]);
        git(&to, &["add", "--all"]);
        git(&to, &["commit", "--quiet", "--message=words"]);
    }

    /// The files of an example that its user wrote.
    fn copy(&self, example: &str) {
        let from = root().join("examples").join(example);
        copy(&from, &self.below, &["expected", "Dockerfile", "README.md"]);
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.below.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let before = std::fs::read_to_string(self.below.join(name)).unwrap();
        self.write(name, &(before + text));
    }

    /// Commits everything, as what `origin/main` has.
    fn commit(&self) {
        git(&self.below, &["init", "--quiet"]);
        git(&self.below, &["add", "--all"]);
        git(&self.below, &["commit", "--quiet", "--message=words"]);
        git(
            &self.below,
            &["update-ref", "refs/remotes/origin/main", "HEAD"],
        );
    }

    fn go(&self, dir: &str, words: &[&str]) -> String {
        let mut go = Command::new("go");
        go.args(words).current_dir(self.below.join(dir));
        succeeds(go.env("GOWORK", "off").env("GOTOOLCHAIN", "local"))
    }
}

fn git(dir: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
    git.args(words).current_dir(dir);
    succeeds(
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null"),
    );
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Copies a directory, without what has one of these names.
fn copy(from: &Path, to: &Path, without: &[&str]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name();
        if without.iter().any(|it| name == **it) {
        } else if from.is_dir() {
            copy(&from, &to, without);
        } else {
            // The files of a module cache are read-only.
            std::fs::write(&to, std::fs::read(&from).unwrap()).unwrap();
        }
    }
}
