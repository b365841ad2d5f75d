//! What go commands get of the builder image's environment: PATH, and with cgo what chooses the C
//! compiler and guides it.

use super::options::LlbInputs;
use crate::plan::GoSettings;

/// Variables of the go command (`go help environment`), of pkg-config, and of GCC and Clang
/// themselves.
const COMPILER: [&str; 18] = [
    "CC",
    "CXX",
    "FC",
    "AR",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_SYSROOT_DIR",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_FFLAGS",
    "CGO_LDFLAGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "LD_LIBRARY_PATH",
];

impl LlbInputs {
    /// The builder image's part of a go command's environment.
    pub(super) fn environment(&self, settings: &GoSettings) -> Vec<(String, String)> {
        let is_compiler = |name: &str| {
            COMPILER.contains(&name) || (name.starts_with("CGO_") && is_flag_rule(name))
        };
        let taken = |name: &str| name == "PATH" || (settings.cgo() && is_compiler(name));
        let mut env = self.builder_env.clone();
        env.retain(|name, _| taken(name));
        if let Some(tools) = self.cross_tools(settings) {
            for (name, program) in [("CC", "gcc"), ("CXX", "g++"), ("PKG_CONFIG", "pkg-config")] {
                env.entry(name.to_owned())
                    .or_insert_with(|| format!("{tools}-{program}"));
            }
        }
        env.into_iter().collect()
    }

    /// What the names of a C cross compiler begin with in Debian and those that follow it; none
    /// where the builder makes code for itself.
    fn cross_tools(&self, settings: &GoSettings) -> Option<&'static str> {
        let arch = settings.env.get("GOARCH")?.as_str();
        if !settings.cgo() || arch == self.build_platform.architecture() {
            return None;
        }
        Some(match arch {
            "amd64" => "x86_64-linux-gnu",
            "arm64" => "aarch64-linux-gnu",
            "arm"
                if settings
                    .env
                    .get("GOARM")
                    .is_none_or(|version| version.starts_with('7')) =>
            {
                "arm-linux-gnueabihf"
            }
            "arm" => "arm-linux-gnueabi",
            "386" => "i686-linux-gnu",
            "ppc64le" => "powerpc64le-linux-gnu",
            "riscv64" => "riscv64-linux-gnu",
            "s390x" => "s390x-linux-gnu",
            "mips64le" => "mips64el-linux-gnuabi64",
            "mipsle" => "mipsel-linux-gnu",
            "loong64" => "loongarch64-linux-gnu",
            _ => return None,
        })
    }
}

/// `CGO_CFLAGS_ALLOW` and variables like it: flags that the go command would refuse in `#cgo`
/// lines.
fn is_flag_rule(name: &str) -> bool {
    name.ends_with("_ALLOW") || name.ends_with("_DISALLOW")
}
