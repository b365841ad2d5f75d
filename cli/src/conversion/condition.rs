//! Conditions of a shell: what holds where no build-arg is given.

use super::scope::Scope;
use super::shell::Node;
use super::value::{Part, Value};
use super::word::{Piece, Word};

/// Whether commands compile, or set variables.
pub(super) fn matters(nodes: &[Node]) -> bool {
    let mut found = false;
    for node in nodes {
        node.visit(&mut |simple| {
            let program = simple.words.first().and_then(Word::plain);
            let sets = simple.words.is_empty() && !simple.assigns.is_empty();
            found |= sets || program.is_some_and(|word| ["go", "make"].contains(&word));
        });
    }
    found
}

/// What a branch says where a build-arg is empty.
pub(super) struct FilledIn {
    /// The variable that it sets.
    pub(super) variable: String,
    /// The build-arg.
    pub(super) arg: String,
    /// The value: text, or one command.
    pub(super) value: Value,
}

/// What a branch fills in for a build-arg: `if [ -z "$V" ]; then V=$(...); fi`.
pub(super) fn filled_in(condition: &[Node], body: &[Node], scope: &Scope) -> Option<FilledIn> {
    let ([Node::Simple(test)], [Node::Simple(set)]) = (condition, body) else {
        return None;
    };
    let [.., flag, asked] = test
        .words
        .iter()
        .filter(|word| !word.plain().is_some_and(|text| text.starts_with(']')))
        .collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let is_said = |piece: &&Piece| !matches!(piece, Piece::Text(text) if text.is_empty());
    let pieces: Vec<&Piece> = asked.pieces.iter().filter(is_said).collect();
    let ([Piece::Var { name, .. }], [(set_name, value)]) =
        (pieces.as_slice(), set.assigns.as_slice())
    else {
        return None;
    };
    if flag.plain() != Some("-z") || name != set_name || !set.words.is_empty() {
        return None;
    }
    match scope.get(name)?.0.as_slice() {
        [Part::Arg { name: arg, default }] if default.as_ref().is_none_or(String::is_empty) => {
            Some(FilledIn {
                variable: name.clone(),
                arg: arg.clone(),
                value: scope.expand(&value.pieces),
            })
        }
        _ => None,
    }
}

/// Whether a condition holds where no build-arg is given, and the build-arg that decides it.
/// `None` if that cannot be said.
pub(super) fn holds(condition: &[Node], scope: &Scope) -> (Option<bool>, Option<String>) {
    let [Node::Simple(simple)] = condition else {
        return (None, None);
    };
    let mut words: Vec<Value> = simple
        .words
        .iter()
        .map(|word| scope.expand(&word.pieces))
        .collect();
    let first = words.first().and_then(Value::plain).unwrap_or_default();
    if !["[", "[[", "test"].contains(&first.as_str()) {
        return (None, None);
    }
    words.remove(0);
    if words
        .last()
        .and_then(Value::plain)
        .is_some_and(|word| word.starts_with(']'))
    {
        words.pop();
    }
    let arg = words
        .iter()
        .flat_map(|word| &word.0)
        .find_map(|part| match part {
            Part::Arg { name, .. } => Some(name.clone()),
            _ => None,
        });
    let texts: Option<Vec<String>> = words.iter().map(Value::by_default).collect();
    let Some(texts) = texts else {
        return (None, None);
    };
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let holds = match texts.as_slice() {
        ["-z", text] => Some(text.is_empty()),
        ["-n", text] => Some(!text.is_empty()),
        [a, "=" | "==", b] => Some(a == b),
        [a, "!=", b] => Some(a != b),
        _ => None,
    };
    (holds, arg.filter(|_| holds.is_some()))
}
