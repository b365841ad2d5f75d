//! The workflow of GitHub Actions.

use gowork_llb::lower::Mark;

use super::actions::{CHECKOUT, COSIGN, RUNTIME, SETUP_GO};
use super::shell::{build, gowork, indented, tests};
use super::{Cache, Facts, INSTALL, VARIABLES, heading};
use crate::shell_word::word;

/// What the images' names begin with: GitHub's registry takes small letters only.
const NAME: &str = "name=$REGISTRY/${GITHUB_REPOSITORY,,}";

/// The workflow.
pub(crate) fn github(facts: &Facts) -> String {
    let mut jobs = vec![affected(facts)];
    if !facts.tested.is_empty() {
        jobs.push(test_job(facts));
    }
    jobs.extend([pull_request(facts), cache_job(facts), publish(facts)]);
    format!("{}\njobs:\n{}", head(facts), jobs.join("\n"))
}

fn head(facts: &Facts) -> String {
    let mut text = heading(facts, Mark::CI_GITHUB);
    text +=
        "#\n# Set two variables of the repository (Settings, Secrets and variables, Actions):\n";
    text += VARIABLES;
    let branch = serde_json::Value::from(facts.branch.as_str());
    text += &format!(
        "
#
# A pull request builds the images that it touches and pushes nothing. A push to {} publishes
# those that it touches, and a tag such as v1.2.3 all of them. A run that you start by hand
# builds every image.
name: Images

on:
  push:
    branches: [{branch}]
    tags: [\"v[0-9]*\"]
  pull_request:
  workflow_dispatch:

permissions: {{}}

concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}

env:
  REGISTRY: ghcr.io
",
        facts.branch
    );
    let shell = "\ndefaults:\n  run:\n    shell: bash\n";
    text += shell;
    if let Some(below) = &facts.below {
        let below = serde_json::Value::from(below.as_str());
        text += &format!("    working-directory: {below}\n");
    }
    text
}

/// Which images a change touches.
fn affected(facts: &Facts) -> String {
    let command = gowork(facts);
    let platforms = word(&facts.platforms.join(","));
    let script = format!(
        "\
# Without a commit to compare with, every image counts: a new branch, a tag, a force push.
since=
case $GITHUB_EVENT_NAME in
  pull_request) since=$(git merge-base \"origin/$GITHUB_BASE_REF\" HEAD) || since= ;;
  push)
    if [ \"$GITHUB_REF_TYPE\" = branch ] && git cat-file -e \"$BEFORE^{{commit}}\"; then
      since=$BEFORE
    fi ;;
esac
{command} affected --since \"$since\" --platform {platforms} --format github | tee -a \"$GITHUB_OUTPUT\"
"
    );
    format!(
        "  affected:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read
    outputs:
      matrix: ${{{{ steps.affected.outputs.matrix }}}}
      any: ${{{{ steps.affected.outputs.any }}}}
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 0 # The commit to compare with is not the newest.
          persist-credentials: false
      - name: Install gowork
        env:
          GOWORK_REPOSITORY: ${{{{ vars.GOWORK_REPOSITORY }}}}
          GOWORK_REVISION: ${{{{ vars.GOWORK_REVISION }}}}
        run: {INSTALL}
      - name: Look for mistakes
        run: {command} check --platform {platforms} --format github
      - name: List the images that the change touches
        id: affected
        env:
          BEFORE: ${{{{ github.event.before }}}}
        run: |
{}",
        indented(&script, 10)
    )
}

fn test_job(facts: &Facts) -> String {
    let file = match &facts.below {
        Some(below) => format!("{below}/{}", facts.go_version),
        None => facts.go_version.clone(),
    };
    let file = serde_json::Value::from(file);
    format!(
        "  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    permissions:
      contents: read
    steps:
{}      - uses: {SETUP_GO}
        with:
          go-version-file: {file}
          cache-dependency-path: \"**/go.sum\"
      - name: Test
        run: |
{}",
        checkout(false),
        indented(&tests(facts), 10)
    )
}

/// Builds what a pull request touches. It reads the cache and writes nothing.
fn pull_request(facts: &Facts) -> String {
    let rights = match facts.cache {
        Cache::Registry => "\n      packages: read # The cache.",
        Cache::Gha => "",
    };
    let script = format!(
        "{}{} \\\n  --output type=cacheonly .\n",
        build(facts, "\"$IMAGE\"") + "\n",
        CACHE_FROM
    );
    format!(
        "  # It runs code that anybody can send, so it has no secrets and cannot write.
  pull-request:
    needs: affected
    if: github.event_name == 'pull_request' && needs.affected.outputs.any == 'true'
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJSON(needs.affected.outputs.matrix) }}}}
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    permissions:
      contents: read{rights}
    steps:
{}{}      - name: Build
        env:
          IMAGE: ${{{{ matrix.image }}}}
        run: |
{}",
        checkout(facts.reads_git),
        builder(facts),
        indented(&with_name(facts, &script), 10)
    )
}

/// One job writes the cache: several would write over one another.
fn cache_job(facts: &Facts) -> String {
    let (rights, form) = match facts.cache {
        Cache::Registry => (
            "\n      packages: write",
            ",mode=max,compression=zstd,ignore-error=true",
        ),
        Cache::Gha => ("", ",mode=max,ignore-error=true"),
    };
    let script = format!(
        "{}{} \\\n  --cache-to \"$cache{form}\" --output type=cacheonly .\n",
        build(facts, "binaries") + "\n",
        CACHE_FROM
    );
    format!(
        "  # Compiles all programs, and exports what that made in one place for every image.
  cache:
    needs: affected
    if: >-
      github.event_name != 'pull_request' && github.ref_type == 'branch' &&
      needs.affected.outputs.any == 'true'
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    permissions:
      contents: read{rights}
    steps:
{}{}      - name: Build
        run: |
{}",
        checkout(facts.reads_git),
        builder(facts),
        indented(&with_name(facts, &script), 10)
    )
}

/// Pushes by digest, signs, verifies, and only then tags.
fn publish(facts: &Facts) -> String {
    let needs = if facts.tested.is_empty() {
        "affected, cache"
    } else {
        "affected, test, cache"
    };
    let push = format!(
        "{NAME}\n{}{}{} \\\n  --sbom=true --provenance=mode=max --metadata-file \"$RUNNER_TEMP/metadata.json\" \\\n  --output \"type=image,name=$name/$IMAGE,push=true,push-by-digest=true\" .\ndigest=$(jq -er '.\"containerimage.digest\"' \"$RUNNER_TEMP/metadata.json\")\necho \"name=$name/$IMAGE@$digest\" >> \"$GITHUB_OUTPUT\"\n",
        cache_variable(facts),
        build(facts, "\"$IMAGE\"") + "\n",
        CACHE_FROM
    );
    format!(
        "  publish:
    needs: [{needs}]
    # On a tag there is no cache to write.
    if: >-
      !failure() && !cancelled() && github.event_name != 'pull_request' &&
      needs.affected.outputs.any == 'true'
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJSON(needs.affected.outputs.matrix) }}}}
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    permissions:
      contents: read
      packages: write
      id-token: write # For the signature.
    steps:
{}      - uses: {COSIGN}
{}      - name: Push by digest
        id: push
        env:
          IMAGE: ${{{{ matrix.image }}}}
        run: |
{}      - name: Sign, and verify the signature
        env:
          NAME: ${{{{ steps.push.outputs.name }}}}
        run: |
{}      - name: Tag
        env:
          NAME: ${{{{ steps.push.outputs.name }}}}
        run: |
{}",
        checkout(facts.reads_git),
        publisher(facts),
        indented(&push, 10),
        indented(SIGN, 10),
        indented(TAG, 10)
    )
}

const SIGN: &str = "\
cosign sign --yes \"$NAME\"
cosign verify \"$NAME\" \\
  --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
  --certificate-identity \"$GITHUB_SERVER_URL/$GITHUB_WORKFLOW_REF\" > /dev/null
";

const TAG: &str = "\
tags=(\"sha-$GITHUB_SHA\")
if [ \"$GITHUB_REF_TYPE\" = tag ]; then
  version=${GITHUB_REF_NAME#v}
  tags+=(\"${version//+/-}\")
else
  tags+=(\"${GITHUB_REF_NAME//\\//-}\")
fi
for tag in \"${tags[@]}\"; do
  docker buildx imagetools create --tag \"${NAME%@*}:$tag\" \"$NAME\"
done
";

/// With all commits and tags, if a build reads them.
fn checkout(all: bool) -> String {
    let depth = if all {
        "          fetch-depth: 0 # A build reads commits and tags.\n"
    } else {
        ""
    };
    format!(
        "      - uses: {CHECKOUT}\n        with:\n{depth}          persist-credentials: false\n"
    )
}

/// A builder, and access to the cache.
fn builder(facts: &Facts) -> String {
    let access = match facts.cache {
        Cache::Registry => LOGIN.to_owned(),
        Cache::Gha => runtime(),
    };
    BUILDER.to_owned() + &access
}

/// A builder, and access to the cache and to the registry.
fn publisher(facts: &Facts) -> String {
    let access = match facts.cache {
        Cache::Registry => String::new(),
        Cache::Gha => runtime(),
    };
    BUILDER.to_owned() + &access + LOGIN
}

const BUILDER: &str = "      - run: docker buildx create --use\n";

const LOGIN: &str = "      - name: Log in
        env:
          TOKEN: ${{ github.token }}
        run: docker login \"$REGISTRY\" --username \"$GITHUB_ACTOR\" --password-stdin <<< \"$TOKEN\"
";

fn runtime() -> String {
    format!("      - uses: {RUNTIME}\n")
}

/// The lines before a build that name the cache.
fn with_name(facts: &Facts, script: &str) -> String {
    let name = match facts.cache {
        Cache::Registry => format!("{NAME}\n"),
        Cache::Gha => String::new(),
    };
    name + &cache_variable(facts) + script
}

fn cache_variable(facts: &Facts) -> String {
    let cache = match facts.cache {
        Cache::Registry => "type=registry,ref=$name/gowork-cache",
        Cache::Gha => "type=gha,scope=gowork",
    };
    format!("cache={cache}\n")
}

const CACHE_FROM: &str = "  --cache-from \"$cache\"";
