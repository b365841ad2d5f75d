//! The harness itself: it sees what ran, what was cached, and where an error is.

use crate::engine::Engine;
use crate::repository::{Repository, files};

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn records_say_what_ran_and_errors_where() {
    let repository = Repository::example("single");
    let out = tempfile::tempdir().unwrap();
    let main = repository.read("main.go");
    repository.write(
        "main.go",
        &format!("{main}\n// {:?}\n", std::time::SystemTime::now()),
    );
    let build = || {
        Engine::main()
            .frontend(&repository.root())
            .files_to(out.path())
    };
    let first = build().succeeds();
    assert!(
        first.records.ran().contains("link single"),
        "{}",
        first.everything()
    );
    assert!(files(out.path()).contains_key("usr/local/bin/single"));
    let again = build().succeeds();
    assert!(again.records.ran().is_empty(), "{}", again.everything());
    assert!(
        again.records.cached().contains("link single"),
        "{}",
        again.everything()
    );
    repository.append("Dockerfile", "\nuser = 1\n");
    let failed = build().fails();
    assert!(
        failed.text.contains("Dockerfile:"),
        "{}",
        failed.everything()
    );
}
