//! The protocol between a worker and its parent, over two pipes.
//!
//! The parent sends one picture: its length and its bytes. The worker responds with frames: a tag byte, a length, and
//! that many bytes. The parent trusts nothing: lengths are bounded, and an invalid frame counts as a crash.

use contracts::cheque::Cheque;
use reading::document::PAGES_MAX;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest frame, in bytes; an upright photo of 40 megapixels is far below it.
const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The isolation of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Whether Landlock is enforced: `fully`, `partially`, or `not`, depending on the kernel.
    pub landlock: String,
}

/// Why a picture is rejected: a client error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It has no bytes.
    #[error("the picture is empty")]
    Empty,
    /// It is neither a picture nor a PDF.
    #[error("{what}")]
    Unsupported {
        /// The detected format.
        what: String,
    },
    /// The file is shorter than its header declares.
    #[error("{what}")]
    Broken {
        /// Where it ends.
        what: String,
    },
    /// It has too many bytes or pixels.
    #[error("{what}")]
    TooLarge {
        /// The actual size.
        what: String,
    },
}

/// A message from a worker.
#[derive(Debug)]
pub(super) enum Message {
    /// Locked down and waiting for a picture.
    Ready(Isolation),
    /// Begins step `step` of `steps`.
    Progress { step: u32, steps: u32 },
    /// The picture was read.
    Done { cheque: Box<Cheque>, photos: Vec<Vec<u8>> },
    /// The picture is rejected.
    Refused(Refusal),
}

/// A message from the worker could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum MessageError {
    /// The pipe was closed or broke.
    #[error("the worker closed its pipe")]
    Closed(#[source] io::Error),
    /// An invalid frame.
    #[error("invalid message from the worker: {0}")]
    Invalid(String),
}

/// The length prefix of the picture; the worker's side is [`receive_picture`].
pub(super) fn picture_length_prefix(picture: &[u8]) -> io::Result<[u8; 4]> {
    u32::try_from(picture.len()).map(u32::to_le_bytes).map_err(|_| ErrorKind::InvalidInput.into())
}

/// Waits for the picture; `None` if the parent has closed the pipe.
pub(super) fn receive_picture(mut from: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(failure) if failure.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(failure) => return Err(failure),
    }
    let length = u32::from_le_bytes(head) as usize;
    if length > PICTURE_BYTES_MAX {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut picture = vec![0; length];
    from.read_exact(&mut picture)?;
    Ok(Some(picture))
}

impl Message {
    /// Writes the message to the parent.
    pub(super) fn write(&self, mut to: impl Write) -> io::Result<()> {
        let (tag, payload) = match self {
            Self::Ready(isolation) => (b'R', serde_json::to_vec(isolation)?),
            Self::Progress { step, steps } => (b'P', [step.to_le_bytes(), steps.to_le_bytes()].concat()),
            Self::Done { cheque, photos } => {
                let mut payload = vec![];
                for part in [&serde_json::to_vec(cheque)?].into_iter().chain(photos) {
                    let length = u32::try_from(part.len()).map_err(|_| ErrorKind::InvalidInput)?;
                    payload.extend_from_slice(&length.to_le_bytes());
                    payload.extend_from_slice(part);
                }
                (b'D', payload)
            }
            Self::Refused(refusal) => (b'X', serde_json::to_vec(refusal)?),
        };
        let length = u32::try_from(payload.len()).map_err(|_| ErrorKind::InvalidInput)?;
        to.write_all(&[&[tag], length.to_le_bytes().as_slice()].concat())?;
        to.write_all(&payload)?;
        to.flush()
    }

    /// Reads the next message.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, MessageError> {
        let mut head = [0; 5];
        from.read_exact(&mut head).await.map_err(MessageError::Closed)?;
        let [tag, length @ ..] = head;
        let length = u32::from_le_bytes(length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(MessageError::Invalid(format!("a frame of {length} bytes")));
        }
        let mut payload = vec![];
        from.take(length as u64).read_to_end(&mut payload).await.map_err(MessageError::Closed)?;
        if payload.len() < length {
            return Err(MessageError::Closed(ErrorKind::UnexpectedEof.into()));
        }
        Self::decode(tag, &payload)
    }

    fn decode(tag: u8, payload: &[u8]) -> Result<Self, MessageError> {
        let invalid = |what: &str| MessageError::Invalid(what.to_owned());
        match tag {
            b'R' => Ok(Self::Ready(serde_json::from_slice(payload).map_err(|_| invalid("isolation"))?)),
            b'X' => Ok(Self::Refused(serde_json::from_slice(payload).map_err(|_| invalid("refusal"))?)),
            b'P' => {
                let (step, rest) = number(payload).ok_or_else(|| invalid("step"))?;
                let (steps, _) = number(rest).ok_or_else(|| invalid("steps"))?;
                Ok(Self::Progress { step, steps })
            }
            b'D' => {
                let (cheque, mut rest) = part(payload).ok_or_else(|| invalid("truncated cheque"))?;
                let cheque: Box<Cheque> = serde_json::from_slice(cheque).map_err(|_| invalid("cheque"))?;
                let mut photos = vec![];
                while !rest.is_empty() {
                    let (photo, others) = part(rest).ok_or_else(|| invalid("truncated photo"))?;
                    // Served as a photo later, so it must be a JPEG. Source: ITU T.81, start of image.
                    if !photo.starts_with(&[0xff, 0xd8, 0xff]) {
                        return Err(invalid("a photo that is not a JPEG"));
                    }
                    photos.push(photo.to_vec());
                    rest = others;
                }
                let numbers = cheque.pages().into_iter().map(|photo| photo.page);
                if photos.is_empty() || photos.len() > PAGES_MAX || !numbers.eq((1..).take(photos.len())) {
                    return Err(invalid("other photos than those of the cheque"));
                }
                Ok(Self::Done { cheque, photos })
            }
            other => Err(MessageError::Invalid(format!("letter {other}"))),
        }
    }
}

/// A part with its length before it, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(length as usize)
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(number, rest)| (u32::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(bytes: &[u8]) -> Result<Message, MessageError> {
        Message::read(&mut { bytes }).await
    }

    #[tokio::test]
    async fn a_message_is_read_as_it_was_written() {
        let refusal = Refusal::Unsupported { what: "an SVG".into() };
        let mut pipe = vec![];
        Message::Progress { step: 2, steps: 9 }.write(&mut pipe).unwrap();
        Message::Refused(refusal.clone()).write(&mut pipe).unwrap();
        let mut pipe = pipe.as_slice();
        assert!(matches!(Message::read(&mut pipe).await, Ok(Message::Progress { step: 2, steps: 9 })));
        assert!(matches!(Message::read(&mut pipe).await, Ok(Message::Refused(received)) if received == refusal));
        assert!(matches!(Message::read(&mut pipe).await, Err(MessageError::Closed(_))));
    }

    #[tokio::test]
    async fn invalid_messages_are_rejected() {
        assert!(matches!(received(b"P\x08\0\0\0\x01").await, Err(MessageError::Closed(_))), "a truncated frame");
        for invalid in [
            b"P\xff\xff\xff\xff".as_slice(),
            b"P\x01\0\0\0\x01",
            b"Z\0\0\0\0",
            b"D\x08\0\0\0\xff\xff\xff\xff\x01\x02\x03\x04",
            b"X\x02\0\0\0{}",
        ] {
            assert!(matches!(received(invalid).await, Err(MessageError::Invalid(_))), "{invalid:?}");
        }
    }

    #[test]
    fn a_picture_is_received_whole_or_not_at_all() {
        let sent = [picture_length_prefix(b"abc").unwrap().as_slice(), b"abc"].concat();
        assert_eq!(receive_picture(sent.as_slice()).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(receive_picture([].as_slice()).unwrap(), None);
        assert!(receive_picture(&sent[..6]).is_err());
        assert!(receive_picture([0xff; 4].as_slice()).is_err());
    }
}
