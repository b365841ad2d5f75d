//! `gosrc DIR GOOS GOARCH CGO [TAGS]`: what a build takes from each directory below DIR, one JSON
//! object a line, in the shape of `testdata/oracle/goimportdir`, with which it can be compared.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(clippy::disallowed_methods, reason = "a program, not the library")]

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use gowork_llb::gosrc::BuildContext;

#[path = "../tests/it/gosrc/shape.rs"]
#[allow(unreachable_pub, reason = "shared with the tests")]
mod shape;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, goos, goarch, cgo, tags @ ..] = arguments.as_slice() else {
        eprintln!("usage: gosrc DIR GOOS GOARCH 0|1 [TAG,...]");
        return ExitCode::from(2);
    };
    let mut context = BuildContext::new(goos, goarch);
    context.cgo = cgo == "1";
    context.tags = tags
        .iter()
        .flat_map(|tags| tags.split(','))
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = None;
    let walked = shape::walk(Path::new(dir), &context, &mut |package| {
        failed = failed.take().or(writeln!(out, "{package}").err())
    });
    match walked.err().or(failed).or(out.flush().err()) {
        None => ExitCode::SUCCESS,
        Some(error) => {
            eprintln!("gosrc: {dir}: {error}");
            ExitCode::FAILURE
        }
    }
}
