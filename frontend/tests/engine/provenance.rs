//! `--provenance`: what BuildKit writes down of our builds, and what it must not.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::engine::{Build, EmptyEngine, Engine, variable};
use crate::layout::{self, Layout};
use crate::leaks::Canaries;
use crate::options::tiny;
use crate::repository::{Repository, unique};
use crate::server::Server;

/// The program upon busybox, in a checkout.
fn checkout() -> Repository {
    let tiny = tiny();
    tiny.append(
        "Dockerfile",
        "[runtime]\nbase = \"busybox:latest\"\nlabels = { version = \"${VERSION:-}\" }\n\n[images.tiny]\nworkdir = \"/srv\"\n",
    );
    tiny.git(&["init", "--quiet"]);
    tiny.commit();
    tiny
}

/// The predicate of the provenance of the only image.
fn provenance(layout: &Layout) -> Value {
    let attested = layout.images();
    let mut layers = attested.iter().flat_map(|image| {
        let layers = image.manifest["layers"].as_array().unwrap();
        layers.iter().filter(|layer| {
            let kind = layer["annotations"]["in-toto.io/predicate-type"].as_str();
            kind.is_some_and(|kind| kind.starts_with("https://slsa.dev/provenance/"))
        })
    });
    let statement = layout.blob(layers.next().expect("provenance"));
    statement["predicate"].clone()
}

/// The names of the materials, each with a digest.
fn materials(provenance: &Value) -> String {
    let all = provenance["buildDefinition"]["resolvedDependencies"].as_array();
    let mut names = String::new();
    for material in all.unwrap() {
        let digest = material["digest"].as_object().unwrap();
        assert!(!digest.is_empty(), "{material}");
        names += material["uri"].as_str().unwrap();
        names.push('\n');
    }
    names
}

fn request(provenance: &Value) -> &Value {
    &provenance["buildDefinition"]["externalParameters"]["request"]["root"]["request"]
}

fn ours(checkout: &Repository, mode: &str) -> Build {
    let build = Engine::main().frontend(&checkout.root());
    build.args([
        &format!("--provenance=mode={mode}"),
        "--build-arg=VERSION=1.2.3",
    ])
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn it_names_all_images_and_in_max_the_parameters_and_the_file() {
    let checkout = checkout();
    let min = provenance(&layout::build(ours(&checkout, "min")));
    let max = provenance(&layout::build(ours(&checkout, "max")));
    for said in [&min, &max] {
        let materials = materials(said);
        for image in ["/gowork/gowork@1?", "/busybox@latest?", "/golang@1.26?"] {
            assert!(materials.contains(image), "{image}: {materials}");
        }
        let revision = &said["runDetails"]["metadata"]["buildkit_metadata"]["vcs"]["revision"];
        assert_eq!(*revision, checkout.git(&["rev-parse", "HEAD"]));
    }
    let arg = |said: &Value| request(said)["args"]["build-arg:VERSION"].clone();
    assert_eq!((arg(&min), arg(&max)), (Value::Null, "1.2.3".into()));

    let source =
        |said: &Value| said["runDetails"]["metadata"]["buildkit_metadata"]["source"].clone();
    assert_eq!(source(&min), Value::Null);
    let source = source(&max);
    let file = &source["infos"][0];
    assert_eq!(file["filename"], "Dockerfile", "{source}");
    let text = fs::read(checkout.root().join("Dockerfile")).unwrap();
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    assert_eq!(file["data"], text);
    // The table of the image.
    let places = source["locations"].to_string();
    assert!(places.contains("\"line\":6"), "{places}");
}

/// Of a git context the commit is a material, and neither a token nor a login is anywhere.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_git_context_is_a_material_and_no_secret_is_in_it() {
    let checkout = checkout();
    let server = Server::of_git(&checkout, "shop.git");
    let secrets = tempfile::tempdir().unwrap();
    let mut canaries = Canaries::default();
    let mut build = Engine::main().remote(&format!("http://{}/shop.git", server.address));
    for id in ["GIT_AUTH_TOKEN", "netrc"] {
        let canary = format!("canary{}{}", id.replace('_', ""), unique());
        let file = secrets.path().join(id);
        let text = match id {
            "netrc" => format!(
                "machine {} login {canary} password {canary}\n",
                server.address
            ),
            _ => canary.clone(),
        };
        fs::write(&file, text).unwrap();
        canaries.add(id, &canary);
        build = build.args([format!("--secret=id={id},src={}", file.display())]);
    }
    let layout = layout::build(build.args(["--provenance=mode=max"]));
    let said = provenance(&layout);
    let revision = checkout.git(&["rev-parse", "HEAD"]);
    materials(&said);
    let all = said["buildDefinition"]["resolvedDependencies"]
        .as_array()
        .unwrap();
    let git = all.iter().find(|material| {
        material["digest"]
            .as_object()
            .unwrap()
            .values()
            .any(|digest| *digest == *revision)
    });
    let uri = git.expect("the commit")["uri"].as_str().unwrap();
    assert!(
        uri.contains(&format!("{}/shop.git", server.address)),
        "{uri}"
    );
    let text = said.to_string();
    assert!(
        text.contains("GIT_AUTH_TOKEN"),
        "which secrets are asked for: {text}"
    );
    assert_eq!(
        canaries.in_bytes("provenance", text.as_bytes()),
        Vec::<String>::new()
    );
}

/// A login that stands in the URL of a context is used, and is nowhere in what comes of the build. The
/// one exception is `mode=max`, where BuildKit writes down the steps with the URL as it was given
/// (docs/sbom.md).
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_login_in_the_url_of_a_context_is_kept_in_the_steps_alone() {
    let checkout = checkout();
    let server = Server::of_git(&checkout, "shop.git");
    let unique = unique();
    let (user, password) = (format!("canaryuser{unique}"), format!("canaryword{unique}"));
    let mut canaries = Canaries::default();
    canaries.add("user", &user);
    canaries.add("password", &password);
    let url = format!("http://{user}:{password}@{}/shop.git", server.address);
    let made = |mode: &str| {
        let provenance = format!("--provenance=mode={mode}");
        layout::build(
            Engine::main()
                .remote(&url)
                .args([provenance, "--sbom=true".to_owned()]),
        )
    };
    let revision = checkout.git(&["rev-parse", "HEAD"]);
    let min = made("min");
    assert!(materials(&provenance(&min)).contains("/shop.git"));
    assert_eq!(canaries.in_directory(min.path()), Vec::<String>::new());
    let said = provenance(&made("max"));
    assert!(said.to_string().contains(&revision), "{said:#}");
    materials(&said);
    let text = serde_json::to_string_pretty(&said).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.contains("\"git.fullurl\": "));
    let rest: String = lines.collect();
    let found = canaries.in_bytes("provenance", rest.as_bytes());
    assert_eq!(found, Vec::<String>::new(), "{said:#}");
}

/// What buildx writes about a build names what is in the registry. And another engine, two days
/// later, pushes the same image: with an SBOM beside it, and with all times rewritten.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn another_engine_two_days_later_pushes_the_same_digest() {
    let checkout = checkout();
    let later = EmptyEngine::start_ahead("rebuilt", 2);
    let registry = variable("GOWORK_TEST_REGISTRY");
    let registry = registry.to_str().unwrap();
    let out = tempfile::tempdir().unwrap();
    // What is said of an image has its name.
    let reference = format!("{registry}/test/two-days:{}", unique());
    let push = |engine: &Engine| {
        let (metadata, iid) = (out.path().join("metadata"), out.path().join("iid"));
        engine
            .frontend(&checkout.root())
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args([
                "--sbom=true".to_owned(),
                format!("--metadata-file={}", metadata.display()),
                format!("--iidfile={}", iid.display()),
                format!("--output=type=registry,name={reference},rewrite-timestamp=true"),
            ])
            .succeeds();
        let metadata: Value = serde_json::from_slice(&fs::read(metadata).unwrap()).unwrap();
        let digest = metadata["containerimage.digest"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(metadata["containerimage.descriptor"]["digest"], digest);
        assert_eq!(fs::read_to_string(iid).unwrap(), digest);
        let mut crane = Command::new(variable("GOWORK_TEST_CRANE"));
        crane.args(["digest", "--insecure", &reference]);
        let pushed = crane.output().unwrap();
        assert_eq!(String::from_utf8(pushed.stdout).unwrap().trim(), digest);
        digest
    };
    assert_eq!(push(&Engine::main()), push(&later.engine));
}
