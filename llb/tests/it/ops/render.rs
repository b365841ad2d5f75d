//! Definitions as text.

use expect_test::{Expect, expect};
use gowork_llb::ops::Output;

use super::cases;

fn check(name: &str, want: Expect) {
    let output: Output = cases::all()
        .into_iter()
        .find(|(case, _)| *case == name)
        .unwrap()
        .1;
    want.assert_eq(&output.to_definition().to_string());
}

#[test]
fn execs_show_their_mounts() {
    check(
        "exec-mounts-out",
        expect![[r##"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 source local://src
           local.session "s"
        #2 source docker-image://docker.io/library/busybox:latest [linux/amd64]
        #3 exec ["go", "build", "./..."] in /src [linux/amd64]
           env B=2
           env A=3
           env EMPTY=
           user 1000:1000
           / = #0.0 -> .0
           /a = #1.0 -> .1
           /b = #2.0 (read-only)
           /cache = cache go-build (shared)
           /cache2 = cache locked (locked) from #1.0:/cache
           /cache3 = cache private (private)
           /dev/shm = tmpfs of 1048576 bytes
           /drop = #1.0 (changes dropped)
           /out = scratch -> .2
           /src = #1.0:sub (read-only)
           /tmp = tmpfs
           name "compile"
        => #3.2"##]],
    );
    check(
        "exec-client",
        expect![[r##"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 exec ["sh", "-c", "id"] in / [linux/amd64]
           env SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0
           env TOKEN from secret token
           env MAYBE from secret maybe (optional)
           / = #0.0 -> .0
           /run/secrets/ca = secret ca (optional)
           /root/.netrc = secret netrc
           /run/buildkit/ssh_agent.0 = ssh default
           /agent = ssh other (optional)
           /third = ssh third
        => #1.0"##]],
    );
}

#[test]
fn files_show_their_actions() {
    check(
        "file-actions",
        expect![[r##"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 file on #0.0
           mkdir /a/b mode 0755
           mkfile /a/b/c.txt mode 0600 (11 bytes)
           mkfile /empty mode 0644 (0 bytes)
           symlink /a/link -> ../c.txt
           rm /old*
           rm /y
           mkdir /plain mode 0700
           name "prepare"
        => #1.0"##]],
    );
    check(
        "file-copies",
        expect![[r##"
            #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
            #1 source local://src
               local.session "s"
            #2 source docker-image://docker.io/library/busybox:latest [linux/amd64]
            #3 file on #0.0
               copy #1.0:/go.mod -> /src/
               copy contents of #1.0:/ -> /dst/. include ["**/*.go"] exclude ["vendor"]
               copy #2.0:/bin/busybox -> /bin/sh mode 0755
               copy scratch:/ -> /none
               copy #2.0:/etc -> /etc2 mode go-w
            => #3.0"##]],
    );
}

#[test]
fn graphs_show_their_arrows() {
    check(
        "merge-of-diffs",
        expect![[r##"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 exec ["build"] in / [linux/amd64]
           / = #0.0 -> .0
           /one = scratch -> .1
           /two = scratch -> .2
        #2 diff #0.0 -> #1.0
        #3 merge #0.0 #2.0 #1.2
        => #3.0"##]],
    );
    check(
        "source-map",
        expect![[r##"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 exec ["x"] in / [linux/amd64]
           / = #0.0 -> .0
           name "first"
           ignores the cache
        #2 file on scratch
           copy #1.0:/ -> /n
           copy #1.0:/ -> /a
        => #2.0"##]],
    );
    check("scratch", expect!["=> scratch"]);
    check(
        "diff-to-scratch",
        expect![[r#"
        #0 source docker-image://docker.io/library/alpine:3.22 [linux/amd64]
        #1 diff #0.0 -> scratch
        => #1.0"#]],
    );
}
