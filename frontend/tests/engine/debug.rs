//! The variant of an image for a debugger.

use crate::bases::tree::Tree;
use crate::engine::Engine;
use crate::layout;
use crate::options::tiny;

const DELVE: &str = "github.com/go-delve/delve/cmd/dlv";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_variant_has_delve_and_a_program_for_it() {
    let program = tiny();
    program.go("", &["get", "-tool", DELVE]);
    program.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\n[runtime]\ndebug = true\n",
    );
    let build = || Engine::main().frontend(&program.root());
    let tree = Tree::of(build().target("tiny-debug"));
    let made = |name: &str| &tree.entries[&format!("usr/local/bin/{name}")].content;
    let local = program.go_build_with(&["-gcflags=all=-N -l"], "", ".");
    assert!(*made("tiny") == local, "tiny is not what go build makes");
    assert!(
        *made("dlv") == program.go_build("", DELVE),
        "dlv is not what go build makes"
    );
    let config = layout::build(build().target("tiny-debug")).image().config;
    assert_eq!(
        config["config"]["ExposedPorts"]["2345/tcp"],
        serde_json::json!({})
    );
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/local/bin/dlv");
    // Without a target, the image is the only one.
    let plain = Tree::of(build());
    assert!(!plain.entries.contains_key("usr/local/bin/dlv"));
}
