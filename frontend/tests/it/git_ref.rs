//! Git references, held against what BuildKit documents for them.

use expect_test::expect;
use gowork_frontend::context::GitRef;

fn shown(text: &str) -> String {
    match GitRef::parse(text) {
        Ok(None) => "not git".to_owned(),
        Err(problem) => format!("error: {problem}"),
        Ok(Some(git)) => format!(
            "{} {:?} {:?} {}",
            git.remote,
            git.reference,
            git.subdir,
            flags(&git)
        ),
    }
}

fn flags(git: &GitRef) -> String {
    let flags = [
        (git.keep_git_dir, "keep"),
        (git.skip_submodules, "no-submodules"),
        (git.commit_times, "mtime"),
        (git.fetch_by_commit, "fetch"),
    ];
    let set: Vec<&str> = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| *name)
        .collect();
    format!(
        "{} {}",
        set.join(","),
        git.checksum.as_deref().unwrap_or("")
    )
    .trim()
    .to_owned()
}

#[test]
fn references() {
    let cases = [
        "https://example.com/a/b.git",
        "https://example.com/a/b.git#v1",
        "https://example.com/a/b.git#v1:sub/dir",
        "https://example.com/a/b.git#:sub",
        "https://user:pw@example.com/a.git",
        "https://example.com/a/b",
        "https://example.com/a.tar.gz",
        "http://example.com/a.git",
        "git://example.com/a",
        "ssh://git@example.com/a",
        "git@example.com:a/b.git#main",
        "github.com/moby/buildkit#v0.1",
        "example.com/a.git",
        "./a.git",
        "ftp://example.com/a.git",
        "https://example.com/a.git?ref=v1&subdir=x%2Fy",
        "https://example.com/a.git?tag=v1",
        "https://example.com/a.git?branch=main&commit=abc",
        "https://example.com/a.git?keep-git-dir=1&submodules=false&mtime=commit&fetch-by-commit",
        "https://example.com/a.git?ref=v1#v2",
        "https://example.com/a.git?ref=",
        "https://example.com/a.git?depth=1",
    ];
    let all: String = cases
        .iter()
        .map(|case| format!("{case}\n    {}\n", shown(case)))
        .collect();
    expect![[r#"
        https://example.com/a/b.git
            https://example.com/a/b.git "" "" 
        https://example.com/a/b.git#v1
            https://example.com/a/b.git "v1" "" 
        https://example.com/a/b.git#v1:sub/dir
            https://example.com/a/b.git "v1" "sub/dir" 
        https://example.com/a/b.git#:sub
            https://example.com/a/b.git "" "sub" 
        https://user:pw@example.com/a.git
            https://user:pw@example.com/a.git "" "" 
        https://example.com/a/b
            not git
        https://example.com/a.tar.gz
            not git
        http://example.com/a.git
            http://example.com/a.git "" "" 
        git://example.com/a
            git://example.com/a "" "" 
        ssh://git@example.com/a
            ssh://git@example.com/a "" "" 
        git@example.com:a/b.git#main
            git@example.com:a/b.git "main" "" 
        github.com/moby/buildkit#v0.1
            https://github.com/moby/buildkit "v0.1" "" 
        example.com/a.git
            not git
        ./a.git
            not git
        ftp://example.com/a.git
            not git
        https://example.com/a.git?ref=v1&subdir=x%2Fy
            https://example.com/a.git "v1" "x/y" 
        https://example.com/a.git?tag=v1
            https://example.com/a.git "refs/tags/v1" "" 
        https://example.com/a.git?branch=main&commit=abc
            https://example.com/a.git "refs/heads/main" "" abc
        https://example.com/a.git?keep-git-dir=1&submodules=false&mtime=commit&fetch-by-commit
            https://example.com/a.git "" "" keep,no-submodules,mtime,fetch
        https://example.com/a.git?ref=v1#v2
            error: the git URL names two references: v2 and v1
        https://example.com/a.git?ref=
            error: ref in the git URL has no value
        https://example.com/a.git?depth=1
            error: the git URL has an unknown key: depth
    "#]]
    .assert_eq(&all);
}
