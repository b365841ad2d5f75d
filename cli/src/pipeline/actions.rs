//! Actions that printed workflows use, each by the commit of a release: who can move a tag could
//! else run anything with the rights of a job.

/// Checks out the repository.
pub(super) const CHECKOUT: &str =
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";
/// Installs Go.
pub(super) const SETUP_GO: &str =
    "actions/setup-go@b7ad1dad31e06c5925ef5d2fc7ad053ef454303e # v7.0.0";
/// Installs cosign.
pub(super) const COSIGN: &str =
    "sigstore/cosign-installer@6f9f17788090df1f26f669e9d70d6ae9567deba6 # v4.1.2";
/// Lets `run` steps reach GitHub's cache.
pub(super) const RUNTIME: &str =
    "crazy-max/ghaction-github-runtime@04d248b84655b509d8c44dc1d6f990c879747487 # v4.0.0";

#[cfg(test)]
mod tests {
    use super::*;

    /// Where this repository's own workflows use an action, they use the same commit of it.
    #[test]
    fn actions_are_those_of_our_own_workflows() {
        let own = [
            include_str!("../../../.github/workflows/ci.yml"),
            include_str!("../../../.github/workflows/release.yml"),
        ]
        .concat();
        let mut shared = 0;
        for action in [CHECKOUT, SETUP_GO, COSIGN, RUNTIME] {
            let name = action.split('@').next().unwrap();
            let uses: Vec<&str> = own
                .lines()
                .filter_map(|line| line.split_once("uses: "))
                .map(|(_, used)| used)
                .filter(|used| used.split('@').next() == Some(name))
                .collect();
            shared += usize::from(!uses.is_empty());
            assert!(
                uses.iter().all(|used| *used == action),
                "{action}: {uses:?}"
            );
        }
        assert!(shared >= 2, "{shared}");
    }
}
