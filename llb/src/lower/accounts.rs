//! Users and groups that are added to an image: what becomes of its /etc/passwd and /etc/group.

use super::rootfs::{GROUP, PASSWD};
use crate::config::{RuntimeConfig, SCRATCH, UserConfig};
use crate::diag::Diagnostic;

/// Where a system keeps its users.
pub const PASSWD_FILE: &str = "/etc/passwd";
/// Where a system keeps its groups.
pub const GROUP_FILE: &str = "/etc/group";

/// Who has no shell to log in with.
const NO_LOGIN: &str = "/sbin/nologin";

/// What to do about ids that are in the way.
const OTHER_IDS: &str = "choose another name, or the ids that the base has";
/// The same of an image from scratch.
const OTHER_IDS_OF_SCRATCH: &str = "choose another name, or the ids that it has there";

/// The two files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Its users.
    pub passwd: Vec<u8>,
    /// Its groups.
    pub group: Vec<u8>,
}

/// What one of the files has.
#[derive(Clone, Copy)]
struct Entries<'a> {
    text: &'a [u8],
    /// Its name, and whose it is.
    file: &'a str,
    /// `user` or `group`.
    what: &'static str,
}

impl Accounts {
    /// Those of an image from scratch.
    pub fn of_scratch() -> Self {
        Self {
            passwd: PASSWD.into(),
            group: GROUP.into(),
        }
    }

    /// With the users of an image and their groups, where these are the accounts of its base. An entry
    /// of the same name and ids is kept as it is.
    ///
    /// # Errors
    /// If one of this name has other ids, or one with the same id has another name.
    pub fn with(mut self, runtime: &RuntimeConfig) -> Result<Self, Diagnostic> {
        let (whose, help) = if runtime.base.value == SCRATCH {
            ("every image from scratch", OTHER_IDS_OF_SCRATCH)
        } else {
            ("the base", OTHER_IDS)
        };
        let (passwd, group_file) = (
            format!("{PASSWD_FILE} of {whose}"),
            format!("{GROUP_FILE} of {whose}"),
        );
        for user in &runtime.users {
            let UserConfig {
                name,
                uid,
                group,
                gid,
                ..
            } = user;
            let at = |problem: String| {
                Diagnostic::error(format!("user {}: {problem}", name.value))
                    .at(name.span.clone())
                    .help(help)
            };
            let groups = Entries {
                text: &self.group,
                file: &group_file,
                what: "group",
            };
            if groups.lacks(group, &[*gid]).map_err(at)? {
                append(&mut self.group, &group_line(user));
            }
            let entries = Entries {
                text: &self.passwd,
                file: &passwd,
                what: "user",
            };
            if entries.lacks(name, &[*uid, *gid]).map_err(at)? {
                append(&mut self.passwd, &passwd_line(user));
            }
        }
        Ok(self)
    }
}

impl Entries<'_> {
    /// Whether no entry has this name and these ids; the first of them is the entry's own.
    ///
    /// # Errors
    /// If an entry has the name and other ids, or the id and another name: in words.
    fn lacks(self, name: &str, ids: &[u32]) -> Result<bool, String> {
        let (file, what) = (self.file, self.what);
        let shown = |ids: &[String]| ids.join(":");
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        for line in self.text.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            let fields: Vec<&str> = line.trim().split(':').collect();
            // Name, password, the entry's own id, and of a user the group's.
            let [known, _, known_ids @ ..] = fields.as_slice() else {
                continue;
            };
            let known_ids: Vec<String> = known_ids
                .iter()
                .take(ids.len())
                .map(|id| (*id).to_owned())
                .collect();
            if *known == name && known_ids == ids {
                return Ok(false);
            }
            if *known == name {
                return Err(format!(
                    "{file} has a {what} {name} with {}, not {}",
                    shown(&known_ids),
                    shown(&ids)
                ));
            }
            if known_ids.first() == ids.first() {
                let id = known_ids.first().map(String::as_str).unwrap_or_default();
                return Err(format!("{file} has {id} as the {what} {known}"));
            }
        }
        Ok(true)
    }
}

/// The line of a user in /etc/passwd.
pub(super) fn passwd_line(user: &UserConfig) -> String {
    let UserConfig {
        name,
        uid,
        gid,
        home,
        ..
    } = user;
    format!("{}:x:{uid}:{gid}::{home}:{NO_LOGIN}", name.value)
}

/// The line of its group in /etc/group.
pub(super) fn group_line(user: &UserConfig) -> String {
    format!("{}:x:{}:", user.group, user.gid)
}

/// Adds a line.
fn append(text: &mut Vec<u8>, line: &str) {
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    text.extend(line.as_bytes());
    text.push(b'\n');
}
