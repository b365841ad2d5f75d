//! Build-args into the configuration: `${NAME}` in string values, and the ones that override
//! `[modules]` by name.

use std::collections::BTreeMap;

use super::reference::{Piece, pieces, value_of};
use super::strings::{Form, visit_strings};
use super::wrong::Wrong;
use super::{
    Config, File, FileSource, HealthcheckConfig, Modules, SCRATCH, Spanned, UserConfig, env_value,
    flags, validate,
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
    /// The build-arg in whose place it stands, if that is not given: `${VERSION:-${GIT_DESCRIBE}}`.
    pub in_place_of: Option<String>,
    /// The key whose value asks for it: `go.ldflags`.
    pub key: String,
    /// Where that value is written.
    pub span: Option<Span>,
}

impl Config {
    /// Fills in build-args: `${NAME}`, `${NAME:-default}` (used if NAME is not given or empty; a
    /// default may be one more build-arg), `$$` for a dollar. Then build-args such as `GOPROXY`
    /// replace keys of `[modules]`.
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
                if let Piece::Arg { names, default } = piece {
                    for (ix, name) in names.iter().enumerate() {
                        let before = ix.checked_sub(1).map(|ix| names[ix].to_owned());
                        found.push(BuildArg {
                            name: (*name).to_owned(),
                            default: default.map(str::to_owned),
                            in_place_of: before,
                            key: slot.key.clone(),
                            span: value.span.clone(),
                        });
                    }
                }
            }
        });
        found.sort_by(|a, b| a.span.cmp(&b.span));
        found
    }
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
            Piece::Arg { names, default } => {
                out.push_str(&given(value_of(&names, default, build_args)?));
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
            Piece::Arg { names, default } => {
                template.push(flags::ARG);
                let value = value_of(&names, default, build_args)?.to_owned();
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
    config
        .check
        .skip
        .iter_mut()
        .for_each(|rules| rules.retain(filled));
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
            &mut runtime.binaries,
        ];
        lists
            .into_iter()
            .flatten()
            .for_each(|list| list.retain(filled));
    }
}

/// Whether `user` has a name that neither scratch nor `users` knows.
fn is_unknown_on_scratch(user: &str, made: &[UserConfig]) -> bool {
    let (user, group) = user.split_once(':').unwrap_or((user, "0"));
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let knows_user = is_number(user) || made.iter().any(|known| known.name.value == user);
    let knows_group = is_number(group) || made.iter().any(|known| known.group == group);
    !(knows_user && knows_group)
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
        let named = is_unknown_on_scratch(user, &effective.runtime.users);
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
                help: "write numbers, like \"65532:65532\", or make the user: users = [{ name = \"app\", uid = 10001 }]".to_owned(),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TEXT: &str =
        "[go]\nldflags = \"-X main.v=${VERSION:-${TAG:-dev}} -X main.c=${A:-${B}}\"\n";

    fn expanded(given: &[(&str, &str)]) -> (String, String) {
        let given: BTreeMap<String, String> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (config, found) = Config::parse("gowork.toml", TEXT).0.expand(&given);
        let found: Vec<String> = found.into_iter().map(|found| found.message).collect();
        (config.image("api").ldflags, found.join("\n"))
    }

    #[test]
    fn a_build_arg_may_take_the_place_of_another() {
        for (given, ldflags) in [
            (&[("B", "b")][..], "-X main.v=dev -X main.c=b"),
            (
                &[("VERSION", "1"), ("TAG", "2"), ("A", "a")],
                "-X main.v=1 -X main.c=a",
            ),
            (
                &[("VERSION", ""), ("TAG", "2"), ("A", ""), ("B", "")],
                "-X main.v=2 -X main.c=",
            ),
        ] {
            assert_eq!(expanded(given), (ldflags.to_owned(), String::new()));
        }
        let missing = "`go.ldflags`: build-arg `A` or `B` is not given";
        assert_eq!(expanded(&[]).1, missing);
    }

    #[test]
    fn each_of_several_build_args_is_listed() {
        let args = Config::parse("gowork.toml", TEXT).0.build_args();
        let listed: Vec<_> = args
            .iter()
            .map(|arg| {
                (
                    arg.name.as_str(),
                    arg.default.as_deref(),
                    arg.in_place_of.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                ("VERSION", Some("dev"), None),
                ("TAG", Some("dev"), Some("VERSION")),
                ("A", None, None),
                ("B", None, Some("A")),
            ]
        );
    }
}
