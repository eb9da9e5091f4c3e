//! A web server on loopback for published files, with the faults that real networks have.
#![allow(clippy::disallowed_types)] // a server has streams

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What goes wrong with one file.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status in place of the file.
    Status(u16),
    /// A web page in place of the file.
    Page,
    /// The connection closes half-way.
    CutOff,
    /// A body that never ends, announced with this length, if any.
    Endless(Option<u64>),
    /// Silence after the request.
    Silence,
}

/// Files under their names, and the faults; may be changed while the server runs.
#[derive(Default)]
pub struct Site {
    pub files: BTreeMap<String, Vec<u8>>,
    pub faults: BTreeMap<String, Fault>,
    /// Every name asked for, in order.
    pub asked: Vec<String>,
}

/// A running server. Its threads end with the process.
pub struct Server {
    address: SocketAddr,
    pub site: Arc<Mutex<Site>>,
}

impl Server {
    /// Serves these files.
    pub fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let site = Arc::new(Mutex::new(Site { files, ..Site::default() }));
        let shared = Arc::clone(&site);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = Arc::clone(&shared);
                // Clients close connections as they please.
                thread::spawn(move || drop(serve(stream, &site)));
            }
        });
        Self { address, site }
    }

    /// The address of the site.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The names asked for since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.site.lock().expect("the site").asked)
    }

    /// Sets what goes wrong with one file.
    pub fn fault(&self, name: &str, fault: Fault) {
        self.site.lock().expect("the site").faults.insert(name.to_owned(), fault);
    }
}

fn serve(stream: TcpStream, site: &Mutex<Site>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (file, fault) = {
        let mut site = site.lock().expect("the site");
        site.asked.push(name.clone());
        (site.files.get(&name).cloned(), site.faults.get(&name).cloned())
    };
    match (fault, file) {
        (Some(Fault::Status(status)), _) => head(&stream, status, Some(0)),
        (Some(Fault::Page), _) => (&stream).write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 22\r\n\r\n<title>Log in</title>\r\n",
        ),
        (Some(Fault::CutOff), file) => {
            let body = file.unwrap_or_default();
            head(&stream, 200, Some(body.len() as u64))?;
            (&stream).write_all(&body[..body.len() / 2])
        }
        (Some(Fault::Endless(length)), _) => {
            head(&stream, 200, length)?;
            loop {
                (&stream).write_all(&[b' '; 65536])?;
            }
        }
        (Some(Fault::Silence), _) => {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        (None, Some(body)) => whole(&stream, &body),
        (None, None) => head(&stream, 404, Some(0)),
    }
}

fn whole(stream: &TcpStream, body: &[u8]) -> std::io::Result<()> {
    head(stream, 200, Some(body.len() as u64))?;
    let mut stream = stream;
    stream.write_all(body)
}

fn head(stream: &TcpStream, status: u16, length: Option<u64>) -> std::io::Result<()> {
    let length = length.map(|length| format!("content-length: {length}\r\n")).unwrap_or_default();
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status} X\r\n{length}connection: close\r\n\r\n")
}
