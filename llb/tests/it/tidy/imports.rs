//! Which files of a crate use which, read from their text.
//!
//! A file uses another one if it names an item that is defined there: in a `use`, or in a path like
//! `module::item`. The name is followed through re-exports to the file that defines the item: if
//! `config/mod.rs` has `pub use types::Cache`, then code with `config::Cache` uses `config/types.rs`.
//! So `mod` lines and re-exports do not count, unless the file itself needs the name. Methods are
//! called without naming a file, so they do not count either. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::tokens::{Token, tokens};

/// A path of names, from the crate's root for those that were resolved.
pub(super) type Names = Vec<String>;

/// The files of one crate.
pub(super) struct Crate {
    /// By the names of their module.
    files: BTreeMap<Names, File>,
}

/// What a file says about names.
#[derive(Default)]
struct File {
    /// From the crate's folder.
    path: PathBuf,
    /// What a name that is imported stands for.
    imports: BTreeMap<String, Names>,
    /// Modules whose names are all imported.
    globs: Vec<Names>,
    /// Paths in the code, as written.
    inline: Vec<Names>,
    /// Names that are imported for others, and perhaps for this file too.
    reexports: BTreeSet<String>,
    /// Every word.
    words: BTreeSet<String>,
    /// Names that are defined here.
    items: BTreeSet<String>,
}

impl Crate {
    /// The crate whose sources are below `dir`. If it has both a library and a program, this is the
    /// library: the program uses it as any other crate does.
    pub(super) fn read(dir: &Path) -> Crate {
        let root = ["lib.rs", "main.rs"]
            .map(PathBuf::from)
            .into_iter()
            .find(|root| dir.join(root).is_file())
            .unwrap();
        let mut files = BTreeMap::new();
        for path in super::files(dir) {
            let inside = path.strip_prefix(dir).unwrap();
            if let Some(module) = module(inside, &root) {
                let text = fs::read_to_string(&path).unwrap();
                files.insert(module, File::new(inside, &text));
            }
        }
        Crate { files }
    }

    /// The absolute paths that each file names, by its own path.
    pub(super) fn named(&self) -> BTreeMap<&Path, BTreeSet<Names>> {
        let mut all = BTreeMap::new();
        for (module, file) in &self.files {
            let paths = file
                .inline
                .iter()
                .chain(file.imports.values())
                .filter_map(|path| self.absolute(module, path));
            all.insert(file.path.as_path(), paths.collect());
        }
        all
    }

    /// The files that each file uses, without itself.
    pub(super) fn uses(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut all = BTreeMap::new();
        for (module, file) in &self.files {
            let mut used = BTreeSet::new();
            for path in file.needed() {
                if let Some(path) = self.absolute(module, path) {
                    used.extend(self.definer(&path, 0));
                }
            }
            for glob in &file.globs {
                used.extend(self.used_by_glob(module, file, glob));
            }
            used.remove(file.path.as_path());
            all.insert(file.path.as_path(), used);
        }
        all
    }

    /// The files that define words of `file` which it has by importing all names of a module.
    fn used_by_glob(&self, module: &Names, file: &File, glob: &Names) -> BTreeSet<&Path> {
        let mut used = BTreeSet::new();
        let glob = self.absolute(module, glob).unwrap_or_default();
        for word in &file.words {
            if self.has(&glob, word) {
                let path = [glob.as_slice(), std::slice::from_ref(word)].concat();
                used.extend(self.definer(&path, 0));
            }
        }
        used
    }

    /// A path as one from the crate's root. Returns `None` if it leads to another crate.
    fn absolute(&self, module: &Names, path: &Names) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module[..module.len().checked_sub(1)?].to_vec(),
            name => {
                let child = [module.as_slice(), &[name.to_owned()]].concat();
                if self.files.contains_key(&child) {
                    child
                } else {
                    let import = self.files[module].imports.get(name)?;
                    // An import that bears the name of a crate stands for that crate.
                    if import.first().is_some_and(|import| import == name) {
                        return None;
                    }
                    self.absolute(module, import)?
                }
            }
        };
        for name in rest {
            if name == "super" {
                base.pop()?;
            } else if name != "self" {
                base.push(name.clone());
            }
        }
        Some(base)
    }

    /// The file that defines what an absolute path names. Returns `None` for a module, and for an
    /// item of another crate.
    fn definer(&self, path: &[String], depth: u32) -> Option<&Path> {
        let inside = (0..=path.len())
            .rev()
            .find(|length| self.files.contains_key(&path[..*length]))?;
        // An item may have the name of a module beside it: `pub use run::run`.
        let inside = match path.split_last() {
            Some((name, above)) if inside == path.len() => {
                self.files.get(above)?.imports.get(name)?;
                above.len()
            }
            _ => inside,
        };
        let (module, rest) = path.split_at(inside);
        let (item, rest) = rest.split_first()?;
        let file = &self.files[module];
        if depth > 16 || file.items.contains(item) {
            return Some(&file.path);
        }
        let module = module.to_vec();
        if let Some(import) = file.imports.get(item) {
            let import = self.absolute(&module, import)?;
            return self.definer(&[import.as_slice(), rest].concat(), depth + 1);
        }
        for glob in &file.globs {
            if let Some(glob) = self.absolute(&module, glob)
                && self.has(&glob, item)
            {
                let path = [glob.as_slice(), std::slice::from_ref(item), rest].concat();
                return self.definer(&path, depth + 1);
            }
        }
        Some(&file.path)
    }

    /// Whether a module defines or imports this name.
    fn has(&self, module: &Names, name: &str) -> bool {
        let file = self.files.get(module);
        file.is_some_and(|file| file.items.contains(name) || file.imports.contains_key(name))
    }
}

/// The module of a file; `None` for the program beside a library.
fn module(file: &Path, root: &Path) -> Option<Names> {
    if file == root {
        return Some(Vec::new());
    }
    if file == Path::new("main.rs") {
        return None;
    }
    let mut names: Names = file
        .with_extension("")
        .components()
        .map(|name| name.as_os_str().to_str().unwrap().to_owned())
        .collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    Some(names)
}

impl File {
    fn new(path: &Path, text: &str) -> File {
        let mut file = File {
            path: path.to_path_buf(),
            ..File::default()
        };
        let tokens = without_tests(&tokens(text));
        let mut at = 0;
        while at < tokens.len() {
            at = file.read(&tokens, at);
        }
        file
    }

    /// The paths that this file itself needs: not those that it imports for others alone.
    fn needed(&self) -> impl Iterator<Item = &Names> {
        let imports = self
            .imports
            .iter()
            .filter(|(name, _)| !self.reexports.contains(*name) || self.words.contains(*name));
        self.inline.iter().chain(imports.map(|(_, path)| path))
    }

    /// Reads what is at `at`. Returns where the rest begins.
    fn read(&mut self, tokens: &[Token], at: usize) -> usize {
        let Token::Word(word) = &tokens[at] else {
            return at + 1;
        };
        if word == "use" {
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            let is_public = match before {
                Some(Token::Word(word)) => word == "pub",
                // `pub(crate)`
                Some(other) => *other == Token::Other(')'),
                None => false,
            };
            let known: BTreeSet<String> = self.imports.keys().cloned().collect();
            let end = self.read_use(tokens, at + 1, &Vec::new());
            if is_public {
                let names = self.imports.keys().filter(|name| !known.contains(*name));
                self.reexports.extend(names.cloned());
            }
            return end;
        }
        if word == "mod" {
            return at + 2;
        }
        self.words.insert(word.clone());
        if ITEMS.contains(&word.as_str())
            && let Some(Token::Word(name)) = tokens.get(at + 1)
        {
            self.items.insert(name.clone());
        }
        let mut path = vec![word.clone()];
        let mut at = at + 1;
        while let [Token::Colons, Token::Word(next), ..] = &tokens[at..] {
            self.words.insert(next.clone());
            path.push(next.clone());
            at += 2;
        }
        if path.len() > 1 {
            self.inline.push(path);
        }
        at
    }

    /// Reads a tree of imports, up to the end of it.
    fn read_use(&mut self, tokens: &[Token], mut at: usize, base: &Names) -> usize {
        let mut path = base.clone();
        loop {
            match tokens.get(at) {
                Some(Token::Word(word)) if word == "as" => {
                    if let Some(Token::Word(name)) = tokens.get(at + 1) {
                        self.import(name, &path);
                    }
                    return at + 2;
                }
                Some(Token::Word(word)) => {
                    path.push(word.clone());
                    at += 1;
                    let goes_on = match tokens.get(at) {
                        Some(Token::Colons) => true,
                        Some(Token::Word(word)) => word == "as",
                        _ => false,
                    };
                    if !goes_on {
                        let name = path.last().filter(|name| *name != "self");
                        let name = name.or_else(|| path.iter().rev().nth(1)).cloned();
                        self.import(&name.unwrap_or_default(), &path);
                        return at;
                    }
                }
                Some(Token::Colons) => at += 1,
                Some(Token::Other('*')) => {
                    self.globs.push(path);
                    return at + 1;
                }
                Some(Token::Other('{')) => {
                    at += 1;
                    while !matches!(tokens.get(at), None | Some(Token::Other('}'))) {
                        at = match tokens[at] {
                            Token::Other(',') => at + 1,
                            _ => self.read_use(tokens, at, &path),
                        };
                    }
                    return at + 1;
                }
                _ => return at + 1,
            }
        }
    }

    fn import(&mut self, name: &str, path: &Names) {
        self.imports.insert(name.to_owned(), path.clone());
    }
}

/// Words before the name of an item.
const ITEMS: [&str; 8] = [
    "fn", "struct", "enum", "trait", "type", "const", "static", "union",
];

/// The tokens without items that only tests have.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let marker: Vec<Token> = super::tokens::tokens("#[cfg(test)]");
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&marker) {
            at = end_of_item(tokens, at + marker.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where the item that begins at `at` is over: after its block, or its semicolon.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Other('{' | '(' | '[') => depth += 1,
            Token::Other('}' | ')' | ']') => {
                depth -= 1;
                // An attribute of the item is not its end.
                if depth == 0 && *token == Token::Other('}') {
                    return at;
                }
            }
            Token::Other(';') if depth == 0 => return at,
            _ => {}
        }
    }
    at
}
