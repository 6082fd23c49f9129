//! Screens the bytes that a broker sends, frame by frame. No I/O; the bytes may arrive in pieces of any size.
//!
//! Source: AMQP 0-9-1, section 2.3.5, "Frame Details".

use super::arguments::{Part, rewritten_texts};
use super::properties;
use std::collections::HashSet;
use std::io;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const END: u8 = 0xCE;
/// Type, channel and size.
const PREFIX_BYTES: usize = 7;
/// A larger method or header frame is not from a broker: RabbitMQ's default maximum is 128 KiB.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// `basic.return` and `basic.deliver`, as class and method.
const BASIC_RETURN: (u16, u16) = (60, 50);
const BASIC_DELIVER: (u16, u16) = (60, 60);

/// Reads frames and rewrites those that the client library could not survive.
#[derive(Debug, Default)]
pub(super) struct Screen {
    state: State,
    /// Channels on which the next content belongs to a returned message.
    returning: HashSet<u16>,
}

#[derive(Debug, Default)]
enum State {
    /// Collecting the beginning of a frame, or a whole frame to inspect.
    #[default]
    Start,
    Collecting(Vec<u8>),
    /// The number of bytes that still pass unchanged.
    Passing(usize),
}

impl Screen {
    /// Takes received bytes and appends the screened ones to `out`.
    ///
    /// # Errors
    /// If the bytes are not AMQP.
    pub(super) fn take(&mut self, mut bytes: &[u8], passed: &mut Vec<u8>) -> io::Result<()> {
        while !bytes.is_empty() {
            bytes = match std::mem::take(&mut self.state) {
                State::Passing(left) => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    passed.extend_from_slice(now);
                    if now.len() < left {
                        self.state = State::Passing(left - now.len());
                    }
                    rest
                }
                // Nothing of the frame is buffered: inspect it in place.
                State::Start => {
                    if let Some(taken) = self.frame(bytes, passed)? {
                        &bytes[taken..]
                    } else {
                        self.state = State::Collecting(bytes.to_vec());
                        &[]
                    }
                }
                State::Collecting(mut begun) => {
                    let missing = missing(&begun)?;
                    let (now, rest) = bytes.split_at(missing.min(bytes.len()));
                    begun.extend_from_slice(now);
                    if self.frame(&begun, passed)?.is_none() {
                        self.state = State::Collecting(begun);
                    }
                    rest
                }
            };
        }
        Ok(())
    }

    /// Passes on the frame at the start of `bytes`; returns how many bytes it used, `None` if more are needed.
    fn frame(&mut self, bytes: &[u8], passed: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let Some((prefix, payload)) = bytes.split_first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
        let [kind, channel_high, channel_low, size @ ..] = *prefix;
        let size = u32::from_be_bytes(size) as usize;
        if kind != METHOD && kind != HEADER {
            // Bodies and heartbeats are not inspected, so they are not buffered.
            let whole = PREFIX_BYTES + size + 1;
            let now = whole.min(bytes.len());
            passed.extend_from_slice(&bytes[..now]);
            if now < whole {
                self.state = State::Passing(whole - now);
            }
            return Ok(Some(now));
        }
        if size > FRAME_BYTES_MAX {
            return Err(invalid("a frame of methods or headers is too large"));
        }
        let Some((payload, rest)) = payload.split_at_checked(size) else { return Ok(None) };
        let Some((end, _)) = rest.split_first() else { return Ok(None) };
        if *end != END {
            return Err(invalid("a frame does not end where it should"));
        }
        let channel = u16::from_be_bytes([channel_high, channel_low]);
        let rewritten = if kind == METHOD { self.method(channel, payload) } else { properties::screened(payload) };
        match rewritten {
            Some(payload) => {
                passed.extend_from_slice(&[kind, channel_high, channel_low]);
                let size = u32::try_from(payload.len()).map_err(|_| invalid("a rewritten frame is too large"))?;
                passed.extend_from_slice(&size.to_be_bytes());
                passed.extend_from_slice(&payload);
                passed.push(END);
            }
            None => passed.extend_from_slice(&bytes[..=PREFIX_BYTES + size]),
        }
        Ok(Some(PREFIX_BYTES + size + 1))
    }

    /// Rewrites a method whose strings a peer chose, if they are not valid UTF-8.
    fn method(&mut self, channel: u16, payload: &[u8]) -> Option<Vec<u8>> {
        let (class, rest) = payload.split_first_chunk::<2>()?;
        let (method, arguments) = rest.split_first_chunk::<2>()?;
        let id = (u16::from_be_bytes(*class), u16::from_be_bytes(*method));
        // Between the strings are a reply code, or a delivery tag and a bit.
        let layout: &[Part] = if id == BASIC_RETURN {
            self.returning.insert(channel);
            &[Part::Bytes(2), Part::Text, Part::Text, Part::Text]
        } else if id == BASIC_DELIVER {
            &[Part::Text, Part::Bytes(9), Part::Text, Part::Text]
        } else {
            return None;
        };
        rewritten_texts(&payload[..4], arguments, layout)
    }
}

/// The minimum number of bytes that a frame needs to be complete.
fn missing(begun: &[u8]) -> io::Result<usize> {
    let Some((prefix, _)) = begun.split_first_chunk::<PREFIX_BYTES>() else { return Ok(PREFIX_BYTES - begun.len()) };
    let [_, _, _, size @ ..] = *prefix;
    let whole = PREFIX_BYTES + u32::from_be_bytes(size) as usize + 1;
    if whole > FRAME_BYTES_MAX + PREFIX_BYTES + 1 {
        return Err(invalid("a frame of methods or headers is too large"));
    }
    Ok(whole.saturating_sub(begun.len()))
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&[kind, 0, 1], &size[..], payload, &[END]].concat()
    }

    fn through(bytes: &[u8], cut: usize) -> Vec<u8> {
        let (mut screen, mut passed) = (Screen::default(), vec![]);
        for part in bytes.chunks(cut) {
            screen.take(part, &mut passed).unwrap();
        }
        passed
    }

    /// A `basic.deliver` with this routing key.
    fn deliver(routing_key: &[u8]) -> Vec<u8> {
        let length = u8::try_from(routing_key.len()).unwrap();
        let payload = [&[0, 60, 0, 60, 1, b't'][..], &[0; 9], &[1, b'x'], &[length], routing_key].concat();
        frame(METHOD, &payload)
    }

    #[test]
    fn what_is_sound_passes_unchanged_however_it_is_cut() {
        let bytes = [
            deliver(b"orders.OrderCreated.v1"),
            frame(HEADER, &[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0]),
            frame(3, b"abc"),
            frame(8, b""),
        ]
        .concat();
        for cut in 1..bytes.len() {
            assert_eq!(through(&bytes, cut), bytes, "cut into pieces of {cut}");
        }
    }

    #[test]
    fn a_routing_key_that_is_no_text_becomes_one() {
        let passed = through(&deliver(b"caf\xe9"), 5);
        assert_eq!(passed, deliver("caf\u{fffd}".as_bytes()));
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let mut bytes = deliver(b"x");
        *bytes.last_mut().unwrap() = 0;
        assert!(Screen::default().take(&bytes, &mut vec![]).is_err());
        let huge = [METHOD, 0, 1, 0xff, 0xff, 0xff, 0xff];
        assert!(Screen::default().take(&[&huge[..], &[0; 8]].concat(), &mut vec![]).is_err());
    }
}
