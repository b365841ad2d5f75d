//! What a `go build` makes: which mains, where the binaries lie, and how they are compiled.

use std::collections::BTreeSet;

use super::go_command::GoCommand;
use super::mains::Made;
use super::scope::{Scope, base, join};
use super::value::{Part, Value};
use super::walked::{Compile, Role, Settings};
use super::walker::{Running, Walker};

/// How many programs are compiled in all stages, at most.
const COMPILES: usize = 10_000;

/// The module cache, below GOPATH.
const MODULE_CACHE: &str = "/pkg/mod/";

/// Variables that a C compiler and its like read.
pub(super) const C_VARIABLES: [&str; 12] = [
    "CC",
    "CXX",
    "FC",
    "AR",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_FFLAGS",
    "CGO_LDFLAGS",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "CPATH",
];

const LEVELS: [(&str, &str); 8] = [
    ("GOAMD64", "goamd64"),
    ("GOARM64", "goarm64"),
    ("GOARM", "goarm"),
    ("GO386", "go386"),
    ("GOMIPS", "gomips"),
    ("GOMIPS64", "gomips64"),
    ("GOPPC64", "goppc64"),
    ("GORISCV64", "goriscv64"),
];

impl Walker<'_> {
    /// A command of the go command.
    pub(super) fn go(&mut self, command: GoCommand, running: &mut Running<'_>) -> Role {
        match command.verb.as_str() {
            "build" | "install" => {}
            "test" | "vet" | "fmt" => return Role::Test,
            // A program of the repository that builds it.
            "run"
                if command.packages.iter().any(|word| {
                    ["build", "install"].contains(&word.plain().unwrap_or_default().as_str())
                }) =>
            {
                running.walked.opaque.get_or_insert(running.at);
                return Role::Opaque;
            }
            "generate" if running.scope.dir.contains(MODULE_CACHE) => {
                running.walked.other_modules.get_or_insert(running.at);
                return Role::Other;
            }
            "generate" | "run" | "tool" => {
                running.walked.changes.get_or_insert(running.at);
                return Role::Sources;
            }
            "mod" | "get" => {
                let edits = command
                    .packages
                    .iter()
                    .any(|word| word.plain().as_deref() == Some("edit"));
                if edits {
                    running.walked.changes.get_or_insert(running.at);
                    return Role::Sources;
                }
                return Role::Prepare;
            }
            _ => return Role::Prepare,
        }
        let mut flags = GoCommand::default();
        if let Some(value) = running.scope.get("GOFLAGS") {
            flags.flags(&value.split());
        }
        let command = over(flags, command);
        let dir = match &command.dir {
            Some(dir) => running.scope.path(dir),
            None => running.scope.dir.clone(),
        };
        let is_tool = |package: &Value| package.to_string().contains('@');
        if command.packages.iter().any(is_tool) {
            let bin = bin(&running.scope);
            running.walked.foreign.insert(bin);
            return Role::Other;
        }
        let mut made: Vec<Made> = Vec::new();
        let mut packages = command.packages.clone();
        if packages.is_empty() {
            packages.push(Value::text("."));
        }
        if packages.len() > 1 {
            self.leave_open(&packages, running);
            packages.retain(|package| open_word(package).is_none());
        }
        for package in &packages {
            for main in self.mains(package, &dir, running) {
                if made.iter().all(|known| known.dir != main.dir) {
                    made.push(main);
                }
            }
        }
        if made.is_empty() {
            return Role::Prepare;
        }
        self.leave_flags(&command, running);
        if self.compiles.len() + made.len() > COMPILES {
            self.leave(
                running.at,
                format!("more than {COMPILES} programs are compiled, as many as gowork reads"),
                "write what they compile into gowork.toml",
            );
            return Role::Opaque;
        }
        running.walked.compiled();
        let first = self.compiles.len();
        let made = self.by_cgo(made, running);
        for main in &made {
            let mut settings = self.settings(&command, &main.dir, running);
            settings.cgo = main.cgo.unwrap_or(settings.cgo);
            let stem = main.image.split("${").next().unwrap_or_default();
            let fixed = main.cgo.map(|cgo| format!("{stem}{}", u8::from(cgo)));
            self.compiles.push(Compile {
                stage: running.stage,
                dir: main.dir.clone(),
                image: main.image.clone(),
                fixed,
                settings,
                at: running.at,
            });
        }
        self.places(&command, &dir, (first, &made), running);
        Role::Compile
    }

    /// Notes build-args that are no packages where others are named: what they add is not known.
    fn leave_open(&mut self, packages: &[Value], running: &Running<'_>) {
        for name in packages.iter().filter_map(open_word) {
            self.leave(
                running.at,
                format!("the build-arg {name} adds words to go build"),
                "write what they are for into gowork.toml",
            );
        }
    }

    /// Notes flags and variables that gowork has no key for.
    fn leave_flags(&mut self, command: &GoCommand, running: &Running<'_>) {
        for flag in &command.others {
            self.leave(
                running.at,
                format!("go build has {flag}, and gowork has no key for that"),
                "leave it out, or keep this stage as it is and take the binary from it",
            );
        }
        let fips = running.scope.get("GOFIPS140");
        if fips.is_some_and(|value| !["", "off"].contains(&value.to_string().as_str())) {
            self.leave(
                running.at,
                "go build has GOFIPS140, and gowork has no key for that",
                "leave it out, or keep this stage as it is and take the binary from it",
            );
        }
        if !self.cgo(running) {
            return;
        }
        for name in C_VARIABLES {
            let value = running.scope.get(name);
            // A build-arg ends with the stage.
            let is_arg = value.is_some_and(|value| {
                matches!(value.0.as_slice(), [Part::Arg { name: of, default }]
                    if of == name && default.as_ref().is_some_and(|text| !text.is_empty()))
            });
            if value.is_some() && (is_arg || value != running.walked.scope.get(name)) {
                self.leave(
                    running.at,
                    format!("{name} is set for this command, and gowork has no key for it"),
                    "set it with ENV in this stage: then the stage is the builder",
                );
            }
        }
    }

    /// Notes where the binaries lie.
    fn places(
        &mut self,
        command: &GoCommand,
        dir: &str,
        (first, made): (usize, &[Made]),
        running: &mut Running<'_>,
    ) {
        let output = command.output.as_ref().filter(|_| command.verb == "build");
        let (at, into) = match output {
            Some(output) => {
                let mut written = output.clone();
                written.0.retain(|part| !matches!(part, Part::Unknown(_)));
                let written = written.to_string();
                let path = join(dir, &written);
                let several = made.len() > 1 && made[0].args.is_empty();
                let into = written.ends_with('/')
                    || several
                    || [".", ".."].contains(&base(&written))
                    || running.walked.dirs.contains(&path);
                (path, into)
            }
            None if command.verb == "install" => (bin(&running.scope), true),
            None => (dir.to_owned(), true),
        };
        if command.verb == "build" && output.is_none() && made.len() > 1 {
            // `go build` of several mains writes nothing.
            return;
        }
        // One image for each value of a build-arg: one of them is compiled in a build.
        let by_arg = made.iter().all(|main| !main.args.is_empty());
        for (ix, main) in made.iter().enumerate() {
            let path = if into && by_arg && main.cgo.is_none() {
                join(&at, &main.image)
            } else if into {
                join(&at, &main.binary)
            } else {
                at.clone()
            };
            let step = running.walked.roles.len();
            let product = running
                .walked
                .products
                .entry(path)
                .and_modify(|product| {
                    if !by_arg || ix == 0 {
                        product.compiles.clear();
                    }
                })
                .or_default();
            product.compiles.push(first + ix);
            product.pattern.clone_from(&main.image);
            product.args.clone_from(&main.args);
            product.made_in = (running.stage, step);
        }
    }

    /// How a main is compiled.
    fn settings(&mut self, command: &GoCommand, dir: &str, running: &Running<'_>) -> Settings {
        let scope = &running.scope;
        let list = |value: Option<&Value>| {
            let mut items = Vec::new();
            for word in value.map(Value::split).unwrap_or_default() {
                items.extend(word.split_at(&[',']));
            }
            items
        };
        let mut levels = Vec::new();
        for (variable, key) in LEVELS {
            let value = scope.get(variable).filter(|value| {
                let is_open = |part: &Part| matches!(part, Part::Platform(_) | Part::Unknown(_));
                !value.is_empty() && !value.0.iter().any(is_open)
            });
            levels.extend(value.map(|value| (key, value.clone())));
        }
        Settings {
            tags: list(command.tags.as_ref()),
            ldflags: command.ldflags.clone().unwrap_or_default(),
            gcflags: command.gcflags.clone().unwrap_or_default(),
            asmflags: command.asmflags.clone().unwrap_or_default(),
            cgo: self.cgo(running),
            buildvcs: command.buildvcs == Some(true),
            experiment: list(scope.get("GOEXPERIMENT")),
            levels,
            alone: self.is_alone(dir, scope, running),
        }
    }

    /// Whether C is compiled.
    fn cgo(&self, running: &Running<'_>) -> bool {
        let Some(value) = running.scope.get("CGO_ENABLED") else {
            let cross = self.file.stages[running.stage].platform.is_some()
                && running
                    .scope
                    .get("GOARCH")
                    .is_some_and(|arch| !arch.is_empty());
            return running.walked.has_c && !cross;
        };
        match value.by_default().as_deref() {
            Some("1") => true,
            Some("0") => false,
            _ => running.walked.has_c,
        }
    }

    /// An image with cgo and one without, if a build-arg decides about it: it picks one by name.
    fn by_cgo(&mut self, made: Vec<Made>, running: &Running<'_>) -> Vec<Made> {
        let value = running
            .scope
            .get("CGO_ENABLED")
            .cloned()
            .unwrap_or_default();
        let [Part::Arg { name, default }] = value.0.as_slice() else {
            return made;
        };
        let [main] = made.as_slice() else {
            self.leave(
                running.at,
                format!("the build-arg {name} decides about cgo; its default is taken"),
                "write cgo = true or false into gowork.toml",
            );
            return made;
        };
        if !main.args.is_empty() {
            return made;
        }
        let open = match default.as_deref() {
            None | Some("") => format!("${{{name}:-{}}}", u8::from(running.walked.has_c)),
            Some(_) => format!("${{{name}}}"),
        };
        let variant = |cgo: bool| Made {
            dir: main.dir.clone(),
            binary: main.binary.clone(),
            image: format!("{}-cgo{open}", main.image),
            args: BTreeSet::from([name.clone()]),
            cgo: Some(cgo),
        };
        vec![variant(false), variant(true)]
    }

    /// Whether the module of a main is built without the workspace that uses it: by GOWORK, or
    /// because the go.work is not copied.
    fn is_alone(&self, dir: &str, scope: &Scope, running: &Running<'_>) -> bool {
        let Some(is_used) = self.repo.in_workspace(dir) else {
            return false;
        };
        let off = scope.get("GOWORK").and_then(Value::plain);
        if off.as_deref() == Some("off") || !is_used {
            return true;
        }
        let mut at = running.scope.dir.clone();
        loop {
            let file = join(&at, "go.work");
            if running.walked.layout.in_context(&file, self.repo).is_some() {
                return false;
            }
            if at == "/" {
                return true;
            }
            at = join(&at, "..");
        }
    }
}

/// The build-arg that a word is, if it is empty where that is not given.
fn open_word(word: &Value) -> Option<&str> {
    match word.0.as_slice() {
        [Part::Arg { name, default }] if default.as_ref().is_none_or(String::is_empty) => {
            Some(name)
        }
        _ => None,
    }
}

/// Where `go install` puts programs.
fn bin(scope: &Scope) -> String {
    if let Some(bin) = scope.get("GOBIN") {
        return join("/", &bin.to_string());
    }
    let gopath = scope.get("GOPATH").map(ToString::to_string);
    join(&gopath.unwrap_or_else(|| "/go".to_owned()), "bin")
}

/// The flags of GOFLAGS, where the command does not say more.
fn over(flags: GoCommand, command: GoCommand) -> GoCommand {
    let mut others = flags.others;
    others.extend(command.others.iter().cloned());
    GoCommand {
        tags: command.tags.clone().or(flags.tags),
        ldflags: command.ldflags.clone().or(flags.ldflags),
        gcflags: command.gcflags.clone().or(flags.gcflags),
        asmflags: command.asmflags.clone().or(flags.asmflags),
        buildvcs: command.buildvcs.or(flags.buildvcs),
        others,
        ..command
    }
}
