//! The command line, as given.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use gowork_llb::lower;
use gowork_llb::plan::Target;

use crate::root::Root;

/// Container images from Go workspaces: what there is to build, and a plain Dockerfile that builds
/// it.
#[derive(Debug, Parser)]
#[command(version = env!("GOWORK_VERSION"), after_help = crate::exit::HELP, propagate_version = true)]
pub(crate) struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Root of the repository: the build context. Default: the nearest directory, from the current
    /// one up to git's root, with a go.work or a configuration; else the nearest with a go.mod.
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Where the repository begins: found once for every command.
    #[arg(skip)]
    pub(crate) root: Root,
    /// Configuration. Default: the repository's Dockerfile if it is one for gowork, as in a build;
    /// else its gowork.toml.
    #[arg(short = 'f', long = "config", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Platform of the images, such as linux/arm64; several where that makes sense.
    #[arg(long, value_name = "OS/ARCH", global = true, value_delimiter = ',', value_parser = platform)]
    pub(crate) platform: Vec<Target>,
    /// Build-arg for the configuration; without a value it is taken from the environment.
    #[arg(long, value_name = "NAME=VALUE", global = true)]
    pub(crate) build_arg: Vec<String>,
    /// Named context of the build: a directory with a module that go.work or go.mod names outside of
    /// the repository, or that takes the place of another one.
    #[arg(long, value_name = "NAME=DIR", global = true)]
    pub(crate) build_context: Vec<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the images, what each is made of, and why it is one.
    List {
        /// Form of the list.
        #[arg(long, value_enum, default_value = "human")]
        format: Form,
    },
    /// Show the steps that make the images.
    Plan {
        /// Form of the plan.
        #[arg(long, value_enum, default_value = "human")]
        format: Form,
        /// Ask the go command of this machine which packages there are, as a build does in its
        /// first step.
        #[arg(long)]
        resolve: bool,
    },
    /// Draw steps, packages or modules.
    Graph(Graph),
    /// Show what an image is made of, or why a file is part of it, or is not.
    Explain(Explain),
    /// Print what the binaries of an image hold: modules with their versions and sums. Asks the go
    /// command of this machine, as a build does in its first step.
    Sbom(Sbom),
    /// Build a pushed image again from its provenance, and say whether it is the same.
    #[command(after_help = REBUILD_HELP)]
    Rebuild(Rebuild),
    /// List the images that an edit touches, and why.
    #[command(after_help = AFFECTED_HELP)]
    Affected(Affected),
    /// Print a Dockerfile that builds the images with plain BuildKit.
    Dockerfile(Dockerfile),
    /// Print a docker-bake.hcl for the Dockerfile's targets.
    Bake(Output),
    /// Print a .dockerignore that lets in only what the images are made of.
    Dockerignore(Output),
    /// Print a pipeline that tests, builds, signs and publishes the images.
    Ci(Ci),
    /// Report what is known to be wrong with the engine and the host that build.
    Doctor(Doctor),
    /// Print a compose file that builds and runs the images.
    Compose(Compose),
    /// Print a systemd unit that runs an image with Podman, or its program without containers.
    Systemd(Systemd),
    /// Write the first files of a repository, or those that take the place of a Dockerfile that
    /// compiles Go.
    #[command(after_help = INIT_HELP)]
    Init(Init),
    /// Report everything that is wrong with modules, sources and configuration.
    Check(Check),
    /// Print the JSON schema of what a command prints with `--format json`, or of the configuration.
    Schema {
        /// What it describes.
        #[arg(value_enum)]
        of: Described,
    },
    /// Print shell completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Form of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Text.
    Human,
    /// For programs: `gowork schema` prints the schema.
    Json,
}

/// What has a JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    /// `gowork affected`.
    Affected,
    /// `gowork affected --vuln`.
    AffectedVuln,
    /// `gowork check`.
    Check,
    /// The configuration.
    Config,
    /// `gowork doctor`.
    Doctor,
    /// `gowork explain IMAGE`.
    Explain,
    /// `gowork explain IMAGE FILE`.
    ExplainFile,
    /// `gowork list`.
    List,
    /// `gowork plan`.
    Plan,
    /// `gowork rebuild`.
    Rebuild,
}

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Form of the report.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Report,
    /// Write what can be mended without a choice: lines at the end of go.work and of the
    /// configuration. Then report what is left.
    #[arg(long)]
    pub(crate) fix: bool,
}

/// Form of the report of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// Text with the lines of files.
    Human,
    /// For programs: `gowork schema check` prints the schema.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
    /// Workflow commands of GitHub Actions, which shows them in a pull request.
    Github,
}

/// Options of `graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct Graph {
    /// Only what this image is made of.
    pub(crate) image: Option<String>,
    /// What to draw. Default: modules; packages if an image is named.
    #[arg(long, value_enum)]
    pub(crate) of: Option<Subject>,
    /// Language of the drawing.
    #[arg(long, value_enum, default_value = "mermaid")]
    pub(crate) format: Format,
    /// Ask the go command of this machine which packages there are, for the steps of a build.
    #[arg(long)]
    pub(crate) resolve: bool,
}

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The image.
    pub(crate) image: String,
    /// A file, relative to the current directory or to the repository's root; or the import path of
    /// a package.
    pub(crate) file: Option<String>,
    /// Show all of long lists.
    #[arg(long)]
    pub(crate) all: bool,
    /// Form of the answer; JSON has all of every list.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Form,
    /// Ask the go command of this machine which packages there are, as a build does in its first
    /// step.
    #[arg(long)]
    pub(crate) resolve: bool,
}

/// Options of `sbom`.
#[derive(Debug, clap::Args)]
pub(crate) struct Sbom {
    /// The image.
    pub(crate) image: String,
    /// Form of the document.
    #[arg(long, value_enum, default_value = "spdx")]
    pub(crate) format: Bill,
}

/// Options of `rebuild`.
#[derive(Debug, clap::Args)]
pub(crate) struct Rebuild {
    /// The image: of a registry, or a directory with an OCI layout (`oci-layout://DIR:TAG`).
    pub(crate) image: String,
    /// The directory that was the build context, if that was no git repository or URL: a checkout of
    /// the commit that was built.
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,
    /// A named context that was on the disk of the client, as for `docker buildx build`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) build_context: Vec<String>,
    /// A secret, as for `docker buildx build`.
    #[arg(long, value_name = "id=ID,src=FILE")]
    pub(crate) secret: Vec<String>,
    /// An SSH agent or key, as for `docker buildx build`.
    #[arg(long, value_name = "default|ID=SOCKET")]
    pub(crate) ssh: Vec<String>,
    /// Take steps from the builder's cache. Faster, but steps of the first build that are still in
    /// the cache prove nothing.
    #[arg(long)]
    pub(crate) cache: bool,
    /// Form of the answer.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Form,
}

/// Form of a bill of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bill {
    /// SPDX 2.3, as JSON.
    Spdx,
    /// CycloneDX 1.6, as JSON.
    #[value(name = "cyclonedx")]
    CycloneDx,
}

/// Options of `affected`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("edit").required(true))]
pub(crate) struct Affected {
    /// Compare the work tree with this commit, branch or tag. The work tree counts as it is: with
    /// uncommitted changes, and with new files that git does not ignore. Without a value, or with
    /// the zeros that forges give for a branch's first push, every image counts.
    #[arg(long, value_name = "REV", group = "edit", num_args = 0..=1, default_missing_value = "")]
    pub(crate) since: Option<String>,
    /// Take these files as changed, new or deleted, wherever they were before. Relative to the
    /// repository's root; `-` reads a list from standard input, one a line.
    #[arg(long, value_name = "FILE", num_args = 1.., group = "edit")]
    pub(crate) files: Vec<String>,
    /// List the images that hold this module, and the imports that lead to it. Without a version,
    /// any version counts. Asks the go command of this machine, as a build does in its first step.
    #[arg(long, value_name = "MODULE[@VERSION]", group = "edit")]
    pub(crate) module: Option<String>,
    /// List the images that reach a package with a known vulnerability, by a database on disk: a
    /// directory as vuln.go.dev serves it, or files in the OSV format. Asks the go command of this
    /// machine, as a build does in its first step. Nothing is fetched.
    #[arg(long, value_name = "DIR|FILE", group = "edit")]
    pub(crate) vuln: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Answer,
    /// Where mod files differ, ask the go command of this machine which versions it chooses, for
    /// both sides. Without, every image that holds third-party packages counts as touched by a line
    /// that may decide versions. Only with --since.
    #[arg(long, conflicts_with = "files")]
    pub(crate) resolve: bool,
}

/// Form of the answer of `affected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    /// An image a line, with reasons.
    Human,
    /// All reasons, for programs.
    Json,
    /// Two lines for GITHUB_OUTPUT: `matrix={"include":[{"image":"api"}]}` and `any=true`.
    Github,
    /// SARIF 2.1.0, for code scanning services. Only with --vuln.
    Sarif,
}

/// Options of `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// A Dockerfile that compiles Go: write the same without its Go stages, and a gowork.toml with
    /// what its Go commands say.
    #[arg(long, value_name = "DOCKERFILE")]
    pub(crate) from: Option<PathBuf>,
    /// Run `make -n` on this machine where the Dockerfile runs make, and read the commands that it
    /// prints. Makefiles may run programs then.
    #[arg(long, requires = "from")]
    pub(crate) make: bool,
    /// The file to write. Default: Dockerfile; with --from, the Dockerfile's name and `.gowork`.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long)]
    pub(crate) force: bool,
}

const INIT_HELP: &str = "Exit codes: 0, everything was carried over; 1, something is left to do, and was listed with its line; \
2, the command line is wrong; 3, a file cannot be read or written.";

const REBUILD_HELP: &str = "It runs `docker buildx`, with its current builder. Provenance says what runs in the build: rebuild only images whose \
makers you trust.

Exit codes: 0, the image is the same; 1, it is different; 2, the command line is wrong; 3, the image or its \
provenance cannot be read, or the build failed.";

const AFFECTED_HELP: &str = "Files that git ignores count as unchanged. A go.mod, go.work or go.sum counts by what it \
says, not by its bytes: a comment touches no image.

Exit codes: 0, the answer is complete, whether or not an image is touched; 1, the work tree has errors; 2, the command line is wrong; \
3, git or the go command failed, or the commit does not exist.";

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Steps of the plan.
    Steps,
    /// Packages of the repository.
    Packages,
    /// Modules of the repository.
    Modules,
}

/// Language of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For Markdown.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// A picture.
    Svg,
}

/// Options of `dockerfile`.
#[derive(Debug, clap::Args)]
pub(crate) struct Dockerfile {
    /// Where modules and compile results are kept; by default where the configuration's `cache`
    /// says, `mount` or else `layer`.
    #[arg(long, value_enum)]
    pub(crate) cache: Option<Cache>,
    /// Where it goes.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Where modules and compile results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cache {
    /// In the layer of the deps stage: a registry cache carries them to other machines.
    Layer,
    /// In cache mounts: they stay on one builder, and shared packages are not compiled anew for
    /// each image. Slow where several images are built at once and the mount is empty while the
    /// deps stage is cached.
    Mount,
}

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Form of the report.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Form,
    /// Look at the texts of another host, in files of this directory, in place of this one.
    #[arg(long, value_name = "DIR")]
    pub(crate) recorded: Option<PathBuf>,
    /// Also build one step in the builder image of the repository, and ask from there what a build
    /// asks: module proxies and the checksum database, with the settings of the configuration.
    #[arg(long, conflicts_with = "recorded")]
    pub(crate) reach: bool,
    /// A secret of that step, as for `docker buildx build`: netrc, ca.
    #[arg(long, value_name = "id=ID,src=FILE", requires = "reach")]
    pub(crate) secret: Vec<String>,
}

/// Options of `compose`.
#[derive(Debug, clap::Args)]
pub(crate) struct Compose {
    /// Let `docker compose watch` build an image again if you edit what it is made of.
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Options of `systemd`.
#[derive(Debug, clap::Args)]
pub(crate) struct Systemd {
    /// The image.
    pub(crate) image: String,
    /// What runs it.
    #[arg(long, value_enum, default_value = "quadlet")]
    pub(crate) form: Unit,
    /// Where Podman finds the image. Default: `localhost/NAME:latest`.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) reference: Option<String>,
    /// Where it goes.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What a unit runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// The image, with Podman: a file NAME.container.
    Quadlet,
    /// The program of the image, on the host: a file NAME.service.
    Service,
}

/// Options of `ci`.
#[derive(Debug, clap::Args)]
pub(crate) struct Ci {
    /// The system that runs it.
    #[arg(value_enum)]
    pub(crate) system: CiSystem,
    /// Where builds find what earlier ones made.
    #[arg(long, value_enum, default_value = "registry")]
    pub(crate) cache: CiCache,
    /// The branch whose images are published. GitLab knows it by itself.
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    pub(crate) branch: String,
    /// Where it goes.
    #[command(flatten)]
    pub(crate) output: Output,
}

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiSystem {
    /// GitHub Actions: a file in .github/workflows.
    Github,
    /// GitLab CI: .gitlab-ci.yml.
    Gitlab,
}

/// Where builds of a pipeline find what earlier ones made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiCache {
    /// In the registry, beside the images.
    Registry,
    /// In GitHub's cache.
    Gha,
}

/// Where a text goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Output {
    /// File to write, in place of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write nothing; exit with 1 if the file is not what would be written.
    #[arg(long, requires = "output")]
    pub(crate) check: bool,
    /// Write over a file that this command did not print.
    #[arg(long, requires = "output", conflicts_with = "check")]
    pub(crate) force: bool,
}

/// A platform as Docker spells it.
fn platform(text: &str) -> Result<Target, String> {
    lower::parse_target(text).map_err(|unknown| unknown.to_string())
}
