//! `cargo xtask book`: the documentation as a book (mdBook), for those who read it in a browser.
//!
//! The pages are those of the repository, unchanged and where they are, so that their links hold.
//! README.md names each of them, in parts: that is the book's table of contents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use crate::command::{command, find_program, run as run_command};
use crate::progress::{Phase, note};
use crate::python::MDBOOK;
use crate::state::State;
use anyhow::{Context, Result, ensure};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the book goes; replaced if it is there [default: .gowork/book]
    directory: Option<PathBuf>,
}

/// Its settings. Quotes and dashes stay as the pages have them, and so do the names of files: the
/// preprocessors would rename README.md and leave links to it, and look for directives in pages.
const SETTINGS: &str = "[book]
title = \"gowork\"
language = \"en\"

[build]
use-default-preprocessors = false

[output.html]
smart-punctuation = false
no-section-label = true
";

/// Makes the book, and looks whether its links lead somewhere.
///
/// # Errors
/// If mdBook is missing or fails, or a link is broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let mdbook = match find_program("mdbook") {
        Some(program) => program,
        None => MDBOOK.ensure(&state)?.join(MDBOOK.name),
    };
    let phase = Phase::start("making the book");
    let readme = read(&state.repository().join("README.md"))?;
    let parts = parts(&readme);
    let place = tempfile::tempdir()?;
    let pages: Vec<&str> = parts.iter().flat_map(|part| &part.pages).copied().collect();
    every_page_is_in(&pages, state.repository())?;
    let source = place.path().join("src");
    copy(state.repository(), &source, &pages)?;
    let summary = summary(&parts, &source)?;
    std::fs::write(source.join("SUMMARY.md"), summary)?;
    std::fs::write(place.path().join("book.toml"), SETTINGS)?;
    let book = match &arguments.directory {
        Some(directory) => std::path::absolute(directory)?,
        None => state.of_checkout("book"),
    };
    let mut build = command(mdbook, ["build"]);
    run_command(build.arg(place.path()).arg("--dest-dir").arg(&book))?;
    phase.done();
    let count = check_links(&book)?;
    note(&format!(
        "{}: {} pages, {count} links between them",
        book.display(),
        pages.len()
    ));
    Ok(())
}

/// A part of the book.
#[derive(Debug, PartialEq, Eq)]
struct Part<'a> {
    title: &'a str,
    /// Pages, as seen from the repository's root.
    pages: Vec<&'a str>,
}

/// The parts that README.md has: a line in bold, then a list of links to pages.
fn parts(readme: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for line in readme.lines() {
        let bold = line.strip_prefix("**").and_then(|it| it.strip_suffix("**"));
        if let Some(title) = bold {
            let pages = Vec::new();
            parts.push(Part { title, pages });
        } else if let Some(part) = parts.last_mut() {
            // The list ends with the next heading.
            if line.starts_with('#') {
                break;
            }
            let is_page = |link: &&str| link.ends_with(".md") && !link.contains("://");
            part.pages.extend(links(line).into_iter().filter(is_page));
        }
    }
    parts
}

/// Checks that no page of `docs` is forgotten.
fn every_page_is_in(pages: &[&str], repository: &Path) -> Result<()> {
    for entry in std::fs::read_dir(repository.join("docs"))? {
        let name = entry?.file_name();
        let page = format!("docs/{}", name.to_string_lossy());
        ensure!(
            !page.ends_with(".md") || pages.contains(&page.as_str()),
            "README.md has {page} in no part of the book"
        );
    }
    Ok(())
}

/// The targets of the links in a line of Markdown.
fn links(line: &str) -> Vec<&str> {
    let parts = line.split("](").skip(1);
    parts.filter_map(|part| part.split(')').next()).collect()
}

/// Copies the pages, and the files that they show or link to.
fn copy(repository: &Path, source: &Path, pages: &[&str]) -> Result<()> {
    let mut wanted: BTreeSet<PathBuf> = BTreeSet::from(["README.md".into()]);
    wanted.extend(pages.iter().map(PathBuf::from));
    let linked: Vec<PathBuf> = wanted.iter().cloned().collect();
    for page in linked {
        let text = read(&repository.join(&page))?;
        let dir = page.parent().unwrap_or(Path::new(""));
        for link in text.lines().flat_map(links) {
            let path = link.split('#').next().unwrap_or_default();
            let target = clean(&dir.join(path));
            if !link.contains("://") && repository.join(&target).is_file() {
                wanted.insert(target);
            }
        }
    }
    for path in wanted {
        let to = source.join(&path);
        if let Some(dir) = to.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::copy(repository.join(&path), &to)
            .with_context(|| format!("cannot copy {}", path.display()))?;
    }
    Ok(())
}

/// A relative path without `..`.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// The table of contents as mdBook reads it.
fn summary(parts: &[Part<'_>], source: &Path) -> Result<String> {
    ensure!(
        !parts.is_empty(),
        "README.md names no part of the book: it needs a line in bold, and a list of pages below it"
    );
    let mut text = "# Summary\n\n[gowork](README.md)\n".to_owned();
    for part in parts {
        let _ = write!(text, "\n# {}\n\n", part.title);
        for page in &part.pages {
            let heading = read(&source.join(page))?;
            let heading = heading.lines().find_map(|line| line.strip_prefix("# "));
            let heading = heading.with_context(|| format!("{page} has no heading"))?;
            let _ = writeln!(text, "- [{heading}]({page})");
        }
    }
    Ok(text)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A page of the book, as far as links are concerned.
struct Page {
    ids: BTreeSet<String>,
    links: Vec<String>,
}

/// Follows the links between pages of a book. Returns how many there are.
fn check_links(book: &Path) -> Result<usize> {
    let mut pages = BTreeMap::new();
    let mut open = vec![book.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "html") {
                let text = read(&path)?;
                let page = Page {
                    ids: values(&text, "id").collect(),
                    links: values(&text, "href").collect(),
                };
                pages.insert(path, page);
            }
        }
    }
    let mut broken = Vec::new();
    let mut count = 0;
    for (path, page) in &pages {
        // The page for what is not there has absolute links, and the one for printing repeats all.
        if ["404.html", "print.html"]
            .iter()
            .any(|name| path.ends_with(name))
        {
            continue;
        }
        for link in &page.links {
            if link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:") {
                continue;
            }
            count += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let dir = path.parent().unwrap_or(book);
            let target = match file {
                "" => path.clone(),
                file => clean(&dir.join(file)),
            };
            let has = |ids: &BTreeSet<String>| fragment.is_empty() || ids.contains(fragment);
            let leads = match pages.get(&target) {
                Some(page) => has(&page.ids),
                None => target.is_file(),
            };
            if !leads {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "links that lead nowhere:\n{}",
        broken.join("\n")
    );
    Ok(count)
}

/// The values of an attribute in a text that mdBook wrote: always in double quotes.
fn values<'a>(html: &'a str, attribute: &str) -> impl Iterator<Item = String> + 'a {
    let start = format!(" {attribute}=\"");
    let parts: Vec<&str> = html.split(start.as_str()).skip(1).collect();
    let values = parts.into_iter().filter_map(|part| part.split('"').next());
    values.map(|value| value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_readme() {
        let readme = "# x\n\n[docs/a.md](docs/a.md)\n\n**One**\n\n- [docs/b.md](docs/b.md): [c](docs/c.md) and\n  [web](https://x.example/y.md)\n\n**Two**\n\n- [docs/d.md](docs/d.md)\n\n## Next\n\n[e](e.md)\n";
        let part = |title, pages: &[&'static str]| Part {
            title,
            pages: pages.to_vec(),
        };
        assert_eq!(
            parts(readme),
            [
                part("One", &["docs/b.md", "docs/c.md"]),
                part("Two", &["docs/d.md"])
            ]
        );
    }

    #[test]
    fn links_to_what_is_not_there_are_found() {
        let book = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = book.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        write(
            "index.html",
            "<a href=\"docs/a.html#one\">a</a> <a href=\"https://x.example\">x</a> <a href=\"x.svg\">x</a>",
        );
        write("x.svg", "");
        write(
            "docs/a.html",
            "<h1 id=\"one\"><a href=\"../index.html\">b</a></h1>",
        );
        assert_eq!(check_links(book.path()).expect("no broken link"), 3);
        write(
            "docs/a.html",
            "<h1 id=\"two\"><a href=\"../none.html\">b</a></h1>",
        );
        let error = check_links(book.path())
            .expect_err("two broken links")
            .to_string();
        assert!(error.contains("index.html: docs/a.html#one"), "{error}");
        assert!(error.contains("a.html: ../none.html"), "{error}");
    }
}
