//! What a file is by its name. Whether it is built is for [`super::BuildContext`] and
//! [`super::select`].

/// What a file is, by its extension (go/build's lists).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileClass {
    /// `.go`, not a test. Whether it is cgo, its imports say.
    Go,
    /// `_test.go`. Whether it is of the package or of `package x_test`, its clause says.
    TestGo,
    /// `.c`.
    C,
    /// `.cc`, `.cpp`, `.cxx`.
    Cxx,
    /// `.m`.
    M,
    /// `.h`, `.hh`, `.hpp`, `.hxx`.
    H,
    /// `.f`, `.F`, `.for`, `.f90`.
    F,
    /// `.s`: Go's assembler, or the C compiler's with cgo.
    S,
    /// `.S`, `.sx`: only built in packages with cgo files.
    CgoS,
    /// `.swig`.
    Swig,
    /// `.swigcxx`.
    SwigCxx,
    /// `.syso`: linked as it is; never read.
    Syso,
}

impl FileClass {
    /// The class of the file named `name` (last path element); `None` for files no build takes,
    /// those with names in `_` or `.` among them.
    pub fn of(name: &str) -> Option<Self> {
        if name.starts_with(['_', '.']) {
            return None;
        }
        Some(match &name[name.rfind('.')?..] {
            ".go" if is_test(name) => Self::TestGo,
            ".go" => Self::Go,
            ".c" => Self::C,
            ".cc" | ".cpp" | ".cxx" => Self::Cxx,
            ".m" => Self::M,
            ".h" | ".hh" | ".hpp" | ".hxx" => Self::H,
            ".f" | ".F" | ".for" | ".f90" => Self::F,
            ".s" => Self::S,
            ".S" | ".sx" => Self::CgoS,
            ".swig" => Self::Swig,
            ".swigcxx" => Self::SwigCxx,
            ".syso" => Self::Syso,
            _ => return None,
        })
    }
}

/// Whether a build may take a file of this name: those, and only those, a scan keeps as
/// [`super::SourceFile`]s.
pub fn is_source_name(name: &str) -> bool {
    FileClass::of(name).is_some()
}

/// Whether what the file says matters too. False for `.syso`: gowork needs only the
/// name of such a file ([`super::SourceFile::unread`]).
pub fn is_read(name: &str) -> bool {
    FileClass::of(name).is_some_and(|class| class != FileClass::Syso)
}

/// Whether the name is that of a test file (`x_test.go`).
pub fn is_test(name: &str) -> bool {
    name.ends_with("_test.go")
}
