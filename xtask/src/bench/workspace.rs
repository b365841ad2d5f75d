//! A Go workspace of any size: modules, packages, mains, tests, constraints and embedded files, the
//! same for the same number of files.
//!
//! It compiles. Nothing in it is third-party, so it can be listed without a network.

use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;

/// Changes whenever other files would be made.
pub(crate) const VERSION: u32 = 1;

/// Go files of a module, roughly.
const MODULE_FILES: usize = 1000;

/// Packages of the standard library, each with something to use of it.
const STD: [(&str, &str); 12] = [
    ("bytes", "bytes.Equal"),
    ("context", "context.Background"),
    ("encoding/json", "json.Marshal"),
    ("errors", "errors.New"),
    ("fmt", "fmt.Sprintf"),
    ("io", "io.ReadAll"),
    ("net/http", "http.StatusText"),
    ("os", "os.Getenv"),
    ("sort", "sort.Strings"),
    ("strings", "strings.ToUpper"),
    ("sync", "sync.OnceFunc"),
    ("time", "time.Now"),
];

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    /// One of `0..sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % sides.max(1)
    }
}

/// One package while it is written.
struct Package {
    /// Its module, by number, and its directory in there.
    module: usize,
    dir: String,
    path: String,
    main: bool,
}

/// Writes a workspace of `files` Go files into `root`, an empty directory.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn generate(root: &Path, files: usize) -> Result<()> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let modules = (files / MODULE_FILES).max(1);
    let mut work = "go 1.26\n\nuse (\n".to_owned();
    for module in 0..modules {
        let dir = root.join(format!("services/m{module:03}"));
        std::fs::create_dir_all(&dir)?;
        std::fs::write(
            dir.join("go.mod"),
            format!("module example.com/shop/m{module:03}\n\ngo 1.26\n"),
        )?;
        writeln!(work, "\t./services/m{module:03}")?;
    }
    std::fs::write(root.join("go.work"), work + ")\n")?;
    let mut packages: Vec<Package> = Vec::new();
    let mut written = 0;
    while written < files {
        let module = written * modules / files;
        let number = packages.len();
        let main = number % 25 == 24;
        let dir = match (main, number % 3) {
            (true, _) => format!("cmd/server{number}"),
            (false, 0) => format!("internal/group{}/pkg{number}", number / 30),
            (false, 1) => format!("pkg/group{}/pkg{number}", number / 30),
            (false, _) => format!("pkg/group{}/deep/er/pkg{number}", number / 30),
        };
        let path = format!("example.com/shop/m{module:03}/{dir}");
        let package = Package {
            module,
            dir,
            path,
            main,
        };
        let count = (5 + dice.roll(6)).min(files - written);
        write_package(root, &package, &packages, count, &mut dice)?;
        written += count;
        if !main {
            packages.push(package);
        } else {
            // Mains are imported by nobody, but their number is taken.
            packages.push(Package {
                module: usize::MAX,
                dir: String::new(),
                path: String::new(),
                main,
            });
        }
    }
    Ok(())
}

fn write_package(
    root: &Path,
    package: &Package,
    others: &[Package],
    count: usize,
    dice: &mut Dice,
) -> Result<()> {
    let dir = root
        .join(format!("services/m{:03}", package.module))
        .join(&package.dir);
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("README.md"), "# A package\n")?;
    let name = if package.main { "main" } else { "pkg" };
    for number in 0..count {
        let first = number == 0;
        let test = number > 1 && number + 1 == count;
        let (suffix, constraint) = match (first || test, dice.roll(20)) {
            (false, 0) => ("_linux", ""),
            (false, 1) => ("_windows", ""),
            (false, 2) => ("_other", "//go:build !linux && !windows\n\n"),
            (false, 3) => ("_tagged", "//go:build integration || (linux && !arm64)\n\n"),
            _ => ("", ""),
        };
        let test_suffix = if test { "_test" } else { "" };
        let embeds = first && dice.roll(10) == 0;
        if embeds {
            std::fs::create_dir_all(dir.join("static/css"))?;
            std::fs::write(dir.join("static/index.html"), "<p>shop</p>\n")?;
            std::fs::write(dir.join("static/css/main.css"), "p { color: red }\n")?;
        }
        let text = source(
            &Source {
                name,
                number,
                constraint,
                embeds,
                test,
                main: package.main && first,
                package,
                others,
            },
            dice,
        )?;
        std::fs::write(
            dir.join(format!("file{number}{suffix}{test_suffix}.go")),
            text,
        )?;
    }
    Ok(())
}

/// What one file is to be.
struct Source<'a> {
    name: &'a str,
    number: usize,
    constraint: &'a str,
    embeds: bool,
    test: bool,
    main: bool,
    package: &'a Package,
    others: &'a [Package],
}

fn source(file: &Source<'_>, dice: &mut Dice) -> Result<String> {
    let mut text = "// Copyright The Shop Authors.\n// Licensed under the Apache License, Version 2.0 (the \"License\");\n\
        // you may not use this file except in compliance with the License.\n\n"
        .to_owned();
    write!(
        text,
        "{}// Package {} does its part.\npackage {}\n\nimport (\n",
        file.constraint, file.name, file.name
    )?;
    let mut uses = String::new();
    let from = dice.roll(STD.len());
    for (path, symbol) in (0..1 + dice.roll(5)).map(|n| STD[(from + n) % STD.len()]) {
        writeln!(text, "\t\"{path}\"")?;
        writeln!(uses, "var _ = {symbol}")?;
    }
    if file.embeds {
        text.push_str("\t\"embed\"\n");
        uses.push_str("\n//go:embed static/*\nvar static embed.FS\n");
    }
    if file.test {
        text.push_str("\t\"testing\"\n");
        writeln!(
            uses,
            "\nfunc TestPart{}(t *testing.T) {{ t.Log(\"part\") }}",
            file.number
        )?;
    }
    text.push('\n');
    for (alias, path) in imported(file, dice).into_iter().enumerate() {
        writeln!(text, "\tp{alias} \"{path}\"")?;
        writeln!(uses, "var _ = p{alias}.Part0")?;
    }
    write!(text, ")\n\n{uses}\n")?;
    if file.main {
        text.push_str("func main() { println(Part0(1)) }\n\n");
    }
    body(&mut text, file, dice)?;
    Ok(text)
}

/// Other packages that the file imports: earlier ones, so that there is no circle; internal ones of
/// its own module only.
fn imported(file: &Source<'_>, dice: &mut Dice) -> Vec<String> {
    let mut paths: Vec<String> = (0..dice.roll(4))
        .filter_map(|_| file.others.get(dice.roll(file.others.len())))
        .filter(|other| {
            !other.path.is_empty()
                && (other.module == file.package.module || !other.path.contains("/internal/"))
        })
        .map(|other| other.path.clone())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Functions, some kilobytes of them.
fn body(text: &mut String, file: &Source<'_>, dice: &mut Dice) -> Result<()> {
    let functions = 4 + dice.roll(24);
    let prefix = if file.number == 0 && !file.test {
        "Part".to_owned()
    } else {
        format!("part{}x", file.number)
    };
    for function in 0..functions {
        let name = format!("{prefix}{function}");
        let factor = dice.roll(1000);
        write!(
            text,
            "// {name} adds up what there is to add up for one order, and says when it is too much.\n\
             func {name}(count int) int {{\n\ttotal := 0\n\tfor i := 0; i < count; i++ {{\n\t\tif i%{} == 0 {{\n\t\t\ttotal += i * {factor}\n\t\t\tcontinue\n\t\t}}\n\
             \t\tswitch {{\n\t\tcase total > 1000000:\n\t\t\treturn total // enough of it\n\t\tcase total < 0:\n\t\t\ttotal = -total\n\t\tdefault:\n\t\t\ttotal++\n\t\t}}\n\t}}\n\treturn total\n}}\n\n",
            factor % 7 + 2
        )?;
    }
    Ok(())
}
