//! What becomes of each stage, and of each thing that is copied from a stage that compiles.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Copy, File, Kind};
use super::layout::{Copied, below};
use super::repo::Repo;
use super::scope::{base, join};
use super::walked::{Product, Role};
use super::walker::Walker;

/// What becomes of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays as it is.
    Kept,
    /// It stays, without its compiles.
    Cut,
    /// It goes.
    Dropped,
}

/// Where a copied path comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A binary of the repository.
    Binary(Product),
    /// A path of the build context.
    Context(String),
    /// A file of the build context that has another mode in the stage.
    File(String, String),
    /// A directory: the path of each binary in it, and what is in it of the build context.
    Directory(Vec<(String, Product)>, Vec<Copied>),
    /// The stage that it was copied from, which stays.
    Stage,
}

impl Source {
    /// The binaries in it.
    pub(crate) fn products(&self) -> Vec<&Product> {
        match self {
            Self::Binary(product) => vec![product],
            Self::Directory(binaries, _) => binaries.iter().map(|(_, product)| product).collect(),
            Self::Context(_) | Self::File(..) | Self::Stage => Vec::new(),
        }
    }
}

/// What becomes of everything.
pub(crate) struct Fates {
    /// By stage.
    pub(crate) stages: Vec<Fate>,
    /// By stage, instruction and source of what is copied from stages that compile.
    pub(crate) sources: BTreeMap<(usize, usize), Vec<Source>>,
    /// The stage that is the builder's image, and whether it needs a copy for that.
    pub(crate) builder: Option<(usize, bool)>,
    /// Stages that stay because the builder is one.
    needed: BTreeSet<usize>,
    /// Stages that bring what a C compiler needs.
    pub(crate) builders: BTreeSet<usize>,
    /// Stages whose files are laid over the repository.
    pub(crate) overlaid: BTreeSet<usize>,
    /// What makefiles and scripts make that were not read, by name alone: the place, the image and
    /// the directory of its main.
    pub(crate) guessed: Vec<(usize, String, String)>,
}

impl Fates {
    /// Decides.
    pub(crate) fn decide(walker: &Walker<'_>) -> Self {
        let file = walker.file;
        let mut fates = Self {
            stages: vec![Fate::Kept; file.stages.len()],
            sources: BTreeMap::new(),
            builder: None,
            needed: BTreeSet::new(),
            builders: BTreeSet::new(),
            overlaid: BTreeSet::new(),
            guessed: Vec::new(),
        };
        let compiling = compiling(walker);
        for &stage in &compiling {
            fates.stages[stage] = Fate::Dropped;
        }
        fates.look_at_copies(walker, &compiling);
        fates.look_at_stages(walker, &compiling);
        fates.tidy(walker);
        fates
    }

    /// The name of the stage that is the builder's image.
    pub(crate) fn builder_name(&self, file: &File<'_>) -> Option<String> {
        let (stage, is_copied) = self.builder?;
        let name = file.stages[stage].name.clone();
        if is_copied {
            return Some(format!(
                "{}-go",
                name.unwrap_or_else(|| "gowork-builder".to_owned())
            ));
        }
        name
    }

    /// The paths that are copied from a stage because only it has them, with the places of
    /// these.
    pub(crate) fn taken(&self, walker: &Walker<'_>, ix: usize) -> Vec<(String, usize)> {
        let mut paths = Vec::new();
        for (&(stage, step), sources) in &self.sources {
            let Kind::Copy(copy) = &walker.file.stages[stage].steps[step].kind else {
                continue;
            };
            let from = copy.from.as_ref();
            if from.and_then(|(from, _)| walker.file.stage(from, stage)) != Some(ix) {
                continue;
            }
            for (source, (written, at)) in sources.iter().zip(&copy.sources) {
                if *source == Source::Stage {
                    let path = walker.walked[stage].scope.text(written);
                    paths.push((join("/", &path.to_string()), at.start));
                }
            }
        }
        paths
    }

    /// Where a directory is copied from a stage that has binaries in it beside what only the stage
    /// has.
    pub(crate) fn taken_with_binaries(&self, walker: &Walker<'_>, ix: usize) -> Option<usize> {
        let products = &walker.walked[ix].products;
        let has_one =
            |(dir, _): &(String, usize)| products.keys().any(|path| below(path, dir).is_some());
        let taken = self.taken(walker, ix);
        taken.into_iter().find(has_one).map(|(_, at)| at)
    }

    /// Finds out where everything comes from that is copied from stages that compile.
    fn look_at_copies(&mut self, walker: &Walker<'_>, compiling: &BTreeSet<usize>) {
        let file = walker.file;
        for (ix, stage) in file.stages.iter().enumerate() {
            for (step_ix, step) in stage.steps.iter().enumerate() {
                match &step.kind {
                    Kind::Copy(copy) => {
                        let from = copy.from.as_ref();
                        let from = from.and_then(|(from, _)| file.stage(from, ix));
                        let Some(from) = from.filter(|from| compiling.contains(from)) else {
                            continue;
                        };
                        let sources = self.copied(walker, (ix, from), copy);
                        // A stage that compiles brings what it needs itself.
                        if sources.contains(&Source::Stage) && !compiling.contains(&ix) {
                            self.stages[from] = Fate::Cut;
                        }
                        self.sources.insert((ix, step_ix), sources);
                    }
                    Kind::Run(run) => {
                        for &from in compiling {
                            let name = file.stages[from].name.as_deref().unwrap_or_default();
                            if run.mounts_from(name) && !compiling.contains(&ix) {
                                self.stages[from] = Fate::Cut;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn copied(
        &mut self,
        walker: &Walker<'_>,
        (ix, from): (usize, usize),
        copy: &Copy,
    ) -> Vec<Source> {
        let scope = &walker.walked[ix].scope;
        let mut sources = Vec::new();
        for (source, at) in &copy.sources {
            let path = join("/", &scope.text(source).to_string());
            let mut found = found(walker, from, &path);
            if found == Source::Stage
                && walker.walked[from].opaque.is_some()
                && let Some((image, dir)) = guess(walker.repo, &path)
            {
                self.guessed.push((at.start, image.clone(), dir));
                found = Source::Binary(Product {
                    pattern: image,
                    ..Product::default()
                });
            }
            if copy.is_special && !matches!(found, Source::Binary(_)) {
                found = Source::Stage;
            }
            sources.push(found);
        }
        sources
    }

    /// Which stages that compile must stay, and how.
    fn look_at_stages(&mut self, walker: &Walker<'_>, compiling: &BTreeSet<usize>) {
        let file = walker.file;
        for &stage in compiling {
            let walked = &walker.walked[stage];
            let roles = walked.roles.iter();
            if roles.clone().any(|(role, _)| *role == Role::Product) {
                self.stages[stage] = Fate::Cut;
            }
            if walked.makes_sources.is_some() {
                self.stages[stage] = Fate::Cut;
                self.overlaid.insert(stage);
            }
            let mut compiles = walker.compiles.iter();
            let has_c = compiles.any(|compile| compile.stage == stage && compile.settings.cgo);
            let is_image = is_image(file, stage);
            if is_image {
                self.stages[stage] = Fate::Cut;
            }
            if has_c && walked.has_packages {
                let installing = installing(walker, stage);
                let is_needed = is_image || self.stages[stage] == Fate::Cut;
                self.builders.insert(installing);
                if installing == stage {
                    self.stages[stage] = Fate::Cut;
                    self.builder = Some((stage, is_needed));
                } else {
                    self.needed.insert(installing);
                    self.builder = Some((installing, false));
                }
            }
        }
        // What starts from a stage needs it.
        for stage in (0..file.stages.len()).rev() {
            let Some(parent) = file.stages[stage].parent else {
                continue;
            };
            if !compiling.contains(&parent) {
                continue;
            }
            match self.stages[stage] {
                Fate::Dropped => {}
                Fate::Cut => self.stages[parent] = Fate::Cut,
                Fate::Kept if self.stages[parent] == Fate::Dropped => {
                    self.stages[parent] = Fate::Kept;
                }
                Fate::Kept => {}
            }
        }
    }

    /// Drops stages for Go that only dropped ones start from.
    fn tidy(&mut self, walker: &Walker<'_>) {
        let file = walker.file;
        for stage in (0..file.stages.len().saturating_sub(1)).rev() {
            let is_needed = self
                .needed
                .iter()
                .any(|needed| *needed == stage || ancestors(file, *needed).contains(&stage));
            if self.stages[stage] != Fate::Kept || is_image(file, stage) || is_needed {
                continue;
            }
            let users = users(file, stage);
            let is_unused =
                !users.is_empty() && users.iter().all(|user| self.stages[*user] == Fate::Dropped);
            let is_for_go = file.stages[stage].image.contains("golang")
                || walker.walked[stage]
                    .roles
                    .iter()
                    .any(|(role, _)| *role == Role::Prepare)
                || file.stages[stage]
                    .parent
                    .is_some_and(|parent| self.stages[parent] == Fate::Dropped);
            if is_unused && is_for_go {
                self.stages[stage] = Fate::Dropped;
            }
        }
    }
}

/// The stages in which mains of the repository are compiled, or something that cannot be read runs
/// from which others copy.
fn compiling(walker: &Walker<'_>) -> BTreeSet<usize> {
    let mut stages: BTreeSet<usize> = walker
        .compiles
        .iter()
        .map(|compile| compile.stage)
        .collect();
    for (stage, walked) in walker.walked.iter().enumerate() {
        let is_own = walked.roles.iter().any(|(role, _)| *role == Role::Opaque);
        let image = &walker.file.stages[stage].image;
        let is_for_go =
            image.contains("go") || walked.roles.iter().any(|(role, _)| *role == Role::Prepare);
        if is_own && is_for_go && !image.contains("node") {
            stages.insert(stage);
        }
    }
    stages
}

/// What a stage has at a path.
fn found(walker: &Walker<'_>, from: usize, path: &str) -> Source {
    let walked = &walker.walked[from];
    let changed = walked.roles.iter().any(|(role, _)| *role == Role::Product);
    if let Some(product) = walked.products.get(path).filter(|_| !changed) {
        return Source::Binary(product.clone());
    }
    let dir = path.trim_end_matches("/*").trim_end_matches("/.");
    let mut binaries = Vec::new();
    for (at, product) in &walked.products {
        let rest = below(at, dir).filter(|rest| !rest.is_empty() && dir != "/");
        binaries.extend(rest.map(|rest| (rest.to_owned(), product.clone())));
    }
    let context = walked.layout.copied(dir, walker.repo);
    let is_foreign = |at: &String| match at.strip_suffix('/') {
        Some(at) => below(at, dir).or(below(dir, at)).is_some(),
        None => below(at, dir).is_some(),
    };
    let is_mixed =
        walked.foreign.iter().any(is_foreign) || (context.is_some() && walked.changes.is_some());
    match (binaries.is_empty(), context) {
        _ if changed || is_mixed => Source::Stage,
        (true, Some(context)) if dir != path => {
            Source::Context(format!("{context}/*").trim_start_matches('/').to_owned())
        }
        (true, Some(context)) => {
            if let Some(mode) = walked.layout.mode(dir) {
                return Source::File(context, mode.to_owned());
            }
            let mut parts = walked.layout.below(dir);
            parts.retain(|part| part.mode.is_some());
            if parts.is_empty() {
                return Source::Context(context);
            }
            parts.insert(0, Copied::whole(context));
            Source::Directory(binaries, parts)
        }
        (true, None) => Source::Stage,
        (false, whole) => {
            let whole = whole.map(Copied::whole);
            let parts = walked.layout.below(dir);
            Source::Directory(binaries, whole.into_iter().chain(parts).collect())
        }
    }
}

/// The main that a binary is called after.
fn guess(repo: &Repo, path: &str) -> Option<(String, String)> {
    let name = base(path).trim_end_matches(".exe");
    let module = repo.modules().next().map(base).unwrap_or_default();
    let short = name
        .strip_prefix(module)
        .and_then(|rest| rest.strip_prefix('-'));
    let is_called = |main: &str| main == name || Some(main) == short;
    let mut mains = repo
        .mains()
        .iter()
        .filter(|(image, main)| is_called(image.as_str()) || is_called(main.path.binary_name()));
    let (image, main) = mains.next()?;
    let found = (image.to_string(), main.dir.as_str().to_owned());
    mains.next().is_none().then_some(found)
}

/// Whether a stage is an image that somebody runs: the last one, or one that nothing uses and that
/// says what it starts.
pub(super) fn is_image(file: &File<'_>, stage: usize) -> bool {
    let starts = file.stages[stage]
        .steps
        .iter()
        .any(|step| matches!(step.kind, Kind::Start));
    stage + 1 == file.stages.len() || (starts && users(file, stage).is_empty())
}

/// The stage that installs packages: the stage itself, or the nearest that it starts from.
fn installing(walker: &Walker<'_>, stage: usize) -> usize {
    let installs = |stage: usize| {
        let roles = &walker.walked[stage].roles;
        let mut commands = roles.iter().flat_map(|(_, commands)| commands);
        commands.any(|(_, role)| *role == Role::Packages)
    };
    let compiles = |stage: usize| walker.compiles.iter().any(|compile| compile.stage == stage);
    let mut at = stage;
    while !installs(at) {
        match walker.file.stages[at].parent {
            Some(parent) if walker.file.stages[parent].name.is_some() => at = parent,
            _ => return stage,
        }
    }
    if compiles(at) { stage } else { at }
}

/// The stages that a stage starts from.
fn ancestors(file: &File<'_>, stage: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut at = stage;
    while let Some(parent) = file.stages[at].parent {
        found.insert(parent);
        at = parent;
    }
    found
}

/// The stage that a stage starts from in the end.
pub(crate) fn root(file: &File<'_>, stage: usize) -> usize {
    let mut at = stage;
    while let Some(parent) = file.stages[at].parent {
        at = parent;
    }
    at
}

/// The stages that start from a stage, or copy or mount something of it.
fn users(file: &File<'_>, stage: usize) -> BTreeSet<usize> {
    let mut users = BTreeSet::new();
    let name = file.stages[stage].name.clone().unwrap_or_default();
    for (ix, other) in file.stages.iter().enumerate().skip(stage + 1) {
        let mut uses = other.parent == Some(stage);
        for step in &other.steps {
            uses |= match &step.kind {
                Kind::Copy(copy) => {
                    let from = copy.from.as_ref();
                    from.and_then(|(from, _)| file.stage(from, ix)) == Some(stage)
                }
                Kind::Run(run) => run.mounts_from(&name),
                _ => false,
            };
        }
        if uses {
            users.insert(ix);
        }
    }
    users
}
