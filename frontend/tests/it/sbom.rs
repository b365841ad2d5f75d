//! The SBOM of an image as it is handed to BuildKit.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_frontend::gateway::caps;
use gowork_llb::ops::caps as llb;

use crate::opts::raw;
use crate::scripted::{self, GATEWAY};

const SOURCES: &str =
    "-- go.mod --\nmodule example.com/api\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

/// What is said about an image that is built with this option, and the warnings.
async fn attested(gateway: &[&str], option: &str) -> (Vec<proto::Attestation>, Vec<String>) {
    let fake = scripted::builder(gateway, llb::ALL, SOURCES);
    let (ended, recorded) = scripted::run(&fake, &raw(&[option])).await;
    let mut attestations = Vec::new();
    for (platform, all) in ended.unwrap().attestations {
        assert!(platform.starts_with("linux/"), "{platform}");
        attestations.extend(all.attestation);
    }
    let warnings = recorded.warnings.into_iter();
    (
        attestations,
        warnings.map(|warning| warning.short).collect(),
    )
}

#[tokio::test]
async fn buildkit_runs_no_scanner_if_none_is_named() {
    let (all, warnings) = attested(&GATEWAY, "attest:sbom=").await;
    assert_eq!((all.len(), warnings.len()), (1, 0), "{warnings:?}");
    assert_eq!(all[0].kind(), proto::AttestationKind::InToto);
    // By this type, it knows.
    assert_eq!(all[0].in_toto_predicate_type, "https://spdx.dev/Document");
    assert_eq!(all[0].path, "sbom.spdx.json");
    let (all, _) = attested(&GATEWAY, "attest:sbom=generator=example.com/scanner").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].kind(), proto::AttestationKind::Bundle);
    assert_eq!(all[0].in_toto_predicate_type, "");
    let (all, _) = attested(&GATEWAY, "attest:provenance=").await;
    assert_eq!(all, []);
}

#[tokio::test]
async fn a_builder_that_takes_none_is_warned_of() {
    let mut gateway = GATEWAY.to_vec();
    gateway.retain(|cap| *cap != caps::ATTESTATIONS);
    let (all, warnings) = attested(&gateway, "attest:sbom=").await;
    assert_eq!(all, []);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("takes no SBOM"), "{warnings:?}");
    assert_eq!(attested(&gateway, "label:a=b").await.1.len(), 0);
}
