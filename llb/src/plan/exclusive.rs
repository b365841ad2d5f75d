//! Packages of the repository that links compile, beside their mains. Owns the rule.
//!
//! A link runs again after every edit of what its program is made of. So a package that is part of
//! no other program needs no step of its own: after an edit of it, one step runs in place of two,
//! and an exported cache has one to describe. The price is paid where a link runs for another
//! reason and finds no results: it compiles these packages, too. So all of them together weigh no
//! more than a step costs ([`super::price`]).

use std::collections::BTreeSet;

use super::planner::BuildPlanner;
use super::price::STEP;
use super::third_party::ThirdParty;
use crate::config::Cache;
use crate::packages::{self, PackageIx};

impl BuildPlanner<'_> {
    /// For each program, the packages of the repository that its link compiles beside its main.
    /// `mixed` are the third-party packages that import packages of the repository.
    pub(super) fn exclusive(
        &self,
        third_party: &ThirdParty<'_>,
        mixed: &BTreeSet<usize>,
    ) -> Vec<BTreeSet<PackageIx>> {
        let mut exclusive = vec![BTreeSet::new(); self.programs.len()];
        // With a cache mount alone, one step compiles everything.
        if self.cache == Cache::Mount {
            return exclusive;
        }
        let graph = &self.build.packages;
        // Third-party packages that import these are compiled before the links.
        let before_links = packages::closure(graph, third_party.returns(mixed, graph));
        for (ix, package) in graph.iter() {
            let holds = |program: &usize| self.programs[*program].closure.contains(ix);
            let mut programs = (0..self.programs.len()).filter(holds);
            let (Some(program), None) = (programs.next(), programs.next()) else {
                continue;
            };
            if package.name != "main" && !before_links.contains(ix) {
                exclusive[program].insert(ix);
            }
        }
        for (program, packages) in self.programs.iter().zip(&mut exclusive) {
            let weight: u64 = packages.iter().map(|&ix| graph.get(ix).size).sum();
            // What says its commit is linked again at each commit.
            if weight > STEP || program.link.buildvcs {
                packages.clear();
            }
        }
        exclusive
    }
}
