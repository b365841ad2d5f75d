//! Where a repository is read from: the work tree, or a commit; whole, or without what
//! .dockerignore leaves out.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use gowork_llb::config::{self, WrittenFor};
use gowork_llb::diag::{Diagnostic, Position, Rule, Span};
use gowork_llb::lower::Mark;
use gowork_llb::packages;
use gowork_llb::tree::{
    Entry, EntryKind, Ignore, IgnoringTree, LocalTree, SourceTree, TreeError, TreePath,
};

use crate::args::Common;
use crate::bounded;
use crate::root::{CONFIGURATION, DOCKERFILES};
use crate::slashed;

/// The ignore file of a build; after the name of a definition file, that of builds by it alone.
pub(crate) const IGNORE_FILE: &str = ".dockerignore";

/// A tree with the configuration that belongs to it.
#[derive(Clone)]
pub(crate) struct Source {
    /// The files.
    pub(crate) tree: Arc<dyn SourceTree>,
    /// All files, also those that a build does not see.
    pub(crate) whole: Arc<dyn SourceTree>,
    /// Name and text of the configuration, if there is one.
    pub(crate) config_file: Option<(String, String)>,
    /// The Dockerfile with stages of its own that the configuration belongs to, if it does.
    pub(crate) stages: Option<String>,
    /// Name and rules of the ignore file, if there is one.
    pub(crate) ignore: Option<(String, Ignore)>,
    /// Warnings about the choice of these files.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What a build is made by.
#[derive(Default)]
struct Definition {
    /// The file's name, from the root if it is there.
    name: Option<String>,
    /// Its text, if it is a configuration.
    text: Option<String>,
    /// The Dockerfile with stages of its own that the configuration is for.
    stages: Option<String>,
    /// Name and text of the ignore file that goes with it.
    own_ignore: Option<(String, Vec<u8>)>,
    diagnostics: Vec<Diagnostic>,
}

impl Source {
    /// The work tree.
    pub(crate) fn on_disk(common: &Common) -> anyhow::Result<Self> {
        let root = &common.root.dir;
        anyhow::ensure!(root.is_dir(), "{}: no such directory", root.display());
        Self::of(Arc::new(LocalTree::new(root)), common)
    }

    /// Any tree of the same repository. A configuration that lies outside of it is read from disk.
    pub(crate) fn of(tree: Arc<dyn SourceTree>, common: &Common) -> anyhow::Result<Self> {
        let definition = match &common.config {
            Some(path) => named(tree.as_ref(), &common.root.dir, path)?,
            None => usual(tree.as_ref())?,
        };
        let ignore = match definition.own_ignore {
            Some(own) => Some(own),
            None => usual_ignore(tree.as_ref())?,
        };
        let ignore = ignore.map(|(name, text)| (name, Ignore::parse(&text)));
        let config_file = definition.name.zip(definition.text);
        Ok(Self {
            whole: Arc::clone(&tree),
            tree,
            config_file,
            stages: definition.stages,
            ignore,
            diagnostics: definition.diagnostics,
        })
    }

    /// The same for a build by the definition file at `path`, which need not be there yet: the ignore
    /// file of that name counts, and not the one of the configuration.
    pub(crate) fn defined_by(mut self, root: &Path, path: &Path) -> anyhow::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(IGNORE_FILE);
        let own = match ignore_file(Path::new(&name))? {
            // A file in the repository is shown as seen from the root.
            Some((shown, text)) => {
                let name = inside(root, Path::new(&name)).unwrap_or(shown);
                Some((name, text))
            }
            None => usual_ignore(self.whole.as_ref())?,
        };
        self.ignore = own.map(|(name, text)| (name, Ignore::parse(&text)));
        Ok(self)
    }

    /// What a build sees of it.
    pub(crate) fn without_ignored(mut self) -> Self {
        let Some((name, ignore)) = &self.ignore else {
            return self;
        };
        if let Some(error) = ignore.check(name) {
            self.diagnostics.push(error);
            return self;
        }
        let seen = IgnoringTree::new(Arc::clone(&self.tree), ignore.clone());
        self.diagnostics
            .extend(nothing_left(&self.tree, &seen, (name, ignore)));
        self.tree = Arc::new(seen);
        self
    }
}

/// The error where an ignore file hides every mod file there is.
fn nothing_left(
    tree: &Arc<dyn SourceTree>,
    seen: &IgnoringTree,
    (name, ignore): (&str, &Ignore),
) -> Option<Diagnostic> {
    let has_mod_files = |tree: &dyn SourceTree| !packages::scan(tree).mod_files.is_empty();
    // The whole tree is only scanned where nothing stands at the top of what is seen: hardly ever.
    let at_top = ["go.work", "go.mod"].map(|name| TreePath::ROOT.child(name));
    if seen.read(&at_top).iter().any(Result::is_ok) || has_mod_files(seen) {
        return None;
    }
    let hidden = packages::scan(tree.as_ref()).mod_files;
    let (path, rule) = hidden
        .keys()
        .find_map(|path| Some((path, ignore.excludes(path)?)))?;
    let error = Diagnostic::error(format!(
        "the build sees no go.mod and no go.work: the rule {:?} leaves out {path}",
        rule.pattern
    ));
    // A Dockerfile that takes a binary from outside often has such a file.
    let beside = if name == IGNORE_FILE {
        format!(
            "; if it is for a Dockerfile that you keep, begin beside it: gowork init --output {CONFIGURATION}"
        )
    } else {
        String::new()
    };
    let error = error.help(format!(
        "let mod files and sources in again below that rule, such as !{path}, or print a new file: gowork dockerignore{beside}"
    ));
    Some(error.at(Span::at(name, Position::new(rule.line, 1))))
}

/// The text of the file at `name`. Returns `None` if no such file exists.
fn read(tree: &dyn SourceTree, name: &str) -> anyhow::Result<Option<String>> {
    // What lies outside is not of this tree.
    let Ok(path) = TreePath::new(name) else {
        return Ok(None);
    };
    match tree.read(&[path]).remove(0) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(TreeError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The configuration at `path`, which the command line names.
fn named(tree: &dyn SourceTree, root: &Path, path: &Path) -> anyhow::Result<Definition> {
    if let Some(name) = inside(root, path) {
        // A commit may not have it yet.
        let text = read(tree, &name)?;
        let definition = Definition {
            own_ignore: own_ignore(tree, &name)?,
            ..Definition::default()
        };
        let settings = beside(&name);
        return Ok(match text {
            Some(text) if config::is_dockerfile(&text) => Definition {
                text: read(tree, &settings)?,
                name: Some(settings),
                stages: Some(name),
                ..definition
            },
            text => Definition {
                text,
                name: Some(name),
                ..definition
            },
        });
    }
    let shown = path.display().to_string();
    let bytes = bounded::read(path).with_context(|| shown.clone())?;
    let own_ignore = ignore_file(Path::new(&format!("{shown}{IGNORE_FILE}")))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if config::is_dockerfile(&text) {
        let settings = beside(&shown);
        let text = match bounded::read(Path::new(&settings)) {
            Ok(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(settings),
        };
        return Ok(Definition {
            name: Some(settings),
            text,
            own_ignore,
            stages: Some(shown),
            ..Definition::default()
        });
    }
    Ok(Definition {
        name: Some(shown),
        text: Some(text),
        own_ignore,
        ..Definition::default()
    })
}

/// The file with the settings for the Dockerfile at `path`.
fn beside(path: &str) -> String {
    let directory = &path[..slashed::name_start(path)];
    format!("{directory}{CONFIGURATION}")
}

/// Name and text of an ignore file on disk. Returns `None` if no such file exists.
fn ignore_file(path: &Path) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let shown = path.display().to_string();
    match bounded::read(path) {
        Ok(text) => Ok(Some((shown, text))),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).context(shown),
    }
}

/// Name and text of the ignore file that counts for every definition file without one of its own.
fn usual_ignore(tree: &dyn SourceTree) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    Ok(read(tree, IGNORE_FILE)?.map(|text| (IGNORE_FILE.to_owned(), text.into_bytes())))
}

/// Where the configuration lies that is called `name`: below the root, unless the command line names
/// a definition file outside of it.
pub(crate) fn configuration_path(common: &Common, name: &str) -> PathBuf {
    let root = &common.root.dir;
    match &common.config {
        Some(path) if inside(root, path).is_none() => PathBuf::from(name),
        _ => root.join(name),
    }
}

/// The name of a file from the root, if it lies there and links do not lead out.
fn inside(root: &Path, path: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    path.canonicalize().ok()?.strip_prefix(&root).ok()?;
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let path = dir.canonicalize().ok()?.join(path.file_name()?);
    Some(slashed::written(path.strip_prefix(&root).ok()?.to_str()?))
}

/// What is there without `-f`: the Dockerfile that `docker buildx build` takes, if it is a
/// configuration; else a gowork.toml.
fn usual(tree: &dyn SourceTree) -> anyhow::Result<Definition> {
    let entries = tree.list(&[TreePath::ROOT]).remove(0).unwrap_or_default();
    let read_file = |name: &str| {
        let is_file = |entry: &Entry| {
            entry.name == name && matches!(entry.kind, EntryKind::File | EntryKind::LinkToFile)
        };
        if entries.iter().any(is_file) {
            read(tree, name)
        } else {
            Ok(None)
        }
    };
    let configuration = read_file(CONFIGURATION)?;
    let mut dockerfile = None;
    for name in DOCKERFILES {
        if let Some(text) = read_file(name)? {
            dockerfile = Some((name, text));
            break;
        }
    }
    let Some((name, text)) = dockerfile else {
        return match configuration {
            Some(text) => definition(tree, CONFIGURATION, Some(text), None),
            None => Ok(Definition::default()),
        };
    };
    match (WrittenFor::of(&text), configuration) {
        (WrittenFor::Gowork, configuration) if config::is_dockerfile(&text) => Ok(Definition {
            name: Some(CONFIGURATION.to_owned()),
            text: configuration,
            own_ignore: own_ignore(tree, name)?,
            stages: Some(name.to_owned()),
            ..Definition::default()
        }),
        (WrittenFor::Gowork, configuration) => {
            let differs = configuration.is_some_and(|other| other != text);
            let said = differs.then(|| not_read(name));
            definition(tree, name, Some(text), said)
        }
        (_, Some(configuration)) => {
            // A syntax line says that the file is meant to be named in builds, as `gowork init
            // --output gowork.toml` and the quickstart have it.
            let is_meant = config::syntax(&configuration).is_some();
            let is_other = !is_meant && !Mark::DOCKERFILE.is_in(&text);
            let said = is_other.then(|| another_build(name));
            definition(tree, CONFIGURATION, Some(configuration), said)
        }
        (WrittenFor::Another(frontend), None) => {
            let said = unknown_frontend(name, &frontend);
            definition(tree, name, None, Some(said))
        }
        (_, None) => definition(tree, name, None, None),
    }
}

/// A file of the tree without stages of its own, with its ignore file.
fn definition(
    tree: &dyn SourceTree,
    name: &str,
    text: Option<String>,
    said: Option<Diagnostic>,
) -> anyhow::Result<Definition> {
    Ok(Definition {
        name: Some(name.to_owned()),
        text,
        own_ignore: own_ignore(tree, name)?,
        stages: None,
        diagnostics: said.into_iter().collect(),
    })
}

fn not_read(dockerfile: &str) -> Diagnostic {
    let words = format!(
        "{CONFIGURATION} is not read: {dockerfile} is the configuration here, as it is for `docker buildx build .`"
    );
    Diagnostic::warning(Rule::IgnoredDefinition, words)
        .help(format!("keep one of the two, or name the other one with -f {CONFIGURATION}, for gowork and docker alike"))
}

fn another_build(dockerfile: &str) -> Diagnostic {
    let words = format!(
        "`docker buildx build .` builds {dockerfile}, which gowork did not print; what is shown here is {CONFIGURATION}"
    );
    Diagnostic::warning(Rule::IgnoredDefinition, words).help(format!(
        "build it with docker buildx build -f {CONFIGURATION} ."
    ))
}

fn unknown_frontend(dockerfile: &str, frontend: &str) -> Diagnostic {
    let words =
        format!("{dockerfile} is not read: it is written for {frontend}, and its text is not TOML");
    Diagnostic::warning(Rule::IgnoredDefinition, words)
        .at(Span::at(dockerfile, Position::new(1, 1)))
        .help("if it is a configuration for gowork, name it with -f")
}

/// The ignore file that counts for the definition file `name` alone, and before .dockerignore.
fn own_ignore(tree: &dyn SourceTree, name: &str) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let name = format!("{name}{IGNORE_FILE}");
    Ok(read(tree, &name)?.map(|text| (name, text.into_bytes())))
}
