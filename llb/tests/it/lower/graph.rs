//! Drawings.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::lower::graph;

use super::make;

const DIAMOND: &str = "
-- go.work --
go 1.26

use (
	./app
	./lib
)
-- app/go.mod --
module example.com/app

go 1.26
-- app/main.go --
package main

import (
	_ \"example.com/lib\"
	_ \"example.com/lib/base\"
)

func main() {}
-- app/cmd/other/main.go --
package main

func main() {}
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

import _ \"example.com/lib/base\"
-- lib/base/base.go --
package base
";

/// app imports base as lib does: the arrow that goes without saying is not drawn.
#[test]
fn packages_without_implied_arrows() {
    let made = make(DIAMOND, "", &BTreeMap::new());
    expect![[r#"
        flowchart LR
          subgraph c0["example.com/app"]
            n0([". (main)<br>image app"]):::main
          end
          subgraph c1["example.com/lib"]
            n1([". (lib)"]):::own
            n2(["base"]):::own
          end
          n0 --> n1
          n1 --> n2
          classDef main fill:#dcfce7,stroke:#15803d,color:#111827
          classDef own fill:#ffffff,stroke:#6b7280,color:#111827
    "#]]
    .assert_eq(&graph::packages(&made.plan("amd64"), &made.workspace, Some("app")).mermaid());
}

#[test]
fn modules() {
    let made = make(DIAMOND, "", &BTreeMap::new());
    expect![[r#"
        flowchart LR
          n0(["example.com/app<br>2 packages"]):::own
          n1(["example.com/lib<br>2 packages"]):::own
          n2(["image app"]):::image
          n3(["image other"]):::image
          n0 --> n1
          n2 --> n0
          n3 --> n0
          classDef image fill:#dbeafe,stroke:#1d4ed8,color:#111827
          classDef own fill:#ffffff,stroke:#6b7280,color:#111827
    "#]]
    .assert_eq(&graph::modules(&made.plan("amd64"), &made.workspace, None).mermaid());
}

#[test]
fn dot() {
    let made = make(DIAMOND, "", &BTreeMap::new());
    let dot = graph::packages(&made.plan("amd64"), &made.workspace, None).dot();
    let body: Vec<&str> = dot.lines().filter(|line| !line.contains("font")).collect();
    expect![[r##"
        digraph {
          rankdir=LR
          edge [color="#9ca3af", arrowsize=0.6]
          subgraph cluster_0 {
            label="example.com/app"
            style="rounded"
            color="#d1d5db"
            n0 [label=". (main)\nimage app", fillcolor="#dcfce7", color="#15803d"]
            n1 [label="cmd/other\nimage other", fillcolor="#dcfce7", color="#15803d"]
          }
          subgraph cluster_1 {
            label="example.com/lib"
            style="rounded"
            color="#d1d5db"
            n2 [label=". (lib)", fillcolor="#ffffff", color="#6b7280"]
            n3 [label="base", fillcolor="#ffffff", color="#6b7280"]
          }
          n0 -> n2
          n2 -> n3
        }
    "##]]
    .assert_eq(&(body.join("\n") + "\n"));
}

/// Two modules whose packages need each other both ways, with one module before them and one behind.
const CIRCLE: &str = "
-- go.work --
go 1.26

use (
	./app
	./base
	./one
	./two
)
-- app/go.mod --
module example.com/app

go 1.26
-- app/main.go --
package main

import (
	_ \"example.com/base\"
	_ \"example.com/one\"
)

func main() {}
-- one/go.mod --
module example.com/one

go 1.26
-- one/one.go --
package one

import _ \"example.com/two\"
-- one/low/low.go --
package low
-- two/go.mod --
module example.com/two

go 1.26
-- two/two.go --
package two

import (
	_ \"example.com/base\"
	_ \"example.com/one/low\"
)
-- base/go.mod --
module example.com/base

go 1.26
-- base/base.go --
package base
";

/// Of a circle no arrow is left out, and of those around it only what a longer way implies.
#[test]
fn modules_in_a_circle() {
    let made = make(CIRCLE, "", &BTreeMap::new());
    let drawn = graph::modules(&made.plan("amd64"), &made.workspace, None);
    let name = |at: usize| {
        drawn.nodes()[at].label[0]
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    let edges: Vec<String> = drawn
        .edges()
        .map(|(from, to)| format!("{} {}", name(from), name(to)))
        .collect();
    assert_eq!(
        edges,
        ["app one", "one two", "two base", "two one", "image app app"]
    );
}
