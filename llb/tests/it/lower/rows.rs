//! What people see of a build: one row for each thing that is done, each with a name of its own.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;
use expect_test::expect;
use gowork_llb::ops::{Definition, Output};
use gowork_llb::plan::Plan;

use super::llb::{lowering, lowering_with};
use crate::plan::sealed::{planned, resolution};
use crate::support::sound;

/// The names of the ops, and the rows that buildx shows of them when all of them run (buildkit,
/// util/progress/progressui): a group is one row, and none if all its members are weak.
fn shown(definition: &Definition) -> (Vec<String>, BTreeSet<String>) {
    let (mut names, mut groups) = (Vec::new(), BTreeMap::new());
    let mut rows = BTreeSet::new();
    for metadata in definition.as_pb().metadata.values() {
        let Some(name) = metadata.description.get("llb.customname") else {
            continue;
        };
        names.push(name.clone());
        match &metadata.progress_group {
            Some(group) => {
                let (row, is_shown) = groups
                    .entry(group.id.clone())
                    .or_insert((group.name.clone(), false));
                assert_eq!(row, &group.name, "a row has one name");
                *is_shown |= !group.weak;
            }
            None => assert!(rows.insert(name.clone()), "{name}"),
        }
    }
    for (name, _) in groups.into_values().filter(|(_, is_shown)| *is_shown) {
        assert!(rows.insert(name.clone()), "two rows {name}");
    }
    (names, rows)
}

/// Four services, libraries that some of them share, and third-party packages.
fn four() -> Plan {
    let main = |imports: &[&str]| {
        let imports: String = imports
            .iter()
            .map(|path| format!("_ \"{path}\"\n"))
            .collect();
        format!("package main\nimport (\n{imports})\nfunc main() {{}}\n")
    };
    let library = |name: &str, import: &str| format!("package {name}\nimport _ \"{import}\"\n");
    let archive = [
        (
            "go.mod",
            "module example.com/m\ngo 1.26\nrequire third.party/log v1.2.0\n".to_owned(),
        ),
        (
            "cmd/api/main.go",
            main(&["example.com/m/lib/money", "example.com/m/lib/routes"]),
        ),
        (
            "cmd/orders/main.go",
            main(&["example.com/m/lib/money", "example.com/m/lib/book"]),
        ),
        (
            "cmd/web/main.go",
            main(&["example.com/m/lib/page", "third.party/log"]),
        ),
        ("cmd/worker/main.go", main(&["example.com/m/lib/book"])),
        ("lib/money/money.go", library("money", "third.party/log")),
        ("lib/routes/routes.go", library("routes", "third.party/log")),
        ("lib/book/book.go", library("book", "third.party/log")),
        ("lib/page/page.go", library("page", "third.party/log")),
    ];
    let archive: String = archive
        .iter()
        .map(|(path, text)| format!("-- {path} --\n{text}"))
        .collect();
    planned(&sound(&archive, ""), &resolution())
}

#[test]
fn each_row_says_what_is_done_and_for_which_images() {
    let plan = four();
    let definition = lowering(&plan, |mut lowering| {
        lowering.binaries(None).unwrap().to_definition()
    });
    let (names, rows) = shown(&definition);
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:#?}");
    expect![[r#"
        binaries
        compile ./lib/book (orders, worker)
        compile ./lib/money (api, orders)
        compile 3 third-party packages (all 4 images)
        compile the standard library
        link api
        link orders
        link web
        link worker
        resolve modules"#]]
    .assert_eq(&rows.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_batch_is_one_row_and_the_check_before_it_none() {
    let plan = four();
    let build = plan.step(plan.images[0].link).build;
    let rows = |output: Option<Output>| shown(&output.unwrap().to_definition()).1;
    let watch = |round: u32| {
        lowering(&plan, |lowering| {
            lowering.watch(build, None, round, "0").unwrap()
        })
    };
    assert_eq!(rows(watch(1)), BTreeSet::new());
    let name = |output: Option<Output>| output.unwrap().name().unwrap().to_owned();
    assert_ne!(name(watch(1)), name(watch(2)));
    let batch = lowering(&plan, |mut lowering| {
        lowering.batch(build, None, &[0, 1]).unwrap()
    });
    expect![[r#"
        compile and link in one batch (api, orders, web, worker)
        resolve modules"#]]
    .assert_eq(&rows(batch).into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn platforms_have_rows_of_their_own() {
    let plan = four();
    let of = |prefix: &'static str| {
        let made = lowering_with(
            &plan,
            |options| options.prefix = prefix,
            |mut lowering| lowering.binaries(None).unwrap(),
        );
        shown(&made.to_definition())
    };
    let ((first_names, first), (second_names, second)) =
        (of("[linux/amd64] "), of("[linux/arm64] "));
    assert!(
        first
            .iter()
            .chain(&first_names)
            .all(|row| row.starts_with("[linux/amd64] ")),
        "{first:?} {first_names:?}"
    );
    assert!(
        first.is_disjoint(&second) && first_names.iter().all(|name| !second_names.contains(name))
    );
}

/// What an op is called and where it is shown is no part of its digest.
#[test]
fn names_and_rows_change_no_step() {
    let plan = four();
    let of = |prefix: &'static str| {
        let made = lowering_with(
            &plan,
            |options| options.prefix = prefix,
            |mut lowering| lowering.binaries(None).unwrap(),
        );
        made.to_definition().digests()
    };
    assert_eq!(of(""), of("[linux/arm64] "));
}

/// BuildKit writes a record of every op into an exported cache, and imports no more than 1 MiB of
/// them. So a step is its program and a file op with what that reads, and a binary one file op more;
/// all else is there once.
#[test]
fn a_step_has_two_ops_and_a_binary_one() {
    let plan = four();
    let definition = lowering(&plan, |mut lowering| {
        lowering.binaries(None).unwrap().to_definition()
    });
    let mut ops: BTreeMap<&str, usize> = BTreeMap::new();
    for bytes in &definition.as_pb().def {
        let op: pb::Op = prost::Message::decode(bytes.as_slice()).unwrap();
        *ops.entry(match op.op {
            Some(pb::op::Op::Exec(_)) => "programs",
            Some(pb::op::Op::File(_)) => "files",
            Some(pb::op::Op::Merge(_)) => "merged",
            Some(pb::op::Op::Source(_)) => "sources",
            Some(_) => "others",
            None => continue,
        })
        .or_default() += 1;
    }
    let (steps, images) = (plan.steps.len(), plan.images.len());
    // Also the question of the resolve step, and the descriptions of all steps. The sources are the
    // context, the builder image and the programs.
    let expected = [
        ("files", steps + 2 + images),
        ("merged", 1),
        ("programs", steps),
        ("sources", 3),
    ];
    assert_eq!(ops, BTreeMap::from(expected), "{definition}");
}
