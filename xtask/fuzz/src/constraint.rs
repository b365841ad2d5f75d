//! Build constraints, in both syntaxes: printing and parsing agree, and so do the expression and a
//! reader that evaluates while it reads.

use gowork_llb::gosrc::{BuildContext, Expr, SourceFile};

/// Checks one text as what stands after `//go:build` and after `// +build`. Its first byte says
/// which tags hold.
pub fn check(data: &[u8]) {
    let Some((seed, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let holds = |tag: &str| {
        tag.bytes()
            .fold(*seed, |hash, byte| hash.rotate_left(3) ^ byte)
            % 2
            == 0
    };
    match Expr::parse_go_build(text) {
        Ok(expr) => {
            assert_eq!(
                naive::go_build(text, &holds),
                Some(expr.eval(&holds)),
                "{text:?}"
            );
            check_printed(&expr, &holds);
            check_context(&expr);
        }
        Err(error) => {
            assert!(
                error.offset <= text.len() && text.is_char_boundary(error.offset),
                "{error:?} in {text:?}"
            );
            // Which letters make a tag is Unicode's, which the naive reader does not know.
            assert!(
                !text.is_ascii() || naive::go_build(text, &holds).is_none(),
                "{text:?}: {error}"
            );
        }
    }
    if let Ok(expr) = Expr::parse_plus_build(text) {
        check_printed(&expr, &holds);
        if text.is_ascii() {
            assert_eq!(
                naive::plus_build(text, &holds),
                expr.eval(&holds),
                "{text:?}"
            );
        }
        check_line(text, &expr, &holds);
    }
}

/// The printed form is the same expression: in Go's newer syntax also for what came from the older.
/// It may have more operands than Go reads.
fn check_printed(expr: &Expr, holds: &dyn Fn(&str) -> bool) {
    let printed = expr.to_string();
    let json = serde_json::to_string(expr).unwrap();
    let again =
        serde_json::from_str::<Expr>(&json).unwrap_or_else(|error| panic!("{printed:?}: {error}"));
    assert_eq!(again.to_string(), printed);
    assert_eq!(again.eval(holds), expr.eval(holds), "{printed}");
    match Expr::parse_go_build(&printed) {
        Ok(read) => assert_eq!(read, again),
        Err(error) => {
            let operands = printed.matches('(').count()
                + printed
                    .split(['&', '|'])
                    .filter(|word| !word.is_empty())
                    .count();
            assert!(operands > 1000, "{printed:?}: {error}");
        }
    }
}

/// A context that has no tags but the platform's answers as its tags do.
fn check_context(expr: &Expr) {
    let context = BuildContext::new("linux", "amd64");
    assert_eq!(context.holds(expr), expr.eval(&|tag| context.tag(tag)));
}

/// In a file, a `// +build` line says what it says by itself.
fn check_line(text: &str, expr: &Expr, holds: &dyn Fn(&str) -> bool) {
    if text.contains(['\n', '\r', '\0']) || text.trim() != text || text.is_empty() {
        return;
    }
    let file = SourceFile::parse(
        "a.go",
        format!("// +build {text}\n\npackage a\n").as_bytes(),
    );
    assert_eq!(file.problem, None, "{text:?}");
    let read = file
        .header
        .constraint
        .unwrap_or_else(|| panic!("{text:?} is no constraint"));
    assert_eq!(read.eval(holds), expr.eval(holds), "{text:?}");
}

mod naive {
    //! Evaluation while reading, by recursion: no expression is made.

    type Holds<'h> = &'h dyn Fn(&str) -> bool;

    struct Reader<'a> {
        rest: &'a str,
        holds: Holds<'a>,
        operands: usize,
    }

    /// Whether the expression holds; `None` if `text` is not an expression.
    pub(super) fn go_build(text: &str, holds: Holds<'_>) -> Option<bool> {
        let mut reader = Reader {
            rest: text,
            holds,
            operands: 0,
        };
        let value = reader.any()?;
        reader.space();
        reader.rest.is_empty().then_some(value)
    }

    impl Reader<'_> {
        fn space(&mut self) {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
        }

        fn takes(&mut self, word: &str) -> bool {
            self.space();
            match self.rest.strip_prefix(word) {
                Some(rest) => {
                    self.rest = rest;
                    true
                }
                None => false,
            }
        }

        fn any(&mut self) -> Option<bool> {
            let mut value = self.all()?;
            while self.takes("||") {
                value |= self.all()?;
            }
            Some(value)
        }

        fn all(&mut self) -> Option<bool> {
            let mut value = self.not()?;
            while self.takes("&&") {
                value &= self.not()?;
            }
            Some(value)
        }

        fn not(&mut self) -> Option<bool> {
            self.operands += 1;
            if self.operands > 1000 {
                return None;
            }
            if !self.takes("!") {
                return self.atom();
            }
            if self.takes("!") {
                None
            } else {
                self.atom().map(|value| !value)
            }
        }

        fn atom(&mut self) -> Option<bool> {
            if self.takes("(") {
                let value = self.any()?;
                return self.takes(")").then_some(value);
            }
            self.space();
            let length = self
                .rest
                .find(|c: char| c.is_ascii() && !is_tag(c))
                .unwrap_or(self.rest.len());
            let (tag, rest) = self.rest.split_at(length);
            self.rest = rest;
            (!tag.is_empty()).then(|| (self.holds)(tag))
        }
    }

    /// Whether one `// +build` line of ASCII holds.
    pub(super) fn plus_build(text: &str, holds: Holds<'_>) -> bool {
        let mut clauses = text.split_whitespace().peekable();
        if clauses.peek().is_none() {
            return holds("ignore");
        }
        clauses.any(|clause| clause.split(',').all(|literal| old_literal(literal, holds)))
    }

    fn old_literal(literal: &str, holds: Holds<'_>) -> bool {
        let tag = literal.strip_prefix('!').unwrap_or(literal);
        let negated = tag.len() < literal.len();
        match tag {
            _ if negated && (tag.is_empty() || tag.starts_with('!')) => holds("ignore"),
            _ if tag.is_empty() || !tag.chars().all(is_tag) => holds("ignore") != negated,
            _ => holds(tag) != negated,
        }
    }

    fn is_tag(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_' || c == '.'
    }
}
