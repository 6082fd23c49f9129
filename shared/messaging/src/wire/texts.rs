//! Reading and writing the strings of a message.
//!
//! Source: AMQP 0-9-1, section 4.2.5.3, "Strings".

use std::borrow::Cow;

/// The beginning of a text, at most so many bytes.
pub(super) fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Splits off a short string.
pub(super) fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// Splits off a value with a length prefix.
pub(super) fn long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// Writes a short string; invalid UTF-8 is replaced.
pub(super) fn write_text(written: &mut Vec<u8>, text: &[u8]) {
    let text: Cow<'_, str> = String::from_utf8_lossy(text);
    let text = shortened(&text, 255);
    written.push(u8::try_from(text.len()).unwrap_or(0));
    written.extend_from_slice(text.as_bytes());
}
