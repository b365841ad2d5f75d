//! `oci_labels`: which labels and annotations an image has.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::lower::{self, ConfigInput, DockerfileOptions, LabelInput};
use gowork_llb::ops::Platform;
use serde_json::Value;

use super::dockerfile::text;
use super::make;

const MAIN: &str =
    "-- go.mod --\nmodule example.com/api\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

/// What git says.
fn said() -> BTreeMap<String, String> {
    let all = [
        ("GIT_REVISION", "0123abc"),
        ("GIT_DESCRIBE", "v1.2.3"),
        ("GIT_COMMIT_TIME", "2026-11-29T12:00:00Z"),
        ("GIT_SOURCE", "https://git.example.com/api"),
    ];
    all.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Labels and annotations of the image over a base that has labels of its own.
fn labelled(config: &str, args: &BTreeMap<String, String>, given: &[(&str, &str)]) -> String {
    let plan = make(MAIN, config, args).plan("amd64");
    let given = given.iter();
    let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let labels = LabelInput {
        given: &given.collect(),
        base_digest: Some("sha256:0"),
        time: None,
    };
    let base =
        br#"{"config": {"Labels": {"org.opencontainers.image.version": "12", "os": "yes"}}}"#;
    let input = ConfigInput {
        platform: &Platform::parse("linux/amd64").unwrap(),
        base: Some(base),
        labels,
        created: None,
    };
    let made = lower::image_config(&plan.images[0], input).unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    let mut text = String::new();
    for (name, value) in made["config"]["Labels"].as_object().unwrap() {
        text += &format!("{name}={}\n", value.as_str().unwrap());
    }
    for (name, value) in lower::annotations(&plan.images[0], labels) {
        text += &format!("annotation {name}={value}\n");
    }
    text.replace("org.opencontainers.image.", "oci.")
}

const ON: &str = "[runtime]\nbase = \"debian:12\"\noci_labels = true\n";

#[test]
fn everything_that_is_known() {
    expect![[r#"
        oci.base.digest=sha256:0
        oci.base.name=docker.io/library/debian:12
        oci.created=2026-11-29T12:00:00Z
        oci.revision=0123abc
        oci.source=https://git.example.com/api
        oci.title=api
        oci.version=v1.2.3
        os=yes
        annotation oci.base.digest=sha256:0
        annotation oci.base.name=docker.io/library/debian:12
        annotation oci.created=2026-11-29T12:00:00Z
        annotation oci.revision=0123abc
        annotation oci.source=https://git.example.com/api
        annotation oci.title=api
        annotation oci.version=v1.2.3
    "#]]
    .assert_eq(&labelled(ON, &said(), &[]));
}

/// Where nothing is known of the commit, a label of the base does not stand for one of ours.
#[test]
fn nothing_of_the_commit_is_made_up() {
    expect![[r#"
        oci.base.digest=sha256:0
        oci.base.name=docker.io/library/debian:12
        oci.title=api
        os=yes
        annotation oci.base.digest=sha256:0
        annotation oci.base.name=docker.io/library/debian:12
        annotation oci.title=api
    "#]]
    .assert_eq(&labelled(ON, &BTreeMap::new(), &[]));
}

#[test]
fn labels_and_annotations_take_their_place() {
    let own = "labels = { \"org.opencontainers.image.title\" = \"Shop\", own = \"1\" }\n\
               annotations = { \"org.opencontainers.image.revision\" = \"other\", more = \"2\" }\n";
    let given = [("org.opencontainers.image.version", "9")];
    expect![[r#"
        oci.base.digest=sha256:0
        oci.base.name=docker.io/library/debian:12
        oci.created=2026-11-29T12:00:00Z
        oci.revision=0123abc
        oci.source=https://git.example.com/api
        oci.title=Shop
        oci.version=9
        os=yes
        own=1
        annotation more=2
        annotation oci.base.digest=sha256:0
        annotation oci.base.name=docker.io/library/debian:12
        annotation oci.created=2026-11-29T12:00:00Z
        annotation oci.revision=other
        annotation oci.source=https://git.example.com/api
        annotation oci.title=Shop
        annotation oci.version=9
    "#]]
    .assert_eq(&labelled(&format!("{ON}{own}"), &said(), &given));
}

#[test]
fn an_image_may_go_without() {
    let without = format!("{ON}[images.api]\noci_labels = false\n");
    expect![[r#"
        oci.version=12
        os=yes
    "#]]
    .assert_eq(&labelled(&without, &said(), &[]));
}

/// A pinned base has its digest, and a printed Dockerfile what is known when it is printed.
#[test]
fn a_dockerfile_has_them() {
    let pinned = format!("debian@sha256:{}", "0".repeat(64));
    let config = ON.replace("debian:12", &pinned);
    let printed = text(
        &make(MAIN, &config, &said()),
        &["amd64"],
        &DockerfileOptions::default(),
    );
    let printed = printed.unwrap();
    let from = printed.find("LABEL").unwrap();
    let to = printed.find("USER").unwrap();
    expect![[r#"
        LABEL org.opencontainers.image.base.digest=sha256:0000000000000000000000000000000000000000000000000000000000000000 \
            org.opencontainers.image.base.name=docker.io/library/debian \
            org.opencontainers.image.created=2026-11-29T12:00:00Z \
            org.opencontainers.image.revision=0123abc \
            org.opencontainers.image.source=https://git.example.com/api \
            org.opencontainers.image.title=api \
            org.opencontainers.image.version=v1.2.3
    "#]].assert_eq(&printed[from..to]);
}
