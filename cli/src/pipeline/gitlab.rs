//! The pipeline of GitLab CI.

use gowork_llb::lower::Mark;

use super::shell::{build, gowork, indented, tests};
use super::{Facts, INSTALL, VARIABLES, heading};
use crate::shell_word::word;

/// The pipeline.
pub(crate) fn gitlab(facts: &Facts) -> String {
    let mut jobs = vec![head(facts), affected(facts)];
    if !facts.tested.is_empty() {
        jobs.push(test_job(facts));
    }
    jobs.extend([builder(facts), merge_request(facts), publish(facts)]);
    jobs.join("\n")
}

fn head(facts: &Facts) -> String {
    let mut text = heading(facts, Mark::CI_GITLAB);
    text += "#\n# Set two variables of the project (Settings, CI/CD, Variables):\n";
    text += VARIABLES;
    text += "
#
# Images of jobs are named by tag, since gowork asks no registry when it prints this. To pin one,
# add the digest that `docker buildx imagetools inspect NAME` prints: docker:28@sha256:...
#
# A merge request builds the images that it touches and pushes nothing; that of a fork runs in the
# fork, without secrets of this project. A push to the default branch publishes the images that it
# touches, and a tag such as v1.2.3 all of them.
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_COMMIT_TAG =~ /^v[0-9]/

stages: [test, build]
";
    if let Some(below) = &facts.below {
        let below = serde_json::Value::from(format!("cd {}", word(below)));
        text += &format!("\ndefault:\n  before_script:\n    - {below}\n");
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
if [ -n \"$CI_MERGE_REQUEST_DIFF_BASE_SHA\" ]; then
  before=$CI_MERGE_REQUEST_DIFF_BASE_SHA
elif [ -n \"$CI_COMMIT_BRANCH\" ] && [ \"$CI_PIPELINE_SOURCE\" = push ]; then
  before=$CI_COMMIT_BEFORE_SHA
else
  before=
fi
if git cat-file -e \"$before^{{commit}}\"; then since=$before; fi
{command} affected --since \"$since\" --platform {platforms} --format json | tee \"$CI_PROJECT_DIR/affected.json\"
"
    );
    format!(
        "affected:
  stage: test
  image: rust:1.95.0-bookworm
  variables:
    GIT_DEPTH: \"0\" # The commit to compare with is not the newest.
  script:
    - {INSTALL}
    - {command} check --platform {platforms}
    - |
{}  artifacts:
    paths: [affected.json]
    expire_in: 1 day
",
        indented(&script, 6)
    )
}

fn test_job(facts: &Facts) -> String {
    format!(
        "test:
  stage: test
  image: {}
  script:
    - |
{}",
        serde_json::Value::from(facts.go_image.as_str()),
        indented(&tests(facts), 6)
    )
}

fn builder(facts: &Facts) -> String {
    let depth = if facts.reads_git {
        "    GIT_DEPTH: \"0\" # A build reads commits and tags.\n"
    } else {
        ""
    };
    format!(
        "\
.builder:
  stage: build
  image: docker:28
  services: [\"docker:28-dind\"]
  variables:
    DOCKER_TLS_CERTDIR: /certs
{depth}  needs:
    - job: affected
      artifacts: true
"
    )
}

/// What each job begins with: a builder in the service, and a login for the cache and the images.
const SETUP: &str = "    - apk add --no-cache jq
    - docker context create service
    - docker buildx create --use service
    - echo \"$CI_REGISTRY_PASSWORD\" | docker login \"$CI_REGISTRY\" --username \"$CI_REGISTRY_USER\" --password-stdin
";

/// The loop over the images that the change touches: one builder compiles shared packages once.
fn for_each(body: &str) -> String {
    format!(
        "cache=type=registry,ref=$CI_REGISTRY_IMAGE/gowork-cache\njq -r '.images[] | select(.status != \"gone\") | .image' \"$CI_PROJECT_DIR/affected.json\" > /tmp/images\n# The work tree stays as it was committed.\nrm \"$CI_PROJECT_DIR/affected.json\"\nwhile read -r image; do\n{}done < /tmp/images\n",
        indented(body, 2)
    )
}

fn merge_request(facts: &Facts) -> String {
    let body = format!(
        "{}\n  --cache-from \"$cache\" --output type=cacheonly . < /dev/null\n",
        build(facts, "\"$image\"")
    );
    format!(
        "merge-request:
  extends: .builder
  rules:
    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"
  script:
{SETUP}    - |
{}",
        indented(&for_each(&body), 6)
    )
}

fn publish(facts: &Facts) -> String {
    let body = format!(
        "{}\n  --cache-from \"$cache\" --sbom=true --provenance=mode=max --metadata-file /tmp/metadata.json \\\n  --output \"type=image,name=$CI_REGISTRY_IMAGE/$image,push=true,push-by-digest=true\" . < /dev/null\nname=$CI_REGISTRY_IMAGE/$image@$(jq -er '.\"containerimage.digest\"' /tmp/metadata.json)\n{SIGN}{TAG}",
        build(facts, "\"$image\"")
    );
    let cache = format!(
        "if [ -n \"$CI_COMMIT_BRANCH\" ] && [ -s /tmp/images ]; then\n  {}\n    --cache-from \"$cache\" --cache-to \"$cache,mode=max,compression=zstd,ignore-error=true\" \\\n    --output type=cacheonly .\nfi\n",
        build(facts, "binaries")
    );
    let needs = if facts.tested.is_empty() {
        String::new()
    } else {
        "  needs:\n    - job: affected\n      artifacts: true\n    - job: test\n".to_owned()
    };
    format!(
        "publish:
  extends: .builder
{needs}  rules:
    - if: $CI_PIPELINE_SOURCE != \"merge_request_event\"
  id_tokens:
    SIGSTORE_ID_TOKEN: # cosign signs with it.
      aud: sigstore
  script:
{SETUP}    - apk add --no-cache cosign
    - |
{}",
        indented(&(for_each(&body) + &cache), 6)
    )
}

/// Sigstore's public service knows the identities of gitlab.com and of no other GitLab.
const SIGN: &str = "\
if [ \"$CI_SERVER_HOST\" = gitlab.com ]; then
  cosign sign --yes \"$name\" < /dev/null
  cosign verify \"$name\" --certificate-oidc-issuer https://gitlab.com \\
    --certificate-identity \"$CI_PROJECT_URL//$CI_CONFIG_PATH@refs/${CI_COMMIT_TAG:+tags}${CI_COMMIT_BRANCH:+heads}/$CI_COMMIT_REF_NAME\" > /dev/null
fi
";

const TAG: &str = "\
tag=$CI_COMMIT_REF_SLUG
if [ -n \"$CI_COMMIT_TAG\" ]; then tag=$(echo \"${CI_COMMIT_TAG#v}\" | tr + -); fi
docker buildx imagetools create --tag \"${name%@*}:$tag\" --tag \"${name%@*}:sha-$CI_COMMIT_SHA\" \"$name\" < /dev/null
";
