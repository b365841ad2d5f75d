//! Platforms, image references, digests: what the texts mean and which are refused.

use gowork_llb::ops::{Digest, Platform, Reference};

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn platforms_have_one_spelling() {
    for (text, want) in [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64/v1", "linux/amd64"),
        ("linux/x86-64/v3", "linux/amd64/v3"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/9.0", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/i386", "linux/386"),
        ("macos/arm64", "darwin/arm64"),
        ("wasip1/wasm", "wasi/wasm"),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
        (
            "windows(10.0.17763+win32k)/amd64",
            "windows(10.0.17763+win32k)/amd64",
        ),
    ] {
        let platform = Platform::parse(text).unwrap();
        assert_eq!(platform.to_string(), want, "{text}");
        assert_eq!(Platform::parse(want).unwrap(), platform, "{text}");
        let json = serde_json::to_string(&platform).unwrap();
        assert_eq!(
            serde_json::from_str::<Platform>(&json).unwrap(),
            platform,
            "{json}"
        );
    }
    let json = serde_json::to_string(&Platform::parse("linux/arm").unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"architecture":"arm","os":"linux","variant":"v7"}"#
    );
}

#[test]
fn a_platform_has_parts() {
    let arm = Platform::parse("linux/arm").unwrap();
    assert_eq!(
        [arm.os(), arm.architecture(), arm.variant()],
        ["linux", "arm", "v7"]
    );
    assert_eq!(arm.with_variant("6").to_string(), "linux/arm/v6");
    let windows = Platform::parse("windows(10.0.17763+win32k)/amd64").unwrap();
    assert_eq!(windows.os_version(), "10.0.17763");
    assert_eq!(windows.os_features(), ["win32k"]);
}

#[test]
fn what_is_no_platform_is_refused() {
    for text in [
        "",
        "linux",
        "arm64",
        "linux/",
        "/amd64",
        "linux/arm/v7/x",
        "linux/arm/",
        "linux/*",
        "linux(1/amd64",
        "li nux/x",
    ] {
        let error = Platform::parse(text).unwrap_err().to_string();
        assert!(error.contains("such as linux/amd64"), "{text}: {error}");
    }
}

#[test]
fn references_are_completed() {
    for (text, full, familiar) in [
        ("golang", "docker.io/library/golang:latest", "golang:latest"),
        (
            "golang:1.26",
            "docker.io/library/golang:1.26",
            "golang:1.26",
        ),
        ("user/app", "docker.io/user/app:latest", "user/app:latest"),
        (
            "docker.io/golang",
            "docker.io/library/golang:latest",
            "golang:latest",
        ),
        (
            "index.docker.io/library/x:y",
            "docker.io/library/x:y",
            "x:y",
        ),
        ("localhost/a", "localhost/a:latest", "localhost/a:latest"),
        (
            "host:5000/a/b__c:T.1-x",
            "host:5000/a/b__c:T.1-x",
            "host:5000/a/b__c:T.1-x",
        ),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
        ("Host/a", "Host/a:latest", "Host/a:latest"),
    ] {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(
            (
                reference.to_string().as_str(),
                reference.familiar().as_str()
            ),
            (full, familiar),
            "{text}"
        );
        assert_eq!(Reference::parse(full).unwrap(), reference, "{text}");
        assert_eq!(Reference::parse(familiar).unwrap(), reference, "{text}");
    }
    let pinned = Reference::parse(&format!("golang@sha256:{HEX}")).unwrap();
    assert_eq!(
        pinned.to_string(),
        format!("docker.io/library/golang@sha256:{HEX}")
    );
    assert_eq!((pinned.tag(), pinned.domain()), (None, "docker.io"));
    let tagged = Reference::parse("golang:1.26")
        .unwrap()
        .pinned(pinned.digest().unwrap());
    assert_eq!(
        tagged.to_string(),
        format!("docker.io/library/golang:1.26@sha256:{HEX}")
    );
    assert_eq!(tagged.name(), "docker.io/library/golang");
}

#[test]
fn what_is_no_reference_is_refused() {
    for (text, reason) in [
        ("", "the repository may have"),
        ("UPPER", "must be lower case"),
        ("a/B", "must be lower case"),
        ("a//b", "the repository may have"),
        ("a:", "the tag may have"),
        ("a:.x", "the tag may have"),
        ("a_-b", "the repository may have"),
        ("-a", "the repository may have"),
        ("https://a/b", "the registry is not a host name"),
        ("host:x/a", "the registry is not a host name"),
        ("a@sha256:12", "wrong length"),
        ("a@md5:12", "is not sha256"),
        ("a@12", "no \"sha256:\""),
        (HEX, "image ID"),
    ] {
        let error = Reference::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn digests_are_checked() {
    assert_eq!(Digest::of(b"").as_str(), format!("sha256:{HEX}"));
    assert_eq!(Digest::of(b"").short(), "e3b0c44298fc");
    assert!(Digest::parse(&format!("sha256:{}", HEX.to_uppercase())).is_err());
}
