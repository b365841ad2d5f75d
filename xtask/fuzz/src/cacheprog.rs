//! The GOCACHEPROG stream and the layer that it leaves.
//!
//! - A get after a put gives that put's bytes, and so does the layer for another process.
//! - The same puts in another order, by other threads, leave the same layer, bit for bit.
//! - A stream that is cut, damaged or no stream at all never makes a wrong hit, nor a layer that
//!   would give one.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gowork_cache::id::Id;
use gowork_cache::layer::format::{output_path, read_index};
use gowork_cache::layer::read::Layer;
use gowork_cache::layer::write::LayerWriter;
use gowork_cache::server::serve::serve;
use gowork_cache::server::store::{Sink, Store};
use serde_json::Value;
use tempfile::TempDir;

/// How many requests of a script count; more find nothing new.
const MOST: usize = 24;

enum Request {
    Put(u8, Vec<u8>),
    Get(u8),
}

/// Checks one script. Its first byte says which property; for those about broken streams the next
/// two say where it breaks.
pub fn check(data: &[u8]) {
    let [mode, high, low, script @ ..] = data else {
        return;
    };
    let at = usize::from(u16::from_be_bytes([*high, *low]));
    let requests = requests(script);
    match mode % 5 {
        0 => in_order(&requests),
        1 => in_any_order(&requests),
        2 => cut(&requests, at),
        3 => damaged(&requests, at, mode / 5),
        _ => whatever(script),
    }
}

/// Two bytes a request, and a put's body after them.
fn requests(mut script: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    while let [what, length, rest @ ..] = script
        && requests.len() < MOST
    {
        let action = (what >> 1) % 8;
        if what % 2 == 0 {
            requests.push(Request::Get(action));
            script = rest;
        } else {
            let (body, rest) = rest.split_at(usize::from(*length).min(rest.len()));
            requests.push(Request::Put(action, body.to_vec()));
            script = rest;
        }
    }
    requests
}

fn action(number: u8) -> Id {
    Id::of(&[number])
}

fn text(requests: &[Request]) -> Vec<u8> {
    let id = |id: Id| STANDARD.encode(id.as_bytes());
    let mut text = String::new();
    for (number, request) in requests.iter().enumerate() {
        let number = number + 1;
        match request {
            Request::Get(key) => {
                text += &format!(
                    "{{\"ID\":{number},\"Command\":\"get\",\"ActionID\":\"{}\"}}\n\n",
                    id(action(*key))
                );
            }
            Request::Put(key, body) => {
                let (key, output, size) = (id(action(*key)), id(Id::of(body)), body.len());
                text += &format!(
                    "{{\"ID\":{number},\"Command\":\"put\",\"ActionID\":\"{key}\",\"OutputID\":\"{output}\",\"BodySize\":{size}}}\n\n"
                );
                if !body.is_empty() {
                    text += &format!("\"{}\"\n", STANDARD.encode(body));
                }
            }
        }
    }
    text.into_bytes()
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// All answers to `input` by their number. They may be wrong ones, to a stream that is wrong.
fn converse(input: &[u8], dir: &Path, threads: usize) -> (Vec<Value>, Result<(), String>) {
    let store = Store::new(
        Vec::new(),
        Sink::Layer(LayerWriter::keep(dir).unwrap(), None),
    );
    let mut output = Vec::new();
    let result = serve(
        &mut BufReader::with_capacity(64, input),
        &mut output,
        &store,
        threads,
    );
    let mut answers: Vec<Value> = serde_json::Deserializer::from_slice(&output)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    answers.sort_by_key(|answer| answer["ID"].as_i64());
    (answers, result)
}

fn is_hit(answer: &Value) -> bool {
    answer.get("OutputID").is_some()
}

fn names_body(answer: &Value, body: &[u8]) -> bool {
    answer["OutputID"] == STANDARD.encode(Id::of(body).as_bytes())
        && answer["Size"].as_u64().unwrap_or_default() == body.len() as u64
}

/// What the layer at `dir` must hold, and nothing else.
fn check_layer(dir: &Path, expected: &BTreeMap<u8, &[u8]>) {
    let index = read_index(dir).unwrap();
    assert_eq!(index.len(), expected.len());
    let layer = Layer::open(dir).unwrap();
    for (key, body) in expected {
        let hit = layer
            .find(&action(*key))
            .unwrap_or_else(|| panic!("action {key} is not in the layer"));
        assert_eq!(fs::read(&hit.path).unwrap(), *body);
        assert_eq!((hit.output, hit.size), (Id::of(body), body.len() as u64));
    }
    for key in (0..8).filter(|key| !expected.contains_key(key)) {
        assert_eq!(layer.find(&action(key)), None);
    }
    let mut outputs: Vec<Id> = expected.values().map(|body| Id::of(body)).collect();
    outputs.sort();
    outputs.dedup();
    assert_eq!(
        fs::read_dir(dir.join("o")).unwrap().count(),
        outputs.len(),
        "an output that nothing names"
    );
    assert_eq!(
        fs::read_dir(dir).unwrap().count(),
        2,
        "more than index and outputs"
    );
}

fn in_order(requests: &[Request]) {
    let dir = directory();
    let (answers, result) = converse(&text(requests), dir.path(), 1);
    result.unwrap();
    assert_eq!(answers.len(), requests.len() + 1);
    let mut known: BTreeMap<u8, &[u8]> = BTreeMap::new();
    for (request, answer) in requests.iter().zip(&answers[1..]) {
        match request {
            Request::Put(key, body) => {
                known.insert(*key, body);
                assert!(names_body(answer, body), "{answer}");
            }
            Request::Get(key) => match known.get(key) {
                Some(body) => assert!(names_body(answer, body), "{answer}"),
                None => assert_eq!(answer["Miss"], true, "{answer}"),
            },
        }
        // A body that a later put replaced is gone with its name.
        if let Some(path) = answer["DiskPath"].as_str()
            && let Ok(bytes) = fs::read(path)
        {
            assert!(names_body(answer, &bytes), "{answer}");
        }
    }
    check_layer(dir.path(), &known);
}

fn in_any_order(requests: &[Request]) {
    let mut bodies: BTreeMap<u8, &[u8]> = BTreeMap::new();
    for request in requests {
        if let Request::Put(key, body) = request {
            bodies.insert(*key, body);
        }
    }
    let puts = || {
        bodies
            .iter()
            .map(|(key, body)| Request::Put(*key, body.to_vec()))
    };
    let (first, second) = (directory(), directory());
    converse(&text(&puts().collect::<Vec<_>>()), first.path(), 1)
        .1
        .unwrap();
    converse(&text(&puts().rev().collect::<Vec<_>>()), second.path(), 3)
        .1
        .unwrap();
    check_layer(first.path(), &bodies);
    assert_eq!(snapshot(first.path()), snapshot(second.path()));
    // Half by one process, the rest by another, some of it again.
    let third = directory();
    converse(
        &text(&puts().take(bodies.len() / 2).collect::<Vec<_>>()),
        third.path(),
        2,
    )
    .1
    .unwrap();
    converse(&text(&puts().collect::<Vec<_>>()), third.path(), 2)
        .1
        .unwrap();
    assert_eq!(snapshot(first.path()), snapshot(third.path()));
}

/// All that a layer's digest covers: names, bytes, modes and times.
fn snapshot(dir: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64)> {
    let mut all = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(path) = open.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
        let bytes = if metadata.is_dir() {
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        all.insert(
            name,
            (bytes, metadata.permissions().mode(), metadata.mtime()),
        );
        if metadata.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
    all
}

fn cut(requests: &[Request], at: usize) {
    let dir = directory();
    let whole = text(requests);
    let (answers, _) = converse(&whole[..at % (whole.len() + 1)], dir.path(), 2);
    let put = |key: u8, answer: &Value| {
        requests.iter().any(|request| matches!(request, Request::Put(other, body) if *other == key && names_body(answer, body)))
    };
    for answer in answers.iter().filter(|answer| is_hit(answer)) {
        let number = usize::try_from(answer["ID"].as_i64().unwrap()).unwrap();
        let (Request::Put(key, _) | Request::Get(key)) = &requests[number - 1];
        assert!(put(*key, answer), "{answer}");
    }
    for key in 0..8 {
        if let Some(entry) = read_index(dir.path()).unwrap_or_default().get(&action(key)) {
            let named =
                |body: &[u8]| entry.output == Id::of(body) && entry.size == body.len() as u64;
            assert!(requests.iter().any(|request| matches!(request, Request::Put(other, body) if *other == key && named(body))));
        }
    }
    check_outputs(dir.path(), &answers);
}

fn damaged(requests: &[Request], at: usize, by: u8) {
    let dir = directory();
    let mut stream = text(requests);
    if stream.is_empty() {
        return;
    }
    let at = at % stream.len();
    stream[at] ^= by.max(1);
    let (answers, _) = converse(&stream, dir.path(), 1);
    check_outputs(dir.path(), &answers);
}

fn whatever(stream: &[u8]) {
    let dir = directory();
    let (answers, _) = converse(stream, dir.path(), 1);
    assert!(!answers.is_empty(), "the greeting comes first");
    check_outputs(dir.path(), &answers);
}

/// Whatever was asked: what is handed out, now or later, is what its ID says.
fn check_outputs(dir: &Path, answers: &[Value]) {
    for answer in answers.iter().filter(|answer| is_hit(answer)) {
        if let Ok(bytes) = fs::read(answer["DiskPath"].as_str().unwrap()) {
            assert!(names_body(answer, &bytes), "{answer}");
        }
    }
    for entry in read_index(dir).unwrap_or_default().values() {
        let bytes = fs::read(output_path(dir, &entry.output)).unwrap();
        assert_eq!(
            (Id::of(&bytes), bytes.len() as u64),
            (entry.output, entry.size)
        );
    }
}
