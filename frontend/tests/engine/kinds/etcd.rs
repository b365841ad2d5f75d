//! Edits of etcd.

use super::Edit;
use super::Expectation::{Links, LinksAlone, Nothing};

/// The modules of etcd that make its three programs.
pub(crate) const ETCD_MODULES: [(&str, &str); 7] = [
    ("go.etcd.io/etcd/api/v3@v3.6.5", "api"),
    ("go.etcd.io/etcd/client/pkg/v3@v3.6.5", "client/pkg"),
    ("go.etcd.io/etcd/client/v3@v3.6.5", "client/v3"),
    ("go.etcd.io/etcd/pkg/v3@v3.6.5", "pkg"),
    ("go.etcd.io/etcd/server/v3@v3.6.5", "server"),
    ("go.etcd.io/etcd/etcdctl/v3@v3.6.5", "etcdctl"),
    ("go.etcd.io/etcd/etcdutl/v3@v3.6.5", "etcdutl"),
];

const PROGRAMS: &[&str] = &["etcdctl", "etcdutl", "server"];

/// Edits of etcd.
pub(crate) const ETCD: [Edit; 10] = [
    (
        "a test",
        |r, u| r.append("server/embed/config_test.go", &format!("\n// {u}\n")),
        Nothing,
    ),
    (
        "the body of a main",
        |r, u| r.append("etcdctl/main.go", &format!("\nvar v{u} = 1\n")),
        Links(&["etcdctl"]),
    ),
    (
        "a package of the server",
        |r, u| {
            r.append(
                "server/etcdserver/server.go",
                &format!("\n// V{u} is new.\nconst V{u} = 1\n"),
            )
        },
        Links(&["server", "etcdutl"]),
    ),
    (
        "the most shared package",
        |r, u| {
            r.append(
                "client/pkg/logutil/zap.go",
                &format!("\n// V{u} is new.\nconst V{u} = 1\n"),
            )
        },
        Links(PROGRAMS),
    ),
    (
        "an import of std that nobody has",
        |r, _| {
            r.write(
                "etcdctl/ctlv3/more.go",
                "package ctlv3\n\nimport \"container/ring\"\n\nvar _ = ring.New\n",
            )
        },
        Links(&["etcdctl"]),
    ),
    (
        "a comment in a go.mod",
        |r, u| r.append("pkg/go.mod", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a comment in go.work",
        |r, u| r.append("go.work", &format!("\n// {u}\n")),
        LinksAlone,
    ),
    (
        "a new member",
        |r, u| {
            r.write("more/go.mod", "module example.com/more\n\ngo 1.24\n");
            r.write(
                "more/more.go",
                &format!("package more\n\n// C is a constant.\nconst C = \"{u}\"\n"),
            );
            r.go("", &["work", "use", "./more"]);
        },
        LinksAlone,
    ),
    (
        "a bump",
        |r, _| {
            for member in [
                "api",
                "client/pkg",
                "client/v3",
                "pkg",
                "server",
                "etcdctl",
                "etcdutl",
            ] {
                if r.read(&format!("{member}/go.mod"))
                    .contains("go.uber.org/zap v1.27.0")
                {
                    r.go(member, &["get", "go.uber.org/zap@v1.27.1"]);
                }
            }
            r.go("", &["build", "./server", "./etcdctl", "./etcdutl"]);
        },
        Links(PROGRAMS),
    ),
    (
        "a third-party package that is new",
        |r, _| {
            r.go("etcdctl", &["get", "github.com/fatih/color@v1.19.0"]);
            r.write(
                "etcdctl/ctlv3/more.go",
                "package ctlv3\n\nimport \"github.com/fatih/color\"\n\nvar _ = color.New\n",
            );
            r.go("", &["build", "./server", "./etcdctl", "./etcdutl"]);
        },
        Links(PROGRAMS),
    ),
];
