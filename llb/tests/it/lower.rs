//! Tests of lower: what becomes of plans. Those of whole examples are the CLI's.

mod dockerfile;
mod dockerfile_platforms;
mod early;
mod exclusive;
mod go_errors;
mod graph;
mod image_stages;
mod layers;
mod llb;
mod oci_labels;
mod platform;
mod results;
mod rows;
mod stamps;
mod start;
mod step_files;
mod users;

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::packages::{self, Scan};
use gowork_llb::plan::{self, Plan, PlanInput, Target};
use gowork_llb::tree::MemTree;
use gowork_llb::workspace::{self, Workspace};
use std::collections::BTreeMap;

/// What plans are made from.
struct Made {
    scan: Scan,
    workspace: Workspace,
    config: Config,
}

/// The repository of a txtar archive, configured by `config` with these build-args.
fn make(archive: &str, config: &str, args: &BTreeMap<String, String>) -> Made {
    let scan = packages::scan(&MemTree::from_txtar(archive));
    let loaded = workspace::load(&scan.mod_files);
    let (config, written) = Config::parse("gowork.toml", config);
    let (config, expanded) = config.expand(args);
    let all: Vec<&Diagnostic> = loaded
        .diagnostics
        .iter()
        .chain(&written)
        .chain(&expanded)
        .collect();
    assert!(all.is_empty(), "{all:?}");
    Made {
        scan,
        workspace: loaded.workspace,
        config,
    }
}

impl Made {
    fn plan(&self, arch: &str) -> Plan {
        self.plan_for("linux", arch)
    }

    fn plan_for(&self, os: &str, arch: &str) -> Plan {
        let target = Target {
            os: os.to_owned(),
            arch: arch.to_owned(),
            variant: String::new(),
        };
        let (outline, diagnostics) =
            plan::outline(&self.scan, &self.workspace, &self.config, &target);
        assert_eq!(diagnostics, []);
        plan::plan(PlanInput {
            outline: &outline,
            resolutions: None,
        })
    }
}
