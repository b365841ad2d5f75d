//! CycloneDX 1.6, as JSON: the fields that are written.
//!
//! The form is that of <https://cyclonedx.org/docs/1.6/json/>, and `schema/bom-1.6.schema.json` of
//! the repository CycloneDX/specification.

use serde::Serialize;

use super::contents::{Base, Contents, TOOL};
use super::document_id::uuid;
use super::inventory::{BinaryParts, Component, Inventory};
use super::purl;

const IMAGE: &str = "Image";

/// A CycloneDX document, to be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CycloneDx {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Part>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Metadata {
    timestamp: String,
    tools: Tools,
    component: Part,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Tools {
    components: Vec<Part>,
}

/// A component.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Part {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pedigree: Option<Pedigree>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

/// An expression may also be the id of one licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct License {
    acknowledgement: &'static str,
    expression: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Pedigree {
    ancestors: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    from: String,
    depends_on: Vec<String>,
}

/// What an image holds, as a CycloneDX document.
pub fn cyclonedx(contents: &Contents) -> CycloneDx {
    let inventory = Inventory::new(&contents.binaries);
    let (tool, version) = TOOL;
    let tool = Part {
        kind: "application",
        name: tool.to_owned(),
        version: Some(version.to_owned()),
        ..Part::default()
    };
    let mut components: Vec<Part> = inventory.binaries.iter().map(binary).collect();
    for (id, component) in &inventory.components {
        components.push(of_component(id, component));
    }
    let mut document = CycloneDx {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: String::new(),
        version: 1,
        metadata: Metadata {
            timestamp: contents.created(),
            tools: Tools {
                components: vec![tool],
            },
            component: image(contents),
        },
        components,
        dependencies: dependencies(&inventory),
    };
    document.serial_number = format!("urn:uuid:{}", uuid(&document));
    document
}

fn image(contents: &Contents) -> Part {
    Part {
        kind: "container",
        reference: Some(IMAGE.to_owned()),
        name: contents.name.clone(),
        version: contents.version.clone(),
        pedigree: contents.base.as_ref().map(|below| Pedigree {
            ancestors: vec![base(below)],
        }),
        properties: vec![property("gowork:platform", &contents.platform)],
        ..Part::default()
    }
}

fn base(base: &Base) -> Part {
    match base {
        Base::Image(name, digest) => Part {
            kind: "container",
            name: name.clone(),
            version: digest.clone(),
            purl: Some(purl::image(name, digest.as_deref())),
            ..Part::default()
        },
        Base::Stage(name) => Part {
            kind: "container",
            name: name.clone(),
            ..Part::default()
        },
    }
}

fn binary(binary: &BinaryParts) -> Part {
    Part {
        kind: "application",
        reference: Some(binary.id.clone()),
        name: binary.path.clone(),
        properties: vec![
            property("gowork:main", &binary.package),
            property("gowork:go", &binary.go_version),
        ],
        ..Part::default()
    }
}

fn of_component(id: &str, component: &Component) -> Part {
    let hash = component.sha256().map(|content| Hash {
        alg: "SHA-256",
        content,
    });
    let license = component.license.clone().map(|expression| License {
        acknowledgement: "declared",
        expression,
    });
    let mut properties = Vec::new();
    if let Some(sum) = &component.sum {
        properties.push(property("gowork:sum", sum));
    }
    if let Some(replaces) = &component.replaces {
        properties.push(property("gowork:replaces", replaces));
    }
    for package in &component.packages {
        properties.push(property("gowork:package", package));
    }
    Part {
        kind: "library",
        reference: Some(id.to_owned()),
        name: component.name.clone(),
        version: Some(component.version.clone()),
        hashes: hash.into_iter().collect(),
        licenses: license.into_iter().collect(),
        cpe: component.cpe.clone(),
        purl: Some(component.purl.clone()),
        properties,
        ..Part::default()
    }
}

fn property(name: &'static str, value: &str) -> Property {
    Property {
        name,
        value: value.to_owned(),
    }
}

fn dependencies(inventory: &Inventory) -> Vec<Dependency> {
    let binaries = inventory.binaries.iter().map(|binary| binary.id.clone());
    let mut all = vec![Dependency {
        from: IMAGE.to_owned(),
        depends_on: binaries.collect(),
    }];
    for binary in &inventory.binaries {
        all.push(Dependency {
            from: binary.id.clone(),
            depends_on: binary.components.iter().cloned().collect(),
        });
    }
    for (id, component) in &inventory.components {
        all.push(Dependency {
            from: id.clone(),
            depends_on: component.depends_on.iter().cloned().collect(),
        });
    }
    all
}
