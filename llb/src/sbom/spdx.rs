//! SPDX 2.3, as JSON: the fields that are written.
//!
//! The form is that of <https://spdx.github.io/spdx-spec/v2.3/>, and
//! `schemas/spdx-schema.json` of the repository spdx/spdx-spec.

use serde::Serialize;

use super::contents::{Base, Contents, TOOL};
use super::document_id::{short_hash, uuid};
use super::inventory::{BinaryParts, Component, Inventory};
use super::purl;

/// The predicate type of an in-toto attestation with such a document.
pub const SPDX_PREDICATE: &str = "https://spdx.dev/Document";

/// Stands for what SPDX wants and gowork does not know.
const UNKNOWN: &str = "NOASSERTION";

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const BASE: &str = "SPDXRef-Base";

/// An SPDX document, to be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spdx {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Package>,
    relationships: Vec<Relationship>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CreationInfo {
    created: String,
    creators: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: String,
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_file_name: Option<String>,
    primary_package_purpose: &'static str,
    download_location: &'static str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

/// What an image holds, as an SPDX document.
pub fn spdx(contents: &Contents) -> Spdx {
    let inventory = Inventory::new(&contents.binaries);
    let (tool, version) = TOOL;
    let mut document = Spdx {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: format!("{} on {}", contents.name, contents.platform),
        document_namespace: String::new(),
        creation_info: CreationInfo {
            created: contents.created(),
            creators: vec![format!("Tool: {tool}-{version}")],
        },
        packages: packages(contents, &inventory),
        relationships: relationships(contents, &inventory),
    };
    let id = uuid(&document);
    // The form for those who make documents for others (SPDX 2.3, 6.5).
    document.document_namespace = format!(
        "https://spdx.org/spdxdocs/{tool}-{}-{id}",
        short_hash(&contents.name)
    );
    document
}

fn packages(contents: &Contents, inventory: &Inventory) -> Vec<Package> {
    let mut packages = vec![image(contents)];
    packages.extend(contents.base.as_ref().map(base));
    packages.extend(inventory.binaries.iter().map(binary));
    for (id, component) in &inventory.components {
        packages.push(of_component(id, component));
    }
    packages
}

/// A package that nothing more is known of.
fn package(id: &str, name: &str, purpose: &'static str) -> Package {
    Package {
        name: name.to_owned(),
        id: id.to_owned(),
        version_info: None,
        package_file_name: None,
        primary_package_purpose: purpose,
        download_location: UNKNOWN,
        files_analyzed: false,
        checksums: Vec::new(),
        source_info: None,
        license_concluded: UNKNOWN,
        license_declared: UNKNOWN.to_owned(),
        copyright_text: UNKNOWN,
        comment: None,
        external_refs: Vec::new(),
    }
}

fn image(contents: &Contents) -> Package {
    Package {
        version_info: contents.version.clone(),
        comment: Some(format!("An image for {}.", contents.platform)),
        ..package(IMAGE, &contents.name, "CONTAINER")
    }
}

fn base(base: &Base) -> Package {
    match base {
        Base::Image(name, digest) => Package {
            version_info: digest.clone(),
            comment: Some("What it holds is not in this document.".to_owned()),
            external_refs: vec![purl_ref(purl::image(name, digest.as_deref()))],
            ..package(BASE, name, "CONTAINER")
        },
        Base::Stage(name) => Package {
            comment: Some("A stage. What it holds is not in this document.".to_owned()),
            ..package(BASE, name, "CONTAINER")
        },
    }
}

fn binary(binary: &BinaryParts) -> Package {
    let BinaryParts {
        package: main,
        go_version,
        ..
    } = binary;
    Package {
        package_file_name: Some(binary.path.clone()),
        source_info: Some(format!("built from {main} with {go_version}")),
        ..package(&reference(&binary.id), &binary.path, "APPLICATION")
    }
}

fn of_component(id: &str, component: &Component) -> Package {
    let mut refs = vec![purl_ref(component.purl.clone())];
    if let Some(cpe) = &component.cpe {
        refs.push(ExternalRef {
            reference_category: "SECURITY",
            reference_type: "cpe23Type",
            reference_locator: cpe.clone(),
        });
    }
    let checksum = component.sha256().map(|checksum_value| Checksum {
        algorithm: "SHA256",
        checksum_value,
    });
    let facts = [component.sum.clone(), component.replacement()];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    let packages = component.package_list();
    let has_packages = !packages.is_empty();
    Package {
        version_info: Some(component.version.clone()),
        checksums: checksum.into_iter().collect(),
        license_declared: component
            .license
            .clone()
            .unwrap_or_else(|| UNKNOWN.to_owned()),
        source_info: (!facts.is_empty()).then(|| facts.join(", ")),
        comment: has_packages.then(|| format!("Linked packages: {packages}")),
        external_refs: refs,
        ..package(&reference(id), &component.name, "LIBRARY")
    }
}

fn purl_ref(purl: String) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl,
    }
}

/// An id as SPDX refers to it.
fn reference(id: &str) -> String {
    format!("SPDXRef-{id}")
}

fn relationships(contents: &Contents, inventory: &Inventory) -> Vec<Relationship> {
    let mut all = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    if contents.base.is_some() {
        all.push(relationship(IMAGE, "DESCENDANT_OF", BASE));
    }
    for binary in &inventory.binaries {
        let id = reference(&binary.id);
        all.push(relationship(IMAGE, "CONTAINS", &id));
        all.push(relationship(
            &id,
            "GENERATED_FROM",
            &reference(&binary.main),
        ));
        for component in &binary.components {
            all.push(relationship(&id, "CONTAINS", &reference(component)));
        }
    }
    for (id, component) in &inventory.components {
        for other in &component.depends_on {
            all.push(relationship(
                &reference(id),
                "DEPENDS_ON",
                &reference(other),
            ));
        }
    }
    all
}

fn relationship(from: &str, kind: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind,
        related_spdx_element: to.to_owned(),
    }
}
