//! The binaries that images hold in addition to their own: mains of the repository, and tools of
//! its go.mod files.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::found::{BinaryMain, Found, NamedBinary, NamedMain, SHOWN, is_named_by, profile, tools};
use super::mains::Mains;
use super::settings::GoSettings;
use crate::config::{ImageName, Spanned};
use crate::diag::{self, Diagnostic};
use crate::gomod::ImportPath;
use crate::limits;
use crate::packages::Tool;
use crate::workspace::{RootIx, Workspace};

/// How many tools are compared with a name that nothing has.
const NEAR: usize = 1_000;

/// What is wrong with items of `binaries`.
#[derive(Default)]
pub(super) struct Wrong {
    /// The images whose items they are.
    pub(super) images: BTreeSet<ImageName>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Finds the binaries that images hold in addition to their own, and puts them into `named`.
/// `refused` are names that no image has, for a reason that was reported.
///
/// # Errors
/// If all images together have more of them than there may be.
pub(super) fn find(
    mains: &Mains<'_>,
    named: &mut [NamedMain],
    refused: &BTreeSet<ImageName>,
) -> Result<Wrong, Diagnostic> {
    let mut items = named.iter().flat_map(|main| &main.config.runtime.binaries);
    if let Some(beyond) = items.nth(limits::BINARIES) {
        let error = Diagnostic::error(format!(
            "more than {} items of `binaries` in all images, gowork's limit",
            limits::BINARIES
        ));
        let error = error.help("what [runtime] says counts for each image");
        return Err(error.at(beyond.span.clone()));
    }
    let all: &[NamedMain] = named;
    let finder = Finder {
        mains,
        named: all,
        refused,
        tools: tools_of(mains.workspace, all),
        missing: Cell::new(0),
    };
    let mut wrong = Wrong::default();
    let mut found = Vec::new();
    for main in all {
        match finder.of_image(main) {
            Ok(binaries) => found.push(binaries),
            Err(errors) => {
                wrong.images.insert(main.config.name.clone());
                wrong.diagnostics.extend(errors);
                found.push(Vec::new());
            }
        }
    }
    for (main, binaries) in named.iter_mut().zip(found) {
        main.binaries = binaries;
    }
    Ok(wrong)
}

struct Finder<'a> {
    mains: &'a Mains<'a>,
    named: &'a [NamedMain],
    refused: &'a BTreeSet<ImageName>,
    /// The tools of each root, by import path.
    tools: BTreeMap<RootIx, BTreeMap<&'a str, Tool>>,
    /// How many items meant nothing so far.
    missing: Cell<usize>,
}

/// The tools of the roots that images with `binaries` are built from.
fn tools_of<'a>(
    workspace: &'a Workspace,
    named: &[NamedMain],
) -> BTreeMap<RootIx, BTreeMap<&'a str, Tool>> {
    let mut all = BTreeMap::new();
    for main in named {
        if !main.config.runtime.binaries.is_empty() {
            all.entry(main.root)
                .or_insert_with(|| tools(workspace, main.root));
        }
    }
    all
}

/// What an item of `binaries` leads to.
enum Item {
    Binary(Box<NamedBinary>),
    /// The image's own binary.
    Own,
    /// An image that has no binary, for a reason that was reported.
    Refused,
}

impl Finder<'_> {
    /// The binaries of one image, each once.
    ///
    /// # Errors
    /// What is wrong with them, but for what was reported before.
    fn of_image(&self, image: &NamedMain) -> Result<Vec<NamedBinary>, Vec<Diagnostic>> {
        let mut binaries: Vec<NamedBinary> = Vec::new();
        let mut files = BTreeMap::from([(self.file_in_image(image), image.package.clone())]);
        let mut errors = Vec::new();
        let mut is_refused = false;
        for item in &image.config.runtime.binaries {
            let binary = match self.meant(image, item) {
                Ok(Item::Binary(binary)) => *binary,
                Ok(Item::Own) => continue,
                Ok(Item::Refused) => {
                    is_refused = true;
                    continue;
                }
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            if binaries.contains(&binary) {
                continue;
            }
            let path = binary.main.path();
            let file = self.mains.target.file_name(&binary.file);
            match files.get(&file) {
                Some(other) => errors.push(same_file(image, item, &file, [other, path])),
                None => {
                    files.insert(file, path.clone());
                    binaries.push(binary);
                }
            }
        }
        if errors.is_empty() && !is_refused {
            Ok(binaries)
        } else {
            Err(errors)
        }
    }

    /// What an item of an image means: the image of that name, else a main of the repository, else
    /// a tool.
    ///
    /// # Errors
    /// If it means nothing, or several.
    fn meant(&self, image: &NamedMain, item: &Spanned<String>) -> Result<Item, Diagnostic> {
        let written = item.value.as_str();
        let name = ImageName::new(written.to_lowercase());
        let mut named = self.named.iter();
        if let Some(other) = named.find(|other| other.config.name == name) {
            return Ok(self.own_of(other, image));
        }
        if self.refused.contains(&name) || self.mains.config.images.contains_key(&name) {
            return Ok(Item::Refused);
        }
        let named = self.named.iter();
        let of_images: Vec<&NamedMain> = named.filter(|main| main.is_named_by(written)).collect();
        if of_images
            .iter()
            .any(|main| main.config.name == image.config.name)
        {
            return Ok(Item::Own);
        }
        match of_images.as_slice() {
            [only] => return Ok(self.own_of(only, image)),
            [] => {}
            several => {
                let names: Vec<&str> = several
                    .iter()
                    .map(|main| main.config.name.as_str())
                    .collect();
                let error = Diagnostic::error(format!(
                    "`binaries`: {written:?} is the main package of several images: {}",
                    names.join(", ")
                ));
                let error = error.help("write the name of the image whose binary you mean");
                return Err(error.at(item.span.clone()));
            }
        }
        if let Some(binary) = self.skipped(image, item)? {
            return Ok(Item::Binary(Box::new(binary)));
        }
        let tools = self.tools.get(&image.root);
        match tools.and_then(|tools| tools.get(written)) {
            Some(tool) => {
                let binary = NamedBinary::of_tool(tool.clone(), image, self.mains.target);
                Ok(Item::Binary(Box::new(binary)))
            }
            None => Err(self.nothing(image, item)),
        }
    }

    /// The binary of the image `other`, for the image `image`.
    fn own_of(&self, other: &NamedMain, image: &NamedMain) -> Item {
        if other.config.name == image.config.name {
            return Item::Own;
        }
        let mut settings = GoSettings::new(&other.config.compile, self.mains.target);
        settings.profile.clone_from(&other.profile);
        Item::Binary(Box::new(NamedBinary {
            root: other.root,
            main: BinaryMain::Own(other.package.clone()),
            settings,
            ldflags: other.config.ldflags.clone(),
            buildvcs: other.config.buildvcs,
            file: other.file().to_owned(),
            image: Some(other.config.name.clone()),
        }))
    }

    /// A main that makes no image of its own, compiled as the image is.
    ///
    /// # Errors
    /// If several workspaces have it, and the image's own has not.
    fn skipped(
        &self,
        image: &NamedMain,
        item: &Spanned<String>,
    ) -> Result<Option<NamedBinary>, Diagnostic> {
        let skipped = self.mains.skipped(&image.config);
        let is_meant = |found: &&Found| is_named_by(&found.main, &item.value);
        let meant: Vec<&Found> = skipped.iter().filter(is_meant).collect();
        let beside = meant.iter().find(|found| found.root == image.root);
        let found = match (beside, meant.as_slice()) {
            (Some(found), _) | (None, [found]) => *found,
            (None, []) => return Ok(None),
            (None, _) => {
                let error = Diagnostic::error(format!(
                    "`binaries`: main {} is used by several workspaces",
                    item.value
                ));
                let error = error.help("name the workspaces to build, with `roots`");
                return Err(error.at(item.span.clone()));
            }
        };
        let mut settings = GoSettings::new(&image.config.compile, self.mains.target);
        settings.profile = profile(self.mains.scan, &found.main.dir);
        Ok(Some(NamedBinary {
            root: found.root,
            main: BinaryMain::Own(found.main.path.clone()),
            settings,
            ldflags: image.config.ldflags.clone(),
            buildvcs: image.config.buildvcs,
            file: found.main.path.binary_name().to_owned(),
            image: None,
        }))
    }

    /// What an image's own binary is called in it.
    fn file_in_image(&self, image: &NamedMain) -> String {
        let file = self.mains.target.file_name(image.file());
        let path = image.config.runtime.binary_path(&file);
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The error of an item that means nothing.
    fn nothing(&self, image: &NamedMain, item: &Spanned<String>) -> Diagnostic {
        let written = item.value.as_str();
        let what = format!("`binaries`: no image, main package or tool is called {written:?}");
        let error = |what: String| Diagnostic::error(what).at(item.span.clone());
        self.missing.set(self.missing.get() + 1);
        if self.missing.get() > limits::DIAGNOSTICS {
            return error(what);
        }
        let names = self.named.iter().map(|main| main.config.name.to_string());
        let names: Vec<String> = names.collect();
        let mut help = vec![format!("images are {}", some(&names))];
        let tools = self
            .tools
            .get(&image.root)
            .into_iter()
            .flat_map(BTreeMap::keys);
        let mut paths: Vec<String> = tools.take(NEAR).map(ToString::to_string).collect();
        if !paths.is_empty() {
            help.push(format!("tools are {}", some(&paths)));
        } else if !ImportPath::new(written).looks_standard() && !written.starts_with('.') {
            help.push(format!(
                "a tool needs a `tool` line in go.mod: go get -tool {written}"
            ));
        }
        for main in self.named {
            paths.extend([main.package.to_string(), main.dir.as_dir()]);
        }
        let known = if written.contains('/') { paths } else { names };
        let near = diag::nearest(written, known.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        error(what + &near).help(help.join("; "))
    }
}

/// The error of two binaries with one name.
fn same_file(
    image: &NamedMain,
    item: &Spanned<String>,
    file: &str,
    [one, other]: [&ImportPath; 2],
) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "image {} would have two binaries called {file}: those of {one} and {other}",
        image.config.name
    ));
    let help = "give one of them another name, with `binary` in the table of its image";
    error.at(item.span.clone()).help(help)
}

/// Names for a message, and how many more there are.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
