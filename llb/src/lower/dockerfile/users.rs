//! Users that are added to an image: the stage that does so, and the lines that put them in.

use super::stages::StageNames;
use super::words::shell_word;
use crate::config::{RuntimeConfig, SCRATCH, UserConfig};
use crate::diag::Diagnostic;
use crate::lower::accounts::{Accounts, GROUP_FILE, PASSWD_FILE, group_line, passwd_line};

/// Copies the base's files and adds to them: `add FILE NAME IDS ID LINE`.
const SCRIPT: &str = r#"set -e
mkdir /users
for file in passwd group; do
    touch "/users/$file"
    if [ -e "/base/etc/$file" ]; then awk 1 "/base/etc/$file" > "/users/$file"; fi
done
add() {
    entry=$(awk -F: -v name="$2" '$1 == name' "/users/$1")
    other=$(awk -F: -v id="$4" '$3 == id' "/users/$1")
    case ${entry:-$other} in
        '') echo "$5" >> "/users/$1" ;;
        "$2":*:"$3":*) ;;
        *) echo "/etc/$1 of the base has ${entry:-$other}" >&2; exit 1 ;;
    esac
}
"#;

/// The stages that add the users of an image to those of its base, which `from` names. None if it
/// adds none, and on scratch.
pub(super) fn stages(
    names: &StageNames,
    image: &str,
    from: &str,
    runtime: &RuntimeConfig,
) -> Option<String> {
    if runtime.users.is_empty() || runtime.base.value == SCRATCH {
        return None;
    }
    let (base, go) = (names.base(image), names.go());
    let mut script = SCRIPT.to_owned();
    for user in &runtime.users {
        let UserConfig {
            name,
            uid,
            group,
            gid,
            ..
        } = user;
        let name = &name.value;
        let (of_group, of_user) = (group_line(user), passwd_line(user));
        let (of_group, of_user) = (shell_word(&of_group), shell_word(&of_user));
        script.push_str(&format!("add group {group} {gid} {gid} {of_group}\n"));
        script.push_str(&format!("add passwd {name} {uid}:{gid} {uid} {of_user}\n"));
    }
    Some(format!(
        "FROM {from} AS {base}\n\n# Users of {image}.\nFROM {go} AS {}\nRUN --mount=from={base},target=/base <<'EOF'\n{script}EOF",
        names.users(image)
    ))
}

/// The lines that put the users into the image.
///
/// # Errors
/// If one on scratch has other ids than are there.
pub(super) fn lines(stage: &str, runtime: &RuntimeConfig) -> Result<Vec<String>, Diagnostic> {
    if runtime.users.is_empty() {
        return Ok(Vec::new());
    }
    if runtime.base.value != SCRATCH {
        return Ok(vec![format!(
            "COPY --from={stage} /users/passwd /users/group /etc/"
        )]);
    }
    let made = Accounts::of_scratch().with(runtime)?;
    let files = [(PASSWD_FILE, made.passwd), (GROUP_FILE, made.group)];
    let file = |(path, text): (&str, Vec<u8>)| {
        format!("COPY <<'EOF' {path}\n{}EOF", String::from_utf8_lossy(&text))
    };
    Ok(files.into_iter().map(file).collect())
}
