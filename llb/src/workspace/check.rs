//! The rules between mod files, and the errors that breaking them gives.

use std::collections::{BTreeMap, BTreeSet};

use super::module::RootKind;
use super::{ModTexts, contexts};
use crate::diag::{self, Diagnostic, Findings, Position, Rule, Span};
use crate::gomod::{ModFile, Replace, WorkFile, version};
use crate::tree::TreePath;

/// The directory `path`, as written in a mod file of the directory `base`, if it lies in the tree.
pub(super) fn inside(
    base: &TreePath,
    path: &str,
    span: &Span,
    findings: &mut Findings,
) -> Option<TreePath> {
    match base.join(path) {
        Ok(dir) => Some(dir),
        Err(_) => {
            let error =
                Diagnostic::error(format!("directory {path} lies outside the build context"));
            let seen = contexts::outside(base, path);
            let context = seen.and_then(|dir| Some((contexts::usual_name(&dir)?, dir)));
            let help = match context {
                Some((name, dir)) => format!("give it to the build as a context: docker buildx build --build-context {name}={dir}"),
                None => "build with a context that holds it, such as `docker buildx build -f Dockerfile ..`, or bring the module into the repository".to_owned(),
            };
            findings.push(error.at(span.clone()).help(help));
            None
        }
    }
}

/// The path that the go.mod in `dir` declares.
pub(super) fn module_path(modules: &BTreeMap<TreePath, ModFile>, dir: &TreePath) -> Option<String> {
    modules
        .get(dir)?
        .module
        .as_ref()
        .map(|module| module.value.clone())
}

/// What is wrong with the path that the go.mod in `dir` declares, for a module that is built and
/// not only required.
pub(super) fn main_module(
    modules: &BTreeMap<TreePath, ModFile>,
    dir: &TreePath,
) -> Option<Diagnostic> {
    let file = modules.get(dir)?;
    if file.module.is_none() {
        return Some(no_module_line(&dir.child("go.mod")));
    }
    let mut wrong = file.check_main(dir.child("go.mod").as_str())?;
    wrong.help.get_or_insert_with(|| {
        "a module path is a host and a path, such as example.com/name, without a scheme".to_owned()
    });
    Some(wrong)
}

fn no_module_line(path: &TreePath) -> Diagnostic {
    Diagnostic::error("no module declaration in go.mod")
        .at(Span::at(path.as_str(), Position::new(1, 1)))
        .help("add a line `module PATH`, for example with `go mod edit -module=PATH`")
}

/// A warning about a go.mod that is not a root, although nothing says so.
pub(super) fn no_root_without_module(dir: &TreePath) -> Diagnostic {
    Diagnostic::warning(Rule::ModuleWithoutPath, format!("no module declaration in go.mod: nothing in ./{} is built", dir.as_str()))
        .at(Span::at(dir.child("go.mod").as_str(), Position::new(1, 1)))
        .help(format!(
            "if it is there to hide the directory from go, name that under `skip`: skip = [\"./{}/...\"]; else add a line `module PATH`",
            dir.as_str()
        ))
}

/// The error for a root that was asked for in `dir` and does not exist; `known` are those that do.
pub(super) fn no_root(
    dir: &TreePath,
    span: Option<Span>,
    known: &BTreeSet<TreePath>,
) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "there is neither a go.work nor a go.mod in ./{}",
        dir.as_str()
    ));
    let error = match diag::nearest(dir.as_str(), known.iter().map(TreePath::as_str)) {
        Some(near) => error.help(format!("did you mean ./{near}?")),
        None => error.help(
            "name directories that have one; if it exists, see whether .dockerignore leaves it out",
        ),
    };
    error.at(span)
}

/// A module that was asked for and is a member of a workspace that was asked for as well.
pub(super) fn built_twice<'a>(
    asked: &[(TreePath, Option<Span>)],
    roots: impl Iterator<Item = (&'a TreePath, &'a BTreeSet<TreePath>)>,
) -> Vec<Diagnostic> {
    let mut used_by: BTreeMap<&TreePath, &TreePath> = BTreeMap::new();
    let mut works: BTreeSet<&TreePath> = BTreeSet::new();
    for (root, members) in roots {
        if !(members.len() == 1 && members.contains(root)) {
            works.insert(root);
        }
        for member in members.iter().filter(|member| *member != root) {
            used_by.entry(member).or_insert(root);
        }
    }
    let twice = asked.iter().filter_map(|(dir, span)| {
        let work = used_by.get(dir)?;
        let own_work = works.contains(dir);
        let error = Diagnostic::error(format!("./{dir} would be built twice: it is a member of {}", work.child("go.work")));
        let error = error.help("leave it out here; to build it without the workspace, set `workspace = false` for its image");
        (!own_work).then(|| error.at(span.clone()))
    });
    twice.collect()
}

pub(super) fn used_twice(dir: &str, span: &Span, first: Span) -> Diagnostic {
    Diagnostic::error(format!("path {dir} appears multiple times in workspace"))
        .at(span.clone())
        .related(first, "first used here")
        .help("remove one of the two `use` lines")
}

pub(super) fn member_without_module(dir: &TreePath, span: &Span, texts: &ModTexts) -> Diagnostic {
    let nested: Vec<String> = texts
        .keys()
        .filter(|path| path.name() == "go.mod" && path.is_under(dir))
        .filter_map(|path| path.parent().map(|dir| format!("./{dir}")))
        .collect();
    let error = Diagnostic::error(format!(
        "cannot load module {dir} listed in go.work file: no {}",
        dir.child("go.mod")
    ));
    let help = match nested.as_slice() {
        [] => "create it with `go mod init`, or remove the `use` line; if it exists, see whether .dockerignore leaves it out"
            .to_owned(),
        nested => format!("did you mean {}?", nested.join(" or ")),
    };
    error.at(span.clone()).help(help)
}

pub(super) fn target_without_module(dir: &TreePath, replace: &Replace) -> Diagnostic {
    Diagnostic::error(format!("{} is replaced by {dir}, which has no go.mod", replace.old_path))
        .at(replace.span.clone())
        .help("create it with `go mod init`, or correct the path; if it exists, see whether .dockerignore leaves it out")
}

/// Rules over the members: each module path once, no `go` line above go.work's.
pub(super) fn members(
    work: &WorkFile,
    uses: &BTreeMap<TreePath, Span>,
    modules: &BTreeMap<TreePath, ModFile>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut seen: BTreeMap<String, (&TreePath, &Span)> = BTreeMap::new();
    for (dir, span) in uses {
        let Some(path) = module_path(modules, dir) else {
            continue;
        };
        if let Some((first, first_span)) = seen.insert(path.clone(), (dir, span)) {
            let error = Diagnostic::error(format!(
                "module {path} appears multiple times in workspace: in {first} and in {dir}"
            ))
            .at(span.clone())
            .related(first_span.clone(), "the same module path")
            .help("give one of them another path, or remove one `use` line");
            diagnostics.push(error);
        }
        diagnostics.extend(member_go(work, dir, modules));
    }
    diagnostics
}

/// A member's `go` line above go.work's is fatal to the go command (cmd/go/internal/modload,
/// `listed in go.work file requires go >=`).
fn member_go(
    work: &WorkFile,
    dir: &TreePath,
    modules: &BTreeMap<TreePath, ModFile>,
) -> Option<Diagnostic> {
    let member = modules.get(dir)?.go.as_ref()?;
    // Before Go 1.21 the go line was not a minimum.
    if version::compare_go(&member.value, "1.21").is_lt() {
        return None;
    }
    let line = work.go.as_ref();
    let allowed = line.map_or(version::GO_WORK_DEFAULT, |go| go.value.as_str());
    if version::compare_go(&member.value, allowed).is_le() {
        return None;
    }
    let lists = line.map_or_else(
        || format!("has no go line ({})", version::GO_WORK_DEFAULT),
        |go| format!("lists go {}", go.value),
    );
    let mut error = Diagnostic::error(format!(
        "module {dir} listed in go.work file requires go >= {}, but go.work {lists}",
        member.value
    ))
    .at(member.span.clone())
    .help(format!(
        "run `go work use`, or set `go {}` in go.work",
        member.value
    ));
    if let Some(go) = line {
        error = error.related(go.span.clone(), "go.work's version");
    }
    Some(error)
}

/// Whether the go command would build from the vendor directory by itself: modules.txt is there,
/// the `go` line is 1.14 or later, and the `## workspace` header is there exactly where a go.work
/// is.
pub(super) fn is_vendored(
    dir: &TreePath,
    kind: &RootKind,
    modules: &BTreeMap<TreePath, ModFile>,
    texts: &ModTexts,
) -> bool {
    let Some(text) = texts.get(&dir.child("vendor").child("modules.txt")) else {
        return false;
    };
    let for_workspace = text.lines().next().is_some_and(|line| {
        line.strip_prefix("## ")
            .is_some_and(|rest| rest.split(';').any(|word| word.trim() == "workspace"))
    });
    let go = match kind {
        RootKind::Workspace(work) => work.go.as_ref().map(|go| go.value.as_str()),
        RootKind::Module => modules
            .get(dir)
            .and_then(|file| file.go.as_ref())
            .map(|go| go.value.as_str()),
    };
    let recent = go.is_some_and(|go| version::compare_go(go, "1.14").is_ge());
    recent && for_workspace == matches!(kind, RootKind::Workspace(_))
}
