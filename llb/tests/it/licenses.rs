//! The table of known licences, and what is found with it.

use std::fmt::Write as _;
use std::path::Path;

use gowork_llb::licenses::{self, Detector};
use gowork_llb::tree::{MemTree, TreePath};

/// Licences that are also known: those that modules have, and those that would be taken for an
/// approved one which they repeat with other conditions.
const MORE: &[&str] = &[
    "AGPL-1.0-only",
    "Artistic-dist",
    "BSD-1-Clause",
    "BSD-2-Clause-Darwin",
    "BSD-2-Clause-Views",
    "BSD-2-Clause-first-lines",
    "BSD-2-Clause-pkgconf-disclaimer",
    "BSD-3-Clause-Attribution",
    "BSD-3-Clause-Clear",
    "BSD-3-Clause-HP",
    "BSD-3-Clause-No-Military-License",
    "BSD-3-Clause-No-Nuclear-License",
    "BSD-3-Clause-No-Nuclear-License-2014",
    "BSD-3-Clause-No-Nuclear-Warranty",
    "BSD-3-Clause-OpenWebUI",
    "BSD-4-Clause-UC",
    "BSD-Mark-Modifications",
    "BSD-Source-Code",
    "BSD-Systemics",
    "BUSL-1.1",
    "Beerware",
    "BitTorrent-1.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-3.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-3.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CryptoSwift",
    "Elastic-2.0",
    "FSL-1.1-ALv2",
    "FSL-1.1-MIT",
    "HPND-sell-variant",
    "JSON",
    "MIT-Click",
    "MIT-STK",
    "MIT-advertising",
    "MIT-enna",
    "MIT-feh",
    "MITNFA",
    "MS-LPL",
    "OpenSSL",
    "OpenSSL-standalone",
    "Pixar",
    "PolyForm-Noncommercial-1.0.0",
    "PolyForm-Small-Business-1.0.0",
    "SHL-0.5",
    "SHL-0.51",
    "SSLeay-standalone",
    "SSPL-1.0",
    "Sendmail",
    "X11-distribute-modifications-variant",
    "bzip2-1.0.6",
    "zlib-acknowledgement",
];

/// Variants that a text alone does not tell apart from the licence itself.
fn is_same_text(id: &str) -> bool {
    id.ends_with("-or-later")
        || id.contains("invariants-only")
        || id.ends_with("-RFN")
        || id == "MPL-2.0-no-copyleft-exception"
        || id == "CAL-1.0-Combined-Work-Exception"
}

fn text_of(id: &str) -> &'static str {
    let mut texts = spdx::text::LICENSE_TEXTS.iter();
    texts.find(|(other, _)| *other == id).unwrap().1
}

/// The part of a licence's text that files have which stand under it.
fn notice(id: &str, from: &str, to: &str) -> String {
    let words: Vec<&str> = text_of(id).split_whitespace().collect();
    let text = words.join(" ");
    let start = text.rfind(from).unwrap();
    let end = text[start..].find(to).unwrap() + start + to.len();
    text[start..end].to_owned()
}

/// Many files end before the licence says how to use it.
fn without_appendix(text: &str) -> &str {
    text.split("END OF TERMS AND CONDITIONS").next().unwrap()
}

/// The licence with other words for whom it does not name, which SPDX's template allows.
fn bsd_3(names: &str) -> String {
    let text = text_of("BSD-3-Clause");
    let (before, rest) = text.split_once("Neither the name").unwrap();
    let (_, after) = rest.split_once("contributors may").unwrap();
    format!("{before}{names}{after}")
}

fn texts() -> Vec<(&'static str, String)> {
    let mut texts = Vec::new();
    for (id, text) in spdx::text::LICENSE_TEXTS {
        let Some(license) = spdx::license_id(id) else {
            continue;
        };
        let is_free = license.is_osi_approved() || license.is_fsf_free_libre();
        let is_wanted = (is_free && !license.is_deprecated()) || MORE.contains(id);
        if is_wanted && !is_same_text(id) {
            texts.push((license.name, without_appendix(text).to_owned()));
        }
    }
    texts.push((
        "Apache-2.0",
        notice(
            "Apache-2.0",
            "Licensed under the Apache License",
            "limitations under the License.",
        ),
    ));
    texts.push((
        "MPL-2.0",
        notice(
            "MPL-2.0",
            "This Source Code Form is subject",
            "https://mozilla.org/MPL/2.0/",
        ),
    ));
    for names in [
        "The names of its contributors may not",
        "The name of the author may not",
    ] {
        texts.push(("BSD-3-Clause", bsd_3(names)));
    }
    for id in [
        "CC-BY-4.0",
        "CC-BY-NC-4.0",
        "CC-BY-NC-ND-4.0",
        "CC-BY-NC-SA-4.0",
        "CC-BY-ND-4.0",
        "CC-BY-SA-4.0",
    ] {
        let body = notice(
            id,
            "By exercising the Licensed Rights",
            "jurisdiction or authority.",
        );
        texts.push((id, body));
    }
    texts
}

#[test]
fn table() {
    let texts = texts();
    let made = licenses::table(texts.iter().map(|(id, text)| (*id, text.as_str())));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/licenses/known.bin");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    assert!(
        std::fs::read(&file).unwrap() == made,
        "the texts of the crate spdx have changed: run this test with UPDATE_EXPECT=1"
    );
}

/// Every known text is found, and nothing beside it.
#[test]
fn each_text_is_found() {
    let detector = Detector::default();
    // Two that repeat another one nearly whole.
    let alike = [("CUA-OPL-1.0", "MPL-1.1"), ("SHL-0.51", "SHL-0.5")];
    for (id, text) in texts() {
        let taken_for = alike.iter().find(|(name, _)| *name == id);
        let expected = taken_for.map_or(id, |(_, other)| other);
        assert_eq!(detector.detect(&text), [expected], "{id}");
        let around = format!("Words before it.\r\n\r\n{text}\nAnd words behind it.\n");
        assert_eq!(detector.detect(&around), [expected], "{id}");
    }
}

/// A licence that repeats an approved one with other conditions is not taken for it.
#[test]
fn conditions_count() {
    let detector = Detector::default();
    for id in [
        "JSON",
        "BSD-3-Clause-No-Nuclear-License",
        "CC-BY-NC-4.0",
        "Pixar",
    ] {
        assert_eq!(detector.detect(text_of(id)), [id]);
    }
    let two = text_of("MIT").replace("The above copyright notice", "Nothing of it");
    assert_eq!(detector.detect(&two), ["MIT"]);
    let half = text_of("MIT")
        .split("THE SOFTWARE IS PROVIDED")
        .next()
        .unwrap();
    assert_eq!(detector.detect(half), [""; 0]);
}

#[test]
fn several_in_one_file() {
    let detector = Detector::default();
    let [mit, apache, bsd] = ["MIT", "Apache-2.0", "BSD-3-Clause"].map(text_of);
    for (text, expected) in [
        (format!("{mit}\n{bsd}"), vec!["MIT", "BSD-3-Clause"]),
        (
            format!("{bsd}\n\n# Parts\n{mit}"),
            vec!["BSD-3-Clause", "MIT"],
        ),
        (
            format!("{apache}{mit}{bsd}{mit}"),
            vec!["Apache-2.0", "MIT", "BSD-3-Clause"],
        ),
    ] {
        assert_eq!(detector.detect(&text), expected);
    }
}

#[test]
fn files_of_a_module() {
    let mut tree = MemTree::new();
    for (path, text) in [
        ("LICENSE", text_of("MPL-2.0")),
        ("lib/LICENSE-MIT", text_of("MIT")),
        ("lib/LICENSE-APACHE", text_of("Apache-2.0")),
        ("lib/COPYING", "Ask us."),
        ("lib/license.go", text_of("ISC")),
        ("lib/sub/go.mod", "module example.com/sub"),
    ] {
        tree.insert(TreePath::new(path).unwrap(), text);
    }
    let detector = Detector::default();
    let lib = TreePath::new("lib").unwrap();
    let declared = detector.declared(&tree, &lib);
    let mut said = String::new();
    for file in &declared.files {
        writeln!(said, "{} {:?}", file.path, file.ids).unwrap();
    }
    assert_eq!(
        said,
        "lib/COPYING []\nlib/LICENSE-APACHE [\"Apache-2.0\"]\nlib/LICENSE-MIT [\"MIT\"]\n"
    );
    assert_eq!(declared.expression().unwrap(), "Apache-2.0 AND MIT");
    let sub = lib.child("sub");
    assert_eq!(detector.declared(&tree, &sub).expression(), None);
    assert_eq!(detector.declared_above(&tree, &sub), declared);
    let other = TreePath::new("other").unwrap();
    let above = detector.declared_above(&tree, &other);
    assert_eq!(above.expression().unwrap(), "MPL-2.0");
}

/// What is made to do harm takes no time: a file as large as is read, of one licence many times
/// over, of one word, of nothing but other words.
#[test]
fn harmful_files() {
    let detector = Detector::default();
    let mit = text_of("MIT").repeat(1000);
    assert_eq!(detector.detect(&mit), ["MIT"]);
    assert_eq!(detector.detect(&"permission ".repeat(100_000)), [""; 0]);
    let words: String = (0..100_000).map(|number| format!("w{number} ")).collect();
    assert_eq!(detector.detect(&words), [""; 0]);
    assert_eq!(detector.detect("\0\u{fffd}\n\n"), [""; 0]);
}
