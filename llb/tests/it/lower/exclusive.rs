//! Links that compile more than their mains.

use gowork_llb::lower::{LlbOptions, NoCache};

use super::llb::lowering_with;
use crate::plan::exclusive::program_with;

/// A step that ignores its cached result is given an empty cache mount, for everybody: a link does
/// without.
#[test]
fn a_link_that_compiles_more_than_its_main_has_the_cache_mount() {
    let plan = program_with("", "");
    let has_mount = |image: usize, no_cache: &'static NoCache| {
        let set = |options: &mut LlbOptions<'_>| options.no_cache = no_cache;
        let text = lowering_with(&plan, set, |mut lowering| {
            let link = lowering.step(plan.images[image].link).unwrap();
            link.to_definition().to_string()
        });
        let (_, link) = text.rsplit_once("exec [").unwrap();
        link.contains("--mount /gowork/cache --discard /tmp/results")
    };
    let some = Box::leak(Box::new(NoCache::Images(["a".to_owned()].into())));
    assert!(has_mount(0, &NoCache::Nothing) && !has_mount(1, &NoCache::Nothing));
    assert!(!has_mount(0, some));
}
