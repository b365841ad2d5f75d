//! An ordinary Dockerfile as the conversion sees it: stages and instructions with their places.

use std::ops::Range;

use gowork_llb::diag::{Diagnostic, Position, Span};
use parse_dockerfile::{Command, Flag, Instruction, Source as Origin};

use super::word;

/// Bytes of a Dockerfile.
const BYTES: usize = 1 << 20;
/// Stages of a Dockerfile.
const STAGES: usize = 500;

/// A Dockerfile that was read.
pub(crate) struct File<'t> {
    /// Its name, for places.
    pub(crate) name: &'t str,
    /// Its text, without a byte order mark.
    pub(crate) text: &'t str,
    /// The value of its syntax line, and where the line stands.
    pub(crate) syntax: Option<(String, Range<usize>)>,
    /// Build-args above the first stage, with their defaults.
    pub(crate) globals: Vec<(String, Option<String>)>,
    /// Its stages.
    pub(crate) stages: Vec<Stage>,
}

/// A stage.
pub(crate) struct Stage {
    /// Its name, in small letters.
    pub(crate) name: Option<String>,
    /// What it starts from, as written.
    pub(crate) image: String,
    /// The stage that this is.
    pub(crate) parent: Option<usize>,
    /// `--platform`, as written.
    pub(crate) platform: Option<String>,
    /// Its `FROM`.
    pub(crate) from: Range<usize>,
    /// Its instructions.
    pub(crate) steps: Vec<Step>,
}

/// An instruction.
pub(crate) struct Step {
    /// What it does.
    pub(crate) kind: Kind,
    /// Where it stands, up to the end of its last line.
    pub(crate) span: Range<usize>,
}

/// What an instruction does.
pub(crate) enum Kind {
    /// `ARG`: names and defaults, as written.
    Arg(Vec<(String, Option<String>)>),
    /// `ENV`: names and values, as written, without their quotes' meaning lost.
    Env(Vec<(String, word::Word)>),
    /// `WORKDIR`.
    Workdir(String),
    /// `RUN`.
    Run(Run),
    /// `COPY` or `ADD`.
    Copy(Copy),
    /// `ENTRYPOINT`, `CMD` or `HEALTHCHECK`.
    Start,
    /// Any other.
    Other,
}

/// A `RUN`.
pub(crate) struct Run {
    /// Values of `--mount`.
    pub(crate) mounts: Vec<String>,
    /// Its commands, with blanks in place of line continuations; empty in exec form.
    pub(crate) script: String,
    /// Where the script stands in the file.
    pub(crate) at: usize,
    /// The words of the exec form.
    pub(crate) exec: Option<Vec<String>>,
}

impl Run {
    /// Whether it mounts something of the stage or context of this name.
    pub(crate) fn mounts_from(&self, name: &str) -> bool {
        let field = format!("from={name}");
        let mut mounts = self.mounts.iter();
        mounts.any(|mount| mount.split(',').any(|other| other == field))
    }
}

/// A `COPY` or `ADD`.
pub(crate) struct Copy {
    /// What `--from` names, and where the flag stands.
    pub(crate) from: Option<(String, Range<usize>)>,
    /// Paths to copy, as written.
    pub(crate) sources: Vec<(String, Range<usize>)>,
    /// Where they go, as written.
    pub(crate) dest: String,
    /// Where that stands.
    pub(crate) dest_at: Range<usize>,
    /// Whether it has a flag that changes which files are copied: `--exclude`, `--parents`.
    pub(crate) is_special: bool,
}

impl<'t> File<'t> {
    /// Reads a Dockerfile.
    ///
    /// # Errors
    /// If it does not parse, with the place.
    pub(crate) fn parse(name: &'t str, text: &'t str) -> Result<Self, Diagnostic> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > BYTES {
            return Err(Diagnostic::error(format!(
                "the file has more than {BYTES} bytes, gowork's limit for a Dockerfile"
            ))
            .at(Span::at(name, Position::default())));
        }
        let filled = without_empty_lists(text);
        let parsed = parse_dockerfile::parse(&filled).map_err(|error| {
            let place = Position::new(
                u32::try_from(error.line()).unwrap_or(0),
                u32::try_from(error.column()).unwrap_or(0),
            );
            // The crate's words end in the place.
            let words = error.to_string();
            let words = words.split(" at line").next().unwrap_or_default();
            Diagnostic::error(format!("this is no Dockerfile: {words}")).at(Span::at(name, place))
        })?;
        let directives = &parsed.parser_directives;
        let escape = directives.escape.as_ref().map_or('\\', |e| e.value.value);
        let syntax = directives.syntax.as_ref().map(|syntax| {
            let start = text[..syntax.span().start]
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let end = line_end(text, syntax.span().end);
            (syntax.value.value.to_owned(), start..end)
        });
        let reader = Reader { text, escape };
        let mut file = File {
            name,
            text,
            syntax,
            globals: Vec::new(),
            stages: Vec::new(),
        };
        for instruction in &parsed.instructions {
            match (instruction, file.stages.last_mut()) {
                (Instruction::From(from), _) => {
                    let stage = reader.stage(from, &file.stages);
                    file.stages.push(stage);
                }
                (instruction, Some(stage)) => stage.steps.push(reader.step(instruction)),
                (Instruction::Arg(arg), None) => {
                    file.globals.extend(reader.args(&arg.arguments.span));
                }
                _ => {}
            }
        }
        if let Some(beyond) = file.stages.get(STAGES) {
            let error = Diagnostic::error(format!(
                "the file has more than {STAGES} stages, gowork's limit for a Dockerfile"
            ));
            return Err(error.at(file.place(beyond.from.start)));
        }
        Ok(file)
    }

    /// The place of a byte.
    pub(crate) fn place(&self, at: usize) -> Span {
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[start..].chars().count() + 1;
        let whole = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Span::at(self.name, Position::new(whole(line), whole(column)))
    }

    /// The stage that `--from` or `FROM` names, before the stage `before`.
    pub(crate) fn stage(&self, name: &str, before: usize) -> Option<usize> {
        find(&self.stages[..before.min(self.stages.len())], name)
    }
}

impl Stage {
    /// Where it stands: from its `FROM` to its last line.
    pub(crate) fn span(&self) -> Range<usize> {
        let end = self
            .steps
            .last()
            .map_or(self.from.end, |step| step.span.end);
        self.from.start..end
    }
}

/// The stage of this name or number. Of two stages with one name the later one counts.
fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let by_name = stages
        .iter()
        .rposition(|stage| stage.name.as_deref() == Some(name.as_str()));
    by_name.or_else(|| name.parse().ok().filter(|ix| *ix < stages.len()))
}

struct Reader<'t> {
    text: &'t str,
    escape: char,
}

impl Reader<'_> {
    fn stage(&self, from: &parse_dockerfile::FromInstruction<'_>, before: &[Stage]) -> Stage {
        let image = from.image.value.to_string();
        let platform = from
            .options
            .iter()
            .find(|flag| flag.name.value == "platform");
        Stage {
            name: from.as_.as_ref().map(|(_, name)| name.value.to_lowercase()),
            parent: find(before, &image).filter(|_| image.parse::<usize>().is_err()),
            image,
            platform: platform.and_then(value_of),
            from: self.lines(from.from.span.start),
            steps: Vec::new(),
        }
    }

    fn step(&self, instruction: &Instruction<'_>) -> Step {
        let start;
        let mut heredoc_end = None;
        let kind = match instruction {
            Instruction::Arg(arg) => {
                start = arg.arg.span.start;
                Kind::Arg(self.args(&arg.arguments.span))
            }
            Instruction::Env(env) => {
                start = env.env.span.start;
                Kind::Env(self.pairs(&env.arguments.span))
            }
            Instruction::Workdir(dir) => {
                start = dir.workdir.span.start;
                let text = dir.arguments.value.trim();
                Kind::Workdir(text.trim_matches(['"', '\'']).to_owned())
            }
            Instruction::Run(run) => {
                start = run.run.span.start;
                heredoc_end = run.here_docs.last().map(|doc| doc.span.end);
                Kind::Run(self.run(run))
            }
            Instruction::Copy(copy) => {
                start = copy.copy.span.start;
                heredoc_end = last_heredoc(&copy.src);
                Kind::Copy(paths(&copy.options, &copy.src, &copy.dest))
            }
            Instruction::Add(add) => {
                start = add.add.span.start;
                heredoc_end = last_heredoc(&add.src);
                Kind::Copy(paths(&add.options, &add.src, &add.dest))
            }
            Instruction::Entrypoint(entrypoint) => {
                start = entrypoint.entrypoint.span.start;
                Kind::Start
            }
            Instruction::Cmd(cmd) => {
                start = cmd.cmd.span.start;
                Kind::Start
            }
            Instruction::Healthcheck(check) => {
                start = check.healthcheck.span.start;
                Kind::Start
            }
            other => {
                start = keyword(other);
                Kind::Other
            }
        };
        let mut span = self.lines(start);
        if let Some(end) = heredoc_end {
            span.end = span.end.max(line_end(self.text, end));
        }
        Step { kind, span }
    }

    fn run(&self, run: &parse_dockerfile::RunInstruction<'_>) -> Run {
        let mounts = run
            .options
            .iter()
            .filter(|flag| flag.name.value == "mount")
            .filter_map(value_of)
            .collect();
        let (script, at, is_heredoc, exec) = match (&run.arguments, run.here_docs.last()) {
            (_, Some(doc)) => {
                let text = self.text[doc.span.clone()].to_owned();
                (text, doc.span.start, true, None)
            }
            (Command::Shell(shell), None) => {
                let script = self.blanked(&shell.span);
                (script, shell.span.start, false, None)
            }
            (Command::Exec(words), None) => {
                let words_of = words.value.iter().map(|word| word.value.to_string());
                (
                    String::new(),
                    words.span.start,
                    false,
                    Some(words_of.collect()),
                )
            }
            _ => (String::new(), run.run.span.start, false, None),
        };
        Run {
            mounts,
            // Continuations in a here-document are the shell's.
            script: if is_heredoc {
                script.replace("\\\n", "  ")
            } else {
                script
            },
            at,
            exec,
        }
    }

    /// Names and defaults of `ARG`.
    fn args(&self, span: &Range<usize>) -> Vec<(String, Option<String>)> {
        let text = self.blanked(span);
        let mut args = Vec::new();
        for word in word::words(&text) {
            let raw = &text[word.span.clone()];
            let (name, value) = match raw.split_once('=') {
                Some((name, value)) => (name, Some(unquoted(value))),
                None => (raw, None),
            };
            args.push((name.to_owned(), value));
        }
        args
    }

    /// Names and values of `ENV`.
    fn pairs(&self, span: &Range<usize>) -> Vec<(String, word::Word)> {
        let text = self.blanked(span);
        let words = word::words(&text);
        let Some(first) = words.first() else {
            return Vec::new();
        };
        if !text[first.span.clone()].contains('=') {
            let name = text[first.span.clone()].to_owned();
            let rest = text[first.span.end..].trim();
            let pieces = word::pieces(&unquoted(rest));
            let word = word::Word {
                pieces,
                span: first.span.clone(),
            };
            return vec![(name, word)];
        }
        let mut pairs = Vec::new();
        for mut word in words {
            let raw = &text[word.span.clone()];
            let Some((name, _)) = raw.split_once('=') else {
                continue;
            };
            let name = name.to_owned();
            if let Some(word::Piece::Text(first)) = word.pieces.first_mut() {
                *first = first.get(name.len() + 1..).unwrap_or_default().to_owned();
            }
            pairs.push((name, word));
        }
        pairs
    }

    /// The text with blanks in place of line continuations and of comments between them, so that
    /// every other byte stays where it is.
    fn blanked(&self, span: &Range<usize>) -> String {
        let mut out = String::with_capacity(span.len());
        let mut is_first = true;
        for line in self.text[span.clone()].split_inclusive('\n') {
            let trimmed = line.trim_end_matches(['\n', '\r']);
            let body = trimmed.trim_end_matches([' ', '\t']);
            let is_comment = !is_first && line.trim_start().starts_with('#');
            let kept = if is_comment {
                ""
            } else {
                body.strip_suffix(self.escape).unwrap_or(trimmed)
            };
            out.push_str(kept);
            out.extend(std::iter::repeat_n(' ', line.len() - kept.len()));
            is_first = false;
        }
        out
    }

    /// The lines of the instruction that begins at `start`.
    fn lines(&self, start: usize) -> Range<usize> {
        let mut at = start;
        let mut is_first = true;
        while at < self.text.len() {
            let end = line_end(self.text, at);
            let line = self.text[at..end].trim();
            let is_comment = !is_first && (line.starts_with('#') || line.is_empty());
            at = end;
            if !is_comment && !line.ends_with(self.escape) {
                break;
            }
            is_first = false;
        }
        start..at
    }
}

/// The text with a word in place of the empty list of `ENTRYPOINT []`, which Docker takes and the
/// parser does not. Every other byte stays where it is.
fn without_empty_lists(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let rest = ["ENTRYPOINT", "CMD"].iter().find_map(|keyword| {
            let head = trimmed.get(..keyword.len())?;
            head.eq_ignore_ascii_case(keyword)
                .then(|| &trimmed[keyword.len()..])
        });
        let is_empty = rest.is_some_and(|rest| {
            let list = rest
                .trim()
                .strip_prefix('[')
                .and_then(|list| list.strip_suffix(']'));
            list.is_some_and(|list| list.trim().is_empty())
        });
        if is_empty {
            out.push_str(&line.replace('[', "x").replace(']', " "));
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Where the line ends that has the byte `at`, with its line break.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find('\n').map_or(rest.len(), |end| end + 1)
}

fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

fn value_of(flag: &Flag<'_>) -> Option<String> {
    flag.value.as_ref().map(|value| value.value.to_string())
}

fn last_heredoc(sources: &[Origin<'_>]) -> Option<usize> {
    let ends = sources.iter().filter_map(|source| match source {
        Origin::HereDoc(doc) => Some(doc.span.end),
        _ => None,
    });
    ends.max()
}

fn paths(
    options: &[Flag<'_>],
    src: &[Origin<'_>],
    dest: &parse_dockerfile::UnescapedString<'_>,
) -> Copy {
    let from = options.iter().find(|flag| flag.name.value == "from");
    let mut sources = Vec::new();
    for source in src {
        if let Origin::Path(path) = source {
            let path_text = path.value.trim_matches('"').to_owned();
            sources.push((path_text, path.span.clone()));
        }
    }
    Copy {
        from: from.and_then(|flag| Some((value_of(flag)?, flag.span()))),
        sources,
        dest: dest.value.trim_matches('"').to_owned(),
        dest_at: dest.span.clone(),
        is_special: options
            .iter()
            .any(|flag| ["exclude", "parents"].contains(&flag.name.value.as_ref())),
    }
}

/// Where the instruction's keyword stands.
fn keyword(instruction: &Instruction<'_>) -> usize {
    match instruction {
        Instruction::Expose(i) => i.expose.span.start,
        Instruction::Label(i) => i.label.span.start,
        Instruction::Maintainer(i) => i.maintainer.span.start,
        Instruction::Onbuild(i) => i.onbuild.span.start,
        Instruction::Shell(i) => i.shell.span.start,
        Instruction::Stopsignal(i) => i.stopsignal.span.start,
        Instruction::User(i) => i.user.span.start,
        Instruction::Volume(i) => i.volume.span.start,
        _ => 0,
    }
}
