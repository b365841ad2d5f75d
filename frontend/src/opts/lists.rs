//! The formats inside option values: lists, limits, sizes, JSON. Errors are words for the end of a
//! sentence.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

use gowork_llb::limits;
use gowork_llb::lower;
use gowork_llb::ops::Platform;
use gowork_llb::ops::exec::{ProxyEnv, Ulimit};
use serde_json::{Map, Value};

use crate::gateway::CacheImport;

/// One line of `/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraHost {
    /// Host name, lower case.
    pub name: String,
    /// Its address.
    pub ip: IpAddr,
}

/// A boolean as Go reads it.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("{text:?} is not true or false")),
    }
}

/// A number of bytes.
pub(super) fn bytes(text: &str) -> Result<Option<u64>, String> {
    text.parse()
        .map(Some)
        .map_err(|_| format!("{text:?} is not a number of bytes"))
}

/// A number above 0.
pub(super) fn more_than_none<T: FromStr + Default + PartialOrd>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| *number > T::default());
    number.ok_or_else(|| format!("{text:?} is not a number above 0"))
}

/// The highest number of a processor that BuildKit takes.
const LAST_CPU: u16 = 8192;

/// Numbers and ranges of them, comma separated: `0-3,5`. As they are.
pub(super) fn numbers(text: &str) -> Result<String, String> {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    let is_item = |item: &str| {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let range = number(first).zip(number(last));
        range.is_some_and(|(first, last)| first <= last && last <= LAST_CPU)
    };
    let mut items = text.split(',').filter(|item| !item.trim().is_empty());
    if items.all(is_item) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is not a list like 0-3,5"))
}

/// Platforms that Go compiles for, comma separated; the same one twice is one.
pub(super) fn platforms(text: &str) -> Result<Vec<Platform>, String> {
    let mut platforms = Vec::new();
    for item in text.split(',').map(str::trim) {
        let platform = Platform::parse(item).map_err(|error| error.to_string())?;
        lower::go_target(&platform).map_err(|unknown| unknown.to_string())?;
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    if platforms.len() > limits::PLATFORMS {
        let (count, most) = (platforms.len(), limits::PLATFORMS);
        return Err(format!("{count} platforms; gowork builds for up to {most}"));
    }
    Ok(platforms)
}

/// `host=ip`, comma separated.
pub(super) fn extra_hosts(text: &str) -> Result<Vec<ExtraHost>, String> {
    csv(text).iter().map(|field| extra_host(field)).collect()
}

fn extra_host(field: &str) -> Result<ExtraHost, String> {
    let field = field.to_lowercase();
    let (name, address) = field
        .split_once('=')
        .ok_or_else(|| format!("{field:?} is not HOST=IP"))?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let ip = address
        .parse()
        .map_err(|_| format!("{address:?} of host {name:?} is not an IP address"))?;
    Ok(ExtraHost {
        name: name.to_owned(),
        ip,
    })
}

/// `name=soft[:hard]`, comma separated. -1 is unlimited.
pub(super) fn ulimits(text: &str) -> Result<Vec<Ulimit>, String> {
    csv(text).iter().map(|field| ulimit(field)).collect()
}

fn ulimit(field: &str) -> Result<Ulimit, String> {
    let wrong = || format!("{field:?} is not NAME=SOFT[:HARD]");
    let (name, limits) = field.split_once('=').ok_or_else(wrong)?;
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
    let (soft, hard) = (number(soft)?, number(hard)?);
    if hard != -1 && (soft > hard || soft == -1) {
        return Err(format!("{field:?}: the soft limit is above the hard one"));
    }
    Ok(Ulimit {
        name: name.to_owned(),
        soft,
        hard,
    })
}

/// Whether attributes of an SBOM name the image that scans.
pub(super) fn names_scanner(attributes: &str) -> bool {
    let fields = csv(attributes);
    fields.iter().any(|field| field.starts_with("generator="))
}

/// One CSV record: fields may be quoted, a quote inside is doubled.
fn csv(text: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// Cache imports as buildx sends them. Key case is not looked at, as Go's JSON decoder does not.
pub(super) fn cache_imports(text: &str) -> Result<Vec<CacheImport>, String> {
    let entries: Vec<Map<String, Value>> = serde_json::from_str(text)
        .map_err(|error| format!("not a JSON list of cache imports: {error}"))?;
    entries.iter().map(cache_import).collect()
}

fn cache_import(entry: &Map<String, Value>) -> Result<CacheImport, String> {
    let kind = match field(entry, "type").and_then(Value::as_str) {
        None | Some("") => return Err("a cache import has no Type".to_owned()),
        Some(kind) => kind.to_owned(),
    };
    let mut attrs = BTreeMap::new();
    if let Some(Value::Object(given)) = field(entry, "attrs") {
        for (key, value) in given {
            let value = value
                .as_str()
                .ok_or_else(|| format!("attribute {key} of a cache import is not a string"))?;
            attrs.insert(key.clone(), value.to_owned());
        }
    }
    Ok(CacheImport { kind, attrs })
}

/// A field by its name in any case.
fn field<'v>(entry: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let mut fields = entry.iter();
    let (_, value) = fields.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value)
}

/// Proxies among the build arguments, by their names in any case.
pub(super) fn proxy(args: &BTreeMap<String, String>) -> ProxyEnv {
    let mut proxy = ProxyEnv::default();
    for (name, value) in args {
        let field = match name.to_ascii_lowercase().as_str() {
            "http_proxy" => &mut proxy.http,
            "https_proxy" => &mut proxy.https,
            "ftp_proxy" => &mut proxy.ftp,
            "no_proxy" => &mut proxy.no,
            "all_proxy" => &mut proxy.all,
            _ => continue,
        };
        field.clone_from(value);
    }
    proxy
}

/// The first worker's first platform. A daemon that names none runs this program, so it has the
/// same platform.
pub(super) fn build_platform(workers: &str) -> Platform {
    let workers: Value = serde_json::from_str(workers).unwrap_or_default();
    let first = workers
        .pointer("/0/platforms/0")
        .cloned()
        .unwrap_or_default();
    serde_json::from_value(first)
        .unwrap_or_else(|_| Platform::new(std::env::consts::OS, std::env::consts::ARCH))
}
