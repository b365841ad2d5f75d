//! What a file's name says about the platforms it is for: `_GOOS`, `_GOARCH` and `_GOOS_GOARCH`
//! before the first dot.

/// Every GOOS that Go knows or ever knew, sorted.
const KNOWN_OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

/// The GOOS values for which the tag `unix` holds, sorted.
const UNIX_OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

/// Every GOARCH that Go knows or ever knew, sorted.
const KNOWN_ARCH: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

fn is_os(word: &str) -> bool {
    KNOWN_OS.binary_search(&word).is_ok()
}

fn is_arch(word: &str) -> bool {
    KNOWN_ARCH.binary_search(&word).is_ok()
}

/// Whether the tag `unix` holds for a GOOS.
pub(super) fn is_unix(goos: &str) -> bool {
    UNIX_OS.binary_search(&goos).is_ok()
}

/// The tags that the name of a file asks for, and all must hold: none, one or two.
pub(super) fn tags(name: &str) -> impl Iterator<Item = &str> {
    let stem = name.split('.').next().unwrap_or(name);
    // What is before the first underscore never counts: `linux.go` is for every platform.
    let suffix = stem.find('_').map_or("", |at| &stem[at + 1..]);
    let suffix = if suffix == "test" {
        ""
    } else {
        suffix.strip_suffix("_test").unwrap_or(suffix)
    };
    if suffix.is_empty() {
        return None.into_iter().chain(None);
    }
    let (rest, last) = suffix.rsplit_once('_').unwrap_or(("", suffix));
    let before = rest.rsplit('_').next().unwrap_or(rest);
    let both = is_os(before) && is_arch(last);
    let first = both.then_some(before);
    let second = (is_os(last) || is_arch(last)).then_some(last);
    first.into_iter().chain(second)
}
