//! A `go build` or `go install`: its flags and packages.

use super::value::{Part, Value};

/// What a command of the go command compiles, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct GoCommand {
    /// `build`, `install`, `mod`, `test`.
    pub(crate) verb: String,
    /// `-C`.
    pub(crate) dir: Option<Value>,
    /// `-o`.
    pub(crate) output: Option<Value>,
    /// `-tags`.
    pub(crate) tags: Option<Value>,
    /// `-ldflags`.
    pub(crate) ldflags: Option<Value>,
    /// `-gcflags`.
    pub(crate) gcflags: Option<Value>,
    /// `-asmflags`.
    pub(crate) asmflags: Option<Value>,
    /// `-buildvcs` with any value but `auto`, which a build without `.git` ignores.
    pub(crate) buildvcs: Option<bool>,
    /// Flags that gowork has no key for.
    pub(crate) others: Vec<String>,
    /// Packages, as written.
    pub(crate) packages: Vec<Value>,
}

/// Flags with a value.
const WITH_VALUE: [&str; 19] = [
    "C",
    "o",
    "tags",
    "ldflags",
    "gcflags",
    "asmflags",
    "gccgoflags",
    "mod",
    "modfile",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "toolexec",
    "installsuffix",
    "buildmode",
    "compiler",
    "covermode",
    "coverpkg",
];
/// Flags that say nothing about the binary, or that gowork sets itself.
const WITHOUT_EFFECT: [&str; 12] = [
    "a",
    "v",
    "x",
    "n",
    "p",
    "work",
    "mod",
    "trimpath",
    "installsuffix",
    "modcacherw",
    "json",
    "pkgdir",
];

impl GoCommand {
    /// Reads the words of a command. `None` if the first is not the go command.
    pub(crate) fn parse(words: &[Value]) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        let program = program.plain()?;
        let name = program.rsplit('/').next().unwrap_or_default();
        let is_go = ["go", "xx-go"].contains(&name) || is_release(name);
        let (verb, rest) = rest.split_first().filter(|_| is_go)?;
        let mut command = Self {
            verb: verb.plain()?,
            ..Self::default()
        };
        command.flags(rest);
        Some(command)
    }

    /// Reads flags and packages; `GOFLAGS` has flags alone.
    pub(crate) fn flags(&mut self, words: &[Value]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(flag) = flag_of(word) else {
                self.packages.push(word.clone());
                continue;
            };
            let name = flag.split('=').next().unwrap_or_default().to_owned();
            let value = if flag.contains('=') {
                Some(without_prefix(
                    word,
                    flag.find('=').unwrap_or(0) + 1 + dashes(word),
                ))
            } else if WITH_VALUE.contains(&name.as_str()) {
                words.next().cloned()
            } else {
                None
            };
            self.flag(&name, value);
        }
    }

    fn flag(&mut self, name: &str, value: Option<Value>) {
        match name {
            "C" => self.dir = value,
            "o" => self.output = value,
            "tags" => self.tags = value,
            "ldflags" => self.ldflags = value,
            "gcflags" => self.gcflags = value,
            "asmflags" => self.asmflags = value,
            "buildvcs" => self.buildvcs = buildvcs(value.as_ref()),
            name if WITHOUT_EFFECT.contains(&name) => {}
            "pgo" if value.as_ref().and_then(Value::plain).as_deref() == Some("auto") => {}
            "buildmode" if value.as_ref().and_then(Value::plain).as_deref() == Some("exe") => {}
            name => {
                let value = value.map(|value| format!("={value}")).unwrap_or_default();
                self.others.push(format!("-{name}{value}"));
            }
        }
    }
}

/// What `-buildvcs` asks for (cmd/go/internal/load, `buildvcsFlag.Set`): a truth as Go reads it, true
/// without a value. `None` for `auto`, and for what only a build knows.
fn buildvcs(value: Option<&Value>) -> Option<bool> {
    let Some(value) = value else {
        return Some(true);
    };
    match value.plain()?.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `go1.22.3`, as golang.org/dl installs it.
fn is_release(name: &str) -> bool {
    name.strip_prefix("go1.").is_some_and(|rest| {
        rest.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn dashes(word: &Value) -> usize {
    match word.0.first() {
        Some(Part::Text(text)) if text.starts_with("--") => 2,
        _ => 1,
    }
}

/// The text of a flag up to what only a build fills, without its dashes.
fn flag_of(word: &Value) -> Option<String> {
    let Some(Part::Text(text)) = word.0.first() else {
        return None;
    };
    let name = text.strip_prefix('-')?;
    Some(name.strip_prefix('-').unwrap_or(name).to_owned())
}

/// A value without the first bytes of its text.
fn without_prefix(word: &Value, length: usize) -> Value {
    let mut value = Value::default();
    for (ix, part) in word.0.iter().enumerate() {
        match part {
            Part::Text(text) if ix == 0 => {
                value.push(Part::Text(
                    text.get(length..).unwrap_or_default().to_owned(),
                ));
            }
            part => value.push(part.clone()),
        }
    }
    value
}
