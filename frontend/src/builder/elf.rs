//! Executables of Linux, in the form of elf(5): what a build reads of them. Other files, and files
//! that are cut off, give nothing.

use std::ops::Range;

/// Bytes of the file header, at most.
pub(super) const HEADER: u64 = 64;

/// Type of a program header that names the interpreter.
const PT_INTERP: usize = 3;

/// The program that starts an executable (its `PT_INTERP`), which begins with these bytes. Returns
/// `None` for a static one.
pub(super) fn interpreter(head: &[u8]) -> Option<String> {
    let elf = Elf::new(head)?;
    // Offsets in the file header.
    let (table_at, entry_at, count_at) = if elf.wide { (32, 54, 56) } else { (28, 42, 44) };
    let table = elf.word(table_at)?;
    let entry_size = elf.number(entry_at, 2)?;
    let count = elf.number(count_at, 2)?;
    for index in 0..count {
        let header = table.checked_add(index.checked_mul(entry_size)?)?;
        if elf.number(header, 4)? == PT_INTERP {
            return elf.segment_text(header);
        }
    }
    None
}

/// Where an executable has its sections listed. They are read from it piece by piece.
pub(super) struct Sections {
    /// Where in the file the list is.
    pub(super) list: Range<u64>,
    wide: bool,
    big_endian: bool,
    entry_size: usize,
    /// Which section has the names of all.
    names: usize,
}

impl Sections {
    /// Those of the executable that begins with these bytes.
    pub(super) fn new(header: &[u8]) -> Option<Self> {
        let elf = Elf::new(header)?;
        let (list_at, entry_at) = if elf.wide { (40, 58) } else { (32, 46) };
        let start = u64::try_from(elf.word(list_at)?).ok()?;
        let entry_size = elf.number(entry_at, 2)?;
        let count = elf.number(entry_at + 2, 2)?;
        let size = u64::try_from(entry_size.checked_mul(count)?).ok()?;
        Some(Self {
            list: start..start.checked_add(size)?,
            wide: elf.wide,
            big_endian: elf.big_endian,
            entry_size,
            names: elf.number(entry_at + 4, 2)?,
        })
    }

    /// Where in the file the names are.
    pub(super) fn names(&self, list: &[u8]) -> Option<Range<u64>> {
        self.place(list, self.names)
    }

    /// Where in the file the section with this name is.
    pub(super) fn named(&self, list: &[u8], names: &[u8], name: &str) -> Option<Range<u64>> {
        let entries = list.len().checked_div(self.entry_size)?;
        let elf = self.of(list);
        let is_it = |index: &usize| {
            let at = elf.number(index * self.entry_size, 4);
            let text = at.and_then(|at| names.get(at..)).unwrap_or_default();
            text.strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.first() == Some(&0))
        };
        self.place(list, (0..entries).find(is_it)?)
    }

    fn place(&self, list: &[u8], index: usize) -> Option<Range<u64>> {
        let elf = self.of(list);
        let entry = index.checked_mul(self.entry_size)?;
        let (start_at, size_at) = if elf.wide { (24, 32) } else { (16, 20) };
        let start = u64::try_from(elf.word(entry.checked_add(start_at)?)?).ok()?;
        let size = u64::try_from(elf.word(entry.checked_add(size_at)?)?).ok()?;
        Some(start..start.checked_add(size)?)
    }

    /// Other bytes of the same file.
    fn of<'a>(&self, bytes: &'a [u8]) -> Elf<'a> {
        Elf {
            bytes,
            wide: self.wide,
            big_endian: self.big_endian,
        }
    }
}

/// Bytes of an ELF file.
struct Elf<'a> {
    bytes: &'a [u8],
    /// Whether it is of the 64-bit class.
    wide: bool,
    big_endian: bool,
}

impl<'a> Elf<'a> {
    /// The beginning of a file.
    fn new(head: &'a [u8]) -> Option<Self> {
        let wide = match head.get(..5)? {
            b"\x7fELF\x01" => false,
            b"\x7fELF\x02" => true,
            _ => return None,
        };
        let big_endian = *head.get(5)? == 2;
        Some(Self {
            bytes: head,
            wide,
            big_endian,
        })
    }

    /// The number of `length` bytes at `at`.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        let mut bytes = self.bytes.get(at..at.checked_add(length)?)?.to_vec();
        if !self.big_endian {
            bytes.reverse();
        }
        let mut value = 0u64;
        for byte in bytes {
            value = value << 8 | u64::from(byte);
        }
        usize::try_from(value).ok()
    }

    /// The number at `at`, as wide as the class.
    fn word(&self, at: usize) -> Option<usize> {
        self.number(at, if self.wide { 8 } else { 4 })
    }

    /// The text of the segment that the program header at `header` describes, up to its NUL.
    fn segment_text(&self, header: usize) -> Option<String> {
        // Offsets in a program header.
        let (start_at, size_at) = if self.wide { (8, 32) } else { (4, 16) };
        let start = self.word(header.checked_add(start_at)?)?;
        let size = self.word(header.checked_add(size_at)?)?;
        let segment = self.bytes.get(start..start.checked_add(size)?)?;
        let text = segment.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one program header.
    fn elf(wide: bool, big: bool, kind: u64) -> Vec<u8> {
        let mut file = vec![0; 200];
        let mut put = |at: usize, length: usize, value: u64| {
            let bytes = value.to_be_bytes();
            let bytes = bytes[8 - length..].iter().copied();
            let bytes: Vec<u8> = if big {
                bytes.collect()
            } else {
                bytes.rev().collect()
            };
            file[at..at + length].copy_from_slice(&bytes);
        };
        let word = if wide { 8 } else { 4 };
        put(if wide { 32 } else { 28 }, word, 64);
        put(if wide { 54 } else { 42 }, 2, 56);
        put(if wide { 56 } else { 44 }, 2, 1);
        put(64, 4, kind);
        put(64 + if wide { 8 } else { 4 }, word, 150);
        put(64 + if wide { 32 } else { 16 }, word, 8);
        file[..4].copy_from_slice(b"\x7fELF");
        file[4] = if wide { 2 } else { 1 };
        file[5] = if big { 2 } else { 1 };
        file[150..157].copy_from_slice(b"/lib/ld");
        file
    }

    #[test]
    fn the_interpreter_of_either_class_and_order() {
        for (wide, big) in [(true, false), (false, false), (true, true), (false, true)] {
            assert_eq!(interpreter(&elf(wide, big, 3)).as_deref(), Some("/lib/ld"));
            assert_eq!(interpreter(&elf(wide, big, 1)), None);
            for end in 0..160 {
                interpreter(&elf(wide, big, 3)[..end]);
            }
        }
        assert_eq!(interpreter(b"MZ"), None);
    }

    #[test]
    fn a_real_executable() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = interpreter(&own[..own.len().min(64 << 10)]);
        assert!(found.is_none_or(|path| std::path::Path::new(&path).exists()));
    }

    #[test]
    fn sections_of_a_real_executable() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let read = |range: Range<u64>| -> Vec<u8> {
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            own[start..end].to_vec()
        };
        let sections = Sections::new(&read(0..HEADER)).unwrap();
        let list = read(sections.list.clone());
        let names = read(sections.names(&list).unwrap());
        // What the compiler says of itself.
        let comment = sections.named(&list, &names, ".comment").unwrap();
        assert!(String::from_utf8_lossy(&read(comment)).contains("rustc version"));
        assert_eq!(sections.named(&list, &names, ".comm"), None);
        assert_eq!(sections.named(&list, &names, ".nosuch"), None);
        for end in 0..list.len().min(300) {
            sections.named(&list[..end], &names, ".comment");
            sections.names(&list[..end]);
        }
        for end in 0..64 {
            assert!(Sections::new(&own[..end]).is_none_or(|found| found.list.end > 0));
        }
    }
}
