//! What is said of images from scratch that cannot start.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gowork_llb::lower;
use gowork_llb::plan;

use super::make;
use crate::support::linux;

const TWO: &str = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- cmd/api/main.go --\npackage main\nfunc main() {}\n-- cmd/web/main.go --\npackage main\nfunc main() {}\n";

fn check(config: &str, expected: &Expect) {
    let made = make(TWO, config, &BTreeMap::new());
    let (outline, said) = plan::outline(&made.scan, &made.workspace, &made.config, &linux());
    assert_eq!(said, []);
    let said = lower::check_scratch(&made.config, &outline);
    assert!(said.iter().all(|diagnostic| !diagnostic.is_error()));
    expected.assert_eq(
        &said
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n"))
            .collect::<String>(),
    );
}

#[test]
fn programs_that_are_not_there() {
    check(
        "[runtime]\nentrypoint = [\"/api\", \"serve\"]\nhealthcheck = { cmd = [\"/app/health\"] }\n",
        &expect![[r#"
            gowork.toml:2:15: entrypoint "/api" is in no layer of images api, web (the binary is /usr/local/bin/api)
            gowork.toml:3:24: healthcheck "/app/health" is in no layer of images api, web (the binary is /usr/local/bin/api)
        "#]],
    );
    check(
        "[images.api]\nentrypoint = [\"sh\", \"-c\", \"api\"]\n[images.web]\nentrypoint = [\"/usr/local/bin/web serve\"]\n",
        &expect![[r#"
            gowork.toml:2:15: entrypoint "sh" is in no layer of image api (scratch has no shell: name the program and its arguments, an item each, or set `base` to an image with a shell; the binary is /usr/local/bin/api)
            gowork.toml:4:15: entrypoint "/usr/local/bin/web serve" is in no layer of image web (a program and its arguments are an item each; the binary is /usr/local/bin/web)
        "#]],
    );
    check(
        "[images.api]\nentrypoint = [\"./api\"]\n[images.web]\nentrypoint = [\"wep\"]\n",
        &expect![[r#"
            gowork.toml:2:15: entrypoint "./api" is in no layer of image api (the binary is /usr/local/bin/api)
            gowork.toml:4:15: entrypoint "wep" is in no layer of image web (the binary is /usr/local/bin/web)
        "#]],
    );
    check(
        "[images.api]\nentrypoint = []\ncmd = [\"/bin/api\"]\nenv = { A = \"$$HOME$$PATH\" }\n",
        &expect![[r#"
            gowork.toml:3:8: cmd "/bin/api" is in no layer of image api (the binary is /usr/local/bin/api)
            gowork.toml:4:13: `env.A` takes the variable HOME, which scratch does not set: nothing stands for it in image api (write $${HOME:-TEXT} for what stands there instead, or $$$$HOME for the text $HOME)
        "#]],
    );
}

#[test]
fn programs_that_are_there_or_may_be() {
    let nothing = expect![""];
    for config in [
        "[images.api]\nentrypoint = [\"/usr/local/bin/api\"]\n",
        "[images.api]\nentrypoint = [\"//usr/local/./bin/api\"]\n",
        "[images.api]\nentrypoint = [\"api\"]\nhealthcheck = { disable = true }\n",
        "[images.api]\nentrypoint = [\"bin/api\"]\nworkdir = \"/usr/local\"\n",
        "[images.api]\nentrypoint = [\"tool\"]\nenv = { PATH = \"/opt:$$PATH\" }\nfiles = [{ from = \"tool\", to = \"/opt/\" }]\n",
        "[images.api]\nhealthcheck = { cmd = [\"/opt/tool\"] }\nfiles = [{ from = \"x\", to = \"/opt/tool\" }]\n",
        "[images.api]\nhealthcheck = { cmd = [\"/opt/a/tool\"] }\nfiles = [{ from = \"dir\", to = \"/opt\" }]\n",
        "[images.api]\nhealthcheck = { cmd = [\"/data/tool\"] }\nvolumes = [\"/data\"]\n",
        "[images.api]\ncmd = [\"/etc/config\"]\n",
        "[images.api]\nbase = \"alpine\"\nentrypoint = [\"/bin/sh\"]\nenv = { A = \"$$HOME\" }\n",
    ] {
        check(config, &nothing);
    }
}
