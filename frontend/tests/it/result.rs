//! Results in their two shapes.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_frontend::gateway::Ref;
use gowork_frontend::result::{BuildResult, ImageResult};
use gowork_llb::ops::Platform;

fn built(platforms: &[&str], multi_platform: bool) -> proto::Result {
    let image = |platform: &&str| {
        let config = Some(format!("config of {platform}").into_bytes());
        let image = ImageResult {
            reference: Ref(format!("ref-{platform}")),
            config,
            ..ImageResult::default()
        };
        (Platform::parse(platform).unwrap(), image)
    };
    let images = platforms.iter().map(image).collect();
    BuildResult {
        images,
        multi_platform,
        source_date_epoch: Some(7),
    }
    .into_proto()
}

fn metadata(result: &proto::Result) -> Vec<String> {
    let entry =
        |(key, value): (&String, &Vec<u8>)| format!("{key} = {}", String::from_utf8_lossy(value));
    let mut entries: Vec<String> = result.metadata.iter().map(entry).collect();
    entries.sort();
    entries
}

#[test]
fn one_image_has_plain_keys() {
    let result = built(&["linux/arm64"], false);
    assert_eq!(
        metadata(&result),
        [
            "containerimage.config = config of linux/arm64",
            r#"refs.platforms = {"Platforms":[{"ID":"linux/arm64","Platform":{"architecture":"arm64","os":"linux"}}]}"#,
            "source.date.epoch = 7",
        ]
    );
    assert_eq!(
        result.result,
        Some(proto::result::Result::Ref(proto::Ref {
            id: "ref-linux/arm64".into(),
            def: None
        }))
    );
}

#[test]
fn several_images_or_one_asked_for_as_several_go_by_platform() {
    let result = built(&["linux/arm/v7"], true);
    assert_eq!(
        metadata(&result),
        [
            "containerimage.config/linux/arm/v7 = config of linux/arm/v7",
            r#"refs.platforms = {"Platforms":[{"ID":"linux/arm/v7","Platform":{"architecture":"arm","os":"linux","variant":"v7"}}]}"#,
            "source.date.epoch = 7",
        ]
    );
    let result = built(&["linux/arm64", "linux/amd64"], false);
    let Some(proto::result::Result::Refs(refs)) = &result.result else {
        panic!("{result:?}")
    };
    assert_eq!(refs.refs.len(), 2);
    assert_eq!(refs.refs["linux/amd64"].id, "ref-linux/amd64");
    assert!(
        result
            .metadata
            .contains_key("containerimage.config/linux/amd64")
    );
    assert!(!result.metadata.contains_key("containerimage.config"));
}
