//! The definition file: where it is, and what it says.

use gowork_llb::config;
use gowork_llb::limits;
use gowork_llb::ops::Output;

use super::local::{Directory, IGNORE_FILE, INTERNAL};
use super::read::read_optional;
use crate::error::BuildError;
use crate::gateway::{Gateway, GatewayError, Ref};
use crate::opts::Options;

/// The definition file's other name. Beside a Dockerfile with stages, the file has the settings.
const OTHER_NAME: &str = "gowork.toml";

/// The definition file, that is the Dockerfile.
#[derive(Debug, Clone)]
pub struct DefinitionFile {
    /// Its path as the user gave it.
    pub name: String,
    /// Its text.
    pub bytes: Vec<u8>,
    /// Where it was read from. Warnings go to this op.
    pub source: Output,
    /// The `gowork.toml` beside it, if there is one.
    pub beside: Option<FileBeside>,
}

/// A file in the same directory as the definition file.
#[derive(Debug, Clone)]
pub struct FileBeside {
    /// Its path, as that of the definition file.
    pub name: String,
    /// Its text.
    pub bytes: Vec<u8>,
}

impl DefinitionFile {
    /// Whether it is an ordinary Dockerfile, whose stages Docker's frontend runs.
    pub fn is_dockerfile(&self) -> bool {
        config::is_dockerfile(&String::from_utf8_lossy(&self.bytes))
    }

    /// The file beside it that could be the definition as well, if it has another text.
    pub fn unread(&self) -> Option<&str> {
        let is_usual = directory_before(&self.name, "Dockerfile")
            .or_else(|| directory_before(&self.name, "dockerfile"))
            .is_some();
        let beside = self.beside.as_ref()?;
        let is_another = is_usual && beside.bytes != self.bytes;
        is_another.then_some(beside.name.as_str())
    }
}

/// The definition file in the client's directory, with its ignore file.
pub(super) fn local(options: &Options, filename: &str) -> Output {
    let name = &options.contexts.dockerfile_local;
    let directory = Directory {
        name: name.clone(),
        session: options.contexts.session_of(name).to_owned(),
        hint: name.clone(),
        group: INTERNAL.to_owned(),
        shown: String::new(),
        excludes: Vec::new(),
    };
    let mut paths = vec![filename.to_owned(), format!("{filename}{IGNORE_FILE}")];
    paths.extend(lower_case(filename));
    paths.extend(beside(filename));
    // BuildKit itself loads the "build definition", to see that it is for us. This one has a name
    // of its own.
    directory.files(&paths, "", &format!("configuration from {filename}"))
}

/// Reads the definition file `filename` in `from`, which `source` was solved to.
pub(super) async fn read(
    gateway: &dyn Gateway,
    from: &Ref,
    filename: &str,
    source: Output,
) -> Result<DefinitionFile, BuildError> {
    // Whatever the definition file's spelling, the other one lies beside it.
    let (definition, beside) = tokio::join!(
        read_in_any_case(gateway, from, filename),
        read_beside(gateway, from, filename)
    );
    let (name, bytes) = definition?;
    let beside = beside?;
    Ok(DefinitionFile {
        name,
        bytes,
        source,
        beside,
    })
}

/// The other definition file, if there is one.
async fn read_beside(
    gateway: &dyn Gateway,
    from: &Ref,
    filename: &str,
) -> Result<Option<FileBeside>, GatewayError> {
    let Some(name) = beside(filename) else {
        return Ok(None);
    };
    let bytes = read_optional(gateway, from, &name).await?;
    Ok(bytes.map(|bytes| FileBeside { name, bytes }))
}

/// The file's name and text.
async fn read_in_any_case(
    gateway: &dyn Gateway,
    from: &Ref,
    filename: &str,
) -> Result<(String, Vec<u8>), BuildError> {
    let read = gateway.read_file_of(from, filename, limits::DEFINITION);
    let missing = match read.await {
        Ok(bytes) => return Ok((filename.to_owned(), bytes)),
        Err(error) => error,
    };
    if let Some(other) = lower_case(filename)
        && let Some(bytes) = read_optional(gateway, from, &other).await?
    {
        return Ok((other, bytes));
    }
    let error = BuildError::from(missing.context(&format!("read {filename}")));
    Err(error.help(
        "the first line of the file names this frontend: # syntax=IMAGE; name another file with -f",
    ))
}

/// The other spelling that Docker accepts: `dockerfile` for `Dockerfile`.
fn lower_case(filename: &str) -> Option<String> {
    let directory = directory_before(filename, "Dockerfile")?;
    Some(format!("{directory}dockerfile"))
}

/// The other definition file that may lie beside this one: it has the settings for a Dockerfile.
fn beside(filename: &str) -> Option<String> {
    let directory = filename.rfind('/').map_or(0, |end| end + 1);
    let (directory, name) = filename.split_at(directory);
    (name != OTHER_NAME).then(|| format!("{directory}{OTHER_NAME}"))
}

/// What stands before `name` in a path to a file of that name.
fn directory_before<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let directory = path.strip_suffix(name)?;
    (directory.is_empty() || directory.ends_with('/')).then_some(directory)
}
