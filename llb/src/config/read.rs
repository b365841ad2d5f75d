//! Tables of the TOML document to typed values. A [`Section`] knows which keys were asked of it;
//! the others are errors.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned as TomlSpanned;
use toml::de::{DeTable, DeValue};

use super::image_name::ImageName;
use super::spanned::Lines;
use super::wrong::Wrong;
use super::{Spanned, suggest};
use crate::diag::{Diagnostic, Findings, Span};

/// What reading has in hand: the text and what is wrong with it so far.
pub(super) struct Reader<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) findings: Findings,
}

/// One table while it is read.
pub(super) struct Section<'r, 'a> {
    reader: &'r mut Reader<'a>,
    table: &'r DeTable<'a>,
    /// Its name as a prefix of keys: empty, or `go.`.
    prefix: String,
    span: Option<Span>,
    asked: Vec<&'static str>,
}

type Value<'a> = TomlSpanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    /// Reads the document's root with `read`.
    pub(super) fn root<T>(
        &mut self,
        table: &DeTable<'a>,
        read: impl FnOnce(&mut Section<'_, 'a>) -> T,
    ) -> T {
        self.section(table, String::new(), None, read)
    }

    fn section<T>(
        &mut self,
        table: &DeTable<'a>,
        prefix: String,
        span: Option<Span>,
        read: impl FnOnce(&mut Section<'_, 'a>) -> T,
    ) -> T {
        let mut section = Section {
            reader: self,
            table,
            prefix,
            span,
            asked: Vec::new(),
        };
        let out = read(&mut section);
        section.report_unknown();
        out
    }

    fn spanned<T>(&self, value: T, range: Range<usize>) -> Spanned<T> {
        Spanned::new(value, self.lines.span(range))
    }

    /// Says that `value` is of the wrong type, and how to write it.
    fn wrong_type(&mut self, key: &str, value: &Value<'_>, kind: &Kind) {
        let raw = self.lines.slice(value.span());
        let short = raw.len() <= 60 && !raw.contains('\n') && !raw.is_empty();
        let (expected, example) = (kind.expected, kind.example);
        let name = key.rsplit('.').next().unwrap_or(key);
        let cure = match value.get_ref() {
            DeValue::String(text) if kind.bare && kind.fits(text) => text.to_string(),
            DeValue::String(_) if kind.list && short => format!("[{raw}]"),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
                if kind.text && short =>
            {
                if kind.list {
                    format!("[\"{raw}\"]")
                } else {
                    format!("\"{raw}\"")
                }
            }
            _ => example.to_owned(),
        };
        let message = format!(
            "`{key}` must be {expected}, not {}",
            type_words(value.get_ref())
        );
        let diagnostic = Diagnostic::error(message)
            .at(self.lines.span(value.span()))
            .help(format!("write {name} = {cure}"));
        self.findings.push(diagnostic);
    }
}

/// A type as users read of it, and how a wrong value might be made one.
struct Kind<'e> {
    expected: &'static str,
    example: &'e str,
    /// Made of text: a number only lacks its quotes.
    text: bool,
    /// A list: a single string only lacks its brackets.
    list: bool,
    /// Not made of text: a string may only have quotes too many.
    bare: bool,
}

impl<'e> Kind<'e> {
    fn string(example: &'e str) -> Self {
        Self {
            expected: "a string",
            example,
            text: true,
            list: false,
            bare: false,
        }
    }

    fn strings(example: &'e str) -> Self {
        Self {
            expected: "an array of strings",
            example,
            text: true,
            list: true,
            bare: false,
        }
    }

    fn boolean() -> Self {
        Self {
            expected: "true or false",
            example: "true",
            text: false,
            list: false,
            bare: true,
        }
    }

    fn number(example: &'e str) -> Self {
        Self {
            expected: "a whole number",
            example,
            text: false,
            list: false,
            bare: true,
        }
    }

    fn table(example: &'e str) -> Self {
        Self {
            expected: "a table",
            example,
            text: false,
            list: false,
            bare: false,
        }
    }

    fn fits(&self, text: &str) -> bool {
        matches!(text, "true" | "false") == (self.example == "true")
            && (text.parse::<u32>().is_ok() || self.example == "true")
    }
}

fn type_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

impl<'r, 'a> Section<'r, 'a> {
    fn value(&mut self, key: &'static str) -> Option<&'r Value<'a>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Where the table stands.
    pub(super) fn span(&self) -> Option<Span> {
        self.span.clone()
    }

    /// A string.
    pub(super) fn string(&mut self, key: &'static str, example: &str) -> Option<Spanned<String>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(self.reader.spanned(text.to_string(), value.span())),
            _ => self.wrong(key, value, &Kind::string(example)),
        }
    }

    fn wrong<T>(&mut self, key: &str, value: &Value<'_>, kind: &Kind<'_>) -> Option<T> {
        let path = self.path(key);
        self.reader.wrong_type(&path, value, kind);
        None
    }

    /// A string that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Spanned<String>> {
        self.check_there(key, example)?;
        self.string(key, example)
    }

    /// Says that a key is missing, if it is.
    fn check_there(&mut self, key: &'static str, example: &str) -> Option<()> {
        if self.table.get(key).is_some() {
            return Some(());
        }
        self.asked.push(key);
        let diagnostic = Diagnostic::error(format!("`{}` is missing", self.path(key)))
            .help(format!("add {key} = {example}"));
        let diagnostic = diagnostic.at(self.span());
        self.reader.findings.push(diagnostic);
        None
    }

    /// True or false.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(on) => Some(self.reader.spanned(*on, value.span())),
            _ => self.wrong(key, value, &Kind::boolean()),
        }
    }

    /// A whole number from 0.
    pub(super) fn number(&mut self, key: &'static str, example: &str) -> Option<Spanned<u32>> {
        let value = self.value(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        match number {
            Some(number) => Some(self.reader.spanned(number, value.span())),
            None => self.wrong(key, value, &Kind::number(example)),
        }
    }

    /// A whole number from 0 that must be there.
    pub(super) fn required_number(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<Spanned<u32>> {
        self.check_there(key, example)?;
        self.number(key, example)
    }

    /// An array of strings.
    pub(super) fn strings(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<Vec<Spanned<String>>> {
        self.items(key, &Kind::strings(example), |value| {
            value.as_str().map(str::to_owned)
        })
    }

    /// An array of strings and decimal numbers; the numbers are given as they are written.
    pub(super) fn strings_or_numbers(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<Vec<Spanned<String>>> {
        let kind = Kind {
            expected: "an array of numbers or strings",
            text: false,
            list: true,
            bare: false,
            example,
        };
        self.items(key, &kind, |value| match value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            _ => None,
        })
    }

    fn items(
        &mut self,
        key: &'static str,
        kind: &Kind<'_>,
        read: impl Fn(&DeValue<'_>) -> Option<String>,
    ) -> Option<Vec<Spanned<String>>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            return self.wrong(key, value, kind);
        };
        let mut items = Vec::new();
        for item in array.iter() {
            match read(item.get_ref()) {
                Some(text) => items.push(self.reader.spanned(text, item.span())),
                None => {
                    self.wrong::<()>(key, item, kind);
                }
            }
        }
        Some(items)
    }

    /// A table of strings with names of the user's, each name looked at by `check`.
    pub(super) fn names(
        &mut self,
        key: &'static str,
        example: &str,
        check: impl Fn(&str) -> Result<(), Wrong>,
    ) -> BTreeMap<String, Spanned<String>> {
        let Some(value) = self.value(key) else {
            return BTreeMap::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong::<()>(key, value, &Kind::table(example));
            return BTreeMap::new();
        };
        let mut names = BTreeMap::new();
        for (name, value) in table {
            let path = self.path(&format!("{key}.{}", name.get_ref()));
            self.check_name(&path, name, &check);
            match value.get_ref() {
                DeValue::String(text) => {
                    names.insert(
                        name.get_ref().to_string(),
                        self.reader.spanned(text.to_string(), value.span()),
                    );
                }
                _ => self
                    .reader
                    .wrong_type(&path, value, &Kind::string("\"...\"")),
            }
        }
        names
    }

    fn check_name(
        &mut self,
        path: &str,
        name: &TomlSpanned<std::borrow::Cow<'_, str>>,
        check: impl Fn(&str) -> Result<(), Wrong>,
    ) {
        if let Err(wrong) = check(name.get_ref()) {
            let span = self.reader.lines.span(name.span());
            self.reader
                .findings
                .push(super::validate::diagnostic(path, wrong, Some(&span)));
        }
    }

    /// A table, read by `read`.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&mut Section<'_, 'a>) -> T,
    ) -> Option<T> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong(key, value, &Kind::table(example));
        };
        let span = self
            .table
            .get_key_value(key)
            .map(|(key, _)| self.reader.lines.span(key.span()));
        Some(
            self.reader
                .section(table, format!("{}{key}.", self.prefix), span, read),
        )
    }

    /// A table of tables with names of the user's, in which capital letters count as small ones.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        example: &str,
        check: impl Fn(&str) -> Result<(), Wrong>,
        read: impl Fn(&mut Section<'_, 'a>) -> T,
    ) -> BTreeMap<ImageName, T> {
        let Some(value) = self.value(key) else {
            return BTreeMap::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            let example = format!("{{ api = {example} }}");
            self.wrong::<()>(key, value, &Kind::table(&example));
            return BTreeMap::new();
        };
        let mut tables = BTreeMap::new();
        for (name, value) in table {
            let path = self.path(&format!("{key}.{}", name.get_ref()));
            self.check_name(&path, name, &check);
            match value.get_ref() {
                DeValue::Table(table) => {
                    let span = self.reader.lines.span(name.span());
                    let out =
                        self.reader
                            .section(table, format!("{path}."), Some(span.clone()), &read);
                    let lower = ImageName::new(name.get_ref().to_lowercase());
                    if tables.insert(lower, out).is_some() {
                        let message = format!(
                            "`{path}` differs from another table's name in capital letters only"
                        );
                        let help =
                            "capital letters count as small ones here: put both tables into one";
                        self.reader
                            .findings
                            .push(Diagnostic::error(message).at(span).help(help));
                    }
                }
                _ => self.reader.wrong_type(&path, value, &Kind::table(example)),
            }
        }
        tables
    }

    /// An array of tables; those that `read` makes nothing of are left out.
    pub(super) fn array<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl Fn(&mut Section<'_, 'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let kind = Kind {
            expected: "an array of tables",
            ..Kind::table(example)
        };
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            return self.wrong(key, value, &kind);
        };
        let mut out = Vec::new();
        for item in array.iter() {
            let Some(table) = item.get_ref().as_table() else {
                self.wrong::<()>(key, item, &kind);
                continue;
            };
            let span = self.reader.lines.span(item.span());
            out.extend(self.reader.section(
                table,
                format!("{}{key}.", self.prefix),
                Some(span),
                &read,
            ));
        }
        Some(out)
    }

    fn report_unknown(self) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let advice = suggest::advice(&self.prefix, name, &self.asked);
            let place = self
                .prefix
                .strip_suffix('.')
                .map_or(String::new(), |table| format!(" in `[{table}]`"));
            let message = format!("unknown key `{name}`{place}{}", advice.message);
            let diagnostic = Diagnostic::error(message).at(self.reader.lines.span(key.span()));
            self.reader.findings.push(match advice.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
        }
    }
}

/// The keys that `read` asks for.
pub(super) fn keys_of<T>(read: impl FnOnce(&mut Section<'_, 'static>) -> T) -> Vec<&'static str> {
    let mut reader = Reader {
        lines: Lines::new("", ""),
        findings: Findings::default(),
    };
    let empty = DeTable::new();
    let mut section = Section {
        reader: &mut reader,
        table: &empty,
        prefix: String::new(),
        span: None,
        asked: Vec::new(),
    };
    read(&mut section);
    section.asked
}
