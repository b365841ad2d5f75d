//! Images that can be built, beside others that cannot.

use gowork_llb::config::Config;
use gowork_llb::packages;
use gowork_llb::plan::{self, Outline, Target};
use gowork_llb::tree::MemTree;
use gowork_llb::workspace;

use crate::support::linux;

/// Of several platforms, those images are left that can be built on all. What a shared package
/// lacks is wrong for all that reach it.
#[test]
fn images_that_can_be_built() {
    let main = |imports: &str| format!("package main\n{imports}\nfunc main() {{}}\n");
    let gone = "import _ \"example.com/m/gone\"";
    let files = [
        ("go.mod", "module example.com/m\ngo 1.26\n".to_owned()),
        ("sound/main.go", main("")),
        ("direct/main.go", main(gone)),
        ("indirect/main.go", main("import _ \"example.com/m/lib\"")),
        (
            "lib/lib.go",
            "package lib\nimport _ \"example.com/m/lib/deep\"\n".to_owned(),
        ),
        (
            "lib/deep/deep.go",
            "package deep\nimport _ \"embed\"\n//go:embed nothing\nvar x string\n".to_owned(),
        ),
        ("arm/main.go", main("")),
        ("arm/main_arm64.go", format!("package main\n{gone}\n")),
    ];
    let archive: String = files
        .iter()
        .map(|(name, text)| format!("-- {name} --\n{text}"))
        .collect();
    let scan = packages::scan(&MemTree::from_txtar(&archive));
    let workspace = workspace::load(&scan.mod_files).workspace;
    let outlines = |config: &str, archs: &[&str]| {
        let target = |arch: &&str| Target {
            arch: (*arch).to_owned(),
            ..linux()
        };
        let config = Config::parse("Dockerfile", config).0;
        plan::outlines(
            &scan,
            &workspace,
            &config,
            &archs.iter().map(target).collect::<Vec<_>>(),
        )
    };
    let names = |outline: &Outline| outline.names().collect::<Vec<_>>().join(" ");
    let both = outlines("", &["amd64", "arm64"]);
    assert_eq!(
        both.outlines.iter().map(names).collect::<Vec<_>>(),
        ["sound", "sound"]
    );
    assert_eq!(
        both.broken
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>(),
        ["arm", "direct", "indirect"]
    );
    assert!(
        both.outlines
            .iter()
            .all(|outline| outline.broken == both.broken && outline.builds[0].packages.len() == 1)
    );
    assert_eq!(
        both.diagnostics.len(),
        3,
        "each once: {:?}",
        both.diagnostics
    );
    let one = outlines("[images.none]\n", &["amd64"]);
    assert_eq!(names(&one.outlines[0]), "arm sound");
    assert!(one.broken.contains("none") && one.diagnostics.len() == 3);
    let too_old = outlines("[go]\nversion = \"1.20\"\n", &["amd64"]);
    assert!(
        too_old
            .outlines
            .iter()
            .all(|outline| outline.images.is_empty())
            && too_old.broken.len() == 4
    );
}
