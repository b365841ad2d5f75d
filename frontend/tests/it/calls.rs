//! Calls on a repository with a broken main: what is sound is shown, what is not is named.

use gowork_llb::ops::caps as llb;

use crate::opts::raw;
use crate::scripted::{self, GATEWAY};

const SOURCES: &str = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- cmd/api/main.go --\npackage main\nfunc main() {}\n-- cmd/web/main.go --\npackage main\nimport _ \"example.com/m/no\"\nfunc main() {}\n";

/// What a call answers: its text, and its status code; or the error.
async fn call(sources: &str, opts: &[&str]) -> Result<(String, String), String> {
    let builder = scripted::builder(&GATEWAY, llb::ALL, sources);
    let (ended, _) = scripted::run(&builder, &raw(opts)).await;
    let metadata = ended?.metadata;
    let text = |key: &str| {
        let value = metadata.get(key).cloned().unwrap_or_default();
        String::from_utf8(value).unwrap()
    };
    Ok((text("result.txt"), text("result.statuscode")))
}

#[tokio::test(start_paused = true)]
async fn targets_are_listed_although_one_is_broken() {
    let (text, code) = call(SOURCES, &["requestid=frontend.targets"])
        .await
        .unwrap();
    assert_eq!(
        text,
        "TARGET    DESCRIPTION\napi       package example.com/m/cmd/api\nweb       cannot be built: --check says why\nbinaries  all binaries in one directory, for --output\nresults   compile results, for builds on other machines\n"
    );
    assert_eq!(code, "1");
    let sound = SOURCES.replace("import _ \"example.com/m/no\"\n", "");
    let (text, code) = call(&sound, &["requestid=frontend.targets"]).await.unwrap();
    assert!(!text.contains("cannot be built"), "{text}");
    assert_eq!(code, "");
}

#[tokio::test(start_paused = true)]
async fn a_call_for_a_sound_image_is_answered() {
    let outline = "requestid=frontend.outline";
    let (text, _) = call(SOURCES, &[outline, "target=api"]).await.unwrap();
    assert!(text.contains("api"), "{text}");
    let error = call(SOURCES, &[outline, "target=web"]).await.unwrap_err();
    assert!(
        error.contains("cmd/web/main.go:2:8: package example.com/m/no"),
        "{error}"
    );
    let (text, _) = call(SOURCES, &["requestid=frontend.gowork.plan"])
        .await
        .unwrap();
    assert!(text.contains("link api") && !text.contains("web"), "{text}");
}

/// Mod files that are wrong, or no image that can be built: then there is nothing to show.
#[tokio::test(start_paused = true)]
async fn what_concerns_every_image_is_an_error() {
    for sources in [
        SOURCES.replace("go 1.26", "go x"),
        SOURCES.replace("cmd/api", "cmd/api/testdata"),
    ] {
        let ended = call(&sources, &["requestid=frontend.targets"]).await;
        assert!(ended.is_err(), "{ended:?}");
    }
}
