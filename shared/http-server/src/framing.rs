//! Closes a connection if a request has both `Content-Length` and `Transfer-Encoding` (request smuggling), lets hyper
//! reject heads whose lines end with a bare LF, and completes the responses to heads that hyper rejects.
//!
//! hyper reads such a request as chunked and removes the length before a handler sees it. A proxy in front may have
//! interpreted it differently, so it must not be processed at all. It is detected in the raw bytes, with the parser
//! that hyper uses, before hyper receives them. If this module can't parse a request, hyper rejects it, so there is
//! nothing left to check. Source: RFC 9112, sections 6.1 and 11.2.
//!
//! hyper accepts a bare LF as the end of a line, as section 2.2 allows. Programs in front that do not may see one header
//! where hyper sees two. hyper rejects everything else that section 2.2 and 5.2 warn of: a bare CR, NUL, folded lines.

use crate::body_length::{chunk_size, is_chunked, parse_length};
use crate::rejection;
use http::header;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Largest request head, in bytes. hyper is configured with it, but compares only what it has before it reads more, so
/// [`FramingGuard`] does not let it read beyond the limit.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The same limit as hyper's.
const HEADERS_MAX: usize = 100;
/// Longest line of chunked framing, with extensions; hyper's limit is the same.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// A connection that checks the framing of its requests.
pub struct FramingGuard<S> {
    stream: S,
    state: FramingState,
    /// The last response, to a rejected head: what of it is not written yet.
    rejection: Vec<u8>,
}

impl<S> FramingGuard<S> {
    /// Checks the bytes read from `stream`, which is at the start of a request.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, state: FramingState::default(), rejection: vec![] }
    }

    /// The underlying connection, after a protocol upgrade.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FramingGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let allowed = self.state.head_bytes_left();
        if buffer.remaining() > allowed {
            let mut limited = ReadBuf::new(buffer.initialize_unfilled_to(allowed));
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut limited))?;
            let received = limited.filled().len();
            buffer.advance(received);
        } else {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        }
        match self.state.advance(&buffer.filled()[before..]) {
            Ok(()) => {}
            Err(flaw @ Flaw::ConflictingLengths) => return Poll::Ready(Err(io::Error::other(flaw))),
            Err(Flaw::BareLineFeed { followed_by }) => {
                // No head may contain NUL, so hyper answers all requests before this one, then this one with 400.
                let line_feed = buffer.filled().len() - followed_by - 1;
                buffer.filled_mut()[line_feed] = b'\0';
                self.state = FramingState::Rejected;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FramingGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.replace(&[IoSlice::new(bytes)]) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.replace(slices) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rejection(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rejection(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncWrite + Unpin> FramingGuard<S> {
    /// If this is hyper's response to a rejected head, prepares the same with a problem document instead.
    fn replace(&mut self, written: &[IoSlice<'_>]) -> bool {
        if !self.state.is_rejected() || !self.rejection.is_empty() {
            return false;
        }
        let written: Vec<u8> = written.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.rejection = rejection::with_problem(&written).unwrap_or_default();
        !self.rejection.is_empty()
    }

    fn poll_rejection(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rejection.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.rejection))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => drop(self.rejection.drain(..count)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What hyper accepts and we do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    /// The connection can't be used any more.
    #[error("a request has both Content-Length and Transfer-Encoding")]
    ConflictingLengths,
    /// In a head, before this many of the bytes.
    #[error("a line of a request head ends with a bare LF")]
    BareLineFeed { followed_by: usize },
}

/// The position of the next byte within the requests of a connection.
#[derive(Default)]
enum FramingState {
    /// At the start of a request.
    #[default]
    Start,
    /// In a head that started with these bytes.
    Head(Vec<u8>),
    /// In a body or chunk, with this many bytes left.
    Body { left: u64, then: After },
    /// In a line of chunked framing that started with these bytes.
    Line { partial: Vec<u8>, of: Line },
    /// Not HTTP: hyper will reject it, or the connection was upgraded.
    NotHttp,
    /// After a head that hyper rejects: all that it writes is for earlier requests, except its last response.
    Rejected,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    NextRequest,
    NextChunk,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    ChunkSize,
    Trailer,
}

impl FramingState {
    /// Processes the next bytes of the connection.
    fn advance(&mut self, mut bytes: &[u8]) -> Result<(), Flaw> {
        while !bytes.is_empty() {
            bytes = match self {
                Self::Start => self.advance_head(bytes)?,
                Self::Head(partial) => {
                    let before = partial.len();
                    partial.extend_from_slice(bytes);
                    // A head ends with a line break.
                    if !bytes.contains(&b'\n') {
                        return Ok(());
                    }
                    let head = std::mem::take(partial);
                    let left = self.advance_head(&head)?.len();
                    // The earlier bytes did not complete the head, so its end is among the new bytes.
                    &bytes[(head.len() - left).saturating_sub(before).min(bytes.len())..]
                }
                Self::Body { left, then } => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    if *left == 0 {
                        *self = match then {
                            After::NextRequest => Self::Start,
                            After::NextChunk => Self::line(Line::ChunkSize),
                        };
                    }
                    &bytes[taken..]
                }
                Self::Line { partial, of } => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    partial.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
                    let (of, is_too_long) = (*of, partial.len() > LINE_BYTES_MAX);
                    let Some(end) = end.filter(|_| !is_too_long) else {
                        if is_too_long {
                            *self = Self::NotHttp;
                        }
                        return Ok(());
                    };
                    let line = std::mem::take(partial);
                    *self = after_line(&line, of);
                    &bytes[end + 1..]
                }
                Self::NotHttp | Self::Rejected => return Ok(()),
            };
        }
        Ok(())
    }

    /// Processes a head from its first byte; returns the bytes after it.
    fn advance_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Flaw> {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut []);
        match request.parse_with_uninit_headers(bytes, &mut headers) {
            Ok(httparse::Status::Partial) => {
                require_line_ends(bytes, bytes.len())?;
                *self = Self::Head(bytes.to_vec());
                Ok(&[])
            }
            Ok(httparse::Status::Complete(_)) if !is_uri(request.path.unwrap_or_default()) => {
                *self = Self::Rejected;
                Ok(&[])
            }
            Ok(httparse::Status::Complete(length)) => {
                require_line_ends(bytes, length)?;
                *self = after_head(request.version, request.headers)?;
                Ok(&bytes[length..])
            }
            Err(_) => {
                *self = Self::Rejected;
                Ok(&[])
            }
        }
    }

    /// How many bytes may be read without one head becoming too large.
    fn head_bytes_left(&self) -> usize {
        match self {
            // One byte at least: reading none would be the end of the connection.
            Self::Head(partial) => HEAD_BYTES_MAX.saturating_sub(partial.len()).max(1),
            Self::Start => HEAD_BYTES_MAX,
            Self::Body { .. } | Self::Line { .. } | Self::NotHttp | Self::Rejected => usize::MAX,
        }
    }

    fn is_rejected(&self) -> bool {
        match self {
            Self::Rejected => true,
            // hyper gives up when its buffer is full.
            Self::Head(partial) => partial.len() >= HEAD_BYTES_MAX,
            Self::Start | Self::Body { .. } | Self::Line { .. } | Self::NotHttp => false,
        }
    }

    fn line(of: Line) -> Self {
        Self::Line { partial: vec![], of }
    }
}

/// Checks that every line of a head, which is the first `length` of the bytes, ends with CR LF.
fn require_line_ends(bytes: &[u8], length: usize) -> Result<(), Flaw> {
    let is_bare = |at: &usize| bytes[*at] == b'\n' && (*at == 0 || bytes[*at - 1] != b'\r');
    match (0..length).find(is_bare) {
        Some(at) => Err(Flaw::BareLineFeed { followed_by: bytes.len() - at - 1 }),
        None => Ok(()),
    }
}

/// Whether hyper accepts the target of a request. Nearly all targets are plain paths, for which a look is enough.
fn is_uri(target: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~?=&%".contains(&byte);
    (target.starts_with('/') && target.len() < HEAD_BYTES_MAX / 2 && target.bytes().all(is_plain))
        || target.parse::<http::Uri>().is_ok()
}

/// The state after a head. Lengths that hyper rejects are recognised here too, so that its response is completed.
fn after_head(version: Option<u8>, headers: &[httparse::Header<'_>]) -> Result<FramingState, Flaw> {
    let named = |name: header::HeaderName| {
        headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name.as_str())).map(|header| header.value)
    };
    let mut lengths = named(header::CONTENT_LENGTH);
    let coding = named(header::TRANSFER_ENCODING).last();
    match (lengths.next(), coding) {
        (Some(_), Some(_)) => Err(Flaw::ConflictingLengths),
        (None, None) => Ok(FramingState::Start),
        // HTTP/1.0 has no codings.
        (None, Some(coding)) if version == Some(1) && is_chunked(coding) => Ok(FramingState::line(Line::ChunkSize)),
        (None, Some(_)) => Ok(FramingState::Rejected),
        (Some(length), None) => Ok(match parse_length(length) {
            Some(length) if lengths.any(|other| parse_length(other) != Some(length)) => FramingState::Rejected,
            Some(0) => FramingState::Start,
            Some(left) => FramingState::Body { left, then: After::NextRequest },
            None => FramingState::Rejected,
        }),
    }
}

fn after_line(line: &[u8], of: Line) -> FramingState {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if of == Line::Trailer {
        return if line.is_empty() { FramingState::Start } else { FramingState::line(Line::Trailer) };
    }
    match chunk_size(line) {
        Some(0) => FramingState::line(Line::Trailer),
        // Includes the line break after the chunk.
        Some(size) => FramingState::Body { left: size.saturating_add(2), then: After::NextChunk },
        None => FramingState::NotHttp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the bytes are rejected, for every way of splitting them.
    fn is_rejected(bytes: &str) -> bool {
        let by = |size: usize| {
            let mut state = FramingState::default();
            bytes.as_bytes().chunks(size).any(|chunk| state.advance(chunk).is_err())
        };
        let outcomes: Vec<bool> = (1..=bytes.len()).map(by).collect();
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{bytes:?}: {outcomes:?}");
        outcomes[0]
    }

    const TWICE: &str =
        "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn two_lengths_are_rejected_in_any_order_and_case() {
        assert!(is_rejected(TWICE));
        assert!(is_rejected("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n"));
        assert!(is_rejected("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: y\r\n\r\n"));
    }

    #[test]
    fn every_request_of_a_connection_is_checked() {
        let sized = format!("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{TWICE}", TWICE.len());
        let chunked = format!(
            "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:X};x=\"y\"\r\n{TWICE}\r\n000\r\nT: x\r\n\r\n",
            TWICE.len()
        );
        let none = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_owned();
        for before in [GET.to_owned(), sized, chunked, none] {
            assert!(!is_rejected(&before), "{before:?}");
            assert!(!is_rejected(&(before.clone() + GET)), "{before:?}");
            assert!(is_rejected(&(before.clone() + TWICE)), "{before:?}");
            assert!(is_rejected(&(before.clone() + &before + TWICE)), "{before:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_in_a_head_is_found_at_its_place_and_one_in_a_body_is_not() {
        let bare = |at: usize| {
            let ends: Vec<usize> = GET.match_indices("\r\n").map(|(end, _)| end).collect();
            let mut head = GET.to_owned();
            head.remove(ends[at]);
            head
        };
        for head in [bare(0), bare(1), bare(2), format!("\n{GET}"), format!("\r\n\n{GET}")] {
            assert!(is_rejected(&head), "{head:?}");
            assert!(is_rejected(&(GET.to_owned() + &head)), "{head:?}");
            let both = GET.to_owned() + &head + GET;
            let flaw = FramingState::default().advance(both.as_bytes()).unwrap_err();
            let Flaw::BareLineFeed { followed_by } = flaw else { panic!("{head:?}: {flaw}") };
            let at = both.len() - followed_by - 1;
            assert!(both[at..].starts_with('\n') && !both[..at].ends_with('\r'), "{head:?}: {at}");
        }
        assert!(!is_rejected(&format!("\r\n{GET}")));
        assert!(!is_rejected(&format!("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\nb\n{GET}")));
    }

    #[test]
    fn invalid_http_is_left_to_hyper() {
        for invalid in [
            "\u{1}\u{2}\r\n\r\n",
            "PUT / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ] {
            assert!(!is_rejected(&(invalid.to_owned() + TWICE)), "{invalid:?}");
        }
    }
}
