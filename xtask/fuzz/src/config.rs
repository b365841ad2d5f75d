//! The TOML configuration: what is said of it lies in it, and what it says survives being written.

use std::collections::BTreeMap;

use gowork_llb::config::{Config, Runtime};
use gowork_llb::diag::Diagnostic;

use crate::places::Text;

/// Checks one text.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (config, diagnostics) = Config::parse("Dockerfile", text);
    let places = Text::new(data);
    places.check(&diagnostics);
    // What is only counted has no place.
    let lies_in_it = |diagnostic: &Diagnostic| diagnostic.span.is_some() || diagnostic.others > 0;
    assert!(
        diagnostics.iter().all(lies_in_it),
        "no place: {diagnostics:?}"
    );
    let given = BTreeMap::from(
        [("A", "x"), ("B", ""), ("GOPROXY", "off")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    for args in [BTreeMap::new(), given] {
        let (expanded, diagnostics) = config.expand(&args);
        places.check(&diagnostics);
        for name in config.images.keys() {
            expanded.image(name);
        }
        expanded.image("none");
    }
    for arg in config.build_args() {
        arg.span
            .iter()
            .for_each(|span| assert!(places.holds(span.start) && places.holds(span.end)));
    }
    if diagnostics.is_empty() {
        let written =
            toml::to_string(&config).unwrap_or_else(|error| panic!("{error}: {config:?}"));
        let (again, diagnostics) = Config::parse("Dockerfile", &written);
        assert_eq!(diagnostics, Vec::new(), "written:\n{written}");
        assert_eq!(
            without_places(again),
            without_places(config),
            "written:\n{written}"
        );
    }
}

/// The configuration without places, which TOML does not carry.
fn without_places(mut config: Config) -> Config {
    let clear = |runtime: &mut Runtime| {
        runtime
            .healthcheck
            .iter_mut()
            .for_each(|check| check.at = None)
    };
    clear(&mut config.runtime);
    for image in config.images.values_mut() {
        image.at = None;
        clear(&mut image.runtime);
    }
    config
}
