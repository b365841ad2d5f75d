//! `licenses = true`: what the commands say of licences in images.

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// Two services with licences, of which one has them in its image.
fn repository() -> Repository {
    let repository = Repository::new(SMALL);
    repository.write("gowork.toml", "[images.api]\nlicenses = true\n");
    repository.write("LICENSE", "Ours.\n");
    repository.write("NOTICE", "Made by us.\n");
    repository.write("job/LICENSE", "Of the job.\n");
    repository.write("lib/COPYING", "Of the library.\n");
    repository
}

#[test]
fn the_image_has_them() {
    let repository = repository();
    let mut said = String::new();
    for file in ["LICENSE", "lib/COPYING", "job/LICENSE"] {
        let command = format!("explain api {file} --platform linux/amd64");
        said += &repository.run(&command).to_string();
    }
    said += &repository.run("plan --platform linux/amd64").to_string();
    expect![[r#"
        --- stdout
        LICENSE is part of api: put into the image with the licences of its modules, below /usr/share/doc/licenses
        exit 0
        --- stdout
        lib/COPYING is part of api: put into the image with the licences of its modules, below /usr/share/doc/licenses
        exit 0
        --- stdout
        job/LICENSE is not part of api: it is not a source file, and package example.com/job does not embed it
        exit 0
        --- stdout
        2 images on linux/amd64, built with golang:1.26
        (coarse: without --resolve gowork asks no go command, so all packages from outside are one step)

        steps
          deps      compiles 1 package
          link:api  links example.com/api; reads 2 source files; after deps
          link:job  links example.com/job; reads 2 source files; after deps

        images
          api: api of link:api on scratch with certificates, time zones and licences, user 65532:65532
          job: job of link:job on scratch with certificates and time zones, user 65532:65532
        exit 0
    "#]].assert_eq(&said);
    let printed = repository.run("dockerignore").out;
    assert!(printed.contains("\n!**/NOTICE*\n"), "{printed}");
    repository.write("gowork.toml", "");
    let printed = repository.run("dockerignore").out;
    assert!(!printed.contains("NOTICE"), "{printed}");
}

#[test]
fn edits_of_licences_touch_it() {
    let repository = repository();
    repository.commit();
    repository.write("LICENSE", "In other words.\n");
    repository.write("lib/COPYING", "Of the library, in other words.\n");
    repository.write("job/LICENSE", "Of the job, in other words.\n");
    let mut said = String::new();
    let since = "affected --since HEAD --platform linux/amd64";
    said += &repository.run(since).to_string();
    let named = "affected --platform linux/amd64 --files";
    for file in ["LICENSE", "lib/LICENSE.md", "job/LICENSE"] {
        said += &repository.run(&format!("{named} {file}")).to_string();
    }
    repository.commit();
    // A nearer one takes its place.
    repository.write("api/LICENSE", "Of the API.\n");
    said += &repository.run(since).to_string();
    expect![[r#"
        --- stdout
        api  runtime file LICENSE changed; runtime file lib/COPYING changed
        exit 0
        --- stdout
        api  runtime file LICENSE
        exit 0
        --- stdout
        api  file lib/LICENSE.md may have had the licence of the module in lib
        exit 0
        --- stderr
        no image is touched
        not part of any image: job/LICENSE
        exit 0
        --- stdout
        api  runtime file LICENSE is gone; runtime file NOTICE is gone; runtime file api/LICENSE is new
        exit 0
    "#]].assert_eq(&said);
}

#[test]
fn a_printed_dockerfile_does_not_have_them() {
    let said = repository().run("dockerfile");
    expect![[r#"
        warning[NotCarriedOver]: `licenses`: images of the printed Dockerfile do not hold the licences of their modules
         --> gowork.toml:2:12
          |
        2 | licenses = true
          |            ^^^^
          |
          = help: build through gowork's syntax line for that

        1 warning
    "#]].assert_eq(&said.err);
    assert_eq!(said.code, 0, "{said}");
}
