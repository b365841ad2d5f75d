//! Images, and the named contexts that may stand in for them.

use gowork_llb::ops::source;

use super::{DEFINITION, daemon, platform, source_of, with};
use crate::opts::options;

const DIGEST: &str = "sha256:0123456789012345678901234567890123456789012345678901234567890123";

#[test]
fn images_are_pinned_and_looked_up_once() {
    let gateway = daemon()
        .source("local://dockerfile", &[("Dockerfile", DEFINITION)])
        .image(
            "docker.io/library/golang:1.26",
            Some(DIGEST),
            r#"{"rootfs":{"diff_ids":["x"]}}"#,
        )
        .image(
            "docker.io/library/empty:latest",
            None,
            r#"{"rootfs":{"diff_ids":[]}}"#,
        );
    with(
        &gateway,
        &options(&["image-resolve-mode=pull"]),
        async |context| {
            let context = context.unwrap();
            for _ in 0..2 {
                let image = context.image("golang:1.26", &platform()).await.unwrap();
                let (identifier, attrs) = source_of(&image.output);
                assert_eq!(
                    identifier,
                    format!("docker-image://docker.io/library/golang:1.26@{DIGEST}")
                );
                assert_eq!(
                    (attrs["image.resolvemode"].as_str(), image.digest.as_deref()),
                    ("pull", Some(DIGEST))
                );
            }
            assert!(
                context
                    .image("empty", &platform())
                    .await
                    .unwrap()
                    .output
                    .is_scratch(),
                "no layers"
            );
            assert!(
                context
                    .image("scratch", &platform())
                    .await
                    .unwrap()
                    .output
                    .is_scratch()
            );
            let missing = context
                .image("golang:9", &platform())
                .await
                .unwrap_err()
                .to_string();
            assert_eq!(missing, "image golang:9: not found");
        },
    );
    let queries = gateway.recorded().images;
    assert_eq!(queries.len(), 3);
    assert_eq!(
        queries[0].log_name,
        "[linux/amd64 internal] load metadata for docker.io/library/golang:1.26"
    );
    assert_eq!(
        (
            queries[0].resolve_mode.as_str(),
            queries[0].platform.as_ref()
        ),
        ("pull", Some(&platform()))
    );
}

#[test]
fn a_named_context_takes_an_images_place() {
    let config = r#"{"rootfs":{"diff_ids":["x"]}}"#;
    let gateway = daemon()
        .source("local://dockerfile", &[("Dockerfile", DEFINITION)])
        .image(
            &format!("docker.io/library/golang:1.26@{DIGEST}"),
            Some(DIGEST),
            config,
        )
        .image("example.com/base:latest", Some(DIGEST), config);
    let options = options(&[
        &format!("context:golang:1.26=oci-layout://store:tag@{DIGEST}"),
        "context:alpine=docker-image://example.com/none",
        "context:alpine::linux/amd64=docker-image://example.com/base",
        "context:none=docker-image://scratch",
    ]);
    with(&gateway, &options, async |context| {
        let context = context.unwrap();
        let golang = context
            .image("docker.io/library/golang:1.26", &platform())
            .await
            .unwrap();
        let (identifier, attrs) = source_of(&golang.output);
        assert_eq!(
            identifier,
            format!("oci-layout://docker.io/library/golang:1.26@{DIGEST}")
        );
        assert_eq!(
            (attrs["oci.store"].as_str(), attrs["oci.session"].as_str()),
            ("store", "session-1")
        );
        assert_eq!(golang.config.as_deref(), Some(config.as_bytes()));
        let alpine = context.image("alpine:latest", &platform()).await.unwrap();
        assert_eq!(
            source_of(&alpine.output).0,
            format!("docker-image://example.com/base:latest@{DIGEST}")
        );
        assert!(
            context
                .image("none", &platform())
                .await
                .unwrap()
                .output
                .is_scratch()
        );
        assert!(context.named("other", &platform()).await.unwrap().is_none());
    });
    assert_eq!(
        gateway.recorded().images[0]
            .oci_layout
            .as_ref()
            .map(|store| store.store_id.as_str()),
        Some("store")
    );
}

#[test]
fn other_named_contexts() {
    let other = source::Local::new("other").output();
    let gateway = daemon()
        .source("local://dockerfile", &[("Dockerfile", DEFINITION)])
        .source("local://assets", &[(".dockerignore", "*.psd")])
        .input("0:base", other.to_definition().into_pb());
    let options = options(&[
        "context:assets=local:assets",
        "sharedkey:localdir:assets=k",
        "context:tools=https://example.com/t.git",
        "context:file=https://example.com/f.txt",
        "context:base=input:0:base",
        r#"input-metadata:0:base={"containerimage.config":"e30="}"#,
        "context:odd=swift://x",
        "context:layout=oci-layout://store:tag",
    ]);
    with(&gateway, &options, async |context| {
        let context = context.unwrap();
        let named = async |name: &str| {
            context
                .named(name, &platform())
                .await
                .map(|named| named.unwrap())
        };
        let (identifier, attrs) = source_of(&named("assets").await.unwrap().output);
        assert_eq!(identifier, "local://assets");
        assert_eq!(
            named("assets").await.unwrap().output.name(),
            Some("[context assets] load from client")
        );
        assert_eq!(
            (
                attrs["local.excludepatterns"].as_str(),
                attrs["local.sharedkeyhint"].as_str()
            ),
            (r#"["*.psd"]"#, "context:assets-k")
        );
        assert_eq!(
            source_of(&named("tools").await.unwrap().output).0,
            "git://example.com/t.git"
        );
        assert_eq!(
            source_of(&named("file").await.unwrap().output).0,
            "https://example.com/f.txt"
        );
        let base = named("base").await.unwrap();
        assert_eq!(
            (base.output, base.config.as_deref()),
            (other, Some(&b"{}"[..]))
        );
        assert_eq!(
            named("odd").await.unwrap_err().to_string(),
            "build context odd: swift is not a kind of context"
        );
        assert_eq!(
            named("layout").await.unwrap_err().to_string(),
            "build context layout: an oci-layout context needs a digest"
        );
    });
}
