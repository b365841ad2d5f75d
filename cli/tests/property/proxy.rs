//! A module proxy of files: third-party modules without a network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many modules there are, and versions of each: `third.example/t0 v1.0.0` ...
pub(crate) const MODULES: usize = 3;
pub(crate) const VERSIONS: usize = 3;

/// The proxy with the caches of the go command.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) dir: PathBuf,
    /// Every sum that a go.sum may need.
    pub(crate) sums: String,
}

/// The path of a module.
pub(crate) fn module(number: usize) -> String {
    format!("third.example/t{number}")
}

/// A version of any module.
pub(crate) fn version(number: usize) -> String {
    format!("v1.{number}.0")
}

/// go.mod of a module's version: t0 asks for t1 of its own version, so that a bump of one raises
/// the other.
fn go_mod(module_number: usize, version_number: usize) -> String {
    let asks = if module_number == 0 {
        format!("\nrequire {} {}\n", module(1), version(version_number))
    } else {
        String::new()
    };
    format!("module {}\n\ngo 1.21\n{asks}", module(module_number))
}

/// The files of a version: two packages, one of which does not change from version to version.
fn files(module_number: usize, version_number: usize) -> BTreeMap<String, String> {
    let import = if module_number == 0 {
        "import _ \"third.example/t1/stable\"\n"
    } else {
        ""
    };
    let license = match module_number {
        0 => include_str!("../../../LICENSE-MIT"),
        1 => include_str!("../../../LICENSE-APACHE"),
        _ => "All rights reserved.\n",
    };
    BTreeMap::from([
        ("LICENSE".to_owned(), license.to_owned()),
        ("go.mod".to_owned(), go_mod(module_number, version_number)),
        (
            "moving/moving.go".to_owned(),
            format!("package moving\n\n{import}\nconst Version = {version_number}\n"),
        ),
        (
            "stable/stable.go".to_owned(),
            "package stable\n\nconst Stable = true\n".to_owned(),
        ),
    ])
}

impl Proxy {
    /// Writes the proxy below `dir`, and asks go for the sums.
    pub(crate) fn new(dir: &Path) -> Self {
        for module_number in 0..MODULES {
            let at = dir.join("proxy").join(module(module_number)).join("@v");
            std::fs::create_dir_all(&at).unwrap();
            let mut list = String::new();
            for version_number in 0..VERSIONS {
                let (path, version) = (module(module_number), version(version_number));
                list += &format!("{version}\n");
                let files = files(module_number, version_number);
                let zipped = files
                    .iter()
                    .map(|(name, text)| (format!("{path}@{version}/{name}"), text.as_bytes()));
                std::fs::write(
                    at.join(format!("{version}.zip")),
                    zip(&zipped.collect::<Vec<_>>()),
                )
                .unwrap();
                std::fs::write(at.join(format!("{version}.mod")), &files["go.mod"]).unwrap();
                let info =
                    format!("{{\"Version\":\"{version}\",\"Time\":\"2024-01-01T00:00:00Z\"}}");
                std::fs::write(at.join(format!("{version}.info")), info).unwrap();
            }
            std::fs::write(at.join("list"), list).unwrap();
        }
        let mut proxy = Self {
            dir: dir.to_path_buf(),
            sums: String::new(),
        };
        proxy.sums = proxy.ask_for_sums();
        proxy
    }

    /// Environment of every go command.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let dir = self.dir.display();
        // What is compiled stays for the next run; modules do not, since their contents are written
        // anew.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("property-cache");
        vec![
            ("GOPROXY", format!("file://{dir}/proxy")),
            ("GOMODCACHE", format!("{dir}/modcache")),
            ("GOCACHE", cache.display().to_string()),
            ("GONOSUMDB", "*".to_owned()),
            ("GOSUMDB", "off".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
            ("GOENV", "off".to_owned()),
            ("GODEBUG", "goindex=0".to_owned()),
        ]
    }

    fn ask_for_sums(&self) -> String {
        let all = (0..MODULES)
            .flat_map(|m| (0..VERSIONS).map(move |v| format!("{}@{}", module(m), version(v))));
        let mut command = Command::new("go");
        command
            .args(["mod", "download", "-modcacherw", "-json"])
            .args(all)
            .current_dir(&self.dir)
            .envs(self.env());
        let output = command.env("GOWORK", "off").output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut sums = String::new();
        for value in serde_json::Deserializer::from_slice(&output.stdout)
            .into_iter::<serde_json::Value>()
            .map(Result::unwrap)
        {
            let word = |key: &str| value[key].as_str().unwrap().to_owned();
            let (path, version) = (word("Path"), word("Version"));
            sums += &format!(
                "{path} {version} {}\n{path} {version}/go.mod {}\n",
                word("Sum"),
                word("GoModSum")
            );
        }
        sums
    }
}

/// An archive of files that are not compressed (PKWARE APPNOTE, 4.3).
fn zip(files: &[(String, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let offset = u32::try_from(out.len()).unwrap();
        let size = u32::try_from(bytes.len()).unwrap();
        let name_length = u16::try_from(name.len()).unwrap();
        let mut common = Vec::new();
        // Version 2.0, no flags, stored, 1980-01-01.
        for word in [20u16, 0, 0, 0, 0x21] {
            common.extend(word.to_le_bytes());
        }
        for word in [crc32(bytes), size, size] {
            common.extend(word.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        common.extend(0u16.to_le_bytes());
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        directory.extend(0x0201_4b50u32.to_le_bytes());
        directory.extend(20u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0u8; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length) = (
        u32::try_from(out.len()).unwrap(),
        u32::try_from(directory.len()).unwrap(),
    );
    let count = u16::try_from(files.len()).unwrap();
    out.extend(directory);
    out.extend(0x0605_4b50u32.to_le_bytes());
    for word in [0, 0, count, count] {
        out.extend(word.to_le_bytes());
    }
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(!0, step)
}
