//! What a value may look like, key by key: small grammars over one string. Nothing here knows
//! positions. Those of `[runtime]` are in `check_runtime.rs`.

use super::values::{Cache, STAGE};
use super::wrong::{Wrong, wrong};
use crate::diag::{self, Rule};
use crate::licenses;
use crate::tree::TreePath;

/// A grammar.
pub(super) type Check = fn(&str) -> Result<(), Wrong>;

/// Any text. (NUL, which no program can be given, is refused for all keys before their own check.)
#[allow(clippy::unnecessary_wraps, reason = "a Check")]
pub(super) fn any(_: &str) -> Result<(), Wrong> {
    Ok(())
}

/// No line break and no other control character: no name and no path needs one.
pub(super) fn no_control(text: &str) -> Result<(), Wrong> {
    if text.contains(char::is_control) {
        return wrong(
            format!("{text:?} holds a line break or another control character"),
            "leave it out",
        );
    }
    Ok(())
}

/// A Go release as `golang:` tags have it: `1.26`, `1.26.8`, `1.27rc1`.
pub(super) fn go_version(text: &str) -> Result<(), Wrong> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let minor = |part: &str| {
        digits(part)
            || ["rc", "beta"].iter().any(|pre| {
                part.split_once(pre)
                    .is_some_and(|(a, b)| digits(a) && digits(b))
            })
    };
    let good = match text.split('.').collect::<Vec<_>>()[..] {
        ["1", n] => minor(n),
        ["1", n, patch] => digits(n) && digits(patch),
        _ => false,
    };
    if good {
        return Ok(());
    }
    if text.starts_with("1.") && text.contains('-') {
        return wrong(
            format!("{text:?} is not a Go release"),
            format!("for a variant of the image, set `builder = \"golang:{text}\"` instead"),
        );
    }
    wrong(
        format!("{text:?} is not a Go release"),
        "write it like \"1.26\" or \"1.26.8\"",
    )
}

/// A reference to an image.
pub(super) fn image_reference(text: &str) -> Result<(), Wrong> {
    let example = "write it like \"alpine:3.22\" or \"registry.example.com/team/base:1\"";
    if text.is_empty() {
        return wrong("the image is empty", example);
    }
    if text.contains("://") {
        return wrong(
            format!("{text:?} is a URL, not an image"),
            "leave out the scheme",
        );
    }
    let name = text.split('@').next().unwrap_or_default();
    let repository = name
        .rsplit_once(':')
        .filter(|(_, tag)| !tag.contains('/'))
        .map_or(name, |(repository, _)| repository);
    let path = repository
        .split_once('/')
        .map_or(repository, |(_, path)| path);
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return wrong(
            format!("{text:?} is not an image: names are lower case"),
            format!("write {:?}", text.to_lowercase()),
        );
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@+[]".contains(c);
    let ends = |c: char| c.is_ascii_alphanumeric();
    if !text.chars().all(allowed)
        || !text.starts_with(|c| ends(c) || c == '[')
        || !text.ends_with(ends)
    {
        return wrong(format!("{text:?} is not an image"), example);
    }
    Ok(())
}

/// The name of a stage or of a named context.
pub(super) fn stage(text: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !text.is_empty() && text.chars().all(allowed) {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not the name of a stage or of a named context"),
        "write the name that stands behind AS, or in --build-context NAME=...",
    )
}

/// The name of a table of `[stages]`.
pub(super) fn stage_name(text: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.chars().all(allowed) && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Ok(());
    }
    wrong(
        format!("`{text}` cannot name a stage"),
        "names begin with a letter and hold letters, digits, `.`, `_` and `-`",
    )
}

/// An image, or a stage behind [`STAGE`].
pub(super) fn image_or_stage(text: &str) -> Result<(), Wrong> {
    match text.strip_prefix(STAGE) {
        Some(name) => stage(name),
        None => image_reference(text),
    }
}

/// GOTOOLCHAIN, the two values that make sense here.
pub(super) fn toolchain(text: &str) -> Result<(), Wrong> {
    one_of(text, &["local", "auto"])
}

/// Where compile results are kept.
pub(super) fn cache(text: &str) -> Result<(), Wrong> {
    one_of(text, &Cache::ALL.map(Cache::as_str))
}

fn one_of(text: &str, values: &[&str]) -> Result<(), Wrong> {
    if values.contains(&text) {
        return Ok(());
    }
    let list = values
        .iter()
        .map(|value| format!("{value:?}"))
        .collect::<Vec<_>>()
        .join(", ");
    wrong(
        format!("{text:?} is not one of its values"),
        format!("write one of {list}"),
    )
}

/// A build tag.
pub(super) fn tag(text: &str) -> Result<(), Wrong> {
    if text.contains([',', ' ']) {
        let items: Vec<_> = text
            .split([',', ' '])
            .filter(|item| !item.is_empty())
            .map(|item| format!("{item:?}"))
            .collect();
        return wrong(
            format!("{text:?} is not one build tag"),
            format!("one item per tag: [{}]", items.join(", ")),
        );
    }
    let allowed = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    if text.is_empty() || !text.chars().all(allowed) {
        return wrong(
            format!("{text:?} is not a build tag"),
            "tags are made of letters, digits, `_` and `.`",
        );
    }
    Ok(())
}

/// A GOEXPERIMENT.
pub(super) fn experiment(text: &str) -> Result<(), Wrong> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return wrong(
            format!("{text:?} is not a GOEXPERIMENT"),
            "one item per experiment, like [\"jsonv2\"]",
        );
    }
    Ok(())
}

/// Flags for one of Go's tools: `-ldflags`, `-gcflags`, `-asmflags`, with a package pattern before
/// them or not.
pub(super) fn flags(text: &str) -> Result<(), Wrong> {
    let text = text.trim();
    if text.starts_with(['"', '\'']) {
        return wrong(
            "flags cannot start with a quote",
            "quote single flags, as in \"-X 'main.name=a b'\"",
        );
    }
    let flags = if text.is_empty() || text.starts_with(['-', super::OPEN_ARG]) {
        text
    } else {
        match text.split_once('=') {
            Some((_, flags)) => flags,
            None => {
                return wrong(
                    "flags start with `-`",
                    "write them like \"-s -w\", or with a package pattern: \"all=-N -l\"",
                );
            }
        }
    };
    match super::flags::split(flags) {
        Ok(_) => Ok(()),
        Err(quote) => wrong(
            format!("a word starts with {quote} and never ends"),
            format!("close it with {quote}"),
        ),
    }
}

/// GOAMD64.
pub(super) fn goamd64(text: &str) -> Result<(), Wrong> {
    one_of(text, &["v1", "v2", "v3", "v4"])
}

/// GOARM64: a version, then `,lse` and `,crypto`.
pub(super) fn goarm64(text: &str) -> Result<(), Wrong> {
    let mut parts = text.split(',');
    let version = parts.next().unwrap_or_default();
    let minors = |major: &str, most: u8| {
        version
            .strip_prefix(major)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].wrapping_sub(b'0') <= most)
    };
    if (minors("v8.", 9) || minors("v9.", 5))
        && parts.all(|option| option == "lse" || option == "crypto")
    {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not a GOARM64"),
        "write \"v8.0\" to \"v8.9\" or \"v9.0\" to \"v9.5\", then \",lse\" or \",crypto\" if need be",
    )
}

/// GOARM.
pub(super) fn goarm(text: &str) -> Result<(), Wrong> {
    let (version, float) = text.split_once(',').unwrap_or((text, "hardfloat"));
    if ["5", "6", "7"].contains(&version) && ["softfloat", "hardfloat"].contains(&float) {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not a GOARM"),
        "write \"5\", \"6\" or \"7\", then \",softfloat\" or \",hardfloat\" if need be",
    )
}

/// GO386.
pub(super) fn go386(text: &str) -> Result<(), Wrong> {
    one_of(text, &["sse2", "softfloat"])
}

/// GOMIPS and GOMIPS64.
pub(super) fn gomips(text: &str) -> Result<(), Wrong> {
    one_of(text, &["hardfloat", "softfloat"])
}

/// GOPPC64.
pub(super) fn goppc64(text: &str) -> Result<(), Wrong> {
    one_of(text, &["power8", "power9", "power10"])
}

/// GORISCV64.
pub(super) fn goriscv64(text: &str) -> Result<(), Wrong> {
    one_of(text, &["rva20u64", "rva22u64", "rva23u64"])
}

/// GOPROXY. A password in it would end up in the build's record, so it is refused, and not shown.
pub(super) fn proxy(text: &str) -> Result<(), Wrong> {
    let example = "write it like \"https://proxy.golang.org,direct\"";
    no_credentials(text)?;
    no_control(text)?;
    for entry in text.split([',', '|']).map(str::trim) {
        let url = ["https://", "http://", "file://"]
            .iter()
            .any(|scheme| entry.len() > scheme.len() && entry.starts_with(scheme));
        if !url && entry != "direct" && entry != "off" {
            return wrong(format!("{entry:?} is not a module proxy"), example);
        }
    }
    Ok(())
}

/// Refuses user and password in a URL, wherever they stand in it: they would end up in the build's
/// record. They are not shown.
fn no_credentials(text: &str) -> Result<(), Wrong> {
    // None of these values needs it for anything else: paths of file:// URLs apart, which are no
    // places for passwords.
    if text
        .split([',', '|', ' '])
        .any(|word| word.contains('@') && !word.trim().starts_with("file://"))
    {
        return wrong(
            "a URL must not contain a user or password",
            "give them as a secret: --secret id=netrc,src=$HOME/.netrc",
        );
    }
    Ok(())
}

/// GOSUMDB.
pub(super) fn sumdb(text: &str) -> Result<(), Wrong> {
    no_credentials(text).and_then(|()| some(text))
}

/// One item of GOPRIVATE and variables like it.
pub(super) fn module_pattern(text: &str) -> Result<(), Wrong> {
    no_credentials(text)?;
    if text.is_empty() || text.contains(char::is_whitespace) || text.contains("://") {
        return wrong(
            format!("{text:?} is not a pattern of module paths"),
            "write it like \"git.example.com/*\"",
        );
    }
    Ok(())
}

/// Not empty.
pub(super) fn some(text: &str) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        wrong("it is empty", "give it a value, or leave the key out")
    } else {
        no_control(text)
    }
}

/// A package pattern of `skip`.
pub(super) fn pattern(text: &str) -> Result<(), Wrong> {
    package(text).map_err(|wrong| Wrong {
        help: "write it like \"./tools/...\" or \"example.com/shop/tools/...\"".to_owned(),
        ..wrong
    })
}

/// The name of a rule.
pub(super) fn rule(text: &str) -> Result<(), Wrong> {
    if Rule::named(text).is_some() {
        return Ok(());
    }
    let help = match diag::nearest(text, Rule::ALL.map(Rule::name)) {
        Some(near) => format!("did you mean {near}?"),
        None => "docs/checks.md lists the rules".to_owned(),
    };
    wrong(format!("no rule is named {text}"), help)
}

/// A licence of `allow`: an SPDX id that is looked for in modules, or that of the same licence with
/// later versions.
pub(super) fn license(text: &str) -> Result<(), Wrong> {
    let known = licenses::known_ids();
    let only = text
        .strip_suffix("-or-later")
        .map(|id| format!("{id}-only"));
    let is_known = |id: &str| known.contains(&id);
    if is_known(text) || only.as_deref().is_some_and(is_known) {
        return Ok(());
    }
    let help = match diag::nearest(text, known) {
        Some(near) => format!("did you mean {near}?"),
        None => "write its id of https://spdx.org/licenses".to_owned(),
    };
    wrong(format!("{text:?} is no licence that gowork knows"), help)
}

/// The path of a module, as a key.
pub(super) fn module_path(text: &str) -> Result<(), Wrong> {
    let is_path = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '@');
    if is_path && no_control(text).is_ok() {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not the path of a module"),
        "write it as go.mod does, without a version",
    )
}

/// Why something is as it is.
pub(super) fn reason(text: &str) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        return wrong("the reason is empty", "say why the module may be in images");
    }
    Ok(())
}

/// A directory of `roots`.
pub(super) fn root(text: &str) -> Result<(), Wrong> {
    let help = "write its directory like \"./services\"; \".\" is the build context's own";
    if text.ends_with("go.work") || text.ends_with("go.mod") {
        return wrong(format!("{text:?} is a file, not a directory"), help);
    }
    if text.starts_with('/') || TreePath::new(text).is_err() {
        return wrong(
            format!("{text:?} is not a directory of the build context"),
            help,
        );
    }
    Ok(())
}

/// A main package: a directory `./x`, or an import path.
pub(super) fn main_package(text: &str) -> Result<(), Wrong> {
    let help = "write its directory like \"./api/cmd/api\", or its import path";
    if text.contains("...") {
        return wrong(format!("{text:?} is a pattern, not one package"), help);
    }
    if text.ends_with(".go") {
        return wrong(format!("{text:?} is a file, not a package"), help);
    }
    package(text).map_err(|wrong| Wrong {
        help: help.to_owned(),
        ..wrong
    })
}

/// An item of `binaries`.
pub(super) fn binary(text: &str) -> Result<(), Wrong> {
    main_package(text).map_err(|wrong| Wrong {
        help: "write the name of an image, a directory like \"./cmd/migrate\", or an import path"
            .to_owned(),
        ..wrong
    })
}

fn package(text: &str) -> Result<(), Wrong> {
    let climbs = text.starts_with('.') && TreePath::new(text).is_err();
    if text.is_empty()
        || text.starts_with('/')
        || text.contains('\\')
        || text.contains(char::is_whitespace)
    {
        return wrong(format!("{text:?} is not a package"), "");
    }
    if climbs {
        wrong(format!("{text:?} lies outside of the build context"), "")
    } else {
        Ok(())
    }
}
