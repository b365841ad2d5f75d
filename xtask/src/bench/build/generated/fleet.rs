//! A fleet: forty services of one company, with libraries of their own and clients of third-party
//! systems. Some third-party modules are heavy, and few services hold them: that is what a cut of
//! compile steps has to get right.

use super::{Package, ThirdParty, write_main, write_module};
use anyhow::Result;
use std::path::Path;

/// Changes whenever other files would be made.
pub(super) const VERSION: u32 = 1;
/// Modules below `lib` that need nothing from outside, and below `services`.
const LIBRARIES: usize = 10;
const SERVICES: usize = 40;
/// Packages of a library, and of a client.
const OF_LIBRARY: usize = 20;
const OF_CLIENT: usize = 5;
/// Packages of the smallest service; the others have up to 42 more.
const OF_SERVICE: usize = 23;

/// Modules below `clients`: how many services hold each, and what it stands for.
const CLIENTS: [(usize, ThirdParty); 10] = [
    (
        40,
        ThirdParty::new("go.uber.org/zap", "v1.25.0", "", "zap.NewNop"),
    ),
    (
        33,
        ThirdParty::new("github.com/google/uuid", "v1.5.0", "", "uuid.NewString"),
    ),
    (
        30,
        ThirdParty::new(
            "github.com/prometheus/client_golang",
            "v1.24.0",
            "prometheus",
            "prometheus.NewRegistry",
        ),
    ),
    (
        25,
        ThirdParty::new("google.golang.org/grpc", "v1.84.0", "", "grpc.NewServer"),
    ),
    (
        20,
        ThirdParty::new(
            "go.opentelemetry.io/otel/sdk",
            "v1.46.0",
            "trace",
            "trace.NewTracerProvider",
        ),
    ),
    (
        15,
        ThirdParty::new("github.com/jackc/pgx/v5", "v5.11.0", "", "pgx.Connect"),
    ),
    (
        12,
        ThirdParty::new(
            "github.com/redis/go-redis/v9",
            "v9.21.0",
            "",
            "redis.NewClient",
        ),
    ),
    (
        6,
        ThirdParty::new(
            "github.com/segmentio/kafka-go",
            "v0.4.51",
            "",
            "kafka.NewReader",
        ),
    ),
    (
        5,
        ThirdParty::new(
            "github.com/aws/aws-sdk-go-v2/service/s3",
            "v1.114.10",
            "",
            "s3.NewFromConfig",
        ),
    ),
    (
        3,
        ThirdParty::new(
            "k8s.io/client-go",
            "v0.36.6",
            "kubernetes",
            "kubernetes.NewForConfig",
        ),
    ),
];

/// Writes it.
///
/// # Errors
/// If it cannot be written.
pub(super) fn generate(root: &Path) -> Result<()> {
    let mut work = "go 1.26\n\nuse (\n".to_owned();
    for library in 0..LIBRARIES {
        write_module(root, "fleet", &library_dir(library), None, &mut work)?;
        for number in 0..OF_LIBRARY {
            let imports = below_in_library(library, number);
            write_package(root, &library_dir(library), number, &imports, None)?;
        }
    }
    for (client, (_, used)) in CLIENTS.iter().enumerate() {
        let dir = client_dir(client);
        write_module(root, "fleet", &dir, Some(used), &mut work)?;
        for number in 0..OF_CLIENT {
            // The last one has what is taken from outside, the others are built upon it.
            let is_last = number + 1 == OF_CLIENT;
            let below = (!is_last).then(|| path(&dir, OF_CLIENT - 1));
            let used = is_last.then_some(used);
            write_package(root, &dir, number, below.as_slice(), used)?;
        }
    }
    for service in 0..SERVICES {
        let name = format!("service{service:02}");
        let dir = format!("services/{name}");
        write_module(root, "fleet", &dir, None, &mut work)?;
        let inside = format!("{dir}/internal");
        let clients: Vec<usize> = (0..CLIENTS.len())
            .filter(|&client| holds(service, client))
            .collect();
        let packages = of_service(service);
        for number in 0..packages {
            let mut imports: Vec<String> = [2 * number + 1, 2 * number + 2]
                .into_iter()
                .filter(|&lower| lower < packages)
                .map(|lower| path(&inside, lower))
                .collect();
            imports.push(path(
                &library_dir(used_by(service, number)),
                number % OF_LIBRARY,
            ));
            // Clients are used far from the main: what holds them is much of the service.
            let client = clients.get(packages - 1 - number);
            imports.extend(client.map(|&client| path(&client_dir(client), number % OF_CLIENT)));
            write_package(root, &inside, number, &imports, None)?;
        }
        write_main(root, &format!("{dir}/cmd/{name}"), &[path(&inside, 0)])?;
    }
    std::fs::write(root.join("README.md"), "# A fleet\n")?;
    std::fs::write(root.join("go.work"), work + ")\n")?;
    Ok(())
}

/// The clients that need a third-party module, with it.
pub(super) fn required() -> Vec<(String, &'static ThirdParty)> {
    CLIENTS
        .iter()
        .enumerate()
        .map(|(client, (_, used))| (client_dir(client), used))
        .collect()
}

/// Packages of a service, its main not counted.
fn of_service(service: usize) -> usize {
    OF_SERVICE + service * 7 % 49
}

/// Whether a service holds a client: as many as the table says, others for each client.
fn holds(service: usize, client: usize) -> bool {
    (service * 7 + client * 11) % SERVICES < CLIENTS[client].0
}

/// The library that a package of a service uses: every service has four, others than its neighbour.
fn used_by(service: usize, number: usize) -> usize {
    match number % 4 {
        0 => service % 3,
        n => (service * 3 + n * 7) % LIBRARIES,
    }
}

/// What a package of a library imports: one before it, and the same one of a library below.
fn below_in_library(library: usize, number: usize) -> Vec<String> {
    let mut imports = Vec::new();
    if number > 0 {
        imports.push(path(&library_dir(library), number / 2));
    }
    if library > 0 {
        imports.push(path(&library_dir(library / 2), number));
    }
    imports
}

fn library_dir(library: usize) -> String {
    format!("lib/lib{library:02}")
}

fn client_dir(client: usize) -> String {
    format!("clients/client{client:02}")
}

/// Import path of a package of the directory `dir`.
fn path(dir: &str, number: usize) -> String {
    format!("example.com/fleet/{dir}/{}", name(number))
}

fn name(number: usize) -> String {
    format!("part{number:02}")
}

fn write_package(
    root: &Path,
    dir: &str,
    number: usize,
    imports: &[String],
    used: Option<&ThirdParty>,
) -> Result<()> {
    Package {
        dir: format!("{dir}/{}", name(number)),
        name: &name(number),
        imports,
        used,
        files: 2,
        types: 1,
    }
    .write(root)
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS, SERVICES, generate, holds};
    use crate::bench::build::subject::Subject;

    #[test]
    fn it_has_sixty_modules_forty_images_and_two_thousand_packages() {
        let root = tempfile::tempdir().expect("a directory");
        generate(root.path()).expect("generated");
        let subject = Subject::open("fleet", root.path(), &[]).expect("a repository");
        assert_eq!((subject.modules.len(), subject.images.len()), (60, 40));
        assert!(
            (1_950..2_100).contains(&subject.packages),
            "{}",
            subject.packages
        );
        for (client, (count, _)) in CLIENTS.iter().enumerate() {
            let holders = (0..SERVICES).filter(|&service| holds(service, client));
            assert_eq!(holders.count(), *count, "client {client}");
        }
    }
}
