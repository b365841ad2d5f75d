//! The build. For now the smallest one there is: an image with the definition file in it.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::ops::Output;
use gowork_llb::ops::file::{File, Mkfile};

use crate::context::Context;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::{Gateway, Solve};
use crate::opts::Options;
use crate::result::{BuildResult, ImageResult};
use crate::subrequests::{self, Request, targets};

/// Does what the options ask for. `files` takes every file that errors may point into, as they are read.
pub async fn build(gateway: &dyn Gateway, options: &Options, files: &mut SourceFiles) -> Result<proto::Result, BuildError> {
    let request = Request::parse(options.request.as_deref())?;
    if request == Request::Describe {
        return Ok(subrequests::describe::result());
    }
    let context = Context::open(gateway, options).await?;
    let definition = context.definition();
    files.add(&definition.name, definition.bytes.clone(), "TOML");
    match request {
        Request::Targets => {
            let target = targets::Target { name: "hello".to_owned(), default: true, ..targets::Target::default() };
            Ok(targets::result(&[target], files))
        }
        Request::Build => image(gateway, options, &context).await,
        _ => Err(subrequests::unsupported(options.request.as_deref().unwrap_or_default())),
    }
}

async fn image(gateway: &dyn Gateway, options: &Options, context: &Context<'_>) -> Result<proto::Result, BuildError> {
    let mkfile = Mkfile::new("/definition", 0o644, context.definition().bytes.clone());
    let image = File::on(&Output::scratch()).mkfile(mkfile).named("write the definition").output();
    let mut result = BuildResult {
        multi_platform: options.multi_platform,
        source_date_epoch: options.source_date_epoch,
        ..BuildResult::default()
    };
    for platform in options.target_platforms() {
        let solve = Solve { definition: image.to_definition(), evaluate: true, cache_imports: options.cache_imports.clone() };
        let reference = gateway.solve(solve).await?.reference;
        let config = format!(r#"{{"os":"{}","architecture":"{}","config":{{}}}}"#, platform.os(), platform.architecture());
        let image = ImageResult { reference, config: Some(config.into_bytes()), ..ImageResult::default() };
        result.images.insert(platform, image);
    }
    Ok(result.into_proto())
}
