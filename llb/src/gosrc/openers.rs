//! Functions that open what one of their arguments names, while a program runs. docs/cli.md lists
//! them for users, and a test compares the two.

/// What a function takes a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opens {
    /// A file.
    File,
    /// A directory, with all in it.
    Dir,
    /// A file or a directory.
    Any,
    /// The files that a pattern matches (`path.Match`, element by element).
    Pattern,
    /// A directory in which a configuration file is looked for.
    ConfigDir,
    /// A directory as a URL: `file://migrations`.
    DirUrl,
}

/// What a call does with the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It needs it.
    Opens(Opens),
    /// It makes or removes it: what the program writes, it need not be given.
    Writes,
    /// The flags in the second argument decide: `os.OpenFile`.
    ByFlags,
}

/// Which arguments are paths, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arguments {
    At(usize),
    From(usize),
}

impl Arguments {
    pub(super) fn has(self, argument: usize) -> bool {
        match self {
            Self::At(at) => argument == at,
            Self::From(first) => argument >= first,
        }
    }
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By the name of its package.
    Function,
    /// On a value.
    Method,
    /// Either way.
    Both,
}

/// A function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opener {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) paths: Arguments,
    pub(super) effect: Effect,
}

/// A package with such functions.
#[derive(Debug)]
pub(super) struct OpenerPackage {
    /// Its import path without elements such as `v5`.
    path: &'static str,
    /// What importers call it.
    pub(super) name: &'static str,
    pub(super) openers: &'static [Opener],
}

const fn function(name: &'static str, at: usize, opens: Opens) -> Opener {
    Opener {
        name,
        form: Form::Function,
        paths: Arguments::At(at),
        effect: Effect::Opens(opens),
    }
}

const fn method(name: &'static str, at: usize, opens: Opens) -> Opener {
    Opener {
        form: Form::Method,
        ..function(name, at, opens)
    }
}

const fn either(name: &'static str, at: usize, opens: Opens) -> Opener {
    Opener {
        form: Form::Both,
        ..function(name, at, opens)
    }
}

/// The same for every argument from its first path on.
const fn all(opener: Opener) -> Opener {
    let first = match opener.paths {
        Arguments::At(first) | Arguments::From(first) => first,
    };
    Opener {
        paths: Arguments::From(first),
        ..opener
    }
}

const fn writer(name: &'static str) -> Opener {
    Opener {
        effect: Effect::Writes,
        ..function(name, 0, Opens::Any)
    }
}

/// A package of gofiber/template.
const fn template_engine(path: &'static str, name: &'static str) -> OpenerPackage {
    OpenerPackage {
        path,
        name,
        openers: TEMPLATE_ENGINE,
    }
}

const TEMPLATE_ENGINE: &[Opener] = &[function("New", 0, Opens::Dir)];

const TEMPLATES: &[Opener] = &[
    all(either("ParseFiles", 0, Opens::File)),
    either("ParseGlob", 0, Opens::Pattern),
];

const PACKAGES: &[OpenerPackage] = &[
    OpenerPackage {
        path: "os",
        name: "os",
        openers: &[
            function("ReadFile", 0, Opens::File),
            function("Open", 0, Opens::Any),
            Opener {
                effect: Effect::ByFlags,
                ..function("OpenFile", 0, Opens::File)
            },
            function("ReadDir", 0, Opens::Dir),
            function("DirFS", 0, Opens::Dir),
            function("OpenRoot", 0, Opens::Dir),
            writer("Create"),
            writer("WriteFile"),
            writer("Mkdir"),
            writer("MkdirAll"),
            writer("Remove"),
            writer("RemoveAll"),
            all(writer("Rename")),
        ],
    },
    OpenerPackage {
        path: "io/ioutil",
        name: "ioutil",
        openers: &[
            function("ReadFile", 0, Opens::File),
            function("ReadDir", 0, Opens::Dir),
            writer("WriteFile"),
        ],
    },
    OpenerPackage {
        path: "path/filepath",
        name: "filepath",
        openers: &[
            function("Glob", 0, Opens::Pattern),
            function("Walk", 0, Opens::Dir),
            function("WalkDir", 0, Opens::Dir),
        ],
    },
    OpenerPackage {
        path: "text/template",
        name: "template",
        openers: TEMPLATES,
    },
    OpenerPackage {
        path: "html/template",
        name: "template",
        openers: TEMPLATES,
    },
    OpenerPackage {
        path: "net/http",
        name: "http",
        openers: &[
            function("Dir", 0, Opens::Dir),
            function("ServeFile", 2, Opens::File),
        ],
    },
    OpenerPackage {
        path: "github.com/gin-gonic/gin",
        name: "gin",
        openers: &[
            method("LoadHTMLGlob", 0, Opens::Pattern),
            all(method("LoadHTMLFiles", 0, Opens::File)),
            method("Static", 1, Opens::Dir),
            method("StaticFile", 1, Opens::File),
            method("File", 0, Opens::File),
            method("FileAttachment", 0, Opens::File),
            function("Dir", 0, Opens::Dir),
        ],
    },
    OpenerPackage {
        path: "github.com/labstack/echo",
        name: "echo",
        openers: &[
            method("Static", 1, Opens::Dir),
            all(method("File", 0, Opens::File)),
            method("Attachment", 0, Opens::File),
            method("Inline", 0, Opens::File),
        ],
    },
    OpenerPackage {
        path: "github.com/labstack/echo/middleware",
        name: "middleware",
        openers: &[function("Static", 0, Opens::Dir)],
    },
    OpenerPackage {
        path: "github.com/gofiber/fiber",
        name: "fiber",
        openers: &[
            method("Static", 1, Opens::Dir),
            method("SendFile", 0, Opens::File),
            method("Download", 0, Opens::File),
        ],
    },
    OpenerPackage {
        path: "github.com/gofiber/fiber/middleware/static",
        name: "static",
        openers: &[function("New", 0, Opens::Dir)],
    },
    template_engine("github.com/gofiber/template/ace", "ace"),
    template_engine("github.com/gofiber/template/amber", "amber"),
    template_engine("github.com/gofiber/template/django", "django"),
    template_engine("github.com/gofiber/template/handlebars", "handlebars"),
    template_engine("github.com/gofiber/template/html", "html"),
    template_engine("github.com/gofiber/template/jet", "jet"),
    template_engine("github.com/gofiber/template/mustache", "mustache"),
    template_engine("github.com/gofiber/template/pug", "pug"),
    template_engine("github.com/gofiber/template/slim", "slim"),
    OpenerPackage {
        path: "github.com/kataras/iris",
        name: "iris",
        openers: &[
            method("HandleDir", 1, Opens::Dir),
            function("HTML", 0, Opens::Dir),
        ],
    },
    OpenerPackage {
        path: "github.com/golang-migrate/migrate",
        name: "migrate",
        openers: &[
            function("New", 0, Opens::DirUrl),
            function("NewWithDatabaseInstance", 0, Opens::DirUrl),
        ],
    },
    OpenerPackage {
        path: "github.com/pressly/goose",
        name: "goose",
        openers: &[
            function("Up", 1, Opens::Dir),
            function("UpContext", 2, Opens::Dir),
            function("Run", 2, Opens::Dir),
            function("RunContext", 3, Opens::Dir),
        ],
    },
    OpenerPackage {
        path: "github.com/spf13/viper",
        name: "viper",
        openers: &[
            either("AddConfigPath", 0, Opens::ConfigDir),
            either("SetConfigFile", 0, Opens::File),
        ],
    },
    OpenerPackage {
        path: "github.com/BurntSushi/toml",
        name: "toml",
        openers: &[function("DecodeFile", 0, Opens::File)],
    },
    OpenerPackage {
        path: "github.com/pelletier/go-toml",
        name: "toml",
        openers: &[function("LoadFile", 0, Opens::File)],
    },
    OpenerPackage {
        path: "gopkg.in/ini.v1",
        name: "ini",
        openers: &[all(function("Load", 0, Opens::File))],
    },
    OpenerPackage {
        path: "github.com/ilyakaznacheev/cleanenv",
        name: "cleanenv",
        openers: &[function("ReadConfig", 0, Opens::File)],
    },
    OpenerPackage {
        path: "github.com/knadh/koanf/providers/file",
        name: "file",
        openers: &[function("Provider", 0, Opens::File)],
    },
    OpenerPackage {
        path: "github.com/casbin/casbin",
        name: "casbin",
        openers: &[all(function("NewEnforcer", 0, Opens::File))],
    },
    OpenerPackage {
        path: "github.com/oschwald/geoip2-golang",
        name: "geoip2",
        openers: &[function("Open", 0, Opens::File)],
    },
    OpenerPackage {
        path: "github.com/nicksnyder/go-i18n/i18n",
        name: "i18n",
        openers: &[
            either("LoadMessageFile", 0, Opens::File),
            either("MustLoadMessageFile", 0, Opens::File),
        ],
    },
];

/// Functions that make one path of several, by package and name.
const JOINERS: [(&str, &str); 5] = [
    ("path/filepath", "Join"),
    ("path/filepath", "FromSlash"),
    ("path/filepath", "Clean"),
    ("path", "Join"),
    ("path", "Clean"),
];

/// The functions that open files, as users write them: `os.ReadFile`; of methods the package is
/// that of the value.
#[must_use]
pub fn openers() -> Vec<String> {
    let mut names = Vec::new();
    for package in PACKAGES {
        for opener in package.openers {
            if opener.effect != Effect::Writes {
                names.push(format!("{}.{}", package.name, opener.name));
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Whether a file that imports this package may open files with it.
pub(crate) fn has_openers(import: &str) -> bool {
    package(import).is_some()
}

/// The functions of an imported package.
pub(super) fn package(import: &str) -> Option<&'static OpenerPackage> {
    // Nearly all imports are of packages without any.
    let first = import.split('/').next()?;
    if !PACKAGES
        .iter()
        .any(|package| package.path.starts_with(first))
    {
        return None;
    }
    let elements = import.split('/').filter(|element| !is_major(element));
    let path = elements.collect::<Vec<_>>().join("/");
    PACKAGES.iter().find(|package| package.path == path)
}

/// Whether a function of an imported package makes one path of several.
pub(super) fn is_joiner(import: &str, name: &str) -> bool {
    JOINERS.contains(&(import, name))
}

/// The package that has joiners, by what importers call it.
pub(super) fn joiners_name(import: &str) -> Option<&'static str> {
    match import {
        "path/filepath" => Some("filepath"),
        "path" => Some("path"),
        _ => None,
    }
}

/// What a package is called, if its import path says so: its last element without a version.
pub(super) fn likely_name(import: &str) -> &str {
    let mut elements = import.rsplit('/').filter(|element| !is_major(element));
    elements.next().unwrap_or(import)
}

/// Whether an element of an import path is a major version: `v5`.
fn is_major(element: &str) -> bool {
    let digits = element.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
