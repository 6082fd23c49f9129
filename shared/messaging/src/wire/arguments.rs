//! The arguments of a method, with texts that the client library can read.

use super::texts::{text, write_text};

/// A part of a method's arguments.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// A short string.
    Text,
    /// The number of bytes of anything else.
    Bytes(usize),
}

/// Method arguments with valid UTF-8 strings; `None` if they are valid, or the layout is different.
pub(super) fn rewritten_texts(id: &[u8], arguments: &[u8], layout: &[Part]) -> Option<Vec<u8>> {
    let (mut rest, mut sound) = (arguments, true);
    let mut written = id.to_vec();
    for part in layout {
        match part {
            Part::Bytes(length) => {
                let (value, after) = rest.split_at_checked(*length)?;
                written.extend_from_slice(value);
                rest = after;
            }
            Part::Text => {
                let (found, after) = text(rest)?;
                sound &= std::str::from_utf8(found).is_ok();
                write_text(&mut written, found);
                rest = after;
            }
        }
    }
    written.extend_from_slice(rest);
    (!sound).then_some(written)
}
