//! go.sum and vendor/modules.txt: what is understood, written as Go writes it, is understood alike.

use gowork_llb::gomod::{Sum, SumFile, Vendored, VendoredModule};

use crate::places::Text;

/// Checks one text, as a go.sum and as a modules.txt.
pub fn check(data: &[u8]) {
    let (file, errors) = SumFile::parse("go.sum", data);
    let text = Text::new(data);
    text.check(&errors);
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(
        file.sums.len() + errors.len() <= lines,
        "no line says two things"
    );
    for sum in &file.sums {
        assert!(
            text.rest(sum.span.start)
                .trim_start()
                .starts_with(sum.path.as_str()),
            "{sum:?}"
        );
    }
    let printed: String = file.sums.iter().map(line).collect();
    let (again, errors) = SumFile::parse("go.sum", printed.as_bytes());
    assert!(errors.is_empty(), "{errors:?} of\n{printed}");
    assert_eq!(again.sums.iter().map(line).collect::<String>(), printed);
    assert_eq!(again.modules(), file.modules());

    let vendored = Vendored::parse(data);
    let printed = modules_txt(&vendored);
    assert_eq!(
        Vendored::parse(printed.as_bytes()),
        vendored,
        "printed:\n{printed}"
    );
    for package in vendored.modules.iter().flat_map(|module| &module.packages) {
        assert!(
            vendored
                .module_of(package)
                .is_some_and(|module| module.packages.contains(package))
        );
    }
}

fn line(sum: &Sum) -> String {
    format!(
        "{} {}{} {}\n",
        sum.path,
        sum.version,
        if sum.go_mod { "/go.mod" } else { "" },
        sum.hash
    )
}

fn modules_txt(vendored: &Vendored) -> String {
    let head = if vendored.workspace {
        "## workspace\n"
    } else {
        ""
    };
    head.to_owned() + &vendored.modules.iter().map(module).collect::<String>()
}

fn module(module: &VendoredModule) -> String {
    let mut words = vec!["#", module.path.as_str(), &module.version];
    if !module.replaced_by.is_empty() {
        words.extend(["=>", &module.replaced_by, &module.replaced_version]);
    }
    words.retain(|word| !word.is_empty());
    // `# PATH =>` alone is how a replacement that was not understood looks.
    if module.version.is_empty() && module.replaced_by.is_empty() {
        words.push("=>");
    }
    let mut notes = Vec::new();
    if module.explicit {
        notes.push("explicit".to_owned());
    }
    if !module.go.is_empty() {
        notes.push(format!("go {}", module.go));
    }
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!("## {}\n", notes.join("; "))
    };
    format!(
        "{}\n{notes}{}",
        words.join(" "),
        module
            .packages
            .iter()
            .map(|package| format!("{package}\n"))
            .collect::<String>()
    )
}
