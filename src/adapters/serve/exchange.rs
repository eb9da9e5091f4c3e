//! One request and its answer.

use std::{net::SocketAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header::{
        ACCEPT, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, ETAG, HOST, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
    },
    http::response::Builder,
};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Asked, ChangedArchive, Reply, ServedEntry, Site,
    body::{self, Body, BodyContent},
    condition::{Selection, wanted},
    host,
    problems::Problems,
    sent::{Receipt, Unwritten, Watch},
};
use crate::{
    adapters::archive::ArchiveError,
    core::{
        limits,
        npm::{packument::ABBREVIATED, route::Route},
        package::digest::Algorithm,
        text::bounded,
    },
};

const JSON: &str = "application/json";

/// The right to make a document.
type Making = Arc<Option<OwnedSemaphorePermit>>;

/// Answers requests.
pub(super) struct Desk {
    site: Arc<dyn Site>,
    listening: SocketAddr,
    /// Of documents that are made.
    making: Arc<Semaphore>,
    /// Of KiB of documents that are sent.
    sending: Arc<Semaphore>,
    /// Of KiB of entries that are sent from memory.
    holding: Arc<Semaphore>,
    watch: Watch,
    problems: Problems,
}

impl Desk {
    pub fn new(
        site: Arc<dyn Site>,
        listening: SocketAddr,
        watch: Watch,
        problems: Problems,
    ) -> Self {
        Self {
            site,
            listening,
            making: Arc::new(Semaphore::new(limits::SERVED_DOCUMENTS)),
            sending: Arc::new(Semaphore::new(limits::SERVED_DOCUMENTS_BYTES >> 10)),
            holding: Arc::new(Semaphore::new(limits::SERVED_ENTRIES_BYTES >> 10)),
            watch,
            problems,
        }
    }

    /// Tells the site that entries were sent in full.
    pub fn sent(&self, entries: Vec<ServedEntry>) {
        for entry in entries {
            self.site.sent(&entry, self.watch.elapsed());
        }
    }

    /// Answers a request of a connection.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        unwritten: &Unwritten,
    ) -> Response<Body> {
        let (head, incoming) = request.into_parts();
        let Some(host) = self.host(&head.headers, head.uri.authority().map(|it| it.as_str()))
        else {
            let why = "the Host header is not an address of this server";
            return closing(refusal(StatusCode::MISDIRECTED_REQUEST, why));
        };
        let path = head.uri.path().to_owned();
        let route = Route::parse(&path);
        let methods = route.as_ref().map_or(["GET", "HEAD"].as_slice(), Route::methods);
        if !methods.contains(&head.method.as_str()) {
            let why = format!("{} is not allowed for {}", head.method, bounded(&path));
            let mut response = closing(refusal(StatusCode::METHOD_NOT_ALLOWED, &why));
            if let Ok(allowed) = HeaderValue::from_str(&methods.join(", ")) {
                response.headers_mut().insert(ALLOW, allowed);
            }
            return response;
        }
        if !passed_over(incoming).await {
            let why = "the request's body is too large or too slow";
            return closing(refusal(StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        let accepted = head.headers.get_all(ACCEPT).iter();
        let mut accepted = accepted.filter_map(|value| value.to_str().ok());
        let abbreviated = accepted.any(|value| value.contains(ABBREVIATED));
        let base = format!("http://{host}");
        let asked = Asked { route, path, base, abbreviated };
        let head_only = head.method == Method::HEAD;
        // A document's room is found before the next one is made.
        let (found, _making) = self.found(asked).await;
        match found {
            Ok(Reply::Document { bytes, media }) => {
                self.document(bytes, media, &head.headers, head_only).await
            }
            Ok(Reply::Entry(entry)) => self.entry(entry, &head.headers, head_only, unwritten).await,
            Ok(Reply::NotFound(what)) => refusal(StatusCode::NOT_FOUND, &what),
            Ok(Reply::NoUser) => refusal(StatusCode::UNAUTHORIZED, "nobody is logged in here"),
            Ok(Reply::Failed(why)) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &why),
            Err(changed) => self.changed(changed),
        }
    }

    /// How the client reaches this server, if it means this server: by one `Host`, and by the address
    /// of the request where it has one.
    fn host(&self, headers: &HeaderMap, absolute: Option<&str>) -> Option<String> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(named), None) = (hosts.next(), hosts.next()) else { return None };
        if let Some(absolute) = absolute {
            host::own(absolute, self.listening)?;
        }
        host::own(named.to_str().ok()?, self.listening)
    }

    /// What to answer. Where archives may have to be read for it, only so many at once.
    async fn found(&self, asked: Asked) -> (Result<Reply, ChangedArchive>, Option<Making>) {
        if !asked.route.as_ref().is_some_and(Route::is_made) {
            return (self.site.answer(&asked), None);
        }
        let making = Arc::new(Arc::clone(&self.making).acquire_owned().await.ok());
        let (site, held) = (Arc::clone(&self.site), Arc::clone(&making));
        let made = tokio::task::spawn_blocking(move || {
            let _held = held;
            site.answer(&asked)
        });
        let made = made.await;
        let failed = |_| Ok(Reply::Failed("it cannot be answered".to_owned()));
        (made.unwrap_or_else(failed), Some(making))
    }

    async fn document(
        &self,
        bytes: Bytes,
        media: &'static str,
        headers: &HeaderMap,
        head_only: bool,
    ) -> Response<Body> {
        let size = bytes.len();
        let tag = format!("\"{}\"", Algorithm::Sha256.digest(&bytes).to_hex());
        let builder = described(media, &tag).header(VARY, "accept");
        match wanted(headers, &tag, size as u64) {
            Selection::Unchanged => return unchanged(builder),
            _ if head_only => return finished(builder.header(CONTENT_LENGTH, size), Body::empty()),
            _ => {}
        }
        let room = u32::try_from(size.div_ceil(1024)).unwrap_or(u32::MAX);
        if size > limits::SERVED_DOCUMENTS_BYTES {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "it is too large to be answered");
        }
        let _room = Arc::clone(&self.sending).acquire_many_owned(room).await.ok();
        finished(builder, BodyContent::Whole { bytes, _room }.into())
    }

    async fn entry(
        &self,
        entry: ServedEntry,
        headers: &HeaderMap,
        head_only: bool,
        unwritten: &Unwritten,
    ) -> Response<Body> {
        let mut receipt = Receipt::none();
        let (tag, size) = (format!("\"{}\"", entry.digest), entry.size);
        let mut builder = described(entry.media, &tag).header(ACCEPT_RANGES, "bytes");
        let part = match wanted(headers, &tag, size) {
            Selection::Unchanged => return unchanged(builder),
            Selection::Unsatisfiable if !head_only => {
                let none = format!("bytes */{size}");
                let builder = builder.status(StatusCode::RANGE_NOT_SATISFIABLE);
                return finished(builder.header(CONTENT_RANGE, none), Body::empty());
            }
            // RFC 9110, section 14.2: a range is for GET alone.
            Selection::Part(part) if !head_only => {
                let place = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
                builder = builder.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, place);
                part
            }
            Selection::Part(_) | Selection::Unsatisfiable => 0..size,
            Selection::All => {
                receipt = Receipt::of(entry.clone(), unwritten.clone());
                0..size
            }
        };
        let length = part.end.saturating_sub(part.start);
        match self.body(entry, (!head_only).then_some(part)).await {
            Ok(body) => finished(builder.header(CONTENT_LENGTH, length), body.with(receipt)),
            Err(changed) => self.changed(changed),
        }
    }

    async fn body(
        &self,
        entry: ServedEntry,
        part: Option<std::ops::Range<u64>>,
    ) -> Result<Body, ChangedArchive> {
        let (site, problems) = (Arc::clone(&self.site), self.problems.clone());
        let path = self.site.archive(entry.archive).map(|archive| archive.path().to_owned());
        let name = entry.name.clone();
        let archive = self.site.archive(entry.archive);
        let is_tagged = archive.is_some_and(|archive| archive.is_tagged(&entry.name));
        let room = u32::try_from(entry.size.div_ceil(1024)).ok();
        let room = room.filter(|_| entry.size <= limits::SERVED_IN_MEMORY_BYTES);
        let room = room.and_then(|kib| Arc::clone(&self.holding).try_acquire_many_owned(kib).ok());
        // It takes less time than handing it over.
        let is_quick = is_tagged && room.is_some();
        let make = move || body::of_entry(&site, entry, part, room, problems);
        let made = match is_quick {
            true => make(),
            false => {
                let made = tokio::task::spawn_blocking(make).await;
                made.unwrap_or(Err(ArchiveError::NoSuchEntry(name)))
            }
        };
        made.map_err(|error| ChangedArchive { archive: path.unwrap_or_default(), error })
    }

    /// The answer where an archive changed.
    fn changed(&self, changed: ChangedArchive) -> Response<Body> {
        self.problems.tell(changed);
        let why = "the archive changed after it was verified, or cannot be read; it is not sent";
        refusal(StatusCode::INTERNAL_SERVER_ERROR, why)
    }
}

/// Reads a body of which nothing is needed. Whether it came to its end within the limits.
async fn passed_over(mut incoming: Incoming) -> bool {
    let reading = async {
        let mut read = 0_u64;
        loop {
            let next = std::future::poll_fn(|context| {
                std::pin::Pin::new(&mut incoming).poll_frame(context)
            });
            match next.await {
                None => return true,
                Some(Ok(frame)) => {
                    read =
                        read.saturating_add(frame.data_ref().map_or(0, |data| data.len() as u64));
                    if read > limits::SERVED_BODY_BYTES {
                        return false;
                    }
                }
                Some(Err(_)) => return false,
            }
        }
    };
    tokio::time::timeout(limits::STALL, reading).await.unwrap_or(false)
}

fn described(media: &'static str, tag: &str) -> Builder {
    Response::builder()
        .header(CONTENT_TYPE, media)
        .header(ETAG, tag)
        // A copy may be kept, and is asked for anew: the archive may be another one next time.
        .header(CACHE_CONTROL, "no-cache")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

fn unchanged(builder: Builder) -> Response<Body> {
    finished(builder.status(StatusCode::NOT_MODIFIED), Body::empty())
}

fn finished(builder: Builder, body: Body) -> Response<Body> {
    builder.body(body).unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Why there is no better answer, as npm's clients print it.
fn refusal(status: StatusCode, why: &str) -> Response<Body> {
    let body = json!({ "error": why }).to_string().into_bytes();
    let builder = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, JSON)
        .header(CACHE_CONTROL, "no-store")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff");
    finished(builder, Bytes::from(body).into())
}

/// Closes the connection: the request's body was not read, or the request was for another server.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
