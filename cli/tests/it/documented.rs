//! What pages of the documentation say is so: files, messages, links. Commands that they show are in
//! `shown`.

use std::path::PathBuf;

use crate::shown::{Ground, Place, shown};
use crate::support::{root, run};

/// The blocks of Dockerfiles that a page shows.
fn dockerfiles(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs").join(page)).unwrap();
    let blocks = text.split("```dockerfile\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn quickstart_shows_the_file_that_is_written() {
    let place = Ground::new(Place::New);
    assert_eq!(run(place.repository(), "init").code, 0);
    let written = std::fs::read_to_string(place.repository().join("Dockerfile")).unwrap();
    assert_eq!(dockerfiles("quickstart.md"), [written]);
}

#[test]
fn migrating_shows_the_file_that_is_written() {
    let place = Ground::new(Place::Migrated);
    assert_eq!(run(place.repository(), "init --from Dockerfile").code, 0);
    let written = place.repository().join("Dockerfile.gowork");
    let written = std::fs::read_to_string(written).unwrap();
    assert_eq!(dockerfiles("migrating.md")[1], written);
}

/// Every text of the sources, in one: continued lines are joined, as the compiler does it.
fn sources() -> String {
    let mut all = String::new();
    let mut open: Vec<_> = ["cli/src", "llb/src", "frontend/src"]
        .map(|dir| root().join(dir))
        .into();
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                all.extend(code.map(|line| line.to_owned() + "\n"));
            }
        }
    }
    all
}

#[test]
fn messages_of_the_page_on_troubleshooting_are_in_the_code() {
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let (ours, others) = page.split_once("\n## Messages of Docker").unwrap();
    assert!(others.contains("\n### "));
    let sources = sources();
    let mut count = 0;
    for heading in ours.lines().filter_map(|line| line.strip_prefix("### ")) {
        let message = heading.trim_matches('`');
        assert!(sources.contains(message), "no code says {message:?}");
        count += 1;
    }
    assert!(count > 12, "{count}");
}

/// The sentences of a page: no code, tables and headings.
fn sentences(page: &str) -> Vec<String> {
    let mut is_code = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let is_fence = line.starts_with("```");
        let ends = line.is_empty() || line.starts_with(['#', '|']) || is_fence || is_code;
        let is_item = line.starts_with("- ") || line.starts_with(|c: char| c.is_ascii_digit());
        if ends || is_item {
            text += "\n";
        }
        if !ends {
            text += line;
            text += " ";
        }
    }
    let parts = text.split('\n').flat_map(|part| part.split_inclusive(". "));
    let sentences = parts.map(|part| part.trim().to_owned());
    sentences.filter(|sentence| !sentence.is_empty()).collect()
}

/// Pages for users are short of breath.
#[test]
fn sentences_are_short() {
    let mut long = Vec::new();
    for page in pages().into_iter().chain([root().join("README.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let sentences = sentences(&text);
        let words: usize = sentences
            .iter()
            .map(|sentence| sentence.split_whitespace().count())
            .sum();
        if words > 18 * sentences.len() {
            let mean = words as f64 / sentences.len() as f64;
            long.push(format!("{}: {mean:.1} words a sentence", page.display()));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// The pages of the documentation.
fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    assert!(pages.len() > 20, "{pages:?}");
    pages
}

/// What the page on the command line shows is what gowork draws of the example.
#[test]
fn the_picture_of_modules() {
    let said = run(&root().join("examples/shop"), "graph --format svg");
    expect_test::expect_file![root().join("docs/graph-shop.svg")].assert_eq(&said.out);
}

/// What pages say between backquotes: commands of gowork, with the words that follow.
fn mentioned(page: &str) -> Vec<String> {
    let mut is_code = false;
    let mut text = String::new();
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        if !is_code && !is_fence {
            text += line.trim();
            text.push(' ');
        }
    }
    let parts = text.split('`').skip(1).step_by(2);
    let commands = parts.filter(|part| part.starts_with("gowork "));
    commands.map(ToOwned::to_owned).collect()
}

/// Each command that a page shows or mentions is one, with options that it has.
#[test]
fn commands_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    let readme = root().join("README.md");
    for page in pages().into_iter().chain([readme]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let shown = shown(page.strip_prefix(root()).unwrap().to_str().unwrap());
        let shown = shown.into_iter().map(|it| it.command);
        let shown = shown.filter(|command| command.starts_with("gowork "));
        for command in mentioned(&text).into_iter().chain(shown) {
            // Of `github|gitlab` the first; a pipe, and what follows it, is the shell's.
            let words = command.split(' ').skip(1);
            let words = words.take_while(|word| !["|", "\\|", ">"].contains(word));
            let words = words.map(|word| word.split('|').next().unwrap_or_default());
            let args = format!("{} --help", words.collect::<Vec<_>>().join(" "));
            let said = run(dir.path(), &args);
            count += 1;
            // A sentence may be about the option alone, or have `NAME` for one of several.
            let is_placeholder = |word: &str| word.chars().all(|it| it.is_ascii_uppercase());
            let invalid = said.err.split("invalid value '").nth(1);
            let invalid = invalid.and_then(|rest| rest.split('\'').next());
            let is_open =
                said.err.contains("a value is required for") || invalid.is_some_and(is_placeholder);
            if said.code != 0 && !is_open {
                wrong.push(format!("{}: {command}: {}", page.display(), said.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 100, "{count}");
}

/// The first page leads to each of the others.
#[test]
fn the_readme_names_each_page() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let is_named = |page: &PathBuf| {
        let name = page.file_name().unwrap().to_string_lossy();
        readme.contains(&format!("](docs/{name})"))
    };
    let lost: Vec<PathBuf> = pages().into_iter().filter(|page| !is_named(page)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// What GitHub calls a heading in a link.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let is_kept = |c: &char| c.is_alphanumeric() || *c == '-' || *c == ' ' || *c == '_';
    heading
        .chars()
        .filter(is_kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// The targets of the links of a page, outside of code.
fn links(page: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        if !is_code {
            let parts = line.split("](").skip(1);
            found.extend(parts.filter_map(|part| part.split(')').next()));
        }
    }
    found
}

#[test]
fn links_between_pages_lead_somewhere() {
    let docs = root().join("docs");
    let mut wrong = Vec::new();
    let mut count = 0;
    for path_of_page in pages() {
        let page = std::fs::read_to_string(&path_of_page).unwrap();
        for link in links(&page)
            .into_iter()
            .filter(|link| !link.contains("://"))
        {
            count += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let path = if file.is_empty() {
                path_of_page.clone()
            } else {
                docs.join(file)
            };
            let leads = path.exists()
                && (fragment.is_empty() || {
                    let text = std::fs::read_to_string(&path).unwrap_or_default();
                    let mut headings = text.lines().filter(|line| line.starts_with('#'));
                    headings.any(|heading| anchor(heading) == fragment)
                });
            if !leads {
                wrong.push(format!("{}: {link}", path_of_page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 100, "{count}");
}
