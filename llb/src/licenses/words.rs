//! A text as a licence is compared: words, in groups of neighbours.

/// How many neighbours make a group.
const GROUP: usize = 4;

/// Bytes of a line with a copyright. A longer one is a licence all on one line.
const COPYRIGHT_LINE: usize = 240;

/// The groups of neighbouring words of a text as hashes, in their order.
///
/// What differs between copies of one licence is left out: case, punctuation, line ends, numbers
/// and letters of lists, the lines with a copyright.
pub(super) fn groups(text: &str) -> Vec<u32> {
    let hashes: Vec<u64> = text
        .lines()
        .filter(|line| !is_copyright(line))
        .flat_map(words)
        .filter(|word| is_compared(word))
        .map(|word| hash_of(&word))
        .collect();
    hashes.windows(GROUP).map(group).collect()
}

/// The runs of letters and digits, in small letters.
fn words(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

/// `Copyright (c) 2009 The Go Authors`, and `Copyright <year> <owner>`. Not a line of a licence that
/// begins with the word by chance: `copyright notice, this list of conditions`.
fn is_copyright(line: &str) -> bool {
    if line.len() > COPYRIGHT_LINE {
        return false;
    }
    let mut words = words(line).skip_while(|word| word == "portions" || word == "c");
    if words.next().as_deref() != Some("copyright") {
        return false;
    }
    let second = words.next().unwrap_or_default();
    let third = words.next().unwrap_or_default();
    let is_year = |word: &str| word == "year" || word.starts_with(|c: char| c.is_ascii_digit());
    second == "c" || second == "by" || is_year(&second) || is_year(&third)
}

fn is_compared(word: &str) -> bool {
    let is_place_in_list = word.len() == 1 || word.bytes().all(|byte| byte.is_ascii_digit());
    !is_place_in_list && word != "http" && word != "https"
}

/// FNV-1a. Both spellings of the word are one.
fn hash_of(word: &str) -> u64 {
    let word = match word {
        "licence" => "license",
        "licences" => "licenses",
        other => other,
    };
    word.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

fn group(words: &[u64]) -> u32 {
    let hash = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, step);
    // The low bits of FNV spread well only if the high ones are mixed in.
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn what_differs_between_copies() {
        let plain = groups("Permission is hereby granted to any person.");
        assert_eq!(plain.len(), 4);
        let other = "Copyright (c) 2009 A. Author\n# 1. PERMISSION is\n# hereby 'granted'\n\
                     copyright 2010, 2011\nto a) any person";
        assert_eq!(groups(other), plain);
        assert_ne!(groups("Permission is hereby not granted"), plain);
        let clause = "the above\ncopyright notice, this list";
        assert_eq!(groups(clause).len(), 3);
        assert_eq!(groups("three words only"), [0; 0]);
        assert_eq!(groups(""), [0; 0]);
    }
}
