//! Builds as BuildKit wrote them down, shortened.

use expect_test::{Expect, expect};
use gowork_llb::ops::Platform;
use serde_json::{Value, json};

use super::{Given, Recipe};
use crate::rebuild::provenance::Provenance;

const COMMIT: &str = "6dec937dc44c5afca1de171d1c75dcb87b8278b4";
const DIGEST: &str = "c294a549c1f5458d4cc5cac65041fefb024c9612e6e8e04f26ccc2ad7e1ddee7";

fn digest() -> Value {
    json!({ "sha256": DIGEST })
}

/// Of a directory, by SLSA v1.
fn of_directory() -> Value {
    json!({
        "buildDefinition": {
            "externalParameters": {
                "configSource": { "path": "Dockerfile" },
                "request": {
                    "frontend": "gateway.v0",
                    "args": { "source": "docker.io/gowork/gowork:1", "more": "of the frontend" },
                    "locals": [{ "name": "context" }, { "name": "dockerfile" }],
                    "root": {
                        "configSource": { "path": "Dockerfile" },
                        "request": {
                            "args": {
                                "add-hosts": "a=10.0.0.1,b=::1",
                                "build-arg:SOURCE_DATE_EPOCH": "1700000000",
                                "build-arg:VERSION": "1.2 = 3",
                                "cmdline": "docker.io/gowork/gowork:1",
                                "label:a": "b",
                                "source": "docker.io/gowork/gowork:1",
                                "target": "api",
                                "vcs:revision": COMMIT,
                            },
                        },
                    },
                    "secrets": [{ "id": "ca", "optional": true }],
                },
            },
            "internalParameters": { "buildConfig": {} },
            "resolvedDependencies": [
                { "uri": "pkg:docker/gowork/gowork@1", "digest": digest() },
                { "uri": "pkg:docker/golang@1.26?platform=linux%2Famd64", "digest": digest() },
            ],
        },
        "runDetails": {
            "metadata": {
                "buildkit_completeness": { "request": true },
                "buildkit_metadata": {
                    "vcs": {
                        "localdir:context": "services",
                        "localdir:dockerfile": "deploy",
                        "revision": COMMIT,
                        "source": "https://git.example.com/shop.git",
                    },
                },
            },
        },
    })
}

/// Of a git repository, by SLSA v0.2.
fn of_repository() -> Value {
    json!({
        "invocation": {
            "configSource": {
                "uri": "https://xxxxx:xxxxx@git.example.com/shop.git#v1.2.3:sub",
                "digest": { "sha1": COMMIT },
                "entryPoint": "gowork.toml",
            },
            "parameters": {
                "frontend": "gateway.v0",
                "args": {
                    "source": "docker.io/gowork/gowork:1",
                    "context:lib": "https://git.example.com/lib.git#main:go",
                    "context:alpine:3": "docker-image://mirror.example.com/alpine:3",
                },
            },
        },
        "materials": [
            { "uri": "pkg:docker/gowork/gowork@1", "digest": digest() },
            { "uri": "pkg:docker/mirror.example.com/alpine@3", "digest": digest() },
            { "uri": "https://git.example.com/lib.git#main", "digest": { "sha1": "c0ffee" } },
        ],
        "metadata": { "completeness": { "parameters": true } },
        "buildConfig": {},
    })
}

/// What the build is, or what is missing.
fn check(predicate: Value, given: &Given<'_>, tag: Option<&str>, expected: &Expect) {
    let provenance = Provenance::read(predicate).unwrap();
    let tag_commit = |url: &str, name: &str| {
        assert_eq!((url, name), ("https://git.example.com/shop.git", "v1.2.3"));
        tag.map(ToOwned::to_owned)
    };
    let platform = Platform::new("linux", "amd64");
    let recipe = Recipe::of(&provenance, &platform, given, &tag_commit);
    let text = match recipe {
        Ok(recipe) => {
            let mut lines = recipe.arguments.clone();
            lines.push(recipe.context);
            lines.extend(recipe.notes.iter().map(|note| format!("note: {note}")));
            lines.extend(recipe.hints.iter().map(|hint| format!("hint: {hint}")));
            lines.join("\n")
        }
        Err(problems) => problems.join("\n"),
    };
    expected.assert_eq(&text.replace(DIGEST, "DIGEST"));
}

#[test]
fn a_directory() {
    let source = Some(std::path::Path::new("shop/services"));
    let given = Given {
        source,
        ..Given::default()
    };
    check(
        of_directory(),
        &given,
        None,
        &expect![[r#"
        --platform=linux/amd64
        --provenance=false
        --no-cache
        --add-host=a:10.0.0.1
        --add-host=b:::1
        --build-arg=SOURCE_DATE_EPOCH=1700000000
        --build-arg=VERSION=1.2 = 3
        --label=a=b
        --target=api
        --build-arg=BUILDKIT_SYNTAX=docker.io/gowork/gowork:1@sha256:DIGEST
        --build-context=golang:1.26=docker-image://docker.io/library/golang:1.26@sha256:DIGEST
        --file=shop/services/../deploy/Dockerfile
        shop/services
        hint: steps may ask for --secret ca; provenance does not say if the build had them"#]],
    );
    check(
        of_directory(),
        &Given::default(),
        None,
        &expect![
            "it was built from a directory, which provenance does not hold: check out 6dec937dc44c5afca1de171d1c75dcb87b8278b4 of https://git.example.com/shop.git, and pass --source DIR"
        ],
    );
}

#[test]
fn a_repository() {
    let given = Given {
        cache: true,
        ..Given::default()
    };
    check(
        of_repository(),
        &given,
        Some(COMMIT),
        &expect![[r#"
        --platform=linux/amd64
        --provenance=false
        --build-arg=BUILDKIT_SYNTAX=docker.io/gowork/gowork:1@sha256:DIGEST
        --build-context=alpine:3=docker-image://mirror.example.com/alpine:3@sha256:DIGEST
        --build-context=lib=https://git.example.com/lib.git#c0ffee:go
        --file=gowork.toml
        https://git.example.com/shop.git#v1.2.3:sub"#]],
    );
    check(
        of_repository(),
        &given,
        Some("c0ffee"),
        &expect![[r#"
        --platform=linux/amd64
        --provenance=false
        --build-arg=BUILDKIT_SYNTAX=docker.io/gowork/gowork:1@sha256:DIGEST
        --build-context=alpine:3=docker-image://mirror.example.com/alpine:3@sha256:DIGEST
        --build-context=lib=https://git.example.com/lib.git#c0ffee:go
        --file=gowork.toml
        https://git.example.com/shop.git#6dec937dc44c5afca1de171d1c75dcb87b8278b4:sub
        note: the tag v1.2.3 of https://git.example.com/shop.git is c0ffee now; the build had 6dec937dc44c5afca1de171d1c75dcb87b8278b4, which is taken"#]],
    );
    check(
        of_repository(),
        &given,
        None,
        &expect![[r#"
        --platform=linux/amd64
        --provenance=false
        --build-arg=BUILDKIT_SYNTAX=docker.io/gowork/gowork:1@sha256:DIGEST
        --build-context=alpine:3=docker-image://mirror.example.com/alpine:3@sha256:DIGEST
        --build-context=lib=https://git.example.com/lib.git#c0ffee:go
        --file=gowork.toml
        https://git.example.com/shop.git#6dec937dc44c5afca1de171d1c75dcb87b8278b4:sub"#]],
    );
}

#[test]
fn everything_that_is_missing() {
    let mut predicate = of_directory();
    let parameters = &mut predicate["buildDefinition"]["externalParameters"];
    let request = &mut parameters["request"];
    request["secrets"] = json!([{ "id": "token" }]);
    request["ssh"] = json!([{ "id": "default" }]);
    let root = &mut request["root"];
    root["configSource"]["path"] = json!("../../etc/passwd");
    let args = &mut root["request"]["args"];
    args["source"] = json!("docker.io/gowork/gowork:local");
    args["context:ui"] = json!("local:ui");
    args["context:base"] = json!("oci-layout://abc:1@sha256:0");
    args["context:made"] = json!("input:made");
    args["context:file"] = json!("https://example.com/x.tar");
    args["context:alpine:3"] = json!("docker-image://alpine:3");
    args["hostname"] = json!("here");
    predicate["runDetails"]["metadata"]["buildkit_completeness"]["request"] = json!(false);
    let given = Given {
        source: Some(std::path::Path::new(".")),
        ..Given::default()
    };
    check(
        predicate,
        &given,
        None,
        &expect![[r#"
        its provenance leaves out build-args and labels, as mode=min does; push it again with `docker buildx build --provenance=mode=max`
        the build had the option hostname=here, which `docker buildx build` has no flag for
        the frontend docker.io/gowork/gowork:local was not an image of a registry; pass --build-context gowork/gowork:local=oci-layout://DIR
        the context alpine:3 was docker-image://alpine:3, of which provenance has no digest: pass --build-context alpine:3=docker-image://IMAGE
        the context base was an OCI layout: pass --build-context base=oci-layout://DIR
        the context file was https://example.com/x.tar, which cannot be pinned: pass --build-context file=DIR with what it was
        the context made was what another target of docker buildx bake made: pass --build-context made=DIR
        the context ui was a directory: pass --build-context ui=DIR
        the definition file "../../etc/passwd" is outside of the checkout: pass --config FILE
        a step needs the secret token: pass --secret id=token,src=FILE
        a step needs the SSH agent default: pass --ssh default"#]],
    );
}

/// What the user gives stands before what provenance says.
#[test]
fn given_contexts_and_secrets() {
    let mut predicate = of_directory();
    let request = &mut predicate["buildDefinition"]["externalParameters"]["request"];
    request["secrets"] = json!([{ "id": "token" }]);
    let args = &mut request["root"]["request"]["args"];
    args["source"] = json!("docker.io/gowork/gowork:local");
    args["context:gowork/gowork:local"] = json!("oci-layout://abc:1@sha256:0");
    args["context:ui"] = json!("local:ui");
    let contexts = [
        ("ui", "./ui"),
        ("docker.io/gowork/gowork:local", "oci-layout://image"),
        (
            "golang:1.26",
            "docker-image://mirror.example.com/golang:1.26",
        ),
    ];
    let contexts = contexts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let given = Given {
        source: Some(std::path::Path::new("-odd")),
        definition: Some(std::path::Path::new("gowork.toml")),
        contexts: contexts.into(),
        secrets: &["id=token,src=x".to_owned()],
        ssh: &["default".to_owned()],
        cache: true,
    };
    check(
        predicate,
        &given,
        None,
        &expect![[r#"
        --platform=linux/amd64
        --provenance=false
        --add-host=a:10.0.0.1
        --add-host=b:::1
        --build-arg=SOURCE_DATE_EPOCH=1700000000
        --build-arg=VERSION=1.2 = 3
        --label=a=b
        --target=api
        --build-context=golang:1.26=docker-image://mirror.example.com/golang:1.26
        --build-context=gowork/gowork:local=oci-layout://image
        --build-context=ui=./ui
        --build-context=gowork/gowork:1=docker-image://docker.io/gowork/gowork:1@sha256:DIGEST
        --file=gowork.toml
        --secret=id=token,src=x
        --ssh=default
        ./-odd"#]],
    );
}
