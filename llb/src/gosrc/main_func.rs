//! Whether a file declares the function that a program starts with.

use super::scanner::{Kind, Scanner};

/// Whether `body`, what follows the head of a Go file, declares `func main`: the tokens `func`,
/// `main` and `(` in a row. In a file that the compiler takes they stand so at the top level only:
/// a method has its receiver before the name, a function literal has no name, and a generic
/// function has type parameters, with which Go does not take it for the program's.
///
/// A file that is cut off says yes or no of what is there: a yes holds for the whole of it.
pub(super) fn is_declared(body: &[u8]) -> bool {
    let mut scanner = Scanner::without_faults(body);
    let mut seen = Seen::Other;
    loop {
        let token = scanner.token();
        let text = &body[token.start..token.end];
        seen = match (seen, token.kind) {
            (_, Kind::End) => return false,
            (Seen::FuncMain, Kind::OpenParen) => return true,
            (before, Kind::Comment) => before,
            (_, Kind::Keyword) if text == b"func" => Seen::Func,
            (Seen::Func, Kind::Ident) if text == b"main" => Seen::FuncMain,
            _ => Seen::Other,
        };
    }
}

/// The last tokens before the current one.
#[derive(Clone, Copy)]
enum Seen {
    Func,
    FuncMain,
    Other,
}

#[cfg(test)]
mod tests {
    use super::is_declared;

    #[test]
    fn declarations_are_told_from_what_looks_like_one() {
        for declared in [
            "func main() {}",
            "\nvar x = 1\n\nfunc main() {\n}\n",
            "func\n\tmain\t() {}",
            "func /* func */ main /* () */ () {}",
            "// func\nfunc // c\n main( /* c */ ) {}",
            "func (T) main() {}\nfunc main() {}",
            "var c = '\\''\nvar r = `\\`\nfunc main() {}",
            "var s = \"\\\"\"; func main() {}",
            "func init() { func() { } () }\nfunc main() { }",
            "func main(args []string) {}",
            "func main()",
        ] {
            assert!(is_declared(declared.as_bytes()), "{declared}");
        }
        for other in [
            "",
            "func Main() {}",
            "func mainly() {}",
            "func (t T) main() {}",
            "func main[T any]() {}",
            "// func main() {}",
            "/* func main() {} */",
            "/*\nfunc main() {}\n",
            "var s = \"func main() {}\"",
            "var s = `\nfunc main() {}\n`",
            "var s = `\\`; var t = `func main() {}`",
            "var r = '\"'\nvar s = \"func main() {}\"",
            "var main = func() {}",
            "func f() { main() }",
            "type T interface { main() }",
            "func ma",
            "func main",
            "func main\n() {}",
            "func\u{a0}main() {}",
            "func mаin() {}",
        ] {
            assert!(!is_declared(other.as_bytes()), "{other}");
        }
    }
}
