//! Constraints: what go/build/constraint makes of them, and that printing and parsing agree.

use std::process::Command;

use gowork_llb::gosrc::Expr;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::go;

fn line() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "linux", "go1.21", "a_b", "é", "x.y", "386", "&&", "&&", "||", "||", "!", "(", ")", " ",
        " ", "\t", ",", "&", "|", "!!", "-", "ignore", "\u{301}", "Ⅷ", "\u{a0}",
    ];
    let start =
        proptest::sample::select(&["//go:build ", "//go:build\t", "// +build ", "//+build "][..]);
    (
        start,
        proptest::collection::vec(proptest::sample::select(PIECES), 0..9),
    )
        .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
}

fn good_expr() -> impl Strategy<Value = Expr> {
    let tag = proptest::sample::select(&["linux", "cgo", "a", "b"][..])
        .prop_map(|tag| Expr::Tag(tag.to_owned()));
    tag.prop_recursive(6, 40, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|x| if let Expr::Not(_) = x {
                x
            } else {
                Expr::Not(Box::new(x))
            }),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| x.and(y)),
            (inner.clone(), inner).prop_map(|(x, y)| x.or(y)),
        ]
    })
}

fn parse(line: &str) -> String {
    let parsed = match line.strip_prefix("//go:build") {
        Some(text) => Expr::parse_go_build(text.trim()),
        None => Expr::parse_plus_build(
            line.trim_start_matches('/')
                .trim()
                .trim_start_matches("+build")
                .trim(),
        ),
    };
    parsed.map_or_else(|error| format!("error: {error}"), |expr| expr.to_string())
}

#[test]
fn random_lines_are_understood_as_go_understands_them() {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let mut lines: Vec<String> = (0..5000)
        .map(|_| line().new_tree(&mut runner).unwrap().current())
        .collect();
    lines.extend((0..1000).map(|_| {
        format!(
            "//go:build {}",
            good_expr().new_tree(&mut runner).unwrap().current()
        )
    }));
    lines.push(format!(
        "//go:build {}x{}",
        "(".repeat(999),
        ")".repeat(999)
    ));
    lines.push(format!(
        "//go:build {}x{}",
        "(".repeat(1000),
        ")".repeat(1000)
    ));
    lines.push(format!("//go:build x{}", " && x".repeat(999)));
    lines.push(format!("//go:build x{}", " || x".repeat(1000)));
    lines.push(format!("// +build x{}", ",x".repeat(100)));
    lines.push(format!("// +build x{}", " x".repeat(101)));
    let input: Vec<String> = lines
        .iter()
        .map(|line| serde_json::to_string(line).unwrap())
        .collect();
    let output = go::output(
        Command::new(go::oracle()).arg("-constraints"),
        &input.join("\n"),
    );
    let answers: Vec<String> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len());
    assert!(
        answers
            .iter()
            .filter(|answer| !answer.starts_with("error"))
            .count()
            > 2000,
        "too few good lines to prove anything"
    );
    for (line, answer) in lines.iter().zip(&answers) {
        assert_eq!(&parse(line), answer, "{line}");
    }
}

#[test]
fn a_negation_of_a_negation_is_read_again() {
    let expr: Expr = "a && !(!b)".parse().unwrap();
    assert_eq!(expr.to_string().parse::<Expr>().as_ref(), Ok(&expr));
    let json = serde_json::to_string(&expr).unwrap();
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), expr);
}

/// Printed, it also has 500 pairs of parentheses, which Go counts as operands. Go builds such a
/// file, so a scan has to take it along.
#[test]
fn what_go_reads_is_read_again_however_many_operands_it_prints() {
    let expr: Expr = vec!["a && b"; 500].join(" || ").parse().unwrap();
    assert!(expr.to_string().parse::<Expr>().is_err());
    let json = serde_json::to_string(&expr).unwrap();
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), expr);
    let deep: Expr = format!("{}a{}", "!(".repeat(499), ")".repeat(499))
        .parse()
        .unwrap();
    let json = serde_json::to_string(&deep).unwrap();
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), deep);
}

proptest! {
    #[test]
    fn printing_and_parsing_give_the_same_expression(expr in good_expr()) {
        prop_assert_eq!(expr.to_string().parse::<Expr>().unwrap(), expr.clone());
        let holds = |tag: &str| matches!(tag, "linux" | "a");
        prop_assert_eq!(expr.to_string().parse::<Expr>().unwrap().eval(&holds), expr.eval(&holds));
    }

    #[test]
    fn any_text_is_parsed_without_a_panic(text in ".*") {
        if let Ok(expr) = Expr::parse_go_build(&text) {
            prop_assert_eq!(expr.to_string().parse::<Expr>().unwrap(), expr);
        }
        if let Ok(expr) = Expr::parse_plus_build(&text) {
            prop_assert_eq!(expr.to_string().parse::<Expr>().unwrap(), expr);
        }
    }
}
