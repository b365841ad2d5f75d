//! Gives the program its version with the commit that it is built from, as `GOWORK_VERSION`.

#[path = "build/revision.rs"]
mod revision;

use std::path::{Path, PathBuf};

fn main() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for own in ["build.rs", "build/revision.rs"] {
        println!("cargo::rerun-if-changed={own}");
    }
    println!("cargo::rerun-if-env-changed={}", revision::VARIABLE);
    // A tree that is edited keeps the commit that it was edited from: to know better, Cargo would
    // have to look at every file of the repository.
    for written in written_by_git(package) {
        println!("cargo::rerun-if-changed={}", written.display());
    }
    let version = env!("CARGO_PKG_VERSION");
    match revision::of(package) {
        Ok(Some(commit)) => {
            let short = short(&commit);
            println!("cargo::rustc-env=GOWORK_VERSION={version} ({short})");
        }
        Ok(None) => println!("cargo::rustc-env=GOWORK_VERSION={version}"),
        Err(error) => println!("cargo::error={error}"),
    }
}

/// The first digits of a commit, and what stands behind it.
fn short(commit: &str) -> String {
    let (_, behind) = commit.split_at(commit.find('-').unwrap_or(commit.len()));
    format!("{}{behind}", &commit[..revision::SHORT])
}

/// The files that git writes into with each commit and checkout.
fn written_by_git(package: &Path) -> Vec<PathBuf> {
    let Some(repository) = revision::checkout(package) else {
        return Vec::new();
    };
    // In a linked worktree `.git` is a file. Git knows where they are.
    let mut files = Vec::new();
    for name in ["HEAD", "logs/HEAD"] {
        let path = revision::git(repository, &["rev-parse", "--git-path", name]);
        files.extend(path.map(|path| repository.join(path)));
    }
    files.retain(|file| file.exists());
    files
}
