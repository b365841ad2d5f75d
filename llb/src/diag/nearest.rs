//! What a word was most likely meant to be.

/// Characters of a word that a suggestion is looked for. Longer ones are not typed by hand.
const MAX_CHARS: usize = 200;

/// The word of `known` that `word` was most likely meant to be: the one with the fewest slips of
/// the pen, if they are few for its length.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(MAX_CHARS + 1).collect();
    if word.len() > MAX_CHARS {
        return None;
    }
    let most = (word.len() / 3).clamp(1, 3);
    let scored = known
        .into_iter()
        .filter_map(|known| Some((slips(&word, known, most)?, known)));
    scored
        .filter(|(slips, known)| *slips < known.len())
        .min()
        .map(|(_, known)| known)
}

/// How many insertions, deletions, replacements and swaps of neighbours make `known` of `word` (the
/// optimal string alignment distance); `None` if more than `most`. Only cells at most `most` off
/// the diagonal are looked at: the price is the word's length, not its square.
fn slips(word: &[char], known: &str, most: usize) -> Option<usize> {
    if known.len() > 4 * (word.len() + most) {
        return None;
    }
    let known: Vec<char> = known.chars().collect();
    if word.len().abs_diff(known.len()) > most {
        return None;
    }
    let far = most + 1;
    let mut before = vec![far; known.len() + 1];
    let mut above: Vec<usize> = (0..=known.len()).map(|column| column.min(far)).collect();
    for (row, &letter) in (1..).zip(word) {
        let mut current = vec![far; known.len() + 1];
        if row <= most {
            current[0] = row;
        }
        for column in row.saturating_sub(most).max(1)..=(row + most).min(known.len()) {
            let replaced = above[column - 1] + usize::from(known[column - 1] != letter);
            let mut least = replaced.min(above[column] + 1).min(current[column - 1] + 1);
            let is_swap = row > 1
                && column > 1
                && word[row - 2] == known[column - 1]
                && known[column - 2] == letter;
            if is_swap {
                least = least.min(before[column - 2] + 1);
            }
            current[column] = least.min(far);
        }
        if current.iter().chain(&above).all(|&slips| slips > most) {
            return None;
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().filter(|&slips| slips <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted_as_by_the_whole_table() {
        let words = [
            "", "a", "ab", "ba", "abc", "acb", "server", "sevrer", "serve", "servers", "xyz",
            "version", "versoin", "äpi", "api",
        ];
        for word in words {
            for known in words {
                let chars: Vec<char> = word.chars().collect();
                for most in 1..=3 {
                    let whole = strsim::osa_distance(word, known);
                    assert_eq!(
                        slips(&chars, known, most),
                        (whole <= most).then_some(whole),
                        "{word} {known} {most}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_is_suggested_for_what_nobody_types() {
        let long = "a".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()]), None);
        assert_eq!(nearest("a", [long.as_str()]), None);
        assert_eq!(nearest("versoin", ["version", "builder"]), Some("version"));
    }
}
