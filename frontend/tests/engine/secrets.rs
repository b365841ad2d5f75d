//! A secret is used and nothing else: what a build writes down, keeps, exports or says has none of
//! it, as it is or encoded.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::{Build, Engine, Outcome, variable};
use crate::leaks::{Canaries, unpacked};
use crate::mounts;
use crate::repository::Repository;
use crate::server::Server;

/// A company with a module of its own, behind a password and a certificate that only it knows.
struct Company {
    proxy: Server,
    files: tempfile::TempDir,
    /// All of its secrets.
    canaries: Canaries,
    /// A program that uses the module.
    user: Repository,
    /// Path of the module.
    module: String,
}

/// A text that no earlier run of the tests has left in the engine's cache.
fn unique() -> String {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos()
        .to_string()
}

impl Company {
    fn new() -> Self {
        let unique = unique();
        let canary = |name: &str| format!("canary{name}{unique}");
        let module = format!("private.example/u{unique}/name");
        let arguments = [module.as_str(), &canary("login"), &canary("password")];
        let proxy = Server::with_tls(include_str!("servers/module_proxy.go"), &arguments);
        let mut canaries = Canaries::default();
        for name in ["login", "password", "wrong", "ca", "storage", "url"] {
            canaries.add(name, &canary(name));
        }
        // A line of its own, as text and as the bytes that the agent holds.
        let key = fs::read_to_string(proxy.file("agent.pem")).unwrap();
        canaries.add_bytes("agent's key", key.lines().nth(1).unwrap().as_bytes());
        let certificate = fs::read_to_string(proxy.file("certificate.pem")).unwrap();
        canaries.add_bytes(
            "company's certificate",
            certificate.lines().nth(2).unwrap().as_bytes(),
        );
        let files = tempfile::tempdir().unwrap();
        let company = Self {
            proxy,
            files,
            canaries,
            user: user(&module),
            module,
        };
        let (host, login) = (&company.proxy.address, canary("login"));
        company.write(
            "netrc",
            &format!(
                "machine {host} login {login} password {}\n",
                canary("password")
            ),
        );
        company.write(
            "wrong",
            &format!(
                "machine {host} login {login} password {}\n",
                canary("wrong")
            ),
        );
        let others = std::env::var_os("GOWORK_TEST_CA")
            .map_or_else(String::new, |bundle| fs::read_to_string(bundle).unwrap());
        company.write(
            "ca",
            &format!("{others}\n# {}\n{certificate}", canary("ca")),
        );
        company.write("storage", &canary("storage"));
        company.write("url", &canary("url"));
        company.sum();
        company
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.files.path().join(name), text).unwrap();
    }

    fn secret(&self, id: &str, file: &str) -> String {
        format!(
            "--secret=id={id},src={}",
            self.files.path().join(file).display()
        )
    }

    fn proxy(&self) -> String {
        format!("https://{}", self.proxy.address)
    }

    /// Writes the user's go.sum: the go command of this machine asks for the module, with the
    /// password.
    fn sum(&self) {
        let modules = tempfile::tempdir().unwrap();
        let mut go = Command::new("go");
        go.args(["mod", "tidy"]).current_dir(self.user.root());
        go.env("GOENV", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .env("GONOSUMDB", "private.example");
        go.env("GOPROXY", self.proxy())
            .env("GOMODCACHE", modules.path())
            .env("GOFLAGS", "-modcacherw");
        go.env("NETRC", self.files.path().join("netrc"))
            .env("SSL_CERT_FILE", self.proxy.file("certificate.pem"));
        let output = go.output().expect("the go command must be on PATH");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A build with every secret that there is. The bucket of its cache is not there.
    fn build(&self, netrc: &str) -> Build {
        let storage = fs::read_to_string(self.files.path().join("storage")).unwrap();
        let cache = format!(
            "type=s3,region=r,bucket=b,endpoint_url=http://127.0.0.1:9,use_path_style=true,retry_max_attempts=1,access_key_id={storage},secret_access_key={storage},session_token={storage}"
        );
        let proxy = format!("GOPROXY={}", self.proxy());
        let agent = format!("default={}", self.proxy.file("agent.pem").display());
        let build = Engine::main().frontend(&self.user.root()).args([
            "--build-arg",
            &proxy,
            "--ssh",
            &agent,
            "--cache-from",
            &cache,
        ]);
        build.args([self.secret("netrc", netrc), self.secret("ca", "ca")])
    }

    fn silent(&self, what: &str, outcome: &Outcome) {
        let said = [outcome.stderr.as_str(), &outcome.everything()].concat();
        assert_eq!(
            self.canaries.in_bytes(what, said.as_bytes()),
            Vec::<String>::new(),
            "{said}"
        );
    }
}

fn user(module: &str) -> Repository {
    Repository::new(&[
        (
            "go.mod",
            &format!("module example.com/user\n\ngo 1.26\n\nrequire {module} v1.0.0\n"),
        ),
        (
            "main.go",
            &format!(
                "package main\n\nimport \"{module}\"\n\nfunc main() {{ println(name.Name) }}\n"
            ),
        ),
    ])
}

/// The content of all blobs of a layout, joined.
fn content(layout: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(layout.join("blobs/sha256"))
        .unwrap()
        .map(Result::unwrap)
    {
        let bytes = fs::read(entry.path()).unwrap();
        all.extend(unpacked(&bytes).unwrap_or(bytes));
    }
    all
}

fn has(content: &[u8], text: &str) -> bool {
    memchr::memmem::find(content, text.as_bytes()).is_some()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn nothing_of_a_secret_is_kept_or_said() {
    let company = Company::new();
    let (image, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    let output = format!(
        "type=oci,tar=false,compression=zstd,force-compression=true,dest={}",
        image.path().display()
    );
    let build = company.build("netrc").args([
        "--provenance",
        "mode=max",
        "--cache-to",
        &to,
        "--output",
        &output,
    ]);
    let outcome = build.succeeds();
    company.silent("the progress", &outcome);
    assert!(
        outcome.records.programs_ran().contains("resolve modules"),
        "{}",
        outcome.everything()
    );

    // The search looks into the right places: there are the module that the password is for, its
    // program, and the record of the secret.
    let (kept, exported) = (content(image.path()), content(cache.path()));
    assert!(
        has(&exported, "const Name = \"private\"") && has(&exported, "usr/local/bin/user"),
        "the cache has no layers"
    );
    assert!(
        has(&kept, "usr/local/bin/user") && has(&kept, "https://slsa.dev/provenance/"),
        "no image with provenance"
    );
    assert!(
        has(&kept, "\"id\": \"netrc\"") || has(&kept, "\"id\":\"netrc\""),
        "provenance does not tell of the secret"
    );
    for dir in [image.path(), cache.path()] {
        assert_eq!(company.canaries.in_directory(dir), Vec::<String>::new());
    }

    // Look before the next build: with `--no-cache`, BuildKit empties the cache mounts of steps.
    cache_mount_is_clean(&company);
    let plain = company
        .build("netrc")
        .args([
            "--no-cache",
            "--progress",
            "plain",
            "--output",
            "type=cacheonly",
        ])
        .succeeds();
    assert!(plain.text.contains("resolve modules"), "{}", plain.text);
    company.silent("the plain progress", &plain);
}

/// Everything that a registry has of a build with all kinds of secrets: the image, its SBOM, and its
/// provenance with all parameters. One of the secrets is for a stage.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn nothing_of_a_secret_is_in_the_registry() {
    let mut company = Company::new();
    company.user.append("Dockerfile", STAGE);
    let mut build = company.build("netrc");
    let unique = unique();
    for (id, text) in [
        ("GIT_AUTH_TOKEN", "CANARY"),
        ("GIT_AUTH_TOKEN.git.example.test", "CANARY"),
        (
            "gitconfig",
            "[url \"https://CANARY:CANARY@git.example.test/\"]\n\tinsteadOf = ssh://git.example.test/\n",
        ),
        ("known_hosts", "git.example.test ssh-ed25519 CANARY\n"),
        ("deploy", "CANARY"),
    ] {
        let letters: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        let canary = format!("canary{letters}{unique}");
        company.write(id, &text.replace("CANARY", &canary));
        company.canaries.add(id, &canary);
        build = build.args([company.secret(id, id)]);
    }
    let registry = variable("GOWORK_TEST_REGISTRY");
    let name = format!("{}/test/secrets:{unique}", registry.to_str().unwrap());
    let outcome = build
        .args([
            "--build-arg=GOPRIVATE=git.example.test",
            "--provenance=mode=max",
            "--sbom=true",
            &format!("--output=type=registry,name={name}"),
        ])
        .succeeds();
    company.silent("the progress", &outcome);
    let pulled = tempfile::tempdir().unwrap();
    let mut crane = Command::new(variable("GOWORK_TEST_CRANE"));
    crane.args(["pull", "--insecure", "--format=oci", &name]);
    let output = crane.arg(pulled.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let all = content(pulled.path());
    for part in [
        "usr/local/bin/user",
        "https://slsa.dev/provenance/",
        "https://spdx.dev/Document",
        "srv/has-it",
        "known_hosts",
        "GIT_AUTH_TOKEN.git.example.test",
        "deploy",
    ] {
        assert!(has(&all, part), "{part} is not in the registry");
    }
    let found = company.canaries.in_directory(pulled.path());
    assert_eq!(found, Vec::<String>::new());
}

/// A base that is made with a secret of its own.
const STAGE: &str = "[runtime]
base = \"stage:os\"
[stages.os]
dockerfile = \"\"\"
FROM busybox:latest
RUN --mount=type=secret,id=deploy,required=true test -s /run/secrets/deploy && mkdir -p /srv && touch /srv/has-it
\"\"\"
";

/// Looks into the cache mount that outlives steps with secrets, which no Dockerfile can write the
/// name. The path of the module is among what is looked for, and is all that is found.
fn cache_mount_is_clean(company: &Company) {
    let patterns = [
        &company.canaries.patterns()[..],
        company.module.as_bytes(),
        b"\n",
    ]
    .concat();
    let found = mounts::look("gowork-modules", LOOK, &patterns)
        .remove("found")
        .expect("what grep says");
    let found = String::from_utf8(found).unwrap();
    let found: BTreeSet<&str> = found.lines().collect();
    assert_eq!(
        found,
        [company.module.as_str()].into(),
        "the module was downloaded into this mount"
    );
}

/// Names and contents.
const LOOK: &str =
    "{ find /mount; find /mount -type f -exec cat {} +; } | grep -oFf /input/file >/out/found";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn nothing_of_a_secret_is_said_when_it_is_wrong() {
    let company = Company::new();
    for progress in ["rawjson", "plain"] {
        let build =
            company
                .build("wrong")
                .args(["--progress", progress, "--output", "type=cacheonly"]);
        let outcome = build.fails();
        let said = outcome.everything();
        assert!(
            said.contains("401 Unauthorized") && said.contains("may not read this"),
            "{said}"
        );
        company.silent("the error", &outcome);
    }
    let url = fs::read_to_string(company.files.path().join("url")).unwrap();
    for proxy in [
        format!("https://{url}@{}", company.proxy.address),
        format!("https://a:{url}@host,direct"),
        format!("{url}@host"),
    ] {
        let outcome = company
            .build("netrc")
            .args(["--build-arg", &format!("GOPROXY={proxy}")])
            .fails();
        assert!(
            outcome.text.contains("--secret id=netrc"),
            "{}",
            outcome.everything()
        );
        company.silent("the error", &outcome);
    }
}

/// The search is not blind: what a careless Dockerfile does with a secret is found in the layer,
/// the cache and the log.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_leaks_is_found() {
    let company = Company::new();
    let (image, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dockerfile = tempfile::NamedTempFile::new().unwrap();
    let run = "RUN --mount=type=secret,id=netrc tee /leak </run/secrets/netrc; base64 -w0 /leak\n";
    fs::write(
        dockerfile.path(),
        format!("FROM busybox:latest\nENV UNIQUE={}\n{run}", company.module),
    )
    .unwrap();
    let to = format!(
        "type=local,mode=max,compression=zstd,force-compression=true,dest={}",
        cache.path().display()
    );
    let output = format!(
        "type=oci,tar=false,compression=gzip,force-compression=true,dest={}",
        image.path().display()
    );
    let build = Engine::main().stock(image.path(), dockerfile.path());
    let outcome = build
        .args([company.secret("netrc", "netrc")])
        .args(["--cache-to", &to, "--output", &output])
        .succeeds();
    let logs = company
        .canaries
        .in_bytes("the log", outcome.everything().as_bytes());
    for name in ["login", "password", "login in base64", "password in base64"] {
        assert!(
            logs.contains(&format!("{name} in the log")),
            "{name}: {logs:?}"
        );
    }
    for dir in [image.path(), cache.path()] {
        let found = company.canaries.in_directory(dir);
        assert!(
            found.iter().any(|line| line.starts_with("password in ")),
            "{}: {found:?}",
            dir.display()
        );
    }
}
