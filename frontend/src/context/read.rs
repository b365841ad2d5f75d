//! Small files that are read before the build. They do not belong to the result, so no cache is
//! imported for them.

use gowork_llb::limits;
use gowork_llb::ops::Output;

use crate::gateway::{Gateway, GatewayError, Ref, Solve};

/// Solves an output that does not belong to the result.
pub(super) async fn solve(gateway: &dyn Gateway, output: &Output) -> Result<Ref, GatewayError> {
    let request = Solve {
        definition: output.to_definition(),
        ..Solve::default()
    };
    Ok(gateway.solve(request).await?.reference)
}

/// A file that need not exist.
pub(crate) async fn read_optional(
    gateway: &dyn Gateway,
    from: &Ref,
    path: &str,
) -> Result<Option<Vec<u8>>, GatewayError> {
    if from.is_scratch() {
        return Ok(None);
    }
    match gateway.read_file_of(from, path, limits::DEFINITION).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.context(&format!("read {path}"))),
    }
}
