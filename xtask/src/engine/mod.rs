//! `cargo xtask engine ...`: the BuildKit engines that tests and demonstrations use.
//!
//! The user's own engine where `BUILDX_BUILDER` or `DOCKER_HOST` name one; else engines of ours,
//! made of programs that the Go module proxy serves, `runc` from the distribution, and base images
//! from the distribution's packages. See [`crate::state`] for where they live.

pub(crate) mod builder;
mod clock;
mod daemon;
mod docker;
pub(crate) mod environment;
pub(crate) mod host;
mod mounts;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod releases;
mod rootless;
mod saved;
pub(crate) mod tools;

use crate::progress::{Phase, note};
use crate::state::State;
use anyhow::{Context, Result, bail};
use builder::GOWORK_ENGINE;
use daemon::Engine;
pub(crate) use daemon::Space;
use environment::Variables;
use registry::Kind;
use std::io::Write;
use std::time::{Duration, Instant};

/// The engine used where none is named.
pub(crate) const MAIN: &str = "main";
/// The lock of everything that starts or stops.
const LOCK: &str = "engine";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Start an engine with base images unless it runs, and print what reaches it
    Up {
        #[command(flatten)]
        named: Named,
        /// Also provide the image golang:VERSION (a full version, as 1.25.3); may be repeated
        #[arg(long = "go", value_name = "VERSION")]
        go_versions: Vec<String>,
        /// By how many days its clock is ahead; an engine that runs with another clock is restarted
        #[arg(long, value_name = "DAYS", default_value_t = 0)]
        days_ahead: u32,
    },
    /// Stop an engine; its cache stays
    Down {
        #[command(flatten)]
        named: Named,
        /// All engines of the state directory
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Stop an engine and remove its cache: the next start finds it empty
    Reset {
        #[command(flatten)]
        named: Named,
    },
    /// Say which engines there are and which run
    Status,
    /// Print the variables that reach an engine, as `export` lines for a shell
    Env {
        #[command(flatten)]
        named: Named,
    },
    /// Print the path of a program of the harness, built first if it is missing
    Tool { tool: tools::Tool },
}

#[derive(clap::Args)]
struct Named {
    /// The engine's name
    #[arg(long, default_value = MAIN)]
    name: String,
}

/// Runs one of the actions.
///
/// # Errors
/// If something is missing on the machine, or an engine does not start or stop.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    match &arguments.action {
        Action::Up {
            named,
            go_versions,
            days_ahead,
        } => print(&environment::exports(
            &up_with(
                &state,
                &named.name,
                &Wanted {
                    go_versions,
                    days_ahead: *days_ahead,
                    ..Wanted::of_tests(Space::Tests)
                },
            )?
            .variables,
        )),
        Action::Down { named, all } => {
            let engines = if *all {
                Engine::all(&state)?
            } else {
                vec![Engine::named(&state, &named.name)?]
            };
            down(&state, &engines)
        }
        Action::Reset { named } => reset(&state, &named.name),
        Action::Status => print(&status(&state)?),
        Action::Env { named } => print(&environment::exports(&variables(&state, &named.name)?)),
        Action::Tool { tool } => print(&format!("{}\n", tool.ensure(&state)?.display())),
    }
}

/// An engine that runs.
pub(crate) struct Up {
    /// What reaches it.
    pub(crate) variables: Variables,
    /// Whether this call started it.
    pub(crate) started: bool,
    /// What took how long.
    pub(crate) times: Vec<(&'static str, Duration)>,
}

/// What an engine of ours is to have.
struct Wanted<'a> {
    /// Releases of Go beside the default one.
    go_versions: &'a [String],
    space: Space,
    days_ahead: u32,
    registry: Kind,
}

impl Wanted<'_> {
    /// What tests need.
    fn of_tests(space: Space) -> Self {
        Self {
            go_versions: &[],
            space,
            days_ahead: 0,
            registry: Kind::Distribution,
        }
    }
}

/// Makes sure that the engine `name` runs and has its base images.
///
/// # Errors
/// If something is missing on the machine, or the engine does not come up.
pub(crate) fn up(state: &State, name: &str, space: Space) -> Result<Up> {
    up_with(state, name, &Wanted::of_tests(space))
}

/// The same for builds that push nothing: with the registry that takes the least time to make.
///
/// # Errors
/// As [`up`].
pub(crate) fn up_to_build(state: &State, name: &str) -> Result<Up> {
    let wanted = Wanted {
        registry: Kind::Crane,
        ..Wanted::of_tests(Space::Tests)
    };
    up_with(state, name, &wanted)
}

/// Whether builds go to an engine that the user named: there is only one.
///
/// # Errors
/// If what names it cannot be understood.
pub(crate) fn is_the_users(state: &State) -> Result<bool> {
    Ok(builder::user_engine(state)?.is_some())
}

fn up_with(state: &State, name: &str, wanted: &Wanted<'_>) -> Result<Up> {
    if let Some(user) = builder::user_engine(state)? {
        refuse_named(name)?;
        if wanted.days_ahead != 0 {
            bail!(
                "only the clock of an engine of our own can be set: set {GOWORK_ENGINE}=own, or unset BUILDX_BUILDER and DOCKER_HOST"
            );
        }
        return up_of_user(state, &user);
    }
    let engine = Engine::named(state, name)?;
    host::require_root("an engine of our own")?;
    let mut watch = Instant::now();
    let mut lap = || std::mem::replace(&mut watch, Instant::now()).elapsed();
    // Debian's installer works on one processor, and waits for the network.
    let (tools, images) = std::thread::scope(|scope| {
        let images = scope.spawn(|| crate::base::make(state, wanted.go_versions));
        let tools = ensure_tools(state, wanted.registry);
        (tools, images.join())
    });
    tools?;
    let images = images.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let tools = lap();
    let lock = state.lock(LOCK)?;
    let registry = registry::ensure_kind(state, wanted.registry)?;
    let phase = Phase::start(&format!("starting engine {name}"));
    let started = engine.start(state, &registry, wanted.space, wanted.days_ahead)?;
    phase.done_with(if started { "" } else { "it runs already" });
    let start = lap();
    crate::base::publish(state, &registry, &images)?;
    drop(lock);
    let times = vec![
        ("tools and base images", tools),
        ("engine start", start),
        ("publishing the base images", lap()),
    ];
    Ok(Up {
        variables: environment::of_own(state, &engine)?,
        started,
        times,
    })
}

/// Fails if the user named an engine that reads and writes no OCI layouts.
///
/// # Errors
/// As it says.
pub(crate) fn require_layouts(state: &State) -> Result<()> {
    if let Some(user) = builder::user_engine(state)?
        && !user.has_layouts()
    {
        bail!(
            "{}: turn on its containerd image store, or set {GOWORK_ENGINE}=own for an engine of ours",
            builder::WITHOUT_LAYOUTS
        );
    }
    Ok(())
}

/// The Docker that runs on this machine, if one does and nothing says which engine to use. Tests make
/// engines of their own in any case, as they need several, and empty ones.
///
/// # Errors
/// If its buildx does not work.
pub(crate) fn up_at_hand(state: &State) -> Result<Option<Up>> {
    let docker = builder::docker_at_hand();
    docker.map(|user| up_of_user(state, &user)).transpose()
}

fn up_of_user(state: &State, user: &builder::UserEngine) -> Result<Up> {
    let phase = Phase::start(&format!(
        "using the engine that {} names; base images come from Docker Hub",
        user.chosen_by
    ));
    user.bootstrap()?;
    phase.done();
    Ok(Up {
        variables: environment::of_user(state, user)?,
        started: false,
        times: Vec::new(),
    })
}

fn ensure_tools(state: &State, registry: Kind) -> Result<()> {
    for tool in [
        tools::Tool::Buildkitd,
        tools::Tool::Buildx,
        registry.tool(),
        tools::Tool::Crane,
    ] {
        tool.ensure(state)?;
    }
    Ok(())
}

/// Stops the engine `name`, and the registry with the last engine.
///
/// # Errors
/// If it does not end.
pub(crate) fn stop_quietly(state: &State, name: &str) -> Result<()> {
    let _lock = state.lock(LOCK)?;
    Engine::named(state, name)?.stop()?;
    stop_idle_registry(state)
}

fn down(state: &State, engines: &[Engine]) -> Result<()> {
    let _lock = state.lock(LOCK)?;
    for engine in engines {
        let ran = engine.stop()?;
        note(&format!(
            "engine {}: {}",
            engine.name(),
            if ran { "stopped" } else { "was not running" }
        ));
    }
    stop_idle_registry(state)
}

/// Stops the engine `name` and removes all it has.
///
/// # Errors
/// If it cannot be stopped or removed.
pub(crate) fn reset(state: &State, name: &str) -> Result<()> {
    let engine = Engine::named(state, name)?;
    let _lock = state.lock(LOCK)?;
    engine.remove(state)?;
    note(&format!("engine {name}: removed"));
    stop_idle_registry(state)
}

/// Stops the engine `name` and keeps the state it is in, for [`restore`].
///
/// # Errors
/// If it cannot be stopped or copied.
pub(crate) fn save(state: &State, name: &str) -> Result<()> {
    let _lock = state.lock(LOCK)?;
    Engine::named(state, name)?.save()
}

/// Stops the engine `name` and gives it the state that [`save`] kept. Says whether there was one.
///
/// # Errors
/// If it cannot be stopped or copied.
pub(crate) fn restore(state: &State, name: &str) -> Result<bool> {
    let _lock = state.lock(LOCK)?;
    Engine::named(state, name)?.restore()
}

/// Seconds of processors that an engine has used since it was started, with all that it ran.
///
/// # Errors
/// If it does not run.
pub(crate) fn processor_seconds(state: &State, name: &str) -> Result<f64> {
    let running = Engine::named(state, name)?.running();
    let pid = running.with_context(|| format!("engine {name} does not run"))?;
    process::processor_seconds(&pid.to_string())
}

fn stop_idle_registry(state: &State) -> Result<()> {
    if Engine::all(state)?
        .iter()
        .all(|engine| engine.running().is_none())
    {
        registry::stop(state)?;
    }
    Ok(())
}

fn status(state: &State) -> Result<String> {
    let mut text = String::new();
    if let Some(user) = builder::user_engine(state)? {
        let builder = user.builder.map_or_else(
            || "the current builder".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        text += &format!("in use: {builder}, named by {}\n", user.chosen_by);
    }
    for engine in Engine::all(state)? {
        let what = engine
            .running()
            .map_or_else(|| "down".to_owned(), |pid| format!("up, pid {pid}"));
        text += &format!(
            "engine {}: {what}, unix://{}, log {}\n",
            engine.name(),
            engine.socket().display(),
            engine.log().display()
        );
    }
    let registry = registry::running(state)
        .map_or_else(|| "down".to_owned(), |address| format!("up, {address}"));
    text += &format!("registry: {registry}\nstate: {}\n", state.root().display());
    Ok(text)
}

/// Pushes the image of an OCI layout to the registry of base images, for engines that read no layouts.
/// What names it, with its digest.
///
/// # Errors
/// If the registry does not run, or the image cannot be pushed.
pub(crate) fn push(state: &State, layout: &std::path::Path) -> Result<String> {
    let registry = registry::ensure(state)?;
    let crane = tools::Tool::Crane.ensure(state)?;
    let reference = format!("{}/gowork/gowork:1", registry.address);
    let mut push = crate::command::command(crane, ["push", "--insecure"]);
    crate::command::output(push.arg(layout).arg(reference))
}

/// What reaches the engine `name`.
///
/// # Errors
/// If it is the user's and has another name, or buildx cannot be built.
pub(crate) fn variables(state: &State, name: &str) -> Result<Variables> {
    match builder::user_engine(state)? {
        Some(user) => {
            refuse_named(name)?;
            environment::of_user(state, &user)
        }
        None => environment::of_own(state, &Engine::named(state, name)?),
    }
}

/// Several engines, or an empty one, are ours to make only.
fn refuse_named(name: &str) -> Result<()> {
    if name != MAIN {
        bail!(
            "engine {name} can only be one of our own: set {GOWORK_ENGINE}=own, or unset BUILDX_BUILDER and DOCKER_HOST"
        );
    }
    Ok(())
}

fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
