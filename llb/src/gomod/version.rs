//! Temporary.
/// Compare.
pub fn compare_go(a: &str, b: &str) -> std::cmp::Ordering {
    let key = |v: &str| {
        v.split('.')
            .map(|p| p.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().unwrap_or(0))
            .collect::<Vec<_>>()
    };
    key(a).cmp(&key(b))
}
