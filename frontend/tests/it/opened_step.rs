//! The step that looks for files that programs open: it says of a transfer what the library says of
//! the directory.

use std::fs;
use std::path::{Path, PathBuf};

use gowork_frontend::steps::opened::{OpenedError, run};
use gowork_frontend::steps::transferred::{METADATA_FILE, record};
use gowork_llb::Repository;
use gowork_llb::packages::{self, Opened};
use gowork_llb::plan::{self, Outline};
use gowork_llb::tree::{LocalTree, TreePath};

const FILES: [(&str, &str); 4] = [
    ("go.mod", "module example.com/m\n\ngo 1.26.0\n"),
    (
        "main.go",
        "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\tos.ReadFile(\"a.json\")\n\tos.ReadFile(\"missing.json\")\n\thttp.Dir(\"static\")\n}\n",
    ),
    ("a.json", "{}\n"),
    ("static/x.txt", "x\n"),
];

/// Go's os.ModeDir (io/fs, FileMode).
const MODE_DIR: u32 = 1 << 31;

fn write(dir: &Path, name: &str, text: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What the step says of `source`.
fn step(source: &Path, question: &[u8]) -> Result<Opened, OpenedError> {
    let dir = tempfile::tempdir().unwrap();
    let (asked, out) = (dir.path().join("question.json"), dir.path().join("out"));
    fs::write(&asked, question).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let args = [
        "--source".to_owned(),
        text(source),
        "--question".to_owned(),
        text(&asked),
        "--out".to_owned(),
        text(&out),
    ];
    run(&args)?;
    Ok(serde_json::from_slice(&fs::read(out).unwrap()).unwrap())
}

#[test]
fn a_directory_and_a_listing_of_it_give_the_same_answer() {
    let whole = tempfile::tempdir().unwrap();
    let listed = tempfile::tempdir().unwrap();
    let mut records = record(&TreePath::new("static").unwrap(), MODE_DIR | 0o755, "");
    for (name, text) in FILES {
        write(whole.path(), name, text.as_bytes());
        records.extend(record(&TreePath::new(name).unwrap(), 0o644, ""));
        if name == "main.go" {
            write(listed.path(), name, text.as_bytes());
        }
    }
    write(listed.path(), METADATA_FILE, &records);

    let tree = LocalTree::new(whole.path());
    let repository = Repository::read(&tree, PathBuf::from("/src"), "");
    let target = plan::Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    };
    let outlines = repository.outlines(&[target]).outlines;
    let outlines: Vec<&Outline> = outlines.iter().collect();
    let question =
        plan::open_question(&outlines, repository.scan(), repository.workspace()).unwrap();
    let expected = packages::opened(&tree, &question);
    assert_eq!(expected.calls.len(), 2);
    let json = serde_json::to_vec(&question).unwrap();
    assert_eq!(step(whole.path(), &json).unwrap(), expected);
    assert_eq!(step(listed.path(), &json).unwrap(), expected);
}

#[test]
fn a_question_of_another_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for question in [
        "{\"version\":0,\"files\":{},\"bases\":[]}",
        "{\"files\":{},\"bases\":[]}",
        "",
    ] {
        let error = step(dir.path(), question.as_bytes()).unwrap_err();
        assert!(matches!(error, OpenedError::File { .. }), "{error}");
    }
    assert!(matches!(run(&[]), Err(OpenedError::Usage)));
}
