//! The sockets and threads of the registry.
#![allow(clippy::disallowed_types)] // the other end of the network that is under test

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Result, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{DATE, Fault, Faults, Served};

/// A registry that listens. Dropped, it stops.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    state: Arc<State>,
}

/// A request that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Path and query.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
    /// All headers, in lower case, as received.
    pub headers: Vec<(String, String)>,
}

/// How every request is treated.
#[derive(Debug)]
pub(super) struct Manners {
    pub token: Option<String>,
    pub pause: Duration,
    pub busy_above: usize,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, Served>,
    faults: Mutex<BTreeMap<String, Faults>>,
    manners: Manners,
    seen: Mutex<Vec<Seen>>,
    now: AtomicUsize,
    most: AtomicUsize,
    stopped: AtomicBool,
}

impl Running {
    /// The registry's address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.lock().expect("no thread panicked").clone()
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.requests().iter().filter(|seen| seen.path == path).count()
    }

    /// How many requests were being answered at the same time, at most.
    pub fn most_in_flight(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }

    /// Breaks or, with `None`, mends a path from now on.
    pub fn set_fault(&self, path: &str, fault: Option<Fault>) {
        let mut faults = self.state.faults.lock().expect("no thread panicked");
        faults.insert(path.to_owned(), Faults { first: Vec::new(), then: fault });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

pub(super) fn start(
    listener: TcpListener,
    files: BTreeMap<String, Served>,
    faults: BTreeMap<String, Faults>,
    manners: Manners,
) -> Running {
    let address = listener.local_addr().expect("a bound listener has an address");
    let state = Arc::new(State {
        files,
        faults: Mutex::new(faults),
        manners,
        seen: Mutex::default(),
        now: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    });
    let shared = Arc::clone(&state);
    thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.stopped.load(Ordering::SeqCst) {
                break;
            }
            let (Ok(stream), state) = (stream, Arc::clone(&shared)) else { continue };
            // A client that goes away, as clients do of broken answers, ends its thread.
            thread::spawn(move || state.connection(stream));
        }
    });
    Running { address, state }
}

impl State {
    fn connection(&self, mut stream: TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(seen) = request(&mut reader)? {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.seen.lock().expect("no thread panicked").push(seen.clone());
            thread::sleep(self.manners.pause);
            let answered = if now > self.manners.busy_above {
                whole(&mut stream, "429 Too Many Requests", &[], b"")
            } else {
                self.answer(&mut stream, &seen)
            };
            self.now.fetch_sub(1, Ordering::SeqCst);
            if !answered? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the connection can go on.
    fn answer(&self, stream: &mut TcpStream, seen: &Seen) -> Result<bool> {
        let path = seen.path.split('?').next().unwrap_or(&seen.path);
        let bearer = self.manners.token.as_ref().map(|token| format!("Bearer {token}"));
        if bearer.is_some() && seen.authorization != bearer {
            return whole(stream, "401 Unauthorized", &[], b"");
        }
        let fault = self.fault(path);
        let Some(file) = self.files.get(path) else {
            return match fault {
                Some(fault) => self.broken(stream, &fault, b"", &[]),
                None => {
                    whole(stream, "404 Not Found", &[("content-type", "application/json")], b"{}")
                }
            };
        };
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&file.body)[..8]));
        let mut headers = vec![("content-type", file.kind), ("etag", etag.as_str())];
        headers.extend(file.encoding.map(|encoding| ("content-encoding", encoding)));
        match fault {
            Some(fault) => self.broken(stream, &fault, &file.body, &headers),
            None if seen.if_none_match.as_ref() == Some(&etag) => {
                whole(stream, "304 Not Modified", &headers[1..2], b"")
            }
            None => whole(stream, "200 OK", &headers, &file.body),
        }
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().expect("no thread panicked");
        let faults = faults.get_mut(path)?;
        if faults.first.is_empty() { faults.then.clone() } else { Some(faults.first.remove(0)) }
    }

    fn broken(
        &self,
        stream: &mut TcpStream,
        fault: &Fault,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Result<bool> {
        let length = body.len() as u64;
        match fault {
            Fault::Status(status) => return whole(stream, &format!("{status} Status"), &[], b""),
            Fault::RetryAfter(status, after) => {
                let headers = [("retry-after", after.as_str())];
                return whole(stream, &format!("{status} Status"), &headers, b"");
            }
            Fault::Redirect(to) => {
                return whole(stream, "302 Found", &[("location", to.as_str())], b"");
            }
            Fault::Html => {
                let page = b"<!doctype html><title>Log in</title>";
                return whole(
                    stream,
                    "200 OK",
                    &[("content-type", "text/html; charset=utf-8")],
                    page,
                );
            }
            Fault::Body(other) => return whole(stream, "200 OK", headers, other),
            Fault::Close => {}
            Fault::Silence(time) => self.sleep(*time),
            Fault::Drip(pause) => {
                head(stream, "200 OK", headers, Some(length))?;
                for byte in body {
                    self.sleep(*pause);
                    stream.write_all(&[*byte])?;
                }
            }
            Fault::CutOff(after) => {
                head(stream, "200 OK", headers, Some(length))?;
                stream.write_all(&body[..*after])?;
            }
            Fault::Length(length) => {
                head(stream, "200 OK", headers, Some(*length))?;
                stream.write_all(body)?;
            }
            Fault::Endless => {
                head(stream, "200 OK", headers, None)?;
                while !self.stopped.load(Ordering::SeqCst) {
                    stream.write_all(&[b' '; 64 << 10])?;
                }
            }
        }
        Ok(false)
    }

    /// Sleeps, unless the registry stops.
    fn sleep(&self, time: Duration) {
        let step = Duration::from_millis(20);
        let mut left = time;
        while !left.is_zero() && !self.stopped.load(Ordering::SeqCst) {
            thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
    }
}

fn whole(
    stream: &mut TcpStream,
    status: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<bool> {
    head(stream, status, headers, Some(body.len() as u64))?;
    stream.write_all(body)?;
    Ok(true)
}

fn head(
    stream: &mut TcpStream,
    status: &str,
    headers: &[(&str, &str)],
    length: Option<u64>,
) -> Result<()> {
    let mut text = format!("HTTP/1.1 {status}\r\ndate: {DATE}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        Some(length) => text.push_str(&format!("content-length: {length}\r\n\r\n")),
        None => text.push_str("connection: close\r\n\r\n"),
    }
    stream.write_all(text.as_bytes())
}

/// The next request of a connection; `None` when it has ended.
fn request(reader: &mut BufReader<TcpStream>) -> Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let header = |name: &str| {
        headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    };
    let (authorization, if_none_match) = (header("authorization"), header("if-none-match"));
    Ok(Some(Seen { path, authorization, if_none_match, headers }))
}
