//! `gowork explain IMAGE FILE`: why a file is part of an image, or is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gowork_llb::diag::{self, Diagnostic};
use gowork_llb::gomod::ImportPath;
use gowork_llb::gomod::path::is_path_prefix;
use gowork_llb::lower::LICENSES_DIR;
use gowork_llb::plan::Image;
use gowork_llb::resolution::{Resolution, ResolvedModule};
use gowork_llb::tree::TreePath;
use gowork_llb::workspace;

use super::explain_json::{ExplainFileJson, ImportJson};
use crate::args::Form;
use crate::membership::{Link, Query, Role, readers};
use crate::project::{Project, Resolutions};
use crate::source::Source;
use crate::{exit, ui};

/// What is known about one file, or package, and one image.
#[derive(Default)]
struct Answer {
    /// What it is to the image; empty if it is not part of it.
    roles: Vec<String>,
    /// Why it does not belong to the image.
    absence: Option<String>,
    /// From the main to the package in question.
    chain: Vec<Link>,
    /// Packages from outside after the chain.
    through: Vec<ImportPath>,
    /// Steps that read it: name and title.
    steps: Vec<(String, String)>,
}

impl Answer {
    /// It is not part of the image, for this reason.
    fn absent(reason: String) -> Self {
        Self {
            absence: Some(reason),
            ..Self::default()
        }
    }

    /// It is about another binary of an image than its own.
    fn of_binary(mut self, other: &Image) -> Self {
        for role in &mut self.roles {
            *role = format!("{role}, for the binary {}", other.binary);
        }
        self
    }
}

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) query: Query<'a>,
    pub(super) image: &'a Image,
    /// What the go command said.
    pub(super) resolutions: Option<&'a Resolutions>,
    /// The repository with what .dockerignore leaves out.
    pub(super) whole: &'a Source,
}

/// Prints the answer about a file, or a package.
pub(super) fn run(asked: &Asked<'_>, file: &str, format: Form) -> anyhow::Result<u8> {
    let Asked {
        query,
        image,
        resolutions,
        whole,
    } = *asked;
    let path = TreePath::new(file).ok().filter(|path| exists(whole, path));
    let answer = match &path {
        Some(path) => Some(about_file(query, image, whole, path)),
        None => about_package(query, image, resolutions, file),
    };
    let Some(answer) = answer else {
        query.project.tell(&[no_such_file(
            query.project,
            image,
            file,
            resolutions.is_some(),
        )]);
        return Ok(exit::ERRORS);
    };
    let name = path.map_or_else(|| file.to_owned(), |path| path.to_string());
    match format {
        Form::Human => ui::print(&text_of(image, &name, &answer))?,
        Form::Json => ui::print_json(&json_of(image, name, answer))?,
    }
    Ok(exit::OK)
}

fn exists(whole: &Source, path: &TreePath) -> bool {
    let dir = path.parent().unwrap_or_default();
    let listed = whole.tree.list(&[dir]).remove(0).unwrap_or_default();
    path.is_root() || listed.iter().any(|entry| entry.name == path.name())
}

fn is_dir(whole: &Source, path: &TreePath) -> bool {
    whole
        .tree
        .list(std::slice::from_ref(path))
        .remove(0)
        .is_ok()
}

fn about_file(query: Query<'_>, image: &Image, whole: &Source, path: &TreePath) -> Answer {
    if let Some((name, ignore)) = &whole.ignore
        && !workspace::is_of_context(path)
        && let Some(rule) = ignore.excludes(path)
    {
        return Answer::absent(format!(
            "{name}:{} leaves it out of the build (`{}`)",
            rule.line, rule.pattern
        ));
    }
    let mut extra = image.runtime.files.iter();
    if is_dir(whole, path) && !extra.any(|file| file.from.takes(path)) {
        return about_dir(query, image, path);
    }
    let roles = query.roles(image, path);
    if roles.is_empty() {
        for other in image.others() {
            let of_other = about_file(query, &other, whole, path);
            if of_other.absence.is_none() {
                return of_other.of_binary(&other);
            }
        }
        let config_file = query.project.config_file.as_ref();
        return Answer::absent(match config_file {
            Some((name, _)) if name == path.as_str() => {
                "it is the configuration: only what it says about the image counts".to_owned()
            }
            _ => query.absence(image, path),
        });
    }
    let package = roles.iter().find_map(|role| match role {
        Role::Source(ix) | Role::Included(ix) | Role::Embedded(ix, ..) => Some(*ix),
        Role::Profile | Role::ModFile | Role::Vendored | Role::Runtime(_) | Role::License => None,
    });
    let mut answer = Answer::default();
    if let Some(ix) = package {
        answer.chain = query.chain(image, ix);
    }
    for role in &roles {
        answer.roles.push(words(query, image, role));
    }
    for step in readers(&query.steps(image), path) {
        answer
            .steps
            .push((step.name.to_string(), step.title.clone()));
    }
    answer
}

/// A directory counts by its package.
fn about_dir(query: Query<'_>, image: &Image, dir: &TreePath) -> Answer {
    let own = query.packages(image);
    let mut packages = query.build(image).packages.iter();
    match packages.find(|(ix, package)| package.dir == *dir && own.contains(*ix)) {
        Some((ix, package)) => Answer {
            roles: vec![format!("the directory of package {}", package.path)],
            chain: query.chain(image, ix),
            ..Answer::default()
        },
        None => Answer::absent(no_package(query, image, dir)),
    }
}

fn words(query: Query<'_>, image: &Image, role: &Role) -> String {
    let graph = &query.build(image).packages;
    match role {
        Role::Source(ix) if query.is_guess(image, *ix) => {
            format!(
                "perhaps a source of package {}, which third-party packages may import: --resolve asks go",
                graph.get(*ix).path
            )
        }
        Role::Source(ix) => {
            let package = graph.get(*ix);
            let what = if package.path == image.package {
                "its main package"
            } else {
                "package"
            };
            format!("a source of {what} {}", package.path)
        }
        Role::Included(ix) => format!(
            "included by C or assembly of package {}",
            graph.get(*ix).path
        ),
        Role::Embedded(ix, pattern, at) => {
            let at = at
                .as_ref()
                .map(|at| format!(" at {at}"))
                .unwrap_or_default();
            format!(
                "embedded by package {}, by the pattern {pattern}{at}",
                graph.get(*ix).path
            )
        }
        Role::Profile => {
            "the profile that its main and everything below it is compiled with".to_owned()
        }
        Role::ModFile => {
            "a mod file: it takes part in choosing versions, for all images of its root".to_owned()
        }
        Role::Vendored if query.plan.resolved => "a file of a vendored package".to_owned(),
        Role::Vendored => {
            "perhaps a file of a vendored package that it reaches: --resolve asks go".to_owned()
        }
        Role::Runtime(to) => format!("put into the image, below {to}"),
        Role::License => {
            format!("put into the image with the licences of its modules, below {LICENSES_DIR}")
        }
    }
}

fn no_package(query: Query<'_>, image: &Image, dir: &TreePath) -> String {
    let images: Vec<&str> = query
        .plan
        .images
        .iter()
        .filter(|other| {
            let graph = &query.build(other).packages;
            query
                .packages(other)
                .iter()
                .any(|ix| graph.get(ix).dir == *dir)
        })
        .map(|image| image.name.as_str())
        .collect();
    if images.is_empty() {
        return "it is a directory, and no image imports a package in it".to_owned();
    }
    format!(
        "{} does not import the package in it; these images do: {}",
        image.name,
        images.join(", ")
    )
}

/// The word is not a file: it may be an import path, with `/...` for all below it.
fn about_package(
    query: Query<'_>,
    image: &Image,
    resolutions: Option<&Resolutions>,
    word: &str,
) -> Option<Answer> {
    if let Some(answer) = about_own_package(query, image, word) {
        return Some(answer);
    }
    let others = image.others();
    for binary in [image].into_iter().chain(&others) {
        let build = query.plan.step(binary.link).build;
        let resolution = resolutions.and_then(|all| all.get(&build));
        if let Some(answer) = about_foreign_package(query, binary, resolution, word) {
            let is_own = binary.link == image.link;
            return Some(if is_own {
                answer
            } else {
                answer.of_binary(binary)
            });
        }
    }
    None
}

/// A package of the repository, in the image or not.
fn about_own_package(query: Query<'_>, image: &Image, word: &str) -> Option<Answer> {
    let graph = &query.build(image).packages;
    let own = query.packages(image);
    if let Some(ix) = graph.find(word).filter(|ix| own.contains(*ix)) {
        let perhaps = if query.is_guess(image, ix) {
            "perhaps, for third-party packages may import it, "
        } else {
            ""
        };
        return Some(Answer {
            roles: vec![format!("{perhaps}a package of the repository")],
            chain: query.chain(image, ix),
            ..Answer::default()
        });
    }
    for other in image.others() {
        let answer = about_own_package(query, &other, word);
        if let Some(answer) = answer.filter(|answer| answer.absence.is_none()) {
            return Some(answer.of_binary(&other));
        }
    }
    for build in &query.plan.builds {
        if let Some(ix) = build.packages.find(word) {
            let dir = &build.packages.get(ix).dir;
            return Some(Answer::absent(no_package(query, image, dir)));
        }
    }
    None
}

/// A package from outside the repository that the image holds: the one with this path, or the first
/// one below it.
fn about_foreign_package(
    query: Query<'_>,
    image: &Image,
    resolution: Option<&Resolution>,
    word: &str,
) -> Option<Answer> {
    let mut imports: BTreeMap<&ImportPath, &[ImportPath]> = BTreeMap::new();
    for package in resolution
        .iter()
        .flat_map(|resolution| &resolution.packages)
    {
        imports.insert(&package.path, &package.imports);
    }
    let prefix = word.trim_end_matches("/...");
    let exact = |path: &ImportPath| *path == word;
    let below = |path: &ImportPath| is_path_prefix(prefix, path);
    let found = query
        .foreign(image, &|path| way(&imports, path, &exact))
        .or_else(|| query.foreign(image, &|path| way(&imports, path, &below)))?;
    let mut role = format!("package {}", found.path);
    if let Some(module) = resolution.and_then(|resolution| module_of(resolution, &found.path)) {
        let _ = write!(role, " of module {} {}", module.path, module.version);
    }
    Some(Answer {
        roles: vec![role],
        chain: found.chain,
        through: found.through,
        ..Answer::default()
    })
}

fn module_of<'r>(resolution: &'r Resolution, path: &ImportPath) -> Option<&'r ResolvedModule> {
    let package = resolution
        .packages
        .iter()
        .find(|package| package.path == *path)?;
    resolution.modules.get(package.module?)
}

/// The shortest way from one package outside the repository to one that is wanted.
fn way(
    imports: &BTreeMap<&ImportPath, &[ImportPath]>,
    from: &ImportPath,
    wanted: &dyn Fn(&ImportPath) -> bool,
) -> Option<Vec<ImportPath>> {
    let mut seen = BTreeSet::from([from.clone()]);
    let mut open = std::collections::VecDeque::from([vec![from.clone()]]);
    while let Some(path) = open.pop_front() {
        let last = path.last()?;
        if wanted(last) {
            return Some(path);
        }
        for next in imports.get(last).copied().unwrap_or_default() {
            if seen.insert(next.clone()) {
                open.push_back(path.iter().chain([next]).cloned().collect());
            }
        }
    }
    None
}

fn no_such_file(project: &Project, image: &Image, file: &str, asked_go: bool) -> Diagnostic {
    let mut known: BTreeSet<String> = project
        .scan()
        .mod_files
        .keys()
        .map(ToString::to_string)
        .collect();
    for (dir, scanned) in &project.scan().dirs {
        known.extend(
            scanned
                .files
                .iter()
                .map(|file| dir.child(&file.name).to_string()),
        );
        let embedded = scanned.embeds.values().flatten().flatten();
        known.extend(
            embedded
                .filter_map(|file| dir.join(file).ok())
                .map(|path| path.to_string()),
        );
    }
    let looks_foreign = !ImportPath::new(file).looks_standard() && !file.starts_with('.');
    if looks_foreign && !file.ends_with(".go") && file.contains('/') {
        let error = Diagnostic::error(format!(
            "there is no file {file}, and {} imports no such package",
            image.name
        ));
        let help = "packages that only third-party packages import are known with --resolve";
        return if asked_go { error } else { error.help(help) };
    }
    let error = Diagnostic::error(format!("there is no file {file}"));
    let name = file.rsplit('/').next().unwrap_or(file);
    let same_name: Vec<&String> = known
        .iter()
        .filter(|path| path.rsplit('/').next() == Some(name))
        .collect();
    let nearest = match same_name.as_slice() {
        [only] => Some(only.as_str()),
        _ => diag::nearest(file, known.iter().map(String::as_str)),
    };
    match nearest {
        Some(nearest) => error.help(format!("did you mean {nearest}?")),
        None => error.help("write it relative to the root of the repository"),
    }
}

fn text_of(image: &Image, name: &str, answer: &Answer) -> String {
    if let Some(absence) = &answer.absence {
        return format!("{name} is not part of {}: {absence}\n", image.name);
    }
    let mut text = format!(
        "{name} is part of {}: {}\n",
        image.name,
        answer.roles.join("; and ")
    );
    if !answer.chain.is_empty() {
        text.push_str("\nimported by way of\n");
        let place = |link: &Link| {
            link.at
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let width = answer
            .chain
            .iter()
            .map(|link| place(link).len())
            .max()
            .unwrap_or(0);
        for link in &answer.chain {
            let imports = if link.guess { "may import" } else { "imports" };
            let _ = writeln!(
                text,
                "  {:width$}  {} {imports} {}",
                place(link),
                link.from,
                link.to
            );
        }
        for pair in answer.through.windows(2) {
            let _ = writeln!(text, "  {:width$}  {} imports {}", "", pair[0], pair[1]);
        }
    }
    if !answer.steps.is_empty() {
        text.push_str("\nread by\n");
        let width = answer
            .steps
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, title) in &answer.steps {
            let _ = writeln!(text, "  {name:width$}  {title}");
        }
    }
    text
}

fn json_of(image: &Image, file: String, answer: Answer) -> ExplainFileJson {
    let own = answer.chain.iter().map(|link| ImportJson {
        from: link.from.clone(),
        to: link.to.clone(),
        at: link.at.as_ref().map(ToString::to_string),
        guess: link.at.is_none() && link.guess,
    });
    let through = answer.through.windows(2).map(|pair| ImportJson {
        from: pair[0].clone(),
        to: pair[1].clone(),
        at: None,
        guess: false,
    });
    ExplainFileJson {
        version: 1,
        image: image.name.clone(),
        file,
        part: answer.absence.is_none(),
        imports: own.chain(through).collect(),
        steps: answer.steps.into_iter().map(|(name, _)| name).collect(),
        roles: answer.roles,
        absence: answer.absence,
    }
}
