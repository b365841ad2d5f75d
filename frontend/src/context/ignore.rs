//! `.dockerignore`: its text as patterns. The client applies them, so nothing here matches.

/// The patterns of an ignore file, in order, in the form BuildKit takes them.
///
/// Lines beginning with `#` are comments; the rest is trimmed, made a clean path without leading slash, and keeps a `!`
/// for exceptions.
pub fn parse(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    text.lines().filter(|line| !line.starts_with('#')).map(str::trim).filter(|line| !line.is_empty()).map(pattern).collect()
}

fn pattern(line: &str) -> String {
    match line.strip_prefix('!').map(str::trim) {
        Some("") => "!".to_owned(),
        Some(exception) => format!("!{}", clean(exception)),
        None => clean(line),
    }
}

/// The shortest path that means the same, by its letters alone: no `.`, no `a/..`, no slash at either end.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (parts.is_empty(), rooted) {
        (true, true) => "/".to_owned(),
        (true, false) => ".".to_owned(),
        _ => parts.join("/"),
    }
}
