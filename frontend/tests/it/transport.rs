//! The connection: limits, deadlines, deaths, and the program's own end.

use std::os::fd::AsFd;
use std::pin::Pin;
use std::process::{Command, Stdio as Std};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use gowork_frontend::gateway::grpc::GrpcGateway;
use gowork_frontend::gateway::stdio::Stdio;
use gowork_frontend::gateway::{CacheImport, Gateway, ImageQuery, Ref, Solve, StepLimits, Warning};
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::ops::{Output, ProgressGroup, SourceMap};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

use super::bridge::Bridge;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), future).await };
    runtime.block_on(limited).expect("the conversation hangs")
}

async fn connected(bridge: Bridge) -> GrpcGateway {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(bridge.serve(theirs));
    GrpcGateway::connect(ours).await.unwrap()
}

fn a_ref() -> Ref {
    Ref("ref-1".to_owned())
}

#[test]
fn error_details_survive_whatever_their_size() {
    block_on(async {
        let gateway = connected(Bridge::default()).await;
        for size in [1_400, 17_000, 100_000, 1_300_000] {
            let error = gateway
                .stat_file(&a_ref(), &size.to_string())
                .await
                .unwrap_err();
            assert_eq!(error.to_string(), "step failed");
            assert_eq!(
                error.status.details.len(),
                1,
                "details of {size} bytes are lost"
            );
            assert_eq!(error.status.details[0].value.len(), size);
        }
        let error = gateway.stat_file(&a_ref(), "1300000").await.unwrap_err();
        gateway.return_error(*error.status).await.unwrap();
    });
}

#[test]
fn files_of_any_size_are_read_in_chunks() {
    block_on(async {
        let bridge = Bridge::default();
        let calls = Arc::clone(&bridge.calls);
        let gateway = connected(bridge).await;
        for (size, expected_calls) in [
            (0, 1),
            (10, 1),
            (4 << 20, 2),
            (5_000_000, 2),
            (17_000_000, 5),
        ] {
            calls.lock().unwrap().clear();
            let whole = gateway
                .read_file(&a_ref(), &size.to_string())
                .await
                .unwrap();
            assert_eq!(whole.len(), size);
            assert!(
                whole
                    .iter()
                    .enumerate()
                    .all(|(at, byte)| usize::from(*byte) == at % 251)
            );
            assert_eq!(
                calls.lock().unwrap().len(),
                expected_calls,
                "calls for {size} bytes"
            );
        }
        let whole = gateway.read_range(&a_ref(), "5000000", None).await.unwrap();
        assert_eq!(whole.len(), 5_000_000, "over tonic's usual limit of 4 MiB");
        let missing = gateway.read_file(&a_ref(), "go.work").await.unwrap_err();
        assert!(missing.is_not_found(), "{missing}");
    });
}

#[test]
fn calls_go_side_by_side() {
    block_on(async {
        let gateway = connected(Bridge::default()).await;
        let reference = a_ref();
        let (a, b, c) = tokio::join!(
            gateway.read_file(&reference, "9000000"),
            gateway.read_file(&reference, "10"),
            gateway.stat_file(&reference, "100000"),
        );
        assert_eq!(
            (a.unwrap().len(), b.unwrap().len(), c.is_err()),
            (9_000_000, 10, true)
        );
    });
}

fn small() -> Output {
    File::on(&Output::scratch())
        .mkfile(Mkfile::new("/a", 0o644, "a"))
        .named("a")
        .output()
}

#[test]
fn solve_carries_cache_imports_and_asks_for_new_results() {
    block_on(async {
        let bridge = Bridge {
            caps: vec!["gateway.solve.evaluate", "gateway.evaluate"],
            ..Bridge::default()
        };
        let (solved, calls) = (Arc::clone(&bridge.solved), Arc::clone(&bridge.calls));
        let gateway = connected(bridge).await;
        let import = CacheImport {
            kind: "registry".into(),
            attrs: [("ref".to_owned(), "x".to_owned())].into(),
        };
        let request = Solve {
            definition: small().to_definition(),
            evaluate: true,
            cache_imports: vec![import],
            ..Solve::default()
        };
        assert_eq!(gateway.solve(request).await.unwrap().reference, a_ref());
        let sent = solved.lock().unwrap()[0].clone();
        assert!(sent.allow_result_return && sent.allow_result_array_ref && sent.evaluate);
        assert_eq!(
            (
                sent.cache_imports[0].r#type.as_str(),
                sent.cache_imports[0].attrs["ref"].as_str()
            ),
            ("registry", "x")
        );
        assert_eq!(*calls.lock().unwrap(), ["Solve"]);
    });
}

/// The message for limits is written down in the gateway: it has all that is in the usual one.
#[test]
fn limits_of_steps_change_nothing_else_in_a_solve() {
    block_on(async {
        let bridge = Bridge {
            caps: vec!["gateway.solve.evaluate"],
            ..Bridge::default()
        };
        let solved = Arc::clone(&bridge.solved);
        let gateway = connected(bridge).await;
        let group = ProgressGroup {
            id: "g".into(),
            name: "group".into(),
            weak: true,
        };
        let file = SourceMap::new("Dockerfile", "TOML", b"a\nb\n".to_vec());
        let output = File::on(&Output::scratch())
            .mkfile(Mkfile::new("/a", 0o644, "a"))
            .named("a")
            .ignore_cache(true)
            .export_cache(false)
            .progress_group(group)
            .location(file.lines(1..=2))
            .output();
        let without = Solve {
            definition: output.to_definition(),
            evaluate: true,
            cache_imports: vec![CacheImport {
                kind: "registry".into(),
                attrs: [("ref".to_owned(), "x".to_owned())].into(),
            }],
            ..Solve::default()
        };
        let with = Solve {
            limits: StepLimits {
                memory: 1,
                cpuset_cpus: "0".into(),
                ..StepLimits::default()
            },
            ..without.clone()
        };
        gateway.solve(without).await.unwrap();
        gateway.solve(with).await.unwrap();
        let sent = solved.lock().unwrap();
        assert_eq!(sent[0], sent[1]);
        assert!(sent[0].definition.as_ref().unwrap().source.is_some());
    });
}

#[test]
fn what_the_daemon_cannot_do_is_done_otherwise_or_refused() {
    block_on(async {
        let bridge = Bridge::default();
        let calls = Arc::clone(&bridge.calls);
        let gateway = connected(bridge).await;
        let request = Solve {
            definition: small().to_definition(),
            evaluate: true,
            ..Solve::default()
        };
        gateway.solve(request).await.unwrap();
        assert!(gateway.inputs().await.unwrap().is_empty());
        gateway.warn(Warning::default()).await.unwrap();
        assert_eq!(
            *calls.lock().unwrap(),
            ["Solve", "StatFile"],
            "evaluated by a stat; no Inputs, no Warn"
        );

        let merged = gowork_llb::ops::source::Local::new("context").output();
        let refused = gateway
            .solve(Solve {
                definition: merged.to_definition(),
                ..Solve::default()
            })
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("source.local"), "{refused}");
        assert_eq!(calls.lock().unwrap().len(), 2, "not sent");
    });
}

#[test]
fn images_by_either_call() {
    let query = ImageQuery {
        reference: "docker.io/library/golang:1.26".into(),
        ..ImageQuery::default()
    };
    block_on(async {
        let old = connected(Bridge::default())
            .await
            .resolve_image(query.clone())
            .await
            .unwrap();
        assert_eq!(
            (old.reference.as_str(), old.digest),
            ("docker.io/library/golang:1.26", None)
        );
        let new = connected(Bridge {
            caps: vec!["source.metaresolver"],
            ..Bridge::default()
        })
        .await;
        let new = new.resolve_image(query.clone()).await.unwrap();
        assert_eq!(
            (new.reference.as_str(), new.digest.as_deref()),
            ("docker.io/library/mirror/golang:1.26", Some("sha256:1"))
        );
        assert_eq!(new.config, b"docker-image://docker.io/library/golang:1.26");
    });
}

#[test]
fn a_daemon_that_dies_fails_the_calls() {
    block_on(async {
        let (ours, mut near) = tokio::io::duplex(64 << 10);
        let (mut far, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(Bridge::default().serve(theirs));
        let wire =
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        let gateway = GrpcGateway::connect(ours).await.unwrap();
        wire.abort();
        let _ = wire.await;
        for _ in 0..2 {
            let error = gateway.read_file(&a_ref(), "10").await.unwrap_err();
            assert!(
                !error.to_string().is_empty() && !error.is_not_found(),
                "{error:?}"
            );
        }
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        drop(theirs);
        assert!(GrpcGateway::connect(ours).await.is_err());
    });
}

/// Pipes to a child process, as the server's stream.
struct Pipes(Stdio);

impl Connected for Pipes {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Pipes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Runs the program with one option against the bridge; gives its exit code and what it returned.
fn program(
    option: &str,
) -> (
    Option<i32>,
    Vec<buildkit_proto::moby::buildkit::v1::frontend::ReturnRequest>,
) {
    block_on(async {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gowork-frontend"))
            .env("BUILDKIT_FRONTEND_OPT_0", option)
            .stdin(Std::piped())
            .stdout(Std::piped())
            .spawn()
            .unwrap();
        // Kept open to the end: a program that waits for the end of its input would hang here, and
        // in BuildKit.
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let bridge = Bridge::default();
        let returned = Arc::clone(&bridge.returned);
        tokio::spawn(bridge.serve(Pipes(
            Stdio::from_fds(stdout.as_fd(), stdin.as_fd()).unwrap(),
        )));
        let start = Instant::now();
        let code = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if start.elapsed() > Duration::from_secs(30) => {
                    child.kill().unwrap();
                    panic!("the program does not end after its return");
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let returned = returned.lock().unwrap().clone();
        (code, returned)
    })
}

#[test]
fn the_program_ends_with_0_once_it_has_returned() {
    let (code, returned) = program("requestid=frontend.subrequests.describe");
    assert_eq!((code, returned.len()), (Some(0), 1));
    assert!(
        returned[0]
            .result
            .as_ref()
            .is_some_and(|result| result.metadata.contains_key("result.json"))
    );

    let (code, returned) = program("requestid=frontend.unknown");
    assert_eq!(
        (code, returned.len()),
        (Some(0), 1),
        "an error is an answer, too"
    );
    let error = returned[0].error.as_ref().unwrap();
    assert_eq!(
        (error.code, error.message.as_str()),
        (2, "unsupported request frontend.unknown")
    );
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_gowork-frontend"))
        .stdin(Std::null())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && words.contains("only BuildKit can start this program"),
        "{words}"
    );
    let output = Command::new(env!("CARGO_BIN_EXE_gowork-frontend"))
        .arg("scna")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && words.contains("scna"),
        "{words}"
    );
    assert!(output.stdout.is_empty());
}
