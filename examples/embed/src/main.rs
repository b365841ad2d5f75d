//! Embeds gowork: from a directory with Go modules to the LLB of one of its images.
//!
//! ```console
//! $ embed DIR IMAGE docker.io/gowork/gowork:1 | buildctl build --local context=DIR --output type=oci,dest=image.tar
//! ```

use std::io::{self, Write as _};
use std::process::Command;

use anyhow::Context as _;
use gowork_llb::Repository;
use gowork_llb::lower::{LlbInputs, LlbOptions, Lowering};
use gowork_llb::ops::{Platform, Reference, source::Image, source::Local};
use gowork_llb::plan::{GoCommand, Target};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, name, programs] = args.as_slice() else {
        anyhow::bail!("usage: embed DIR IMAGE FRONTEND");
    };
    let repository = Repository::open(dir, "")?;
    let plan = repository.plan(&Target::linux("amd64"), run_go)?;
    let image = plan.image(name).context("no such image")?;
    let context = Local::new("context").output();
    let programs = Image::new(&Reference::parse(programs)?).output();
    let inputs = LlbInputs::new(&plan, context, programs, Platform::new("linux", "amd64"))?;
    let mut lowering = Lowering::new(&plan, &inputs, LlbOptions::default());
    let definition = lowering.image(image)?.to_definition();
    io::stdout().write_all(&definition.to_bytes())?;
    Ok(())
}

fn run_go(go: &GoCommand) -> io::Result<Vec<u8>> {
    let mut command = Command::new("go");
    let output = command
        .args(&go.args)
        .current_dir(&go.dir)
        .envs(&go.env)
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output.stdout)
}
