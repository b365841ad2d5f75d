//! The conversation with the go command. One thread reads requests; a few threads answer them, in
//! any order: answering is mostly hashing and writing, and the go command asks from as many threads
//! as it compiles with.

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::hit::Hit;
use crate::server::protocol::{self, Command, Put, Request, Response};
use crate::server::store::Store;

/// Answers until the go command closes the conversation or goes away. Completes the layer being
/// written in both cases.
///
/// # Errors
/// If the stream is not the protocol's, or an answer or the layer cannot be written. If the go
/// command can still be answered, it gets the error too.
pub fn serve(
    input: &mut impl BufRead,
    output: impl Write + Send,
    store: &Store,
    threads: usize,
) -> Result<(), String> {
    let output = Mutex::new(output);
    answer(
        &output,
        &Response {
            known_commands: &["get", "put", "close"],
            ..Response::default()
        },
    )?;
    // Bodies wait in this queue, so it is short.
    let (sender, receiver) = sync_channel::<Request>(threads);
    let receiver = Mutex::new(receiver);
    let closing = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&receiver, &output, store)))
            .collect();
        let closing = read(input, |request| sender.send(request).is_ok());
        drop(sender);
        for worker in workers {
            worker
                .join()
                .map_err(|_| "a worker thread ended".to_owned())??;
        }
        closing
    })?;
    let finished = store
        .finish()
        .map_err(|error| format!("complete the layer: {error}"));
    match (closing, &finished) {
        (Some(id), Ok(())) => answer_error(&output, id, "")?,
        (Some(id), Err(error)) => answer_error(&output, id, &format!("gowork-cache: {error}"))?,
        (None, _) => {}
    }
    finished
}

/// Hands requests over until a close, whose ID it returns, or the end of the stream.
fn read(
    input: &mut impl BufRead,
    mut hand_over: impl FnMut(Request) -> bool,
) -> Result<Option<i64>, String> {
    while let Some(request) = protocol::read_request(input).map_err(|error| error.to_string())? {
        if request.command == Command::Close {
            return Ok(Some(request.id));
        }
        if !hand_over(request) {
            break;
        }
    }
    Ok(None)
}

/// Answers requests until no more come. After an error it still takes requests, so that the reader
/// never waits in vain.
fn work(
    requests: &Mutex<Receiver<Request>>,
    output: &Mutex<impl Write>,
    store: &Store,
) -> Result<(), String> {
    let mut result = Ok(());
    loop {
        let next = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(request) = next else { return result };
        if result.is_ok() {
            result = respond(request, output, store);
        }
    }
}

fn respond(
    Request { id, command }: Request,
    output: &Mutex<impl Write>,
    store: &Store,
) -> Result<(), String> {
    match command {
        Command::Get(action) => match store.get(&action) {
            Some(hit) => answer_hit(output, id, &hit),
            None => answer(
                output,
                &Response {
                    id,
                    miss: true,
                    ..Response::default()
                },
            ),
        },
        Command::Put(put) => answer_put(output, id, &put, store),
        Command::Close => Ok(()),
        Command::Unknown(reason) => answer_error(output, id, &format!("gowork-cache: {reason}")),
    }
}

fn answer_put(output: &Mutex<impl Write>, id: i64, put: &Put, store: &Store) -> Result<(), String> {
    match store.put(put) {
        Ok(hit) => answer_hit(output, id, &hit),
        Err(error) => answer_error(output, id, &format!("gowork-cache: {error}")),
    }
}

/// Answers with an error; an empty one means success.
fn answer_error(output: &Mutex<impl Write>, id: i64, err: &str) -> Result<(), String> {
    answer(
        output,
        &Response {
            id,
            err,
            ..Response::default()
        },
    )
}

fn answer_hit(output: &Mutex<impl Write>, id: i64, hit: &Hit) -> Result<(), String> {
    let disk_path = hit.path.to_str().unwrap_or_default();
    answer(
        output,
        &Response {
            id,
            output: protocol::encode_id(&hit.output),
            size: hit.size,
            disk_path,
            ..Response::default()
        },
    )
}

fn answer(output: &Mutex<impl Write>, response: &Response<'_>) -> Result<(), String> {
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    protocol::write_response(&mut *output, response)
        .map_err(|error| format!("answer the go command: {error}"))
}
