//! What the pages list of the program is what the program says of itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gowork_llb::lower::Secret;

use crate::support::{Repository, SMALL, root, run};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

fn help(command: &str) -> String {
    run(&root(), &format!("{command} --help")).out
}

/// The commands, in the order of `gowork --help`.
pub(crate) fn commands() -> Vec<String> {
    let help = help("");
    let list = help.split("\nCommands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    // The second line of a description begins further right.
    let names = list.lines().filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|rest| !rest.starts_with(' '));
    let names = names.map(|rest| rest.split(' ').next().unwrap().to_owned());
    let commands: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(commands.len() > 15, "{commands:?}");
    commands
}

/// An option as a help text defines it.
struct Listed {
    /// `--format`
    name: String,
    /// `--format human|json`, `--since [REV]`
    shown: String,
}

/// The options of a command.
fn options(command: &str) -> Vec<Listed> {
    let help = help(command);
    let parts = help.split("\nOptions:\n").nth(1).unwrap();
    let mut options: Vec<Listed> = Vec::new();
    let mut values: Vec<String> = Vec::new();
    let finish = |options: &mut Vec<Listed>, values: &mut Vec<String>| {
        if let Some(last) = options.last_mut().filter(|_| !values.is_empty()) {
            last.shown = format!("{} {}", last.name, values.join("\\|"));
        }
        values.clear();
    };
    for line in parts.lines() {
        let text = line.trim_start();
        let is_option = line.len() - text.len() <= 6 && text.starts_with('-');
        if is_option {
            finish(&mut options, &mut values);
            // What it does stands behind it, or below.
            let definition = text.split_once("--").unwrap().1;
            let definition = definition.split("  ").next().unwrap();
            let definition = format!("--{}", definition.replace(['<', '>'], ""));
            let name = definition.split([' ', '[']).next().unwrap().to_owned();
            options.push(Listed {
                name,
                shown: definition.trim_end().replace('|', "\\|"),
            });
        } else if let Some(value) = text
            .strip_prefix("- ")
            .and_then(|rest| rest.split_once(':'))
        {
            values.push(value.0.to_owned());
        } else if let Some(list) = text.strip_prefix("[possible values: ") {
            values.extend(
                list.trim_end_matches(']')
                    .split(", ")
                    .map(ToOwned::to_owned),
            );
        }
    }
    finish(&mut options, &mut values);
    options
}

/// What each command has beside the options of all.
#[test]
fn the_table_of_options_is_what_help_says() {
    let of_all = options("");
    let of_all: BTreeSet<&str> = of_all.iter().map(|option| option.name.as_str()).collect();
    let mut table = "| command | its options |\n|---|---|\n".to_owned();
    for command in commands() {
        let own = options(&command);
        let own = own.iter().filter(|it| !of_all.contains(it.name.as_str()));
        let own: Vec<String> = own.map(|it| format!("`{}`", it.shown)).collect();
        if !own.is_empty() {
            let _ = writeln!(table, "| `{command}` | {} |", own.join(", "));
        }
    }
    assert!(
        page("cli.md").contains(&format!("\n{table}\n")),
        "docs/cli.md does not have this table:\n{table}"
    );
}

#[test]
fn the_page_has_the_exit_codes_of_help() {
    let help = help("");
    let codes = help.split("\nExit codes:\n").nth(1).unwrap();
    let codes = codes
        .lines()
        .map(|line| match line.trim().split_once("  ") {
            Some((code, meaning)) => format!("; {code}, {meaning}"),
            // The rest of a long line.
            None => format!(" {}", line.trim()),
        });
    let codes: String = codes.collect();
    assert!(codes.contains("; 3, "), "{codes}");
    let sentence = format!("Exit codes: {}.", codes.trim_start_matches("; ").trim_end());
    let page = page("cli.md").replace('`', "").replace('\n', " ");
    assert!(page.contains(&sentence), "docs/cli.md: {sentence}");
}

#[test]
fn the_page_has_the_variables_of_the_bake_file() {
    let printed = Repository::new(SMALL).run("bake").out;
    let variables = printed
        .lines()
        .filter_map(|line| line.strip_prefix("variable \"")?.split('"').next());
    let variables: BTreeSet<&str> = variables.collect();
    let page = page("cli.md");
    let table = page.split("\n| variable | default |").nth(1).unwrap();
    let rows = table.split("\n\n").next().unwrap().lines().skip(2);
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let documented: BTreeSet<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(variables, documented);
}

#[test]
fn the_page_on_private_modules_has_every_secret() {
    let page = page("private-modules.md");
    for secret in Secret::ALL {
        let id = secret.id();
        assert!(page.contains(&format!("--secret id={id},")), "{id}");
    }
}
