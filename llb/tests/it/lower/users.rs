//! Users that are added to an image.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::config::RuntimeConfig;
use gowork_llb::lower::{self, Accounts, ConfigInput, DockerfileOptions, LabelInput};
use gowork_llb::ops::Platform;
use serde_json::Value;

use super::dockerfile::text;
use super::make;

const MAIN: &str =
    "-- go.mod --\nmodule example.com/api\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

fn runtime(config: &str) -> RuntimeConfig {
    let plan = make(MAIN, config, &BTreeMap::new()).plan("amd64");
    plan.images[0].runtime.clone()
}

/// The two files of a base, with what this configuration adds to them, or the error.
fn added(base: [&str; 2], config: &str) -> String {
    let accounts = Accounts {
        passwd: base[0].into(),
        group: base[1].into(),
    };
    let mut runtime = runtime(config);
    runtime.base.value = "alpine:3.22".to_owned();
    match accounts.with(&runtime) {
        Ok(made) => {
            let all = [made.passwd, b"--\n".to_vec(), made.group].concat();
            String::from_utf8(all).unwrap()
        }
        Err(error) => format!("{error}\n"),
    }
}

const APP: &str = "[runtime]\nusers = [{ name = \"app\", uid = 10001 }]\n";

#[test]
fn lines_are_added_behind_those_of_the_base() {
    expect![[r#"
        root:x:0:0:root:/root:/bin/sh
        app:x:10001:10001::/home/app:/sbin/nologin
        --
        root:x:0:
        app:x:10001:
    "#]]
    .assert_eq(&added(
        ["root:x:0:0:root:/root:/bin/sh", "root:x:0:\n"],
        APP,
    ));
    expect![[r#"
        web:x:80:10::/srv/web:/sbin/nologin
        db:x:70:10::/home/db:/sbin/nologin
        --
        wheel:x:10:
    "#]]
    .assert_eq(&added(
        ["", ""],
        "[runtime]\nusers = [{ name = \"web\", uid = 80, gid = 10, group = \"wheel\", home = \"/srv/web\" }, { name = \"db\", uid = 70, gid = 10, group = \"wheel\" }]\n",
    ));
}

#[test]
fn an_entry_that_is_there_is_kept_or_is_in_the_way() {
    let kept = ["app:!:10001:10001:App:/srv:/bin/sh\n", "app:x:10001:root\n"];
    assert_eq!(added(kept, APP), format!("{}--\n{}", kept[0], kept[1]));
    expect![[r#"
        gowork.toml:2:19: user app: /etc/passwd of the base has a user app with 10001:100, not 10001:10001 (choose another name, or the ids that the base has)
    "#]].assert_eq(&added(["app:x:10001:100::/:/bin/sh\n", ""], APP));
    expect![[r#"
        gowork.toml:2:19: user app: /etc/passwd of the base has 10001 as the user other (choose another name, or the ids that the base has)
    "#]].assert_eq(&added(["other:x:10001:5::/:/bin/sh\n", ""], APP));
    expect![[r#"
        gowork.toml:2:19: user app: /etc/group of the base has a group app with 5, not 10001 (choose another name, or the ids that the base has)
    "#]].assert_eq(&added(["", "app:x:5:\n"], APP));
    expect![[r#"
        gowork.toml:2:19: user app: /etc/group of the base has 10001 as the group users (choose another name, or the ids that the base has)
    "#]].assert_eq(&added(["", "users:x:10001:\n"], APP));
}

#[test]
fn the_first_user_is_who_the_image_runs_as() {
    let user = |config: &str| runtime(config).user;
    assert_eq!(user(APP).as_deref(), Some("10001:10001"));
    assert_eq!(
        user(&format!("{APP}user = \"app\"\n")).as_deref(),
        Some("app")
    );
    assert_eq!(
        user(&format!("{APP}base = \"stage:os\"\n")).as_deref(),
        Some("10001:10001")
    );
    let homes: Vec<(String, (u32, u32), u32)> = runtime(APP)
        .dirs
        .iter()
        .map(|dir| (dir.path.clone(), dir.owner, dir.mode))
        .collect();
    assert_eq!(homes, [("/home/app".to_owned(), (10001, 10001), 0o755)]);
    let plan = make(MAIN, APP, &BTreeMap::new()).plan("amd64");
    let input = ConfigInput {
        platform: &Platform::parse("linux/amd64").unwrap(),
        base: None,
        labels: LabelInput {
            given: &BTreeMap::new(),
            base_digest: None,
            time: None,
        },
        created: None,
    };
    let made = lower::image_config(&plan.images[0], input).unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    assert_eq!(made["config"]["User"], "10001:10001");
}

fn printed(config: &str) -> String {
    let made = make(MAIN, config, &BTreeMap::new());
    match text(&made, &["amd64"], &DockerfileOptions::default()) {
        Ok(text) => {
            let start = text
                .find("FROM alpine:3.22 AS base-api")
                .or_else(|| text.find("FROM scratch AS api"));
            text[start.unwrap()..].to_owned()
        }
        Err(error) => error + "\n",
    }
}

#[test]
fn the_printed_dockerfile_adds_them() {
    expect![[r#"
        FROM alpine:3.22 AS base-api

        # Users of api.
        FROM go AS users-api
        RUN --mount=from=base-api,target=/base <<'EOF'
        set -e
        mkdir /users
        for file in passwd group; do
            touch "/users/$file"
            if [ -e "/base/etc/$file" ]; then awk 1 "/base/etc/$file" > "/users/$file"; fi
        done
        add() {
            entry=$(awk -F: -v name="$2" '$1 == name' "/users/$1")
            other=$(awk -F: -v id="$4" '$3 == id' "/users/$1")
            case ${entry:-$other} in
                '') echo "$5" >> "/users/$1" ;;
                "$2":*:"$3":*) ;;
                *) echo "/etc/$1 of the base has ${entry:-$other}" >&2; exit 1 ;;
            esac
        }
        add group app 10001 10001 app:x:10001:
        add passwd app 10001:10001 10001 app:x:10001:10001::/home/app:/sbin/nologin
        EOF

        FROM alpine:3.22 AS api
        COPY --from=users-api /users/passwd /users/group /etc/
        COPY --from=made-api /made/0/ /home/
        COPY --from=build-api /out/api /usr/local/bin/api
        USER 10001:10001
        ENTRYPOINT ["/usr/local/bin/api"]
    "#]]
    .assert_eq(&printed(&format!("{APP}base = \"alpine:3.22\"\n")));
    expect![[r#"
        FROM scratch AS api
        COPY --from=rootfs /rootfs /
        COPY <<'EOF' /etc/passwd
        root:x:0:0:root:/root:/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
        nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
        app:x:10001:10001::/home/app:/sbin/nologin
        EOF
        COPY <<'EOF' /etc/group
        root:x:0:
        nobody:x:65534:
        nonroot:x:65532:
        app:x:10001:
        EOF
        COPY --from=made-api /made/0/ /home/
        COPY --from=build-api /out/api /usr/local/bin/api
        ENV ZONEINFO=/usr/share/zoneinfo.zip
        USER 10001:10001
        ENTRYPOINT ["/usr/local/bin/api"]
    "#]]
    .assert_eq(&printed(APP));
    expect![[r#"
        gowork.toml:2:19: user nobody: /etc/group of every image from scratch has a group nobody with 65534, not 1 (choose another name, or the ids that it has there)
    "#]].assert_eq(&printed(
        "[runtime]\nusers = [{ name = \"nobody\", uid = 1 }]\n",
    ));
}
