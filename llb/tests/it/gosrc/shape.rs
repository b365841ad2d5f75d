//! What the library finds in a directory, as JSON in the shape of testdata/oracle/goimportdir.
//! Shared with `examples/gosrc.rs` and with `cargo xtask oracle`.

use std::fs;
use std::io;
use std::path::Path;

use gowork_llb::gosrc::class::is_read;
use gowork_llb::gosrc::{
    BuildContext, PackageFiles, Places, SelectError, SourceFile, is_compiled, is_source_name,
    package_name, select,
};
use serde_json::{Map, Value, json};

/// The directory and all below it, each as one object, in the order that Go's `filepath.WalkDir`
/// has.
pub(crate) fn walk(
    root: &Path,
    context: &BuildContext,
    each: &mut dyn FnMut(Value),
) -> io::Result<()> {
    walk_below(root, ".", context, each)
}

fn walk_below(
    root: &Path,
    dir: &str,
    context: &BuildContext,
    each: &mut dyn FnMut(Value),
) -> io::Result<()> {
    let path = root.join(dir);
    let (files, dirs) = read_dir(&path)?;
    let package = select(&files, context);
    assert_eq!(package_name(&files, context), package.name, "in {dir}");
    assert_eq!(
        is_compiled(&files, context),
        !(package.go_files.is_empty() && package.cgo_files.is_empty()),
        "in {dir}"
    );
    each(shape(dir, &package));
    for name in dirs {
        let below = if dir == "." {
            name
        } else {
            format!("{dir}/{name}")
        };
        walk_below(root, &below, context, each)?;
    }
    Ok(())
}

/// The source files of a directory, and the names of those below it.
pub(crate) fn read_dir(path: &Path) -> io::Result<(Vec<SourceFile>, Vec<String>)> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        names.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.file_type()?,
        ));
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for (name, kind) in names {
        let file = path.join(&name);
        if kind.is_dir() {
            dirs.push(name);
        } else if is_source_name(&name) && !file.is_dir() {
            files.push(if is_read(&name) {
                SourceFile::parse(&name, &fs::read(&file)?)
            } else {
                SourceFile::unread(&name)
            });
        }
    }
    Ok((files, dirs))
}

/// What is selected of the files of `dir`.
pub(crate) fn shape(dir: &str, package: &PackageFiles) -> Value {
    let mut object = Map::new();
    object.insert("Dir".to_owned(), json!(dir));
    if !package.name.is_empty() {
        object.insert("Name".to_owned(), json!(package.name));
    }
    let lists = [
        ("GoFiles", &package.go_files),
        ("CgoFiles", &package.cgo_files),
        ("IgnoredGoFiles", &package.ignored_go_files),
        ("InvalidGoFiles", &package.invalid_go_files),
        ("IgnoredOtherFiles", &package.ignored_other_files),
        ("CFiles", &package.c_files),
        ("CXXFiles", &package.cxx_files),
        ("MFiles", &package.m_files),
        ("HFiles", &package.h_files),
        ("FFiles", &package.f_files),
        ("SFiles", &package.s_files),
        ("SwigFiles", &package.swig_files),
        ("SwigCXXFiles", &package.swig_cxx_files),
        ("SysoFiles", &package.syso_files),
        ("TestGoFiles", &package.test_go_files),
        ("XTestGoFiles", &package.x_test_go_files),
    ];
    for (key, list) in lists {
        if !list.is_empty() {
            object.insert(key.to_owned(), json!(list));
        }
    }
    let maps = [
        ("Imports", &package.imports),
        ("TestImports", &package.test_imports),
        ("XTestImports", &package.x_test_imports),
        ("Embeds", &package.embed_patterns),
        ("TestEmbeds", &package.test_embed_patterns),
        ("XTestEmbeds", &package.x_test_embed_patterns),
    ];
    for (key, map) in maps {
        if !map.is_empty() {
            object.insert(key.to_owned(), places(map));
        }
    }
    let error = match package.errors.first() {
        // The go command's check, not go/build's.
        None | Some(SelectError::NeedsCgo { .. }) => return Value::Object(object),
        Some(SelectError::NoGoFiles { .. }) => "no go files",
        Some(SelectError::MultiplePackages { .. }) => "multiple packages",
        Some(error) => {
            object.insert(
                "Message".to_owned(),
                json!(error.diagnostic("").to_string()),
            );
            "invalid"
        }
    };
    object.insert("Error".to_owned(), json!(error));
    Value::Object(object)
}

fn places(map: &Places) -> Value {
    let of = |places: &Vec<gowork_llb::gosrc::Place>| {
        places
            .iter()
            .map(|place| format!("{}:{}:{}", place.file, place.at.line, place.at.column))
            .collect::<Vec<_>>()
    };
    map.iter()
        .map(|(name, places)| (name.clone(), json!(of(places))))
        .collect::<Map<_, _>>()
        .into()
}
