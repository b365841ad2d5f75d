//! `--output`: never over a file that gowork did not print.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// Each command with the file that it is usually written to.
const COMMANDS: [(&str, &str); 4] = [
    ("dockerfile", "Dockerfile"),
    ("dockerfile --cache mount", "images/Dockerfile"),
    ("bake", "docker-bake.hcl"),
    ("dockerignore", ".dockerignore"),
];

/// What people write by hand, also with words about gowork in it, but not among the comments at the
/// top.
const BY_HAND: [&str; 6] = [
    "# syntax=docker.io/gowork/gowork:1\n\n[go]\nversion = \"1.26\"\n",
    "# syntax=docker.io/gowork/gowork:1\n",
    "FROM scratch\n# Printed by `gowork dockerfile`, `gowork bake` and `gowork dockerignore`, then written anew.\n",
    "# Images.\ngroup \"default\" {}\n",
    "node_modules\n",
    "\u{feff}# words\r\n\r\nFROM scratch\r\n",
];

#[test]
fn a_file_that_nobody_printed_is_left_alone() {
    for (command, file) in COMMANDS {
        for text in BY_HAND {
            let repository = Repository::new(SMALL);
            repository.write(file, text);
            let said = repository.run(&format!("{command} --output {file}"));
            assert_eq!((said.code, said.out.as_str()), (3, ""), "{command}: {said}");
            assert!(said.err.contains("--force"), "{said}");
            assert_eq!(repository.text(file), text, "{command}");
            assert_eq!(
                repository
                    .run(&format!("{command} --output {file} --force"))
                    .code,
                0,
                "{command}"
            );
            let name = command.split(' ').next().unwrap();
            assert!(
                repository
                    .text(file)
                    .contains(&format!("Printed by `gowork {name}`")),
                "{command}"
            );
        }
    }
}

#[test]
fn what_is_lost_is_said() {
    let repository = Repository::new(SMALL);
    repository.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\n[images.api]\nports = [80]\n",
    );
    expect![[r#"
        --- stderr
        error: Dockerfile: not written, since `gowork dockerfile` did not print what is there: it is a configuration of gowork
        name another file, or pass --force to replace this one
        exit 3
    "#]]
    .assert_eq(&repository.run("dockerfile -o Dockerfile").to_string());
    let said = repository.run("dockerfile --output Dockerfile --check");
    assert_eq!(
        said.code, 1,
        "a comparison writes nothing, and needs no force: {said}"
    );
}

#[test]
fn a_printed_file_is_printed_again() {
    for (command, file) in COMMANDS {
        let repository = Repository::new(SMALL);
        repository.write(&format!("{file}.txt"), "");
        assert_eq!(
            repository.run(&format!("{command} -o {file}")).code,
            0,
            "{command}: new"
        );
        let printed = repository.text(file);
        assert_eq!(
            repository.run(&format!("{command} -o {file}")).code,
            0,
            "{command}: as it is"
        );
        for edited in [
            format!("{printed}# more\n"),
            printed.replace('\n', "\r\n"),
            format!("\u{feff}{printed}"),
        ] {
            repository.write(file, &edited);
            assert_eq!(
                repository.run(&format!("{command} -o {file}")).code,
                0,
                "{command}: edited"
            );
            assert_eq!(repository.text(file), printed, "{command}");
        }
        repository.write(file, "");
        assert_eq!(
            repository.run(&format!("{command} -o {file}")).code,
            0,
            "{command}: empty"
        );
        for (other, _) in COMMANDS
            .iter()
            .filter(|(other, _)| other.split(' ').next() != command.split(' ').next())
        {
            assert_eq!(
                repository.run(&format!("{other} -o {file}")).code,
                3,
                "{other} over what {command} printed"
            );
        }
    }
}

#[test]
fn links_stay_and_what_they_lead_to_is_looked_at() {
    let repository = Repository::new(SMALL);
    let at = |name: &str| repository.path().join(name);
    repository.write("images/by-hand", "FROM scratch\n");
    symlink("images/by-hand", at("Dockerfile")).unwrap();
    assert_eq!(repository.run("dockerfile -o Dockerfile").code, 3);
    assert_eq!(repository.text("images/by-hand"), "FROM scratch\n");
    symlink("images/new", at("Dockerfile.new")).unwrap();
    assert_eq!(repository.run("dockerfile -o Dockerfile.new").code, 0);
    assert!(
        at("Dockerfile.new").is_symlink() && repository.text("images/new").contains("FROM"),
        "a link to nothing is filled"
    );
    assert_eq!(
        repository
            .run("dockerfile -o Dockerfile.new --platform linux/arm64")
            .code,
        0
    );
    assert!(at("Dockerfile.new").is_symlink() && !repository.text("images/new").contains("amd64"));
    symlink("circle", at("circle")).unwrap();
    assert_eq!(repository.run("dockerfile -o circle").code, 3);
}

#[test]
fn permissions_stay_and_nothing_is_left_beside() {
    let repository = Repository::new(SMALL);
    let path = repository.path().join("Dockerfile");
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(repository.run("dockerfile -o Dockerfile").code, 0);
    repository.write("plain", "");
    let plain = repository
        .path()
        .join("plain")
        .metadata()
        .unwrap()
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(mode(), plain, "as any new file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(
        repository
            .run("dockerfile -o Dockerfile --platform linux/arm64")
            .code,
        0
    );
    assert_eq!(mode(), 0o640);
    let names = std::fs::read_dir(repository.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with(".gowork")).count(), 0);
}

#[test]
fn places_that_are_no_files() {
    let repository = Repository::new(SMALL);
    for command in ["dockerfile", "bake", "dockerignore"] {
        assert_eq!(
            repository.run(&format!("{command} -o /dev/null")).code,
            0,
            "{command}"
        );
        let said = repository.run(&format!("{command} -o /dev/stdout"));
        assert!(
            said.code == 0 && said.out.contains("Printed by"),
            "{command}: {said}"
        );
        for place in ["api", "nowhere/file", "api/main.go/file"] {
            let said = repository.run(&format!("{command} -o {place}"));
            assert_eq!(said.code, 3, "{command} -o {place}: {said}");
            assert!(said.err.starts_with(&format!("error: {place}: ")), "{said}");
        }
    }
    assert_eq!(repository.run("bake --force").code, 2, "where to?");
    assert_eq!(repository.run("bake -o x --check --force").code, 2);
}

#[test]
fn a_file_beyond_the_limit_is_replaced_only_by_force() {
    let repository = Repository::new(SMALL);
    let path = repository.path().join("docker-bake.hcl");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let said = repository.run("bake --output docker-bake.hcl");
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{said}");
    assert!(said.err.contains("--force"), "{said}");
    let forced = repository.run("bake --output docker-bake.hcl --force");
    assert_eq!(forced.code, 0, "{forced}");
    assert_eq!(
        repository.text("docker-bake.hcl"),
        repository.run("bake").out
    );
}
