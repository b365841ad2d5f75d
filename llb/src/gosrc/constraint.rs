//! Build constraints as expressions.

use serde::{Deserialize, Serialize};

/// A build constraint expression (<https://pkg.go.dev/go/build/constraint#Expr>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expr {
    /// A tag.
    #[serde(rename = "tag")]
    Tag(String),
    /// `!x`.
    #[serde(rename = "not")]
    Not(Box<Expr>),
    /// `x && y`.
    #[serde(rename = "and")]
    And(Box<Expr>, Box<Expr>),
    /// `x || y`.
    #[serde(rename = "or")]
    Or(Box<Expr>, Box<Expr>),
}
