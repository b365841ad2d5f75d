//! Names of images, from the directories of their mains. `docs/configuration.md` states the rule
//! with examples.
//!
//! A name comes in three lengths. The first looks at nothing but the main itself, so that no other
//! main can change it. Only mains that would share a name take a longer one, which again looks at
//! the main itself alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{self, ImageName};
use crate::tree::TreePath;

/// Directories that say where a program lies, and not what it is.
const PLACES: [&str; 4] = ["bin", "cmd", "main", "src"];
/// Names that the programs of many services have. They need the service's name before them.
const ROLES: [&str; 5] = ["app", "client", "server", "service", "svc"];
/// What stands before a name that cannot be used by itself.
const PREFIX: &str = "app";
/// The number of lengths.
const LENGTHS: usize = 3;

/// What a name is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    /// Directory of the main.
    pub(super) dir: TreePath,
    /// What `go build` calls its binary.
    pub(super) binary: String,
    /// What `go build` would call a binary of its module's root directory.
    pub(super) module: String,
}

/// What mains are called.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The name of each main, in the order given.
    pub(super) given: Vec<ImageName>,
    /// The mains that share a first name, by that name, at least two each.
    pub(super) shared: BTreeMap<ImageName, Vec<usize>>,
}

/// Gives every subject a name of its own, and none that is `taken`. Where that cannot be, names are
/// left equal.
pub(super) fn give(subjects: &[Subject], taken: &BTreeSet<&str>) -> Names {
    let mut lengths = vec![0; subjects.len()];
    let mut given: Vec<ImageName> = subjects.iter().map(|subject| subject.name(0)).collect();
    let mut shared = by_name(&given);
    shared.retain(|_, users| users.len() > 1);
    loop {
        let mut changed = false;
        for (name, users) in by_name(&given) {
            if users.len() == 1 && !taken.contains(name.as_str()) {
                continue;
            }
            // The binary that is called just so keeps the name, if only one is.
            let called_so = users
                .iter()
                .copied()
                .filter(|user| name == subjects[*user].binary);
            let keeps = match called_so.collect::<Vec<_>>()[..] {
                [only] if !taken.contains(name.as_str()) => Some(only),
                _ => None,
            };
            for user in users.into_iter().filter(|user| Some(*user) != keeps) {
                if lengths[user] + 1 == LENGTHS {
                    continue;
                }
                lengths[user] += 1;
                given[user] = subjects[user].name(lengths[user]);
                changed = true;
            }
        }
        if !changed {
            return Names { given, shared };
        }
    }
}

fn by_name(names: &[ImageName]) -> BTreeMap<ImageName, Vec<usize>> {
    let mut users: BTreeMap<ImageName, Vec<usize>> = BTreeMap::new();
    for (user, name) in names.iter().enumerate() {
        users.entry(name.clone()).or_default().push(user);
    }
    users
}

impl Subject {
    /// The name of this length, valid wherever images are named.
    fn name(&self, length: usize) -> ImageName {
        valid(&match length {
            0 => self.short(),
            1 => self.long(),
            _ => self.dir.as_str().replace('/', "-"),
        })
    }

    /// The binary's name; in front of one that programs of many services have, the service's
    /// directory.
    fn short(&self) -> String {
        let path = self.path();
        let Some((last, above)) = path.split_last() else {
            return self.module.clone();
        };
        let service = above.iter().rev().find(|element| *element != last);
        match service {
            Some(service) if ROLES.contains(&last.to_lowercase().as_str()) => {
                format!("{service}-{last}")
            }
            _ => (*last).to_owned(),
        }
    }

    /// All directories that say something.
    fn long(&self) -> String {
        let mut path = self.path();
        path.dedup();
        if path.is_empty() {
            self.module.clone()
        } else {
            path.join("-")
        }
    }

    /// The directories down to the main, with the binary's name for the last, without those of
    /// [`PLACES`].
    fn path(&self) -> Vec<&str> {
        let above = self.dir.parent().map_or(0, |parent| parent.as_str().len());
        let above = self.dir.as_str()[..above].split('/');
        let path = above.chain([self.binary.as_str()]);
        path.filter(|element| {
            !element.is_empty() && !PLACES.contains(&element.to_lowercase().as_str())
        })
        .collect()
    }
}

/// `text` as a name that [`config::is_image_name`] takes: small letters, `-` for what cannot be in
/// one, and letters in front of what cannot begin one or means something else.
fn valid(text: &str) -> ImageName {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let lower = text.to_lowercase();
    let mut name = String::new();
    let mut rest = lower.as_str();
    while let Some(start) = rest.find(is_letter) {
        let (between, word) = rest.split_at(start);
        let end = word.find(|c| !is_letter(c)).unwrap_or(word.len());
        if !name.is_empty() {
            name.push_str(if config::is_separator(between) {
                between
            } else {
                "-"
            });
        }
        name.push_str(&word[..end]);
        rest = &word[end..];
    }
    ImageName::new(match name.as_str() {
        "" => PREFIX.to_owned(),
        usable if config::is_image_name(usable) => name,
        _ => format!("{PREFIX}-{name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mains: &[(&str, &str)]) -> Vec<ImageName> {
        let subject = |(dir, binary): &(&str, &str)| Subject {
            dir: TreePath::new(dir).unwrap(),
            binary: (*binary).to_owned(),
            module: "shop".to_owned(),
        };
        let subjects: Vec<Subject> = mains.iter().map(subject).collect();
        give(&subjects, &BTreeSet::new()).given
    }

    fn named_by_dir(dirs: &[&str]) -> Vec<ImageName> {
        let mains: Vec<(&str, &str)> = dirs
            .iter()
            .map(|dir| (*dir, dir.rsplit('/').next().unwrap()))
            .collect();
        names(&mains)
    }

    #[test]
    fn a_main_by_itself() {
        for (dir, name) in [
            ("api/cmd/api", "api"),
            ("cmd/server", "server"),
            ("server", "server"),
            ("server/cmd/server", "server"),
            ("orders/cmd/server", "orders-server"),
            ("orders/server/cmd", "orders-server"),
            ("services/orders/cmd", "orders"),
            ("services/orders/cmd/main", "orders"),
            ("orders/src", "orders"),
            ("cmd", "shop"),
            ("cmd/API", "api"),
            ("cmd/my+app", "my-app"),
            ("cmd/foo.v1", "foo.v1"),
            ("cmd/a__b", "a__b"),
            ("cmd/a___b", "a-b"),
            ("cmd/a.-b", "a-b"),
            ("cmd/a--b", "a--b"),
            ("cmd/tool_", "tool"),
            ("cmd/2048", "app-2048"),
            ("cmd/binaries", "app-binaries"),
            ("cmd/scratch", "app-scratch"),
            ("cmd/~", "app"),
        ] {
            assert_eq!(named_by_dir(&[dir]), [name], "{dir}");
        }
        assert_eq!(names(&[("", "shop")]), ["shop"]);
        assert_eq!(names(&[("api/v2", "api")]), ["api"]);
        assert_eq!(names(&[("services/ord", "orders")]), ["orders"]);
    }

    #[test]
    fn mains_that_share_a_name() {
        assert_eq!(
            named_by_dir(&["orders/cmd/worker", "web/cmd/worker"]),
            ["orders-worker", "web-worker"]
        );
        assert_eq!(
            named_by_dir(&["a/orders/cmd/server", "b/orders/cmd/server"]),
            ["a-orders-server", "b-orders-server"]
        );
        assert_eq!(named_by_dir(&["api", "job/cmd/api"]), ["api", "job-api"]);
        assert_eq!(
            named_by_dir(&["cmd/orders-server", "orders/cmd/server"]),
            ["orders-server", "orders-cmd-server"]
        );
        assert_eq!(
            names(&[("api", "api"), ("api/v2", "api")]),
            ["api", "api-v2"]
        );
        assert_eq!(named_by_dir(&["cmd/api", "cmd/API"]), ["api", "cmd-api"]);
        // Nothing tells these two apart.
        assert_eq!(named_by_dir(&["api", "API"]), ["api", "api"]);
    }

    #[test]
    fn another_main_changes_no_longer_name() {
        let some = [
            "a/cmd/server",
            "b/cmd/server",
            "c/cmd/worker",
            "d/cmd/worker",
        ];
        let more = [
            &some[..],
            &["e/cmd/server", "f/cmd/worker", "a/cmd", "cmd/a"],
        ]
        .concat();
        assert_eq!(named_by_dir(&more)[..4], named_by_dir(&some));
    }
}
