//! The packages of a compile step, part by part. Owns the list that the step reads, and the names
//! of the directories that it leaves.

/// The list of all parts: a line for each import path, an empty line between parts.
pub fn format_parts<'a, P: AsRef<str> + 'a>(parts: impl IntoIterator<Item = &'a [P]>) -> String {
    let mut text = String::new();
    for (number, part) in parts.into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        for path in part {
            text.push_str(path.as_ref());
            text.push('\n');
        }
    }
    text
}

/// The import paths of each part in such a list.
pub fn parse_parts(text: &str) -> Vec<Vec<String>> {
    text.split("\n\n").map(parse_part).collect()
}

fn parse_part(lines: &str) -> Vec<String> {
    let paths = lines.lines().filter(|line| !line.is_empty());
    paths.map(ToOwned::to_owned).collect()
}

/// The directory in which a compile step leaves the part with these packages: the first import path
/// with `!` in place of `/`, which no import path has (golang.org/x/mod/module, `CheckImportPath`).
/// BuildKit joins what is read from one step in the order of paths, so the name depends on what is in
/// the part, and not on how many other parts the step has.
pub fn part_dir(packages: &[impl AsRef<str>]) -> String {
    packages
        .first()
        .map(|first| first.as_ref().replace('/', "!"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[&[&str]]) -> Vec<Vec<String>> {
        parts
            .iter()
            .map(|part| part.iter().map(|path| (*path).to_owned()).collect())
            .collect()
    }

    #[test]
    fn a_list_says_the_same_when_it_is_read() {
        for parts in [
            parts(&[&["a", "b"], &["c"]]),
            parts(&[&["a"]]),
            parts(&[&["net/http"], &["fmt"], &["os"]]),
        ] {
            assert_eq!(
                parse_parts(&format_parts(parts.iter().map(Vec::as_slice))),
                parts
            );
        }
        assert_eq!(parse_parts("a\nb\n\nc\n"), parts(&[&["a", "b"], &["c"]]));
        assert_eq!(parse_parts(""), [Vec::<String>::new()]);
    }

    #[test]
    fn a_part_is_called_by_its_first_package() {
        assert_eq!(
            part_dir(&parts(&[&["example.com/m/a", "z"]])[0]),
            "example.com!m!a"
        );
        assert_eq!(part_dir(&[] as &[&str]), "");
    }
}
