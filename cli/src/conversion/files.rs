//! Commands that copy, move and alter files: what becomes of binaries, and of files of the build
//! context.

use super::layout::below;
use super::repo::Repo;
use super::scope::{base, join};
use super::value::Value;
use super::walked::Role;
use super::walker::{Running, Walker};

/// Modes that change nothing about what `go build` made.
const USUAL_MODES: [&str; 6] = ["+x", "a+x", "u+x", "ugo+x", "755", "0755"];

impl Walker<'_> {
    /// `chmod` and `rm`: what they do to binaries, and to files of the build context.
    pub(super) fn altered(&self, name: &str, rest: &[Value], running: &mut Running<'_>) -> Role {
        let words: Vec<String> = rest.iter().map(ToString::to_string).collect();
        let is_flag =
            |word: &&String| word.starts_with('-') && !["-x", "-w"].contains(&word.as_str());
        let is_deep = words
            .iter()
            .filter(is_flag)
            .any(|word| word.contains(['R', 'r']));
        let mut paths = words.iter().filter(|word| !is_flag(word));
        let mode = if name == "chmod" { paths.next() } else { None };
        let is_usual = mode.is_none_or(|mode| USUAL_MODES.contains(&mode.as_str()));
        let new_mode = mode.and_then(|mode| {
            let is_number = mode.chars().all(|c| c.is_digit(8));
            let mode = if is_number { mode.as_str() } else { "755" };
            (is_number || is_usual).then_some(mode)
        });
        let mut role = Role::Neutral;
        for word in paths {
            let plain = word.split('*').next().unwrap_or_default();
            let is_deep = is_deep || plain.len() < word.len();
            let mut path = join(&running.scope.dir, plain);
            if running.walked.products.contains_key(&path) {
                role = role.max(if is_usual {
                    Role::Neutral
                } else {
                    Role::Product
                });
            } else if !is_deep
                && let Some(mode) = new_mode
                && running.walked.layout.set_mode(&path, mode, self.repo)
            {
                // COPY can give it that mode.
            } else if running.walked.layout.in_context(&path, self.repo).is_some() {
                if is_deep {
                    path.push('/');
                }
                running.walked.foreign.insert(path);
                role = role.max(Role::Other);
            }
        }
        role
    }
}

/// Notes what a command may put into directories that were made: at each path among its words, and
/// in the directory in which it runs. Says whether there is one.
pub(super) fn put(rest: &[Value], running: &mut Running<'_>) -> bool {
    let known = running.walked.foreign.len();
    for word in rest.iter().map(ToString::to_string) {
        let path = word.rsplit('=').next().unwrap_or_default();
        if !path.starts_with('-') {
            let path = join(&running.scope.dir, path);
            running.walked.put(&path);
        }
    }
    running.walked.foreign.len() > known
}

/// A binary that is copied, moved or linked. `None` if it is something else.
pub(super) fn moved(
    repo: &Repo,
    name: &str,
    rest: &[Value],
    running: &mut Running<'_>,
) -> Option<Role> {
    let paths: Vec<String> = rest
        .iter()
        .map(ToString::to_string)
        .filter(|word| !word.starts_with('-'))
        .map(|word| join(&running.scope.dir, &word))
        .collect();
    let (dest, sources) = paths.split_last()?;
    let mut any = false;
    if name == "ln" {
        // A copy of the binary is no link.
        running.walked.put(dest);
    }
    for source in sources {
        let Some(product) = running.walked.products.get(source).cloned() else {
            continue;
        };
        any = true;
        let into = sources.len() > 1
            || running.walked.dirs.contains(dest)
            || rest
                .last()
                .is_some_and(|word| word.to_string().ends_with('/'))
            || ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"]
                .contains(&dest.as_str());
        let path = if into {
            join(dest, base(source))
        } else {
            dest.clone()
        };
        running.walked.products.insert(path, product);
        if name == "mv" {
            running.walked.products.remove(source);
        }
    }
    if any {
        return Some(Role::Compile);
    }
    let is_made =
        running.walked.dirs.iter().any(|dir| {
            below(dest, dir).is_some() && dir != "/" && *dir != running.walked.scope.dir
        });
    if name == "cp" && is_made {
        let mut role = Role::Neutral;
        for source in sources {
            let Some(context) = running.walked.layout.would_be(source) else {
                running.walked.put(dest);
                role = Role::Other;
                continue;
            };
            let into =
                sources.len() > 1 || source.contains('*') || running.walked.dirs.contains(dest);
            running.walked.layout.copy_shell(&context, dest, into, repo);
        }
        return Some(role);
    }
    let to = running.walked.layout.would_be(dest);
    let from_sources = sources
        .iter()
        .any(|path| running.walked.layout.would_be(path).is_some());
    if to.is_some() && (name == "mv" || !from_sources) && name != "ln" {
        running.walked.changes.get_or_insert(running.at);
        return Some(Role::Sources);
    }
    // A copy of what lies among the sources.
    if name == "cp" {
        for source in sources {
            if let Some(context) = running.walked.layout.would_be(source) {
                running.walked.layout.bind(&context, dest);
            }
        }
    }
    Some(Role::Other)
}
