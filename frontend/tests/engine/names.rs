//! Names of files are bytes: what no build needs may be called anything.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::engine::Engine;
use crate::options::tiny;

fn file(root: &Path, name: &[u8]) {
    let path = root.join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "x").unwrap();
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn names_that_no_build_needs_are_no_obstacle() {
    let tiny = tiny();
    let long = [b"long/".as_slice(), &[b'n'; 255]].concat();
    for name in [
        b"data/\xff.txt".as_slice(),
        b"dir\xff/a.go",
        b"words/line\nbreak.txt",
        b"words/ blanks ",
        b"a:b\\c",
        &long,
    ] {
        file(&tiny.root(), name);
    }
    Engine::main()
        .frontend(&tiny.root())
        .args(["--output=type=cacheonly"])
        .succeeds();
}

/// What is neither a file nor a directory, and links that lead nowhere or outside.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_no_file_is_no_obstacle() {
    let tiny = tiny();
    let root = tiny.root();
    let made = Command::new("mkfifo").arg(root.join("words/fifo")).status();
    assert!(made.unwrap().success());
    let _socket = UnixListener::bind(root.join("socket")).unwrap();
    tiny.link("loop", "loop");
    tiny.link("words/first", "second");
    tiny.link("words/second", "first");
    tiny.link("words/passwd", "/etc/passwd");
    tiny.link("outside", "../../outside");
    tiny.write("stock.Dockerfile", "FROM scratch\nCOPY main.go /\n");
    for build in [
        Engine::main().stock_as_it_is(&root, &root.join("stock.Dockerfile")),
        Engine::main().frontend(&root),
    ] {
        build.args(["--output=type=cacheonly"]).succeeds();
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn names_that_a_build_needs_are_errors_with_their_place() {
    let tiny = tiny();
    file(&tiny.root(), b"words/data/\xff.txt");
    tiny.write(
        "words/words.go",
        "package words\n\nimport \"embed\"\n\n//go:embed data\nvar Data embed.FS\n\nconst Hello = \"\"\n",
    );
    let text = Engine::main().frontend(&tiny.root()).fails().text;
    assert!(
        text.contains(
            "words/words.go:5:12: pattern data: cannot embed file data/\u{fffd}.txt: invalid name"
        ),
        "{text}"
    );
    let tiny = self::tiny();
    file(&tiny.root(), b"words/\xff.go");
    let text = Engine::main().frontend(&tiny.root()).fails().text;
    assert!(
        text.contains("words/\u{fffd}.go: cannot be read: its name is not UTF-8"),
        "{text}"
    );
}
