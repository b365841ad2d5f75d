//! A generated repository: a model of modules and packages, and its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fastrand::Rng;

use crate::proxy;

/// How modules belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A go.work.
    Workspace,
    /// One module.
    Single,
    /// A module that replaces others by directories.
    Replaced,
}

/// The third-party module that a directory may stand in for: another one imports it.
const FORKED: usize = 1;

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) layout: Layout,
    pub(crate) modules: Vec<Module>,
    /// Packages import only those before them.
    pub(crate) packages: Vec<Package>,
    /// go.work's `go` line, its `godebug` lines, its replaces, and lines of comments.
    pub(crate) work_go: String,
    pub(crate) work_godebug: bool,
    pub(crate) replaces: BTreeMap<usize, usize>,
    pub(crate) comments: u32,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) version: u32,
    pub(crate) gcflags: &'static str,
    /// The last third-party module is replaced by a directory, with this text in it.
    pub(crate) fork: Option<u32>,
    /// Files of nobody.
    pub(crate) others: BTreeMap<String, String>,
}

/// A module of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) number: usize,
    pub(crate) go: String,
    pub(crate) comments: u32,
    pub(crate) godebug: bool,
    /// Third-party modules and their versions.
    pub(crate) requires: BTreeMap<usize, usize>,
    /// A version that must not be chosen.
    pub(crate) excludes: BTreeMap<usize, usize>,
    /// Version by which it is required, where it is replaced.
    pub(crate) required_as: u32,
}

/// A package of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) module: usize,
    pub(crate) number: usize,
    pub(crate) main: bool,
    pub(crate) imports: BTreeSet<usize>,
    /// Third-party packages: module, and whether it is the moving one.
    pub(crate) third: BTreeSet<(usize, bool)>,
    pub(crate) std: BTreeSet<&'static str>,
    /// How often its source was renamed.
    pub(crate) renamed: u32,
    pub(crate) body: u32,
    pub(crate) signature: u32,
    /// Embed pattern, and files below `data/`.
    pub(crate) embed: Option<&'static str>,
    pub(crate) data: BTreeMap<String, u32>,
    /// More files of its directory.
    pub(crate) files: BTreeMap<String, String>,
}

impl Package {
    /// Last element of its directory and, for libraries, its name.
    pub(crate) fn name(&self) -> String {
        format!("{}{}", if self.main { "cmd" } else { "p" }, self.number)
    }
}

impl World {
    /// A small one.
    pub(crate) fn new(layout: Layout, rng: &mut Rng) -> Self {
        let count = if layout == Layout::Single {
            1
        } else {
            rng.usize(2..=4)
        };
        let module = |number| Module {
            number,
            go: "1.24".to_owned(),
            comments: 0,
            godebug: false,
            requires: BTreeMap::new(),
            excludes: BTreeMap::new(),
            required_as: 0,
        };
        let mut world = Self {
            layout,
            modules: (0..count).map(module).collect(),
            packages: Vec::new(),
            work_go: "1.26".to_owned(),
            work_godebug: false,
            replaces: BTreeMap::new(),
            comments: 0,
            tags: BTreeSet::new(),
            version: 0,
            gcflags: "",
            fork: None,
            others: BTreeMap::new(),
        };
        for _ in 0..rng.usize(2..=5) {
            world.add_package(rng, false);
        }
        for _ in 0..rng.usize(1..=3) {
            world.add_package(rng, true);
        }
        world
    }

    /// Adds a package that imports some of those there are.
    pub(crate) fn add_package(&mut self, rng: &mut Rng, main: bool) {
        // A module that is only required has no mains of its own.
        let module = if main && self.layout == Layout::Replaced {
            0
        } else {
            rng.usize(0..self.modules.len())
        };
        let number = self.packages.len();
        let imports = self
            .visible(module, number)
            .into_iter()
            .filter(|_| rng.usize(0..2) == 0)
            .collect();
        let mut package = Package {
            module,
            number,
            main,
            imports,
            third: BTreeSet::new(),
            std: BTreeSet::new(),
            renamed: 0,
            body: 0,
            signature: 0,
            embed: None,
            data: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        if rng.usize(0..3) == 0 {
            package.embed = Some("data/*.txt");
            package.data.insert("a.txt".to_owned(), 0);
        }
        if rng.usize(0..3) == 0 {
            package
                .third
                .insert((rng.usize(0..proxy::MODULES), rng.bool()));
        }
        self.packages.push(package);
        self.require_what_is_imported();
    }

    /// The packages that one of `module` with this number may import.
    pub(crate) fn visible(&self, module: usize, number: usize) -> Vec<usize> {
        let replaced = self.layout == Layout::Replaced;
        // Of replaced modules each sees those after it, so that requirements make no circle.
        let sees = |other: usize| !replaced || other >= module;
        self.packages
            .iter()
            .filter(|p| !p.main && p.number < number && sees(p.module))
            .map(|p| p.number)
            .collect()
    }

    /// Adds requirements of what packages import. Existing ones stay.
    pub(crate) fn require_what_is_imported(&mut self) {
        for package in &self.packages {
            for (third, _) in &package.third {
                self.modules[package.module]
                    .requires
                    .entry(*third)
                    .or_insert(0);
            }
        }
        // A module with a pruned graph names all that its packages come from.
        for module in &mut self.modules {
            if module.requires.contains_key(&0) {
                let asked = module.requires[&0];
                let entry = module.requires.entry(1).or_insert(asked);
                *entry = (*entry).max(asked);
            }
        }
        if self.layout == Layout::Replaced {
            let mut all: BTreeMap<usize, usize> = BTreeMap::new();
            for (third, version) in self.modules.iter().flat_map(|module| &module.requires) {
                let entry = all.entry(*third).or_insert(0);
                *entry = (*entry).max(*version);
            }
            self.modules[0].requires = all;
        }
    }

    /// The directory of a module; empty for the root.
    pub(crate) fn module_dir(&self, module: usize) -> String {
        if self.layout == Layout::Single {
            String::new()
        } else {
            format!("m{module}")
        }
    }

    /// The directory that go commands run in.
    pub(crate) fn root(&self) -> &'static str {
        if self.layout == Layout::Replaced {
            "m0"
        } else {
            ""
        }
    }

    pub(crate) fn dir(&self, package: &Package) -> String {
        format!("{}/{}", self.module_dir(package.module), package.name())
            .trim_start_matches('/')
            .to_owned()
    }

    pub(crate) fn import_path(&self, package: &Package) -> String {
        format!("example.com/m{}/{}", package.module, package.name())
    }

    /// The configuration. The builder is fixed, since there is one go command here whatever the mod
    /// files say.
    pub(crate) fn config(&self) -> String {
        let tags: Vec<String> = self.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let ldflags = format!("-s -w -X main.version={}", self.version);
        format!(
            "[go]\nversion = \"1.26\"\ntags = [{}]\nldflags = \"{ldflags}\"\ngcflags = \"{}\"\n",
            tags.join(", "),
            self.gcflags
        )
    }

    /// All files.
    pub(crate) fn files(&self, sums: &str) -> BTreeMap<String, String> {
        let mut files = self.others.clone();
        for module in &self.modules {
            let dir = self.module_dir(module.number);
            let at = |name: &str| format!("{dir}/{name}").trim_start_matches('/').to_owned();
            files.insert(at("go.mod"), self.go_mod(module));
            files.insert(at("go.sum"), sums.to_owned());
        }
        if self.layout == Layout::Workspace {
            files.insert("go.work".to_owned(), self.go_work());
            files.insert("go.work.sum".to_owned(), sums.to_owned());
        }
        if let Some(number) = self.fork {
            files.insert(
                "fork/go.mod".to_owned(),
                format!("module {}\n\ngo 1.21\n", proxy::module(FORKED)),
            );
            files.insert(
                "fork/moving/moving.go".to_owned(),
                format!("package moving\n\nconst Version = {number}\n"),
            );
            files.insert(
                "fork/stable/stable.go".to_owned(),
                format!("package stable\n\nconst Stable = {number} > 0\n"),
            );
        }
        for package in &self.packages {
            let dir = self.dir(package);
            files.insert(
                format!("{dir}/{}r{}.go", package.name(), package.renamed),
                self.source(package),
            );
            files.extend(
                package
                    .data
                    .iter()
                    .map(|(name, text)| (format!("{dir}/data/{name}"), format!("{text}\n"))),
            );
            files.extend(
                package
                    .files
                    .iter()
                    .map(|(name, text)| (format!("{dir}/{name}"), text.clone())),
            );
        }
        files
    }

    fn go_work(&self) -> String {
        let uses: String = self
            .modules
            .iter()
            .map(|module| format!("use ./{}\n", self.module_dir(module.number)))
            .collect();
        let godebug = if self.work_godebug {
            "godebug panicnil=1\n"
        } else {
            ""
        };
        format!(
            "{}go {}\n\n{godebug}{uses}{}",
            "// words\n".repeat(self.comments as usize),
            self.work_go,
            self.replace_lines()
        )
    }

    fn replace_lines(&self) -> String {
        let line = |(module, version): (&usize, &usize)| {
            format!(
                "replace {0} => {0} {1}\n",
                proxy::module(*module),
                proxy::version(*version)
            )
        };
        let forked = self.fork.is_some();
        let lines: String = self
            .replaces
            .iter()
            .filter(|(module, _)| !forked || **module != FORKED)
            .map(line)
            .collect();
        let up = if self.layout == Layout::Replaced {
            "../"
        } else {
            "./"
        };
        let fork = if forked {
            format!("replace {} => {up}fork\n", proxy::module(FORKED))
        } else {
            String::new()
        };
        lines + &fork
    }

    fn go_mod(&self, module: &Module) -> String {
        let comments = "// words\n".repeat(module.comments as usize);
        let mut text = format!(
            "{comments}module example.com/m{}\n\ngo {}\n\n",
            module.number, module.go
        );
        if module.godebug {
            text += "godebug panicnil=1\n";
        }
        for (third, version) in &module.requires {
            text += &format!(
                "require {} {}\n",
                proxy::module(*third),
                proxy::version(*version)
            );
        }
        for (third, version) in &module.excludes {
            text += &format!(
                "exclude {} {}\n",
                proxy::module(*third),
                proxy::version(*version)
            );
        }
        if self.layout == Layout::Replaced {
            for other in self
                .modules
                .iter()
                .filter(|other| other.number > module.number)
            {
                let version = if module.number == 0 {
                    other.required_as
                } else {
                    0
                };
                text += &format!("require example.com/m{} v0.{version}.0\n", other.number);
                text += &format!("replace example.com/m{0} => ../m{0}\n", other.number);
            }
        }
        if self.layout != Layout::Workspace && module.number == 0 {
            text += &self.replace_lines();
        }
        text
    }

    fn source(&self, package: &Package) -> String {
        let name = if package.main {
            "main".to_owned()
        } else {
            package.name()
        };
        let mut text = format!("package {name}\n\n");
        for import in &package.imports {
            text += &format!(
                "import _ \"{}\"\n",
                self.import_path(&self.packages[*import])
            );
        }
        for (third, moving) in &package.third {
            text += &format!(
                "import _ \"{}/{}\"\n",
                proxy::module(*third),
                if *moving { "moving" } else { "stable" }
            );
        }
        for std in &package.std {
            text += &format!("import _ \"{std}\"\n");
        }
        if let Some(pattern) = package.embed {
            text += &format!("import \"embed\"\n\n//go:embed {pattern}\nvar Data embed.FS\n");
        }
        text += &format!(
            "\nfunc F{}() int {{ return {} }}\n",
            package.signature, package.body
        );
        if package.main {
            text += "\nvar version string\n\nfunc main() { println(version) }\n";
        }
        text
    }
}

/// Brings the files in `dir` from one state to another.
pub(crate) fn write(
    dir: &Path,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        let path = dir.join(name);
        std::fs::remove_file(&path).unwrap();
        // Directories that are left empty would not be in a checkout.
        path.ancestors()
            .skip(1)
            .take_while(|above| *above != dir)
            .try_for_each(std::fs::remove_dir)
            .ok();
    }
    for (name, text) in after
        .iter()
        .filter(|(name, text)| before.get(*name) != Some(text))
    {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
