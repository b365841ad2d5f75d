//! Variants of images for a debugger: their programs are compiled for it, and delve starts them.

use std::collections::BTreeMap;

use super::binaries::Wrong;
use super::found::{NamedBinary, NamedMain, tools};
use super::mains::Mains;
use crate::config::{self, HealthcheckConfig, ImageName, Port, Protocol};
use crate::diag::Diagnostic;
use crate::packages::Tool;
use crate::workspace::RootIx;

/// The port that delve listens on: the one of its own documentation.
pub const DEBUG_PORT: u16 = 2345;

/// What a variant is called, behind the name of its image.
const SUFFIX: &str = "-debug";
/// The program that starts programs for a debugger.
const DELVE: &str = "github.com/go-delve/delve/cmd/dlv";
/// No optimization and no inlining, in any package: what is run is what is written.
const COMPILER_FLAGS: &str = "all=-N -l";

/// The variants of the images in `named` that have one. Images whose variant cannot be are added to
/// `wrong`: the variant's name.
pub(super) fn variants(
    mains: &Mains<'_>,
    named: &[NamedMain],
    wrong: &mut Wrong,
) -> Vec<NamedMain> {
    let mut delves: BTreeMap<RootIx, Option<Tool>> = BTreeMap::new();
    let mut variants = Vec::new();
    for image in named
        .iter()
        .filter(|image| image.config.runtime.debug.value)
    {
        let delve = delves.entry(image.root);
        let delve = delve.or_insert_with(|| tools(mains.workspace, image.root).remove(DELVE));
        let name = ImageName::new(format!("{}{SUFFIX}", image.config.name));
        let is_taken = named.iter().any(|other| other.config.name == name);
        let is_taken = is_taken || mains.config.images.contains_key(&name);
        let made = match delve {
            _ if is_taken => Err(taken(&name)),
            None => Err(no_delve()),
            Some(delve) => variant(mains, image, name.clone(), delve),
        };
        match made {
            Ok(variant) => variants.push(variant),
            Err(error) => {
                let at = image.config.runtime.debug.span.clone();
                wrong.images.extend((!is_taken).then_some(name));
                wrong.diagnostics.push(error.at(at));
            }
        }
    }
    variants
}

/// The variant `name` of an image.
///
/// # Errors
/// If it is not clear where its entrypoint starts the program.
fn variant(
    mains: &Mains<'_>,
    image: &NamedMain,
    name: ImageName,
    delve: &Tool,
) -> Result<NamedMain, Diagnostic> {
    let file = mains.target.file_name(image.file());
    let delve_file = mains.target.file_name(delve.path.binary_name());
    let mut variant = image.clone();
    // Delve itself is not what is debugged.
    let delve = NamedBinary::of_tool(delve.clone(), image, mains.target);
    variant.binaries.push(delve);
    variant.variant_of = Some(image.config.name.clone());
    let config = &mut variant.config;
    config.name = name;
    config.compile.gcflags = COMPILER_FLAGS.to_owned();
    config.ldflags = with_symbols(&image.config.ldflags);
    let runtime = &mut config.runtime;
    let program = runtime.binary_path(&file);
    let delve_path = runtime.path_beside(&file, &delve_file);
    let starting = started(&delve_path, &program);
    runtime.entrypoint = Some(match &image.config.runtime.entrypoint {
        None => starting,
        Some(words) => {
            let is_program = |word: &String| *word == program || *word == file;
            let Some(at) = words.iter().position(is_program) else {
                return Err(no_program(image, &program));
            };
            let (before, rest) = words.split_at(at);
            [before, &starting, &rest[1..]].concat()
        }
    });
    runtime.ports.insert(Port {
        first: DEBUG_PORT,
        last: DEBUG_PORT,
        protocol: Protocol::Tcp,
    });
    // A program that a person has stopped is not unwell.
    runtime.healthcheck = Some(HealthcheckConfig::Disabled);
    Ok(variant)
}

/// The words that start `program` for a debugger. Its arguments follow.
fn started(delve: &str, program: &str) -> Vec<String> {
    let listen = format!("--listen=:{DEBUG_PORT}");
    let words = [
        delve,
        "exec",
        program,
        "--headless",
        &listen,
        "--api-version=2",
        "--accept-multiclient",
        "--continue",
        "--",
    ];
    words.map(ToOwned::to_owned).to_vec()
}

/// Linker flags without those that leave symbols and debug information out.
fn with_symbols(ldflags: &str) -> String {
    let (pattern, flags) = config::flag_parts(ldflags);
    let words = config::split_flags(flags).unwrap_or_default();
    let kept = words
        .iter()
        .filter(|word| !["-s", "-w"].contains(&word.text));
    let kept: Vec<&str> = kept.map(|word| word.written).collect();
    format!("{pattern}{}", kept.join(" "))
}

fn taken(name: &ImageName) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "`debug`: the variant for a debugger would be called {name}, and an image is"
    ));
    error.help(format!("give the image {name} another name"))
}

fn no_delve() -> Diagnostic {
    let error = Diagnostic::error("`debug`: no go.mod names delve, the debugger, as a tool");
    error.help(format!("go get -tool {DELVE}"))
}

fn no_program(image: &NamedMain, program: &str) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "`debug`: the entrypoint of image {} does not name its binary {program}",
        image.config.name
    ));
    error.help("delve takes the place of the binary there: write its path as an item")
}
