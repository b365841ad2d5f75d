//! Which path of the build context a path of a stage is.

use super::repo::Repo;
use super::scope::{base, join};

/// Where a file of a stage comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The build context.
    Context(String),
    /// Another stage, an image or a named context, and the path there.
    From(String, String),
}

/// One thing that was copied.
#[derive(Debug, Clone)]
struct Laid {
    dest: String,
    is_dir: bool,
    origin: Origin,
    /// The mode that a command gave it.
    mode: Option<String>,
}

/// A path of the build context that was copied below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Where it is, from the directory; empty if it is the directory itself.
    pub(crate) rest: String,
    /// The path.
    pub(crate) path: String,
    /// Its mode, if that is another than in the build context.
    pub(crate) mode: Option<String>,
}

/// What a stage has from elsewhere, in the order in which it was copied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    laid: Vec<Laid>,
}

impl Copied {
    /// The directory itself.
    pub(crate) fn whole(path: String) -> Self {
        Self {
            rest: String::new(),
            path,
            mode: None,
        }
    }
}

impl Layout {
    /// Copies paths of the context.
    pub(crate) fn copy(&mut self, sources: &[String], dest: &str, into: bool, repo: &Repo) {
        for source in sources {
            let source = source.trim_start_matches("./").trim_matches('/');
            let source = if source == "." { "" } else { source };
            for path in matching(source, repo) {
                let is_dir = repo.is_dir(&path).unwrap_or(false);
                let dest = if into && !is_dir {
                    join(dest, base(&path))
                } else {
                    dest.to_owned()
                };
                self.laid.push(Laid {
                    dest,
                    is_dir,
                    origin: Origin::Context(path),
                    mode: None,
                });
            }
        }
    }

    /// Lays the whole context at a directory.
    pub(crate) fn bind(&mut self, source: &str, dest: &str) {
        let source = source.trim_start_matches("./").trim_matches('/');
        self.laid.push(Laid {
            dest: dest.to_owned(),
            is_dir: !dest.ends_with("go.mod") && !dest.ends_with("go.sum"),
            origin: Origin::Context(if source == "." { "" } else { source }.to_owned()),
            mode: None,
        });
    }

    /// Copies a path of another stage.
    pub(crate) fn copy_from(&mut self, from: &str, source: &str, dest: &str) {
        self.laid.push(Laid {
            dest: dest.to_owned(),
            is_dir: true,
            origin: Origin::From(from.to_owned(), source.to_owned()),
            mode: None,
        });
    }

    /// How many things were copied.
    pub(crate) fn len(&self) -> usize {
        self.laid.len()
    }

    /// Forgets what was mounted: `count` things from the place `start`.
    pub(crate) fn forget(&mut self, start: usize, count: usize) {
        self.laid.drain(start..start + count);
    }

    /// Where a path comes from, if it was copied and exists there.
    pub(crate) fn origin(&self, path: &str, repo: &Repo) -> Option<Origin> {
        for laid in self.laid.iter().rev() {
            let Some(rest) = below(path, &laid.dest) else {
                continue;
            };
            if !laid.is_dir && !rest.is_empty() {
                continue;
            }
            match &laid.origin {
                Origin::Context(source) => {
                    let found = join_relative(source, rest);
                    if repo.is_dir(&found).is_some() {
                        return Some(Origin::Context(found));
                    }
                }
                Origin::From(from, source) => {
                    let found = join(source, rest);
                    return Some(Origin::From(from.clone(), found));
                }
            }
        }
        None
    }

    /// The path of the context that a path of the stage is, if it exists there.
    pub(crate) fn in_context(&self, path: &str, repo: &Repo) -> Option<String> {
        match self.origin(path, repo) {
            Some(Origin::Context(path)) => Some(path),
            Some(Origin::From(..)) => None,
            None => self.assembled(path, repo),
        }
    }

    /// The path of the context that was copied to a path, or to a directory above it.
    pub(crate) fn copied(&self, path: &str, repo: &Repo) -> Option<String> {
        match self.origin(path, repo)? {
            Origin::Context(path) => Some(path),
            Origin::From(..) => None,
        }
    }

    /// The directory of the context that a directory is, whose files were copied one by one.
    fn assembled(&self, dir: &str, repo: &Repo) -> Option<String> {
        let mut found = None;
        for laid in &self.laid {
            let (Some(rest), Origin::Context(source)) = (below(&laid.dest, dir), &laid.origin)
            else {
                continue;
            };
            let source = format!("/{source}");
            let Some(above) = source.strip_suffix(&format!("/{rest}")) else {
                continue;
            };
            let above = above.trim_start_matches('/').to_owned();
            // Go files say more than directories that lie in it.
            if rest.ends_with(".go") && !rest.contains('/') {
                return Some(above);
            }
            if repo.is_dir(&above) == Some(true) && !rest.is_empty() {
                found.get_or_insert(above);
            }
        }
        found
    }

    /// Gives a file of the context another mode. Says whether it is one.
    pub(crate) fn set_mode(&mut self, path: &str, mode: &str, repo: &Repo) -> bool {
        let Some(source) = self.copied(path, repo) else {
            return false;
        };
        if repo.is_dir(&source) != Some(false) {
            return false;
        }
        self.laid.push(Laid {
            dest: path.to_owned(),
            is_dir: false,
            origin: Origin::Context(source),
            mode: Some(mode.to_owned()),
        });
        true
    }

    /// The mode that a command gave to what is at a path.
    pub(crate) fn mode(&self, path: &str) -> Option<&str> {
        let laid = self.laid.iter().rev().find(|laid| laid.dest == path)?;
        laid.mode.as_deref()
    }

    /// The paths of the context that were copied to places below a directory. Of several at one
    /// place, the last one.
    pub(crate) fn below(&self, dir: &str) -> Vec<Copied> {
        let mut found: Vec<Copied> = Vec::new();
        for laid in &self.laid {
            let rest = below(&laid.dest, dir).filter(|rest| !rest.is_empty() && dir != "/");
            if let (Some(rest), Origin::Context(path)) = (rest, &laid.origin) {
                found.retain(|known| laid.mode.is_none() || known.rest != rest);
                found.push(Copied {
                    rest: rest.to_owned(),
                    path: path.clone(),
                    mode: laid.mode.clone(),
                });
            }
        }
        found
    }

    /// Copies as `cp` does: a directory goes into one that is there.
    pub(crate) fn copy_shell(&mut self, source: &str, dest: &str, into: bool, repo: &Repo) {
        for path in matching(source, repo) {
            let dest = if into {
                join(dest, base(&path))
            } else {
                dest.to_owned()
            };
            self.laid.push(Laid {
                dest,
                is_dir: repo.is_dir(&path).unwrap_or(false),
                origin: Origin::Context(path),
                mode: None,
            });
        }
    }

    /// Where a stage has the whole context.
    pub(crate) fn root(&self) -> Option<&str> {
        let root = Origin::Context(String::new());
        let laid = self.laid.iter().find(|laid| laid.origin == root)?;
        Some(&laid.dest)
    }

    /// The path of the context that a path of the stage would be: it need not exist.
    pub(crate) fn would_be(&self, path: &str) -> Option<String> {
        let mut best: Option<(usize, String)> = None;
        for laid in &self.laid {
            let (Some(rest), Origin::Context(source)) = (below(path, &laid.dest), &laid.origin)
            else {
                continue;
            };
            if laid.is_dir
                && best
                    .as_ref()
                    .is_none_or(|(length, _)| *length <= laid.dest.len())
            {
                best = Some((laid.dest.len(), join_relative(source, rest)));
            }
        }
        best.map(|(_, path)| path)
    }

    /// Whether anything of the context was copied.
    pub(crate) fn has_sources(&self) -> bool {
        self.laid
            .iter()
            .any(|laid| matches!(laid.origin, Origin::Context(_)))
    }
}

/// The rest of a path below a directory.
pub(crate) fn below<'p>(path: &'p str, dir: &str) -> Option<&'p str> {
    if dir == "/" {
        return Some(path.trim_start_matches('/'));
    }
    let rest = path.strip_prefix(dir)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn join_relative(dir: &str, path: &str) -> String {
    join(&format!("/{dir}"), path)
        .trim_start_matches('/')
        .to_owned()
}

/// The paths that a pattern of `COPY` matches; the path itself if it has no special characters.
fn matching(pattern: &str, repo: &Repo) -> Vec<String> {
    if !pattern.contains(['*', '?', '[']) {
        return vec![pattern.to_owned()];
    }
    let mut found = vec![String::new()];
    for element in pattern.split('/') {
        let mut next = Vec::new();
        for dir in &found {
            if !element.contains(['*', '?', '[']) {
                next.push(join_relative(dir, element));
                continue;
            }
            let Ok(path) = gowork_llb::tree::TreePath::new(dir) else {
                continue;
            };
            for (name, _) in repo.entries(&path) {
                if matches(element, &name) {
                    next.push(join_relative(dir, &name));
                }
            }
        }
        found = next;
    }
    found
}

/// Whether a name matches an element of a pattern with `*` and `?`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            p += 1;
            n += 1;
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
