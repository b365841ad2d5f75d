//! Which engine to use, and buildx's view of it.

use super::tools::Tool;
use crate::command::{command, find_program, output, run, succeeds};
use crate::progress::note;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `own` asks for an engine of ours also where the user has one.
pub(crate) const GOWORK_ENGINE: &str = "GOWORK_ENGINE";

/// An engine that belongs to the user.
#[derive(Clone, Debug)]
pub(crate) struct UserEngine {
    /// The buildx program: the plugin's file, which also runs by itself.
    pub(crate) buildx: PathBuf,
    /// The variable that chose it, for messages.
    pub(crate) chosen_by: &'static str,
    /// `BUILDX_BUILDER`, if set; else buildx's current builder on `DOCKER_HOST`.
    pub(crate) builder: Option<OsString>,
}

/// The user's engine, if `BUILDX_BUILDER` or `DOCKER_HOST` name one and `GOWORK_ENGINE` does not
/// say `own`. The variables that `engine env` prints do not count: they name an engine of ours.
///
/// # Errors
/// If they name one and there is no buildx, or `GOWORK_ENGINE` has another value.
pub(crate) fn user_engine(state: &State) -> Result<Option<UserEngine>> {
    match set(GOWORK_ENGINE) {
        Some(value) if value == "own" => return Ok(None),
        Some(value) => bail!("{GOWORK_ENGINE} is {value:?}; the only value it knows is `own`"),
        None => {}
    }
    let ours = set("BUILDX_CONFIG")
        .is_some_and(|directory| Path::new(&directory) == state.buildx_config());
    let builder = set("BUILDX_BUILDER").filter(|_| !ours);
    let chosen_by = match (&builder, set("DOCKER_HOST")) {
        (Some(_), _) => "BUILDX_BUILDER",
        (None, Some(_)) => "DOCKER_HOST",
        (None, None) => return Ok(None),
    };
    Ok(Some(UserEngine {
        buildx: installed_buildx(chosen_by)?,
        chosen_by,
        builder,
    }))
}

/// The Docker that the docker command reaches, if it has buildx, and nothing says which engine to use.
pub(crate) fn docker_at_hand() -> Option<UserEngine> {
    let is_chosen = [GOWORK_ENGINE, "BUILDX_BUILDER", "DOCKER_HOST"]
        .into_iter()
        .any(|name| set(name).is_some());
    if is_chosen || !succeeds(&mut command("docker", ["version"])) {
        return None;
    }
    let chosen_by = "`docker context`";
    let buildx = installed_buildx(chosen_by).ok()?;
    let engine = UserEngine {
        buildx,
        chosen_by,
        builder: None,
    };
    if !engine.has_layouts() {
        note(&format!(
            "{WITHOUT_LAYOUTS}; an engine of ours is used instead"
        ));
        return None;
    }
    Some(engine)
}

/// Why a demonstration cannot use an engine.
pub(crate) const WITHOUT_LAYOUTS: &str =
    "this Docker keeps images without containerd, and so reads and writes no OCI layouts";

/// The value of a variable of the environment, unless it is empty.
fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

impl UserEngine {
    /// Whether it reads and writes OCI layouts. Docker's own builder does, if containerd keeps its
    /// images; builders in containers do in any case.
    pub(crate) fn has_layouts(&self) -> bool {
        let mut inspect = command(&self.buildx, ["inspect"]);
        inspect.args(&self.builder);
        let text = output(&mut inspect).unwrap_or_default();
        let driver = text.lines().find_map(|line| line.strip_prefix("Driver:"));
        let format = "{{json .DriverStatus}}";
        driver.is_none_or(|driver| driver.trim() != "docker")
            || output(&mut command("docker", ["info", "--format", format]))
                .is_ok_and(|status| status.contains(CONTAINERD_STORE))
    }

    /// Starts the builder if it does not run, and shows whether it answers.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) fn bootstrap(&self) -> Result<()> {
        run(&mut command(&self.buildx, ["inspect", "--bootstrap"])).with_context(|| {
            format!("{} is set, but buildx finds no engine there ({GOWORK_ENGINE}=own uses one of ours instead)", self.chosen_by)
        })
    }
}

/// What `docker info` names the storage of images that containerd keeps.
const CONTAINERD_STORE: &str = "io.containerd.snapshotter";

/// Where Docker says its buildx plugin lies, else a buildx in `PATH`.
fn installed_buildx(chosen_by: &str) -> Result<PathBuf> {
    let format = "{{range .ClientInfo.Plugins}}{{if eq .Name \"buildx\"}}{{.Path}}{{end}}{{end}}";
    let plugin = output(&mut command("docker", ["info", "--format", format])).unwrap_or_default();
    if !plugin.is_empty() {
        return Ok(PathBuf::from(plugin));
    }
    find_program("docker-buildx").or_else(|| find_program("buildx")).with_context(|| {
        format!("{chosen_by} is set, but neither `docker buildx` nor `buildx` is installed; install it, or set {GOWORK_ENGINE}=own for an engine of ours")
    })
}

/// The name that buildx knows an engine of ours by.
pub(crate) fn name(engine: &str) -> String {
    format!("gowork-{engine}")
}

/// Makes buildx know the engine at `socket`.
///
/// # Errors
/// If buildx cannot be built or refuses.
pub(crate) fn register(state: &State, engine: &str, socket: &Path) -> Result<()> {
    let endpoint = format!("unix://{}", socket.display());
    let known = std::fs::read_to_string(instance(state, engine)).unwrap_or_default();
    if known.contains(&format!("{endpoint:?}")) {
        return Ok(());
    }
    unregister(state, engine)?;
    let buildx = Tool::Buildx.ensure(state)?;
    std::fs::create_dir_all(state.buildx_config())?;
    let mut create = command(
        buildx,
        [
            "create",
            "--name",
            &name(engine),
            "--driver",
            "remote",
            &endpoint,
        ],
    );
    run(create
        .env("BUILDX_CONFIG", state.buildx_config())
        .env_remove("BUILDX_BUILDER"))
}

/// Makes buildx know the dockerd at `socket`. `buildx create` makes no builder with the driver
/// `docker`. But if a builder in its files has no driver, buildx looks what its endpoint is, as it
/// does for contexts of the docker command (buildx, builder/builder.go, `Factory`).
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn register_docker(state: &State, engine: &str, socket: &Path) -> Result<()> {
    let name = name(engine);
    let builder = serde_json::json!({
        "Name": name,
        "Driver": "",
        "Nodes": [{
            "Name": format!("{name}0"),
            "Endpoint": format!("unix://{}", socket.display()),
        }],
    });
    let file = instance(state, engine);
    let directory = state.buildx_config().join("instances");
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&file, builder.to_string()))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Makes buildx forget the engine, if it knows it.
///
/// # Errors
/// If buildx cannot be built.
pub(crate) fn unregister(state: &State, engine: &str) -> Result<()> {
    let instance = instance(state, engine);
    if !instance.exists() {
        return Ok(());
    }
    let buildx = Tool::Buildx.ensure(state)?;
    let mut remove = command(buildx, ["rm", "--force", &name(engine)]);
    // What matters is the entry; an engine that is down makes buildx complain after removing it.
    succeeds(
        remove
            .env("BUILDX_CONFIG", state.buildx_config())
            .env_remove("BUILDX_BUILDER"),
    );
    // What buildx refuses to remove, as it does a Docker.
    if instance.exists() {
        std::fs::remove_file(&instance)
            .with_context(|| format!("cannot remove {}", instance.display()))?;
    }
    Ok(())
}

/// The file in which buildx keeps what it knows of the engine.
fn instance(state: &State, engine: &str) -> PathBuf {
    state.buildx_config().join("instances").join(name(engine))
}
