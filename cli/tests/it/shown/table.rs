//! How each command is checked. A row is a page, the first words of commands, and the way; the first
//! row that fits counts. Words may go on into the output, where one command is shown twice.

use super::How::{self, By, Not, OnEngine, Parsed, Run};
use super::Place::{
    Api, Catalog, Clone, Cobra, Converted, Debugged, Edited, Migrated, Missing, New, Outside,
    OutsideNew, Printed, Root, Shop, Skewed, Updated,
};

/// They run containers, and the engine of the tests only builds.
const CONTAINERS: How = Not("needs Docker's daemon");

const README: &str = "README.md";
const CONTRIBUTING: &str = "CONTRIBUTING.md";
const BENCHMARK: &str = "docs/benchmark.md";
const BUILDING: &str = "docs/building.md";
const CACHING: &str = "docs/caching.md";
const CHECKS: &str = "docs/checks.md";
const CI: &str = "docs/ci.md";
const CLI: &str = "docs/cli.md";
const CONFIGURATION: &str = "docs/configuration.md";
const DEBUGGING: &str = "docs/debugging.md";
const DEPLOY: &str = "docs/deploy.md";
const DOCKERFILE: &str = "docs/dockerfile.md";
const DOCTOR: &str = "docs/doctor.md";
const INNER_LOOP: &str = "docs/inner-loop.md";
const INSTALL: &str = "docs/install.md";
const MIGRATING: &str = "docs/migrating.md";
const PRIVATE: &str = "docs/private-modules.md";
const PROXIES: &str = "docs/proxies.md";
const QUICKSTART: &str = "docs/quickstart.md";
const SBOM: &str = "docs/sbom.md";

const INSTALLING: &str = "frontend/tests/engine/installing.rs";
const PUBLISHED: &str = "frontend/tests/engine/published.rs";

#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str, How)] = &[
    (README, "docker buildx build --", OnEngine(Shop)),
    (README, "cargo xtask ", Parsed),
    (README, "GOWORK_PROPERTY_CASES=2000 cargo test ", Parsed),
    (README, "GOWORK_FAULTS=1000 cargo test ", Parsed),
    (CONTRIBUTING, "cargo ", Parsed),
    (CONTRIBUTING, "eval ", Not("is for your shell")),
    (CONTRIBUTING, "go install github.com/anchore/syft/", Not("compiles for 10 minutes")),
    (CONTRIBUTING, "syft scan ", Not("needs syft")),
    (CONTRIBUTING, "SYFT_GOLANG_SEARCH_LOCAL_MOD_CACHE_LICENSES=true syft scan ", Not("needs syft")),
    (CONTRIBUTING, "", OnEngine(Clone)),
    (BENCHMARK, "cargo xtask bench ", Parsed),
    (BUILDING, "docker buildx build --target binaries ", OnEngine(Shop)),
    (BUILDING, "docker buildx build --build-context lib=", OnEngine(Outside)),
    (BUILDING, "git clone https://github.com/spf13/cobra ", OnEngine(Cobra)),
    (BUILDING, "docker buildx build --build-context github.com/spf13/cobra=", OnEngine(Cobra)),
    (BUILDING, "go mod download", OnEngine(Api)),
    (BUILDING, "docker buildx build --build-context gowork-modules=", OnEngine(Api)),
    (CACHING, "docker buildx build ", OnEngine(Shop)),
    (CHECKS, "gowork check", Run(Skewed)),
    (CI, "gowork ci ", Run(Shop)),
    (CLI, "cd services/api", Run(Shop)),
    (CLI, "gowork list --build-context ", Run(OutsideNew)),
    (CLI, "gowork dockerfile --build-context ", Run(OutsideNew)),
    (CLI, "docker buildx build --build-context ", OnEngine(OutsideNew)),
    (CLI, "gowork list", Run(Shop)),
    (CLI, "gowork check\nwarning[FileNotInImage]", Run(Catalog)),
    (CLI, "gowork check\nerror: cannot load module jobs", Run(Missing)),
    (CLI, "gowork graph ", Run(Shop)),
    (CLI, "gowork explain ", Run(Shop)),
    (CLI, "gowork affected --since origin/main --resolve", OnEngine(Updated)),
    (CLI, "gowork affected --since origin/main", Run(Edited)),
    (CLI, "gowork affected --module ", OnEngine(Shop)),
    (CLI, "gowork dockerfile --output Dockerfile\nerror", Run(Shop)),
    (CLI, "gowork dockerfile --output Dockerfile.plain", Run(Shop)),
    (CLI, "docker buildx build -f Dockerfile.plain", OnEngine(Shop)),
    (CLI, "gowork dockerfile ", Run(Printed)),
    (CLI, "gowork bake ", Run(Printed)),
    (CLI, "docker ", OnEngine(Printed)),
    (CLI, "REGISTRY=", OnEngine(Printed)),
    (CLI, "DOCKERFILE=", OnEngine(Printed)),
    (CONFIGURATION, "docker run ", CONTAINERS),
    (CONFIGURATION, "dlv connect ", Not("a prompt")),
    (CONFIGURATION, "", OnEngine(Debugged)),
    (DEBUGGING, "docker buildx build --target api-debug ", OnEngine(Debugged)),
    (DEBUGGING, "docker buildx build ", OnEngine(Shop)),
    (DEBUGGING, "find out", OnEngine(Shop)),
    (DEBUGGING, "./bin/api", OnEngine(Shop)),
    (DEBUGGING, "docker ", CONTAINERS),
    (DEBUGGING, "kubectl debug ", Not("needs a cluster")),
    (DEBUGGING, "dlv connect ", Not("a prompt")),
    (DEPLOY, "docker buildx build ", OnEngine(Shop)),
    (DEPLOY, "docker compose ", CONTAINERS),
    (DEPLOY, "gowork ", Run(Shop)),
    (DOCKERFILE, "", Run(Converted)),
    (DOCTOR, "gowork doctor ", Run(Root)),
    (INNER_LOOP, "gowork ", Run(Shop)),
    (INNER_LOOP, "docker compose ", CONTAINERS),
    (INSTALL, "docker buildx build --file frontend/Dockerfile ", By(PUBLISHED)),
    (INSTALL, "cargo xtask image", Parsed),
    (INSTALL, "docker buildx build --build-arg BUILDKIT_SYNTAX=", By(INSTALLING)),
    (INSTALL, "docker buildx build --build-context docker.io/", By(INSTALLING)),
    (INSTALL, "docker buildx imagetools create ", By(INSTALLING)),
    (INSTALL, "cargo install ", Not("compiles for minutes; CI does it in an action")),
    (INSTALL, "gowork --version", Run(New)),
    (INSTALL, "gowork dockerfile ", Run(Shop)),
    (INSTALL, "docker buildx build --target api .", OnEngine(Shop)),
    (MIGRATING, "", Run(Migrated)),
    (PRIVATE, "ssh-keyscan ", Not("needs a git host")),
    (PRIVATE, "docker buildx build ", OnEngine(Shop)),
    (PROXIES, "", OnEngine(Api)),
    (QUICKSTART, "docker buildx build --file frontend/Dockerfile ", By(PUBLISHED)),
    (QUICKSTART, "cargo install ", Not("compiles for minutes; CI does it in an action")),
    (QUICKSTART, "docker run ", CONTAINERS),
    (QUICKSTART, "docker buildx build ", OnEngine(New)),
    (QUICKSTART, "gowork ", Run(New)),
    (SBOM, "docker buildx build --target api --sbom=generator=", Parsed),
    (SBOM, "", OnEngine(Shop)),
];
