//! `--sbom`: the SBOM that the frontend makes, as buildx and registries have it.
//! And `--provenance`, which BuildKit makes.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::bill;
use crate::engine::{Build, Engine, validators, variable};
use crate::layout::{self, Layout};
use crate::options::tiny;
use crate::repository::{Repository, files, unique};
use crate::stages;

const SPDX: &str = "https://spdx.dev/Document";

/// The in-toto statements of a layout whose predicates are SPDX documents, in their order.
fn statements(layout: &Layout) -> Vec<Value> {
    let mut found = Vec::new();
    for image in layout.images() {
        for layer in image.manifest["layers"].as_array().unwrap() {
            if layer["annotations"]["in-toto.io/predicate-type"] == SPDX {
                found.push(layout.blob(layer));
            }
        }
    }
    found
}

fn build(repository: &Repository, target: &str) -> Build {
    Engine::main()
        .frontend(&repository.root())
        .target(target)
        .args(["--sbom=true"])
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_are_those_of_the_binary() {
    for (example, image) in [
        ("shop", "api"),
        ("shop", "orders"),
        ("shop", "web"),
        ("shop", "worker"),
        ("single", "single"),
        ("replace", "bye"),
        ("replace", "hello"),
        ("vendored", "numeral"),
    ] {
        let repository = Repository::example(example);
        let build = build(&repository, image);
        let layout = layout::build(build);
        let statements = statements(&layout);
        assert_eq!(statements.len(), 1, "{example}");
        let binary = repository.root().join("binary");
        let path = format!("usr/local/bin/{image}");
        let image = layout.images().remove(0);
        std::fs::write(&binary, &image.files()[&path]).unwrap();
        let document = &statements[0]["predicate"];
        let said = bill::of_spdx(document, &format!("/{path}"));
        assert_eq!(said, bill::of_go(&binary), "{example}");
        assert!(said.len() > 1, "{said:?}");
    }
}

/// Programs that say their commit say a version too, which the go command derives from tags.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_version_of_the_main_module_is_that_of_the_binary() {
    let single = Repository::example("single");
    let dockerfile = single.read("Dockerfile");
    let with = dockerfile.replace("[go]\n", "[go]\nbuildvcs = true\n");
    assert_ne!(with, dockerfile);
    single.write("Dockerfile", &with);
    single.git(&["init", "--quiet"]);
    single.commit();
    single.git(&["tag", "v1.4.0"]);
    let binary = single.root().with_extension("binary");
    // `named` is what the document calls it.
    let compare = |build: Build, named: &str, version: &str| {
        let layout = layout::build(build);
        let files = layout.images().remove(0).files();
        std::fs::write(&binary, &files[named.trim_start_matches('/')]).unwrap();
        let statements = statements(&layout);
        let ours = statements
            .iter()
            .find(|it| it["predicate"]["name"] != "scanned");
        let said = bill::of_spdx(&ours.unwrap()["predicate"], named);
        assert_eq!(said, bill::of_go(&binary));
        assert!(said.iter().any(|line| line.contains(version)), "{said:?}");
    };
    let path = "/usr/local/bin/single";
    compare(build(&single, "single"), path, "single v1.4.0");
    compare(build(&single, "binaries"), "single", "single v1.4.0");
    single.append("main.go", "\n// edited\n");
    compare(build(&single, "single"), path, "single v1.4.0+dirty");
    single.commit();
    compare(build(&single, "single"), path, "single v1.4.1-0.");
    // Stages of a Dockerfile.
    single.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\nFROM scratch\nCOPY --from=gowork /single /\n",
    );
    single.write("gowork.toml", "[go]\nbuildvcs = true\n");
    single.commit();
    let scanned = format!("--sbom=generator={}", scanner());
    let stages = Engine::main().frontend(&single.root()).args([scanned]);
    compare(stages, "single", "single v1.4.1-0.");
}

/// The licence of each component, by name.
fn licenses(statement: &Value) -> Vec<(&str, &str)> {
    let packages = statement["predicate"]["packages"].as_array().unwrap();
    let libraries = packages
        .iter()
        .filter(|package| package["primaryPackagePurpose"] == "LIBRARY");
    libraries
        .map(|package| {
            let word = |key: &str| package[key].as_str().unwrap();
            (word("name"), word("licenseDeclared"))
        })
        .collect()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn licenses_of_downloaded_vendored_and_own_modules() {
    let licence = include_str!("../../../LICENSE-MIT");
    let single: &[_] = &[
        ("github.com/fatih/color", "MIT"),
        ("github.com/mattn/go-isatty", "MIT"),
        ("golang.org/x/sys", "BSD-3-Clause"),
    ];
    let vendored: &[_] = &[("github.com/dustin/go-humanize", "MIT")];
    for (example, image, third) in [
        ("single", "single", single),
        ("vendored", "numeral", vendored),
    ] {
        let repository = Repository::example(example);
        repository.write("License.txt", licence);
        let layout = layout::build(build(&repository, image));
        let statements = statements(&layout);
        let found = licenses(&statements[0]);
        for expected in third {
            assert!(found.contains(expected), "{example}: {found:?}");
        }
        assert!(found.contains(&("stdlib", "BSD-3-Clause")), "{found:?}");
        let own = found
            .iter()
            .find(|(name, _)| name.starts_with("example.com/"));
        assert_eq!(own.unwrap().1, "MIT", "{found:?}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn buildx_shows_it_for_each_platform_of_a_registry_s_image() {
    let program = tiny();
    let registry = variable("GOWORK_TEST_REGISTRY");
    let name = format!("{}/test/sbom:{}", registry.to_str().unwrap(), unique());
    let output = format!("--output=type=registry,name={name}");
    build(&program, "tiny")
        .args(["--platform=linux/amd64,linux/arm64", &output])
        .succeeds();
    let mut buildx = Command::new(variable("GOWORK_TEST_BUILDX"));
    buildx.args([
        "imagetools",
        "inspect",
        &name,
        "--format",
        "{{ json .SBOM }}",
    ]);
    let output = buildx.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    for platform in ["linux/amd64", "linux/arm64"] {
        let document = &said[platform]["SPDX"];
        assert_eq!(document["spdxVersion"], "SPDX-2.3", "{said:#}");
        assert_eq!(document["name"], format!("tiny on {platform}"));
        let digest = attestation_of(&name, platform);
        assert_eq!(crane(&["blob", &digest])["predicate"], *document);
    }
}

/// What `crane` prints, as JSON.
fn crane(words: &[&str]) -> Value {
    let mut crane = Command::new(variable("GOWORK_TEST_CRANE"));
    let output = crane.args(words).arg("--insecure").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The blob with the SBOM of an image for this platform, as a tool finds it that knows nothing of
/// buildx: by the manifests of the index, and their annotations.
fn attestation_of(name: &str, platform: &str) -> String {
    let (repository, _) = name.rsplit_once(':').unwrap();
    let at = |digest: &Value| format!("{repository}@{}", digest.as_str().unwrap());
    let index = crane(&["manifest", name]);
    let manifests = index["manifests"].as_array().unwrap();
    let is_for = |one: &&Value| {
        let of = &one["platform"];
        platform
            == format!(
                "{}/{}",
                of["os"].as_str().unwrap(),
                of["architecture"].as_str().unwrap()
            )
    };
    let image = &manifests.iter().find(is_for).unwrap()["digest"];
    let refers = |one: &&Value| one["annotations"]["vnd.docker.reference.digest"] == *image;
    let said = &manifests.iter().find(refers).unwrap()["digest"];
    let manifest = crane(&["manifest", &at(said)]);
    let is_sbom = |layer: &&Value| {
        layer["annotations"]["in-toto.io/predicate-type"] == "https://spdx.dev/Document"
    };
    let layers = manifest["layers"].as_array().unwrap();
    at(&layers.iter().find(is_sbom).unwrap()["digest"])
}

/// The attestation is what the SPDX project calls valid, and what `gowork sbom` prints as CycloneDX
/// follows its schema (cli/tests/it/sbom.rs).
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_validator_of_spdx_accepts_it() {
    let shop = Repository::example("shop");
    let layout = layout::build(build(&shop, "orders"));
    let document = &statements(&layout)[0]["predicate"];
    let file = shop.root().join("orders.spdx.json");
    let validate = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut validator = Command::new(validators().join("pyspdxtools"));
        validator.arg("--infile").arg(&file).output().unwrap()
    };
    let text = document.to_string();
    let output = validate(&text);
    assert!(output.status.success(), "{output:?}");
    let wrong = validate(&text.replacen("SPDXRef-Image", "no id", 1));
    assert!(!wrong.status.success(), "{wrong:?}");
}

/// The same bytes on two engines' clocks: the document names no time, and BuildKit adds nothing.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn it_is_the_same_each_time() {
    let program = tiny();
    let make = || {
        let layout = layout::build(build(&program, "tiny").args(["--no-cache"]));
        let images = layout.images();
        let digests: Vec<String> = images.into_iter().map(|image| image.digest).collect();
        (digests, statements(&layout))
    };
    let first = make();
    assert_eq!(first.0.len(), 2, "an image and what is said of it");
    assert_eq!(first, make());
}

/// A scanner that writes a document of one package, as an image of the registry.
fn scanner() -> String {
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{SPDX}","predicate":{{"spdxVersion":"SPDX-2.3","name":"scanned"}}}}"#
    );
    let script = "cp /statement $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json";
    let dockerfile = format!(
        "FROM busybox:latest\nCOPY statement /statement\nCMD [\"sh\", \"-c\", \"{script}\"]\n"
    );
    let repository = Repository::new(&[("statement", &statement), ("scanner", &dockerfile)]);
    let registry = variable("GOWORK_TEST_REGISTRY");
    let name = format!("{}/test/scanner:{}", registry.to_str().unwrap(), unique());
    let output = format!("--output=type=registry,name={name}");
    Engine::main()
        .stock(&repository.root(), &repository.root().join("scanner"))
        .args([output])
        .succeeds();
    name
}

/// The names of the documents, without platforms.
fn names(layout: &Layout) -> BTreeSet<String> {
    let name = |statement: &Value| {
        let name = statement["predicate"]["name"].as_str().unwrap();
        name.split(' ').next().unwrap().to_owned()
    };
    statements(layout).iter().map(name).collect()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_scanner_s_sbom_stands_beside_it() {
    let program = tiny();
    let generator = format!("--sbom=generator={}", scanner());
    let scanned = || Engine::main().frontend(&program.root()).args([&generator]);
    let both = layout::build(scanned().target("tiny"));
    let expected = ["tiny", "scanned"].map(ToOwned::to_owned);
    assert_eq!(names(&both), BTreeSet::from(expected));
    // Where files go to the client, too.
    let out = tempfile::tempdir().unwrap();
    scanned().target("binaries").files_to(out.path()).succeeds();
    let names_of_files: Vec<String> = files(out.path()).into_keys().collect();
    assert_eq!(
        names_of_files,
        ["sbom-gowork.spdx.json", "sbom.spdx.json", "tiny"]
    );
    // The stages of a Dockerfile are scanned, and their binaries have ours.
    program.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\nFROM busybox:latest AS run\nCOPY --from=gowork /tiny /srv/\n",
    );
    let stages = layout::build(scanned().target("run"));
    let expected = ["run", "scanned"].map(ToOwned::to_owned);
    assert_eq!(names(&stages), BTreeSet::from(expected));
}

/// The frontend, its options and the materials are those of our build. What we ask of Docker's
/// frontend is another build.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn provenance_names_what_stages_are_made_from() {
    let programs = stages::programs(stages::IMAGE);
    let layout = layout::build(
        stages::build(&programs).args(["--provenance=mode=max", "--build-arg=VERSION=1.2.3"]),
    );
    let text = format!("{:?}", layout.images());
    assert!(text.contains("https://slsa.dev/provenance"), "{text}");
    let statement = std::fs::read_dir(layout.path().join("blobs/sha256"))
        .unwrap()
        .filter_map(|blob| std::fs::read_to_string(blob.unwrap().path()).ok())
        .find(|text| text.contains("\"predicateType\""))
        .unwrap();
    let statement: Value = serde_json::from_str(&statement).unwrap();
    let made = &statement["predicate"]["buildDefinition"];
    let materials = made["resolvedDependencies"].to_string();
    for image in ["busybox", "golang", "gowork"] {
        assert!(materials.contains(image), "{image}: {materials}");
    }
    let request = &made["externalParameters"]["request"];
    let options = request["args"].as_object().unwrap();
    let mut names = options.keys();
    assert_eq!(
        (
            &request["frontend"],
            &options["source"],
            &options["build-arg:VERSION"],
            names.find(|name| name.starts_with("context:gowork::")),
            request.get("inputs"),
        ),
        (
            &Value::from("gateway.v0"),
            &Value::from("docker.io/gowork/gowork:1"),
            &Value::from("1.2.3"),
            None,
            None,
        ),
        "{request}"
    );
}
