//! Files and directories of an input.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const MAIN: &str = "package main\n\nfunc main() {}\n";
pub(crate) const MODULE: &str = "module example.com/m\n\ngo 1.24\n";

/// The directory of an input.
pub(crate) struct Writer {
    root: PathBuf,
}

impl Writer {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A file, and the directories above it.
    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        self.named(path.as_bytes(), text);
    }

    /// A file whose name may be any bytes.
    pub(crate) fn named(&self, path: &[u8], text: impl AsRef<[u8]>) {
        let path = self.root.join(OsStr::from_bytes(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file of that many bytes. Only the first ones exist on disk.
    pub(crate) fn sparse(&self, path: &str, start: &str, size: u64) {
        self.file(path, start);
        fs::File::options()
            .append(true)
            .open(self.root.join(path))
            .unwrap()
            .set_len(size)
            .unwrap();
    }

    pub(crate) fn link(&self, path: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.root.join(path)).unwrap();
    }

    pub(crate) fn dir(&self, path: &str) {
        fs::create_dir_all(self.root.join(path)).unwrap();
    }

    /// Directories in each other, more than any path can name: made from where one stands.
    pub(crate) fn deep(&self, levels: usize) {
        let script = format!(
            "i=0; while [ $i -lt {levels} ]; do mkdir d && cd -P d || exit 0; i=$((i+1)); done"
        );
        std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .current_dir(&self.root)
            .status()
            .unwrap();
    }

    /// A module with a main.
    pub(crate) fn module(&self) {
        self.file("go.mod", MODULE);
        self.file("main.go", MAIN);
    }

    /// The same, with more lines in its go.mod.
    pub(crate) fn module_with(&self, lines: &str) {
        self.file("go.mod", format!("{MODULE}{lines}"));
        self.file("main.go", MAIN);
    }

    /// A module whose main imports this.
    pub(crate) fn importing(&self, imports: impl Iterator<Item = String>) {
        let imports: String = imports.map(|path| format!("\t_ \"{path}\"\n")).collect();
        self.file("go.mod", MODULE);
        self.file(
            "main.go",
            format!("package main\n\nimport (\n{imports})\n\nfunc main() {{}}\n"),
        );
    }
}

/// `line` for each number below `count`.
pub(crate) fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}
