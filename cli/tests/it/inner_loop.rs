//! The page on tools that build again while you edit: its files, and what they watch.

use crate::support::{root, run};

/// The directories and files that compose watches for an image of the example.
fn watched(image: &str) -> Vec<String> {
    let printed = run(&root().join("examples/shop"), "compose --watch");
    assert_eq!(printed.code, 0, "{printed}");
    let service = format!("  \"{image}\":\n");
    let service = printed.out.split(&service).nth(1).unwrap();
    let lines = service.lines().take_while(|line| !line.starts_with("  \""));
    let paths = lines.filter_map(|line| line.trim().strip_prefix("path: \"./"));
    paths
        .map(|path| path.trim_end_matches('"').to_owned())
        .collect()
}

/// `cargo xtask workflows` compares the file for Skaffold with the published schema.
#[test]
fn the_page_shows_files_that_are_checked() {
    let page = std::fs::read_to_string(root().join("docs/inner-loop.md")).unwrap();
    for (name, language) in [("Tiltfile", "python"), ("skaffold.yaml", "yaml")] {
        let file = root().join("testdata/deploy").join(name);
        let file = std::fs::read_to_string(file).unwrap();
        assert!(
            page.contains(&format!("```{language}\n{file}```\n")),
            "{name}"
        );
    }
}

#[test]
fn skaffold_watches_what_the_image_is_made_of() {
    let file = root().join("testdata/deploy/skaffold.yaml");
    let file = std::fs::read_to_string(file).unwrap();
    let paths = file.split("          paths:\n").nth(1).unwrap();
    let paths = paths.lines();
    let paths = paths.map_while(|line| line.strip_prefix("            - "));
    let paths: Vec<&str> = paths.collect();
    assert!(paths.len() > 3, "{paths:?}");
    assert_eq!(paths, watched("api"));
}
