//! Signatures by cosign, with the commands of docs/ci.md, in the loopback registry.
//!
//! `cargo xtask signing` runs them: cosign takes minutes to compile.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::engine::{Engine, tool, variable};
use crate::options::tiny;
use crate::repository::unique;

/// The commands of docs/ci.md that have this word, without the name of the image.
fn documented(verb: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ci.md");
    let text = std::fs::read_to_string(page).unwrap();
    let start = format!("cosign {verb} ");
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with(&start) && line.contains(" --key "));
    let mut words = line.expect("a command with a key").split(' ').skip(1);
    let words = words
        .by_ref()
        .filter(|word| !word.contains("registry.example.com/"));
    words.map(ToOwned::to_owned).collect()
}

/// A directory with keys.
struct Keys(tempfile::TempDir);

impl Keys {
    fn new() -> Self {
        let keys = Self(tempfile::tempdir().unwrap());
        keys.succeeds(&["generate-key-pair"]);
        keys
    }

    fn cosign(&self, words: &[&str]) -> Output {
        let mut cosign = Command::new(tool("cosign"));
        cosign
            .args(words)
            .current_dir(self.0.path())
            .env("COSIGN_PASSWORD", "");
        cosign.output().unwrap()
    }

    fn succeeds(&self, words: &[&str]) {
        let output = self.cosign(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    /// Runs a command of the documentation, without the public log of signatures.
    fn run(&self, verb: &str, name: &str) -> Output {
        let words = documented(verb);
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.push("--allow-insecure-registry");
        words.push(match verb {
            "sign" => "--tlog-upload=false",
            _ => "--insecure-ignore-tlog=true",
        });
        words.push(name);
        self.cosign(&words)
    }

    fn verifies(&self, name: &str) -> bool {
        let output = self.run("verify", name);
        let words = String::from_utf8_lossy(&output.stderr);
        let is_refused = words.contains("no signatures found")
            || words.contains("no matching signatures")
            || words.contains("invalid signature");
        assert!(output.status.success() || is_refused, "{output:?}");
        output.status.success()
    }
}

fn crane(words: &[&str]) -> String {
    let mut crane = Command::new(variable("GOWORK_TEST_CRANE"));
    let output = crane.args(words).arg("--insecure").output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs an engine and cosign: cargo xtask signing"]
fn image_sbom_and_provenance_are_signed_and_tampering_is_seen() {
    let program = tiny();
    let registry = variable("GOWORK_TEST_REGISTRY");
    let repository = format!("{}/test/signed-{}", registry.to_str().unwrap(), unique());
    let tag = format!("{repository}:1");
    let push = |label: &str| {
        let build = Engine::main().frontend(&program.root()).args([
            "--sbom=true".to_owned(),
            "--provenance=mode=max".to_owned(),
            format!("--label=what={label}"),
            format!("--output=type=registry,name={tag}"),
        ]);
        build.succeeds();
        format!("{repository}@{}", crane(&["digest", &tag]))
    };
    let signed = push("ours");
    let keys = Keys::new();
    assert!(!keys.verifies(&signed), "nothing is signed yet");
    let output = keys.run("sign", &signed);
    assert!(output.status.success(), "{output:?}");
    // The index, the image, and the SBOM with the provenance.
    let index: Value = serde_json::from_str(&crane(&["manifest", &signed])).unwrap();
    let mut attested = 0;
    for manifest in index["manifests"].as_array().unwrap() {
        let name = format!("{repository}@{}", manifest["digest"].as_str().unwrap());
        assert!(keys.verifies(&name), "{name}");
        if manifest["annotations"]["vnd.docker.reference.type"] == "attestation-manifest" {
            let layers = crane(&["manifest", &name]);
            assert!(
                layers.contains("spdx.dev") && layers.contains("slsa.dev"),
                "{layers}"
            );
            attested += 1;
            // Another SBOM in its place is not signed.
            let other = format!("{repository}:other-sbom");
            crane(&["mutate", &name, "--annotation", "a=b", "--tag", &other]);
            assert!(!keys.verifies(&other), "{other}");
        }
    }
    assert_eq!(attested, 1);
    assert!(keys.verifies(&signed) && keys.verifies(&tag));
    // By the key of somebody else, and with another image under the tag.
    assert!(!Keys::new().verifies(&signed));
    push("theirs");
    assert!(!keys.verifies(&tag), "the tag names another image");
    assert!(keys.verifies(&signed));
}
