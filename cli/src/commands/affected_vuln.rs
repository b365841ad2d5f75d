//! `gowork affected --vuln`: the images that reach a package with a known vulnerability.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use gowork_llb::config::ImageName;
use gowork_llb::gomod::ImportPath;
use gowork_llb::plan::{Image, Plan};
use gowork_llb::sbom::{self, Linking, NotResolved};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::github_output::github;
use super::linked_images::each_image;
use crate::args::{Answer, Common};
use crate::membership::Query;
use crate::project::{OpenArgs, Project};
use crate::report;
use crate::vuln::{self, Database, Finding};
use crate::{exit, ui};

/// The images that hold vulnerable versions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct VulnerableJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    version: u32,
    /// How many entries of the database were compared.
    entries: usize,
    /// The images that reach a vulnerable package, by name.
    images: Vec<VulnerableImageJson>,
    /// The images that hold a vulnerable version of a module, and reach none of its vulnerable
    /// packages.
    not_reached: Vec<VulnerableImageJson>,
}

/// An image that holds vulnerable versions.
#[derive(Debug, Serialize, JsonSchema)]
struct VulnerableImageJson {
    /// Its name.
    image: ImageName,
    /// What it holds, by entry.
    findings: Vec<Finding>,
}

/// What images hold.
struct Holders {
    /// By image, entry and module.
    findings: BTreeMap<ImageName, BTreeMap<(String, String), Finding>>,
    /// The go.mod of the module of each image's main.
    mod_files: BTreeMap<ImageName, String>,
    /// What the command exits with.
    code: u8,
}

/// Prints them.
pub(super) fn run(common: &Common, database: &Path, format: Answer) -> anyhow::Result<u8> {
    let database = Database::read(database)?;
    let Some(holders) = holders(common, &database)? else {
        return Ok(exit::ERRORS);
    };
    let (reached, not_reached) = holders.split();
    match format {
        Answer::Human => {
            ui::print(&plain(&reached))?;
            if reached.is_empty() {
                let entries = database.len();
                ui::note(&format!(
                    "no image reaches a vulnerable package; entries for Go in the database: {entries}"
                ));
            }
            note_not_reached(&not_reached);
        }
        Answer::Json => ui::print_json(&VulnerableJson {
            version: 1,
            entries: database.len(),
            images: reached,
            not_reached,
        })?,
        Answer::Github => ui::print(&github(reached.iter().map(|image| &image.image)))?,
        Answer::Sarif => ui::print_json(&sarif(&reached, &holders.mod_files))?,
    }
    Ok(holders.code)
}

/// Finds them, on all platforms asked for. Returns `None`, and shows why, if no image can be built.
fn holders(common: &Common, database: &Database) -> anyhow::Result<Option<Holders>> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let mut holders = Holders {
        findings: BTreeMap::new(),
        mod_files: BTreeMap::new(),
        code: 0,
    };
    let code = each_image(common, &project, |input, image| {
        holders.note_mod_file(&project, input.plan, image);
        holders.add(database, input, image)
    })?;
    Ok(code.map(|code| Holders { code, ..holders }))
}

impl Holders {
    fn add(
        &mut self,
        database: &Database,
        input: Linking<'_>,
        image: &Image,
    ) -> Result<(), NotResolved> {
        let target = &input.plan.target;
        let system = (target.os.as_str(), target.arch.as_str());
        let known = self.findings.entry(image.name.clone()).or_default();
        for link in image.links() {
            let binary = sbom::linked(input, link)?;
            let ways = sbom::ways(input, link)?;
            let mut way = |package: &ImportPath| ways.to(package);
            for finding in vuln::found(database, &binary, system, &mut way) {
                let key = (finding.id.clone(), finding.module.clone());
                match known.get_mut(&key) {
                    Some(known) => join(known, finding),
                    None => drop(known.insert(key, finding)),
                }
            }
        }
        Ok(())
    }

    fn note_mod_file(&mut self, project: &Project, plan: &Plan, image: &Image) {
        let query = Query { project, plan };
        let dir = query.module_dir(&image.dir.child("main.go"));
        let file = dir.unwrap_or_default().child("go.mod");
        self.mod_files
            .insert(image.name.clone(), file.as_str().to_owned());
    }

    /// What reaches a vulnerable package, and the rest.
    fn split(&self) -> (Vec<VulnerableImageJson>, Vec<VulnerableImageJson>) {
        let (mut reached, mut rest) = (Vec::new(), Vec::new());
        for (image, findings) in &self.findings {
            let findings = findings.values().cloned();
            let (of_reached, of_rest): (Vec<Finding>, Vec<Finding>) =
                findings.partition(|finding| !finding.packages.is_empty());
            for (all, findings) in [(&mut reached, of_reached), (&mut rest, of_rest)] {
                if !findings.is_empty() {
                    all.push(VulnerableImageJson {
                        image: image.clone(),
                        findings,
                    });
                }
            }
        }
        (reached, rest)
    }
}

/// Adds what another binary, or another platform, reaches.
fn join(known: &mut Finding, other: Finding) {
    for package in other.packages {
        if !known
            .packages
            .iter()
            .any(|it| it.package == package.package)
        {
            known.packages.push(package);
        }
    }
    known.packages.sort_by(|a, b| a.package.cmp(&b.package));
}

/// A line for each vulnerable package that an image reaches.
fn plain(images: &[VulnerableImageJson]) -> String {
    let widths = images.iter().map(|image| image.image.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for image in images {
        for finding in &image.findings {
            for reached in &finding.packages {
                let _ = writeln!(
                    text,
                    "{:width$}  {}  {} by {}",
                    image.image,
                    finding.id,
                    versions(finding),
                    imports(&reached.imports)
                );
            }
        }
    }
    text
}

/// `golang.org/x/net v0.10.0 (fixed in v0.17.0)`.
fn versions(finding: &Finding) -> String {
    let fixed = match &finding.fixed {
        Some(fixed) => format!("fixed in {fixed}"),
        None => "no fix".to_owned(),
    };
    format!("{} {} ({fixed})", finding.module, finding.version)
}

fn imports(way: &[ImportPath]) -> String {
    let way: Vec<&str> = way.iter().map(ImportPath::as_str).collect();
    way.join(" -> ")
}

fn note_not_reached(images: &[VulnerableImageJson]) {
    let mut entries: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for image in images {
        for finding in &image.findings {
            let entry = format!("{}  {}", finding.id, versions(finding));
            let names = entries.entry(entry).or_default();
            names.insert(image.image.as_str());
        }
    }
    for (entry, names) in entries {
        let names: Vec<&str> = names.into_iter().collect();
        let names = names.join(", ");
        ui::note(&format!(
            "held, but no vulnerable package of it is reached: {entry} in {names}"
        ));
    }
}

/// How many symbols a text names.
const FEW: usize = 5;

/// The symbols, in words.
fn symbols(all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let few = all[..all.len().min(FEW)].join(", ");
    let more = match all.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(" (whether it calls {few}{more} is not looked at)")
}

/// A rule for each entry, and a result for each image that reaches it, in the go.mod that decides.
fn sarif(images: &[VulnerableImageJson], mod_files: &BTreeMap<ImageName, String>) -> Value {
    let all = images.iter().flat_map(|image| &image.findings);
    let rules: BTreeMap<&str, &Finding> = all.map(|it| (it.id.as_str(), it)).collect();
    let mut results = Vec::new();
    for image in images {
        for finding in &image.findings {
            let mut text = format!("image {} holds {}", image.image, versions(finding));
            for reached in &finding.packages {
                let _ = write!(text, "\nby {}", imports(&reached.imports));
                text += &symbols(&reached.symbols);
            }
            results.push(json!({
                "ruleId": finding.id,
                "ruleIndex": rules.keys().position(|id| *id == finding.id),
                "level": "error",
                "message": { "text": text },
                "locations": [report::file(&mod_files[&image.image])],
            }));
        }
    }
    let rules = rules.into_iter().map(|(id, finding)| {
        let names = finding.aliases.join(", ");
        let text = if finding.summary.is_empty() {
            id
        } else {
            &finding.summary
        };
        let full = match names.as_str() {
            "" => text.to_owned(),
            names => format!("{text} ({names})"),
        };
        json!({
            "id": id,
            "shortDescription": { "text": text },
            "fullDescription": { "text": full },
        })
    });
    report::document(rules.collect(), results)
}
