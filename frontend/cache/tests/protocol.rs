//! The protocol: what the go command sends, in any chopping, and what it never would.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gowork_cache::id::Id;
use gowork_cache::layer::write::LayerWriter;
use gowork_cache::server::protocol::{Command, read_request};
use gowork_cache::server::serve::serve;
use gowork_cache::server::store::{Sink, Store};
use proptest::prelude::*;

fn base64(id: &Id) -> String {
    STANDARD.encode(id.as_bytes())
}

fn put_text(number: i64, action: &Id, body: &[u8]) -> String {
    let mut text = format!(
        "{{\"ID\":{number},\"Command\":\"put\",\"ActionID\":\"{}\",\"OutputID\":\"{}\",\"BodySize\":{}}}\n\n",
        base64(action),
        base64(&Id::of(body)),
        body.len()
    );
    if !body.is_empty() {
        text += &format!("\"{}\"\n", STANDARD.encode(body));
    }
    text
}

/// Gives one byte a read, as a slow pipe would.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(1);
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// All answers to `input`, one JSON value each, by their ID; and whether the conversation ended
/// well.
fn converse(input: &[u8]) -> (Vec<serde_json::Value>, Result<(), String>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(
        Vec::new(),
        Sink::Layer(LayerWriter::keep(dir.path()).unwrap(), None),
    );
    let mut output = Vec::new();
    let result = serve(&mut BufReader::new(input), &mut output, &store, 3);
    let mut answers: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&output)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    answers.sort_by_key(|answer| answer["ID"].as_i64());
    (answers, result)
}

#[test]
fn put_then_get_then_close() {
    let (action, body) = (Id::of(b"key"), b"the result");
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(
        Vec::new(),
        Sink::Layer(LayerWriter::keep(dir.path()).unwrap(), None),
    );
    let mut output = Vec::new();
    let text = put_text(1, &action, body);
    serve(
        &mut BufReader::new(Dribble(text.as_bytes())),
        &mut output,
        &store,
        1,
    )
    .unwrap();
    let text = format!(
        "{{\"ID\":2,\"Command\":\"get\",\"ActionID\":\"{}\"}}\n\n{{\"ID\":3,\"Command\":\"close\"}}\n\n{{\"ID\":4,\"Command\":\"get\"}}",
        base64(&action)
    );
    let mut output = Vec::new();
    let store = Store::new(
        vec![gowork_cache::layer::read::Layer::open(dir.path()).unwrap()],
        Sink::Layer(LayerWriter::keep(dir.path()).unwrap(), None),
    );
    serve(
        &mut BufReader::new(Dribble(text.as_bytes())),
        &mut output,
        &store,
        1,
    )
    .unwrap();
    let answers: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&output)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        answers.len(),
        3,
        "nothing is answered after close: {answers:?}"
    );
    assert_eq!(
        answers[0],
        serde_json::json!({"ID": 0, "KnownCommands": ["get", "put", "close"]})
    );
    assert_eq!(answers[1]["OutputID"], base64(&Id::of(body)));
    assert_eq!(answers[1]["Size"], body.len());
    assert_eq!(
        std::fs::read(answers[1]["DiskPath"].as_str().unwrap()).unwrap(),
        body
    );
    assert_eq!(answers[2], serde_json::json!({"ID": 3}));
}

#[test]
fn refusals_are_answers_and_the_stream_goes_on() {
    let bad_body = put_text(2, &Id::of(b"a"), b"body")
        .replace(&STANDARD.encode(b"body"), &STANDARD.encode(b"BODY"));
    let text = format!(
        "{{\"ID\":1,\"Command\":\"get\",\"ActionID\":\"AAAA\"}}\n{bad_body}{{\"ID\":3,\"Command\":\"fly\"}}\n{{\"ID\":4,\"Command\":\"close\"}}\n"
    );
    let (answers, result) = converse(text.as_bytes());
    result.unwrap();
    for (answer, words) in
        answers[1..4]
            .iter()
            .zip(["32 bytes", "not what its ID says", "unknown command"])
    {
        assert!(answer["Err"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(answers[4], serde_json::json!({"ID": 4}));
}

#[test]
fn broken_streams_end_with_an_error() {
    let put = put_text(1, &Id::of(b"a"), b"some body");
    let cut = &put[..put.len() - 5];
    for text in [
        "{\"ID\":1,",
        "null\n",
        cut,
        "{\"ID\":1,\"Command\":\"put\",\"BodySize\":-1}\n",
        "{\"ID\":1,\"Command\":\"put\",\"BodySize\":9e18}\n",
    ] {
        assert!(converse(text.as_bytes()).1.is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_requests_survive_any_chopping(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let text: String = bodies.iter().enumerate().map(|(n, body)| put_text(n as i64, &Id::of(body), body)).collect();
        let mut input = BufReader::with_capacity(7, Dribble(text.as_bytes()));
        for (n, body) in bodies.iter().enumerate() {
            let request = read_request(&mut input).unwrap().unwrap();
            prop_assert_eq!(request.id, n as i64);
            let Command::Put(put) = request.command else { panic!("{:?}", request.command) };
            prop_assert_eq!(&put.decode().unwrap(), body);
        }
        prop_assert_eq!(read_request(&mut input).unwrap(), None);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut input = &bytes[..];
        while let Ok(Some(_)) = read_request(&mut input) {}
    }

    #[test]
    fn damaged_streams_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = (put_text(1, &Id::of(b"k"), b"body of one") + &put_text(2, &Id::of(b"l"), b"")).into_bytes();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len()));
        let (answers, _) = converse(&bytes);
        prop_assert!(!answers.is_empty());
    }
}
