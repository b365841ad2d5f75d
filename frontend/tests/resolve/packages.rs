//! Which packages the resolution has, and what they import.

use gowork_llb::gomod::ImportPath;

use crate::case::{Case, go, is_mod_file, request, resolution, shared_cache, single};

/// The std packages with cgo import more than their files name. Without these the link would compile
/// runtime/cgo again.
#[test]
fn the_cgo_imports_of_std_are_listed() {
    let case = single(true);
    let mut asked = request(false, &["net", "os/user"], shared_cache());
    asked.env.insert("CGO_ENABLED".into(), "1".into());
    let resolution = resolution(&case.resolve("out", &asked, false, is_mod_file).unwrap());
    let imports = |path: &str| {
        resolution
            .packages
            .iter()
            .find(|package| package.path == path)
            .unwrap()
            .imports
            .clone()
    };
    for path in ["net", "os/user"] {
        assert!(
            imports(path).contains(&ImportPath::new("runtime/cgo")),
            "{path}: {:?}",
            imports(path)
        );
    }
    assert!(!imports("runtime/cgo").contains(&ImportPath::new("runtime/cgo")));
}

/// A module path may have the repository's own as its prefix, and be another repository.
#[test]
fn a_third_party_module_below_the_own_path_is_third_party() {
    let case = Case::new(&[
        (
            "go.mod",
            "module rsc.io\n\ngo 1.24\n\nrequire rsc.io/quote v1.5.2\n",
        ),
        (
            "main.go",
            "package main\n\nimport \"rsc.io/quote\"\n\nfunc main() { println(quote.Hello()) }\n",
        ),
    ]);
    go(&case.root(), &["mod", "tidy"], &[]);
    let asked = request(false, &["rsc.io/quote"], shared_cache());
    let resolution = resolution(&case.resolve("out", &asked, false, is_mod_file).unwrap());
    let found: Vec<&str> = resolution
        .packages
        .iter()
        .filter(|package| !package.is_std())
        .map(|package| package.path.as_str())
        .collect();
    assert!(found.contains(&"rsc.io/sampler"), "{found:?}");
}
