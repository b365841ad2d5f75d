//! Slash-separated container paths, cleaned the way Go's `path` package cleans them. Op bytes
//! depend on it.

/// The shortest equal path: no empty, `.` or avoidable `..` elements, no slash at the end. Empty
/// gives `.`.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(".."),
            },
            element => kept.push(element),
        }
    }
    match (rooted, kept.is_empty()) {
        (true, _) => format!("/{}", kept.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => kept.join("/"),
    }
}

/// `path` below `/` unless it is absolute, cleaned.
pub(crate) fn absolute(path: &str) -> String {
    clean(&format!("/{path}"))
}

/// A copy's destination: absolute and cleaned, but keeping a final `/` or `/.`, which say "into
/// this directory".
pub(super) fn destination(path: &str) -> String {
    let mut cleaned = absolute(path);
    if path.ends_with('/') {
        if !cleaned.ends_with('/') {
            cleaned.push('/');
        }
    } else if path.ends_with("/.") {
        if cleaned != "/" {
            cleaned.push('/');
        }
        cleaned.push('.');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::{absolute, clean, destination};

    #[test]
    fn cleans_like_go() {
        for (path, want) in [
            ("", "."),
            ("/", "/"),
            ("//a//b/", "/a/b"),
            ("a/./b/..", "a"),
            ("../a", "../a"),
            ("/../a", "/a"),
            ("a/../..", ".."),
        ] {
            assert_eq!(clean(path), want, "{path:?}");
        }
    }

    #[test]
    fn keeps_what_a_destination_says() {
        for (path, want) in [
            ("a", "/a"),
            ("a/", "/a/"),
            ("/", "/"),
            ("/.", "/."),
            ("a/.", "/a/."),
            (".", "/"),
            ("./", "/"),
        ] {
            assert_eq!(destination(path), want, "{path:?}");
        }
        assert_eq!(absolute("./x/../y"), "/y");
    }
}
