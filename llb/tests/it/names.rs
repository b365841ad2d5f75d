//! What images are called, and what is said of names and of patterns that match nothing.

use expect_test::expect;
use gowork_llb::diag::Diagnostic;
use gowork_llb::plan;
use gowork_llb::tree::MemTree;

use crate::support::outline;

/// A single module with these files.
fn module(files: &str) -> String {
    format!("-- go.mod --\nmodule example.com/m\ngo 1.26\n{files}")
}

/// Modules with a main each, as a txtar.
fn modules(mains: &[&str]) -> String {
    let dir = |main: &&str| main.split('/').next().unwrap().to_owned();
    let uses: Vec<String> = mains
        .iter()
        .map(|main| format!("use ./{}\n", dir(main)))
        .collect();
    let module = |main: &&str| {
        format!(
            "-- {0}/go.mod --\nmodule example.com/{0}\n-- {main}/main.go --\npackage main\nfunc main() {}\n",
            dir(main)
        )
    };
    format!(
        "-- go.work --\ngo 1.26\n{}{}",
        uses.concat(),
        mains.iter().map(module).collect::<String>()
    )
}

/// Each image's name, the directory of its main and its binary; then what is said.
fn named(archive: &str, config: &str) -> String {
    let (outline, diagnostics) = outline(&MemTree::from_txtar(archive), config);
    let image = |image: &plan::OutlineImage| {
        let main = outline.builds[image.build.0].packages.get(image.main);
        format!("{} ./{} {}\n", image.config.name, main.dir, image.binary)
    };
    outline
        .images
        .iter()
        .map(image)
        .chain(diagnostics.iter().map(|said| format!("{said}\n")))
        .collect()
}

#[test]
fn mains_of_many_services() {
    let servers = [
        "a/cmd/server",
        "b/cmd/server",
        "c/cmd/server",
        "d/cmd/server",
        "e/cmd/server",
    ];
    let five = named(&modules(&servers), "");
    expect![[r#"
        a-server ./a/cmd/server server
        b-server ./b/cmd/server server
        c-server ./c/cmd/server server
        d-server ./d/cmd/server server
        e-server ./e/cmd/server server
    "#]]
    .assert_eq(&five);
    // One by one, or with more, they are called the same.
    for server in &servers {
        assert!(five.contains(&named(&modules(&[server]), "")), "{server}");
    }
    let more = named(
        &modules(&[&servers[..], &["f/cmd/server", "g/cmd", "h/cmd/worker"]].concat()),
        "",
    );
    assert!(
        five.lines()
            .all(|line| more.lines().any(|other| other == line)),
        "{more}"
    );
    expect![[r#"
        api ./api/cmd cmd
        job ./job/cmd/main main
        web ./web/cmd cmd
    "#]]
    .assert_eq(&named(
        &modules(&["web/cmd", "api/cmd", "job/cmd/main"]),
        "",
    ));
}

#[test]
fn mains_with_one_name() {
    let workers = modules(&["orders/cmd/worker", "web/cmd/worker"]);
    expect![[r#"
        orders-worker ./orders/cmd/worker worker
        web-worker ./web/cmd/worker worker
        2 mains would make an image named worker; their images are called orders-worker (./orders/cmd/worker), web-worker (./web/cmd/worker)
        to keep or to change these names, write them down:
        [images.orders-worker]
        main = "./orders/cmd/worker"
        [images.web-worker]
        main = "./web/cmd/worker"
    "#]].assert_eq(&named(&workers, ""));
    expect![[r#"
        orders-worker ./orders/cmd/worker worker
        worker ./web/cmd/worker worker
    "#]]
    .assert_eq(&named(
        &workers,
        "[images.worker]\nmain = \"./web/cmd/worker\"\n",
    ));
    expect![[r#"
        orders-worker ./orders/cmd/worker worker
        web-worker ./web/cmd/worker worker
    "#]]
    .assert_eq(&named(
        &workers,
        "[images.orders-worker]\nports = [80]\n[images.web-worker]\n",
    ));
    expect![[r#"
        orders-worker ./orders/cmd/worker worker
        web-worker ./web/cmd/worker worker
        Dockerfile:1:9: image worker could be any of: ./orders/cmd/worker, ./web/cmd/worker (say which one with `main = "./DIR"`)
        2 mains would make an image named worker; their images are called orders-worker (./orders/cmd/worker), web-worker (./web/cmd/worker)
        to keep or to change these names, write them down:
        [images.orders-worker]
        main = "./orders/cmd/worker"
        [images.web-worker]
        main = "./web/cmd/worker"
    "#]].assert_eq(&named(&workers, "[images.worker]\n"));
    expect![[r#"
        2 mains would make an image named api: ./API, ./api
        name them in the configuration, for example:
        [images.api-2]
        main = "./api"
    "#]]
    .assert_eq(&named(&modules(&["api", "API"]), ""));
    let odd = "-- cmd/binaries/main.go --\npackage main\nfunc main() {}\n-- cmd/2048/main.go --\npackage main\nfunc main() {}\n-- cmd/API/main.go --\npackage main\nfunc main() {}\n";
    expect![[r#"
        api ./cmd/API API
        app-2048 ./cmd/2048 2048
        app-binaries ./cmd/binaries binaries
        an image cannot be called binaries; the image of ./cmd/binaries is called app-binaries
        to keep or to change this name, write it down:
        [images.app-binaries]
        main = "./cmd/binaries"
    "#]]
    .assert_eq(&named(&module(odd), ""));
}

/// Tables that a message tells to paste are TOML, and once they are pasted the message is gone.
#[test]
fn what_messages_tell_to_paste_is_right() {
    let dotted = "-- cmd/binaries/main.go --\npackage main\nfunc main() {}\n-- a/x.y/main.go --\npackage main\nfunc main() {}\n-- b/x.y/main.go --\npackage main\nfunc main() {}\n";
    let two_works = "-- one/go.work --\ngo 1.26\nuse ../app\n-- two/go.work --\ngo 1.26\nuse ../app\n\
                     -- app/go.mod --\nmodule example.com/app\n-- app/main.go --\npackage main\nfunc main() {}\n";
    for (archive, config) in [
        (modules(&["orders/cmd/worker", "web/cmd/worker"]), ""),
        (
            modules(&["orders/cmd/worker", "web/cmd/worker", "x/worker"]),
            "[images.orders-worker]\n",
        ),
        (modules(&["api", "API", "Api"]), ""),
        (module(dotted), ""),
        (two_works.to_owned(), ""),
    ] {
        let (_, diagnostics) = outline(&MemTree::from_txtar(&archive), config);
        let tables = |said: &Diagnostic| Some(said.help.as_ref()?.split_once('\n')?.1.to_owned());
        let pasted: Vec<String> = diagnostics.iter().filter_map(tables).collect();
        assert!(!pasted.is_empty(), "{diagnostics:?}");
        let (_, after) = outline(&MemTree::from_txtar(&archive), &pasted.join("\n\n"));
        assert_eq!(after, [], "{pasted:?}");
    }
}

#[test]
fn patterns_of_skip_that_match_nothing_are_reported() {
    let archive = module(
        "-- tools/gen/main.go --\npackage main\nfunc main() {}\n-- tools/win/main_windows.go --\npackage main\nfunc main() {}\n\
         -- lib/lib.go --\npackage lib\n-- api/main.go --\npackage main\nfunc main() {}\n",
    );
    let skip = r#"skip = ["./tools/win", "./tool/...", "./lib/...", "example.com/m/tools/gem", "example.com/m/tools/..."]"#;
    expect![[r#"
        api ./api api
        Dockerfile:1:24: `skip`: "./tool/..." matches no main package (did you mean "./tools/..."?)
        Dockerfile:1:38: `skip`: "./lib/..." matches no main package (main packages are ./api, ./tools/gen, ./tools/win; `./DIR/...` matches all below a directory)
        Dockerfile:1:51: `skip`: "example.com/m/tools/gem" matches no main package (did you mean "example.com/m/tools/gen"?)
    "#]]
    .assert_eq(&named(&archive, skip));
}
