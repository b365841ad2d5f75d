//! Build-args into the configuration: `${NAME}` in string values, and the ones that override
//! `[modules]` by name.

use std::collections::BTreeMap;

use super::strings::{Form, visit_strings};
use super::wrong::Wrong;
use super::{
    Config, File, FileSource, HealthcheckConfig, Modules, SCRATCH, Spanned, env_value, flags,
    validate,
};
use crate::diag::{Diagnostic, Findings, Span};
use crate::limits;

/// Build-args that need no mention: each overrides the key of `[modules]` beside it. The go command
/// has environment variables of these names.
pub const MODULE_ARGS: [(&str, &str); 7] = [
    ("GOPROXY", "proxy"),
    ("GOPRIVATE", "private"),
    ("GONOPROXY", "noproxy"),
    ("GONOSUMDB", "nosumdb"),
    ("GOSUMDB", "sumdb"),
    ("GOINSECURE", "insecure"),
    ("GOVCS", "vcs"),
];

/// One `${NAME}` in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildArg {
    /// Its name.
    pub name: String,
    /// What it is if it is not given; none means that it must be.
    pub default: Option<String>,
    /// The key whose value asks for it: `go.ldflags`.
    pub key: String,
    /// Where that value is written.
    pub span: Option<Span>,
}

impl Config {
    /// Fills in build-args: `${NAME}`, `${NAME:-default}` (used if NAME is not given or empty),
    /// `$$` for a dollar. Then build-args such as `GOPROXY` replace keys of `[modules]`.
    /// Diagnostics: undefined build-args, and what is wrong with the values that came out.
    pub fn expand(&self, build_args: &BTreeMap<String, String>) -> (Self, Vec<Diagnostic>) {
        let mut config = self.clone();
        let mut diagnostics = Findings::default();
        let mut filled_bytes = 0;
        // Overridden keys go first, lest what they ask for is missed.
        let modules = override_modules(&mut config.modules, build_args);
        visit_strings(&mut config, &mut |slot, value| {
            if !value.value.contains('$') {
                return;
            }
            let filled = match slot.form {
                Form::Flags => substitute_in_flags(&value.value, build_args),
                Form::Env => substitute(&value.value, build_args, true),
                Form::Text | Form::Item => substitute(&value.value, build_args, false),
            };
            let outcome = filled.and_then(|text| {
                filled_bytes += text.len();
                check_filled(filled_bytes)?;
                value.value = text;
                let is_absent = slot.form == Form::Item && value.value.is_empty();
                if is_absent {
                    Ok(())
                } else {
                    validate::text(slot, &value.value)
                }
            });
            if let Err(wrong) = outcome {
                diagnostics.push(validate::diagnostic(&slot.key, wrong, value.span.as_ref()));
            }
        });
        drop_empty(&mut config);
        let mut overrides = Self {
            modules,
            ..Self::default()
        };
        visit_strings(&mut overrides, &mut |slot, value| {
            if let Err(wrong) = validate::text(slot, &value.value) {
                let variable = MODULE_ARGS
                    .iter()
                    .find(|(_, key)| slot.key.strip_prefix("modules.") == Some(key))
                    .map_or("", |(name, _)| name);
                diagnostics.push(
                    Diagnostic::error(format!("build-arg {variable}: {}", wrong.why))
                        .help(wrong.help),
                );
            }
        });
        merge_modules(&mut config.modules, overrides.modules);
        across_keys(&config, &mut diagnostics);
        let mut diagnostics = diagnostics.into_vec();
        diagnostics.sort_by(|a, b| (a.others, &a.span).cmp(&(b.others, &b.span)));
        (config, diagnostics)
    }

    /// Every build-arg that a value asks for, one item a use, in the order of the file.
    pub fn build_args(&self) -> Vec<BuildArg> {
        let mut found = Vec::new();
        visit_strings(&mut self.clone(), &mut |slot, value| {
            for piece in pieces(&value.value, slot.form == Form::Env)
                .into_iter()
                .flatten()
            {
                if let Piece::Arg { name, default } = piece {
                    let default = default.map(str::to_owned);
                    found.push(BuildArg {
                        name: name.to_owned(),
                        default,
                        key: slot.key.clone(),
                        span: value.span.clone(),
                    });
                }
            }
        });
        found.sort_by(|a, b| a.span.cmp(&b.span));
        found
    }
}

/// How many build-args a value asks for.
pub(super) fn count_args(text: &str, with_variables: bool) -> usize {
    let pieces = pieces(text, with_variables).unwrap_or_default();
    let args = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Arg { .. }));
    args.count()
}

/// Whether values with build-args filled in have no more bytes than they may.
fn check_filled(bytes: usize) -> Result<(), Wrong> {
    if bytes <= limits::SETTINGS {
        return Ok(());
    }
    Err(Wrong {
        why: format!(
            "with build-args filled in, the values up to this one have more than {} bytes, gowork's limit",
            limits::SETTINGS
        ),
        help: "pass shorter build-args, or name them less often".to_owned(),
    })
}

/// A part of a string value.
enum Piece<'a> {
    Text(&'a str),
    Arg {
        name: &'a str,
        default: Option<&'a str>,
    },
}

/// Cuts a value at its build-args. What two dollars make is only for the help: in a value
/// `with_variables` they start one of the base image.
fn pieces(text: &str, with_variables: bool) -> Result<Vec<Piece<'_>>, Wrong> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..at]));
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$"));
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = inner.find('}') else {
                return Err(Wrong {
                    why: "`${` is never closed".to_owned(),
                    help: "write ${NAME}; a dollar by itself is $$".to_owned(),
                });
            };
            pieces.push(argument(&inner[..end])?);
            rest = &inner[end + 1..];
        } else {
            let name: String = after
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let help = if name.is_empty() {
                "a dollar by itself is written $$".to_owned()
            } else {
                let other = if with_variables {
                    "base image's variable"
                } else {
                    "text"
                };
                format!("write ${{{name}}} for the build-arg, or $${name} for the {other}")
            };
            return Err(Wrong {
                why: "a `$` stands by itself".to_owned(),
                help,
            });
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn argument(inner: &str) -> Result<Piece<'_>, Wrong> {
    let (name, default) = inner
        .split_once(":-")
        .map_or((inner, None), |(name, default)| (name, Some(default)));
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !letters || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Wrong {
            why: format!("`${{{inner}}}` is not a build-arg"),
            help: "write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`"
                .to_owned(),
        });
    }
    if default.is_some_and(|default| default.contains('$')) {
        return Err(Wrong {
            why: format!("the default of `{name}` holds a `$`"),
            help: "defaults are plain text".to_owned(),
        });
    }
    Ok(Piece::Arg { name, default })
}

/// Fills in build-args. In a value `with_variables` the dollars of build-args do not start one.
fn substitute(
    text: &str,
    build_args: &BTreeMap<String, String>,
    with_variables: bool,
) -> Result<String, Wrong> {
    let mut out = String::with_capacity(text.len());
    let given = |value: &str| {
        if with_variables {
            env_value::literal(value)
        } else {
            value.to_owned()
        }
    };
    for piece in pieces(text, with_variables)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Arg { name, default } => {
                out.push_str(&given(value_of(name, default, build_args)?));
                check_filled(out.len())?;
            }
        }
    }
    Ok(out)
}

/// The same in flags: a build-arg is part of one word. Flags that are one build-arg and nothing
/// else are what it says.
fn substitute_in_flags(text: &str, build_args: &BTreeMap<String, String>) -> Result<String, Wrong> {
    let mut template = String::with_capacity(text.len());
    let mut values = Vec::new();
    let mut bytes = 0;
    for piece in pieces(text, false)? {
        match piece {
            Piece::Text(text) => template.push_str(text),
            Piece::Arg { name, default } => {
                template.push(flags::ARG);
                let value = value_of(name, default, build_args)?.to_owned();
                bytes += value.len();
                check_filled(bytes)?;
                values.push(value);
            }
        }
    }
    let is_whole = template.trim() == flags::ARG.to_string();
    let has_nul =
        text.contains(flags::ARG) || values.iter().any(|value| value.contains(flags::ARG));
    if is_whole || has_nul || values.is_empty() {
        return substitute(text, build_args, false);
    }
    flags::fill(&template, &values)
}

/// What a build-arg stands for.
fn value_of<'v>(
    name: &str,
    default: Option<&'v str>,
    build_args: &'v BTreeMap<String, String>,
) -> Result<&'v str, Wrong> {
    match (build_args.get(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default),
        (None, None) => Err(Wrong {
            why: format!("build-arg `{name}` is not given"),
            help: format!("pass --build-arg {name}=..., or give it a default: ${{{name}:-...}}"),
        }),
    }
}

/// Takes the keys that `build_args` override out of `modules`, and returns what they are to be.
fn override_modules(modules: &mut Modules, build_args: &BTreeMap<String, String>) -> Modules {
    let take = |name: &str, key: &mut Option<Spanned<String>>| {
        let value = build_args.get(name)?;
        *key = None;
        Some(Spanned::from(value.clone())).filter(|value| !value.value.is_empty())
    };
    let list = |name: &str, key: &mut Option<Vec<Spanned<String>>>| {
        let value = build_args.get(name)?;
        *key = None;
        let items: Vec<_> = value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| item.to_owned().into())
            .collect();
        Some(items).filter(|items| !items.is_empty())
    };
    Modules {
        proxy: take("GOPROXY", &mut modules.proxy),
        private: list("GOPRIVATE", &mut modules.private),
        noproxy: list("GONOPROXY", &mut modules.noproxy),
        nosumdb: list("GONOSUMDB", &mut modules.nosumdb),
        sumdb: take("GOSUMDB", &mut modules.sumdb),
        insecure: list("GOINSECURE", &mut modules.insecure),
        vcs: take("GOVCS", &mut modules.vcs),
    }
}

fn merge_modules(modules: &mut Modules, over: Modules) {
    let below = std::mem::take(modules);
    *modules = Modules {
        proxy: over.proxy.or(below.proxy),
        private: over.private.or(below.private),
        noproxy: over.noproxy.or(below.noproxy),
        nosumdb: over.nosumdb.or(below.nosumdb),
        sumdb: over.sumdb.or(below.sumdb),
        insecure: over.insecure.or(below.insecure),
        vcs: over.vcs.or(below.vcs),
    };
}

/// Items that became empty are dropped.
fn drop_empty(config: &mut Config) {
    let filled = |item: &Spanned<String>| !item.value.is_empty();
    config.skip.retain(filled);
    config
        .roots
        .iter_mut()
        .for_each(|roots| roots.retain(filled));
    let modules = &mut config.modules;
    let of_modules = [
        &mut modules.private,
        &mut modules.noproxy,
        &mut modules.nosumdb,
        &mut modules.insecure,
    ];
    of_modules
        .into_iter()
        .flatten()
        .for_each(|list| list.retain(filled));
    let images = config
        .images
        .values_mut()
        .map(|image| (&mut image.build, &mut image.runtime));
    for (build, runtime) in
        std::iter::once((&mut config.go.build, &mut config.runtime)).chain(images)
    {
        let lists = [
            &mut build.tags,
            &mut build.experiment,
            &mut runtime.ports,
            &mut runtime.volumes,
        ];
        lists
            .into_iter()
            .flatten()
            .for_each(|list| list.retain(filled));
    }
}

/// What is wrong only in the light of another key.
fn across_keys(config: &Config, diagnostics: &mut Findings) {
    let tables = std::iter::once(("runtime".to_owned(), &config.runtime, config.image(""))).chain(
        config
            .images
            .iter()
            .map(|(name, image)| (format!("images.{name}"), &image.runtime, config.image(name))),
    );
    for (table, written, effective) in tables {
        let user = effective.runtime.user.as_deref().unwrap_or_default();
        let named = user.split(':').any(|part| part.parse::<u32>().is_err());
        let place = written.user.as_ref().or(written.base.as_ref());
        if let Some(place) = place
            && effective.runtime.base.value == SCRATCH
            && named
            && !user.contains('$')
        {
            let wrong = Wrong {
                why: format!(
                    "user {user:?} has a name, and the base image `scratch` knows no names"
                ),
                help: "write numbers, like \"65532:65532\"".to_owned(),
            };
            diagnostics.push(validate::diagnostic(&table, wrong, place.span.as_ref()));
        }
        for file in written.files.iter().flatten() {
            diagnostics.extend(pattern_to_file(&table, file));
        }
        let Some(check) = &written.healthcheck else {
            continue;
        };
        if let Some(HealthcheckConfig::Run { cmd, .. }) = &effective.runtime.healthcheck
            && cmd.is_empty()
        {
            let help = "add what it runs, like cmd = [\"/usr/local/bin/api\", \"-health\"], or set disable = true".to_owned();
            let wrong = Wrong {
                why: "it has no `cmd`".to_owned(),
                help,
            };
            diagnostics.push(validate::diagnostic(
                &format!("{table}.healthcheck"),
                wrong,
                check.at.as_ref(),
            ));
        }
    }
}

/// The error of a pattern, which may match several files, that goes to one path.
fn pattern_to_file(table: &str, file: &File) -> Option<Diagnostic> {
    let from = FileSource::parse(&file.from).ok()?;
    if !from.is_pattern() || file.to.ends_with('/') {
        return None;
    }
    let wrong = Wrong {
        why: format!(
            "{:?} is a pattern, which may match several files",
            file.from.value
        ),
        help: format!(
            "name a directory, with a slash at the end: {:?}",
            format!("{}/", file.to.value)
        ),
    };
    let key = format!("{table}.files.to");
    Some(validate::diagnostic(&key, wrong, file.to.span.as_ref()))
}
