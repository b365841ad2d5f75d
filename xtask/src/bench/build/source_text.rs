//! Edits of Go source texts, by their layout: gofmt puts a function's first line and its closing brace at the line's start.

/// Adds a statement to the longest function of a file. Long ones are not inlined, so that nobody's export data changes with the body.
/// None if the file has no function with a body of its own lines.
pub(super) fn edit_body(text: &str, word: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let opening = longest(&lines)?.0;
    let mut edited: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    edited.insert(opening + 1, format!("\tprintln({word:?})"));
    Some(edited.join("\n") + "\n")
}

/// Lines of the longest function.
pub(super) fn longest_body(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    longest(&lines).map_or(0, |(opening, end)| end - opening)
}

/// The lines of the brace that opens the longest function and of the one that closes it.
fn longest(lines: &[&str]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < lines.len() {
        let Some((opening, end)) = function(lines, at) else {
            at += 1;
            continue;
        };
        if best.is_none_or(|(from, to)| end - opening > to - from) {
            best = Some((opening, end));
        }
        at = end + 1;
    }
    best
}

/// The same of the function whose first line is `at`, if there is one.
fn function(lines: &[&str], at: usize) -> Option<(usize, usize)> {
    if !lines[at].starts_with("func ") {
        return None;
    }
    // Parameters over several lines end with a parenthesis at the line's start.
    let opens = |line: &str, first: bool| line.ends_with(" {") && (first || line.starts_with(')'));
    let opening = (at..lines.len()).take_while(|&n| n == at || !lines[n].is_empty()).find(|&n| opens(lines[n], n == at))?;
    let end = (opening + 1..lines.len()).find(|&n| lines[n] == "}")?;
    Some((opening, end))
}

#[cfg(test)]
mod tests {
    use super::{edit_body, longest_body};

    const TEXT: &str = "package p\n\nfunc short() int { return 1 }\n\nfunc a() {\n\tb()\n}\n\nfunc (t T) long(\n\ta int,\n) error {\n\tif a > 0 {\n\t\tb()\n\t}\n\treturn nil\n}\n";

    #[test]
    fn the_longest_function_gets_a_statement() {
        let edited = edit_body(TEXT, "x1").expect("a function");
        assert!(edited.contains(") error {\n\tprintln(\"x1\")\n\tif a > 0 {\n"), "{edited}");
        assert_eq!(edited.replace("\tprintln(\"x1\")\n", ""), TEXT);
        assert_eq!(longest_body(TEXT), 5);
    }

    #[test]
    fn without_a_body_there_is_nothing_to_edit() {
        assert_eq!(edit_body("package p\n\nfunc short() int { return 1 }\n\nfunc asm(x int)\n", "x"), None);
        assert_eq!(longest_body("package p\n"), 0);
    }
}
