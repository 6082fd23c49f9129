//! Properties of a message as a peer wrote them, and as the client library can read them.
//!
//! Source: AMQP 0-9-1, section 4.2.6, and RabbitMQ's errata for the types of table entries.

use super::screen::Part;
use std::borrow::Cow;

/// The largest properties that pass, in bytes: below the smallest frame that is negotiated here.
const PROPERTIES_BYTES_MAX: usize = 12 * 1024;
/// The largest entry of the header table that is kept when not all of them are.
const ENTRY_BYTES_MAX: usize = 4 * 1024;
/// What all kept entries may take together then.
const ENTRIES_BYTES_MAX: usize = 8 * 1024;
/// Tables inside tables; `x-death`, RabbitMQ's own, has three levels.
const DEPTH_MAX: usize = 6;

/// Says in the headers of a message what was left out of them.
pub(crate) const LEFT_OUT: &str = "outbox-headers-left-out";

/// Class, weight and size of the body.
const PREFIX_BYTES: usize = 12;
/// Positions of the flags.
const HEADERS: usize = 2;

/// How a property is written, in the order of their flags from the highest bit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Table,
    Octet,
    Timestamp,
}

/// content-type, content-encoding, headers, delivery-mode, priority, correlation-id, reply-to, expiration, message-id,
/// timestamp, type, user-id, app-id, cluster-id.
const KINDS: [Kind; 14] = [
    Kind::Text,
    Kind::Text,
    Kind::Table,
    Kind::Octet,
    Kind::Octet,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Timestamp,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
];

/// The payload of a header frame, rewritten; `None` when it can pass as it is.
pub(super) fn screened(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() <= PROPERTIES_BYTES_MAX && is_sound(payload) {
        return None;
    }
    let (prefix, rest) = payload.split_at_checked(PREFIX_BYTES)?;
    Some(rewritten(prefix, rest).unwrap_or_else(|| {
        // Nothing of it could be read: a message without properties.
        [prefix, &[0, 0]].concat()
    }))
}

/// Whether the client library reads it, and with little stack.
fn is_sound(payload: &[u8]) -> bool {
    let Some(rest) = payload.get(PREFIX_BYTES..) else { return false };
    let Some((flags, mut rest)) = flags(rest) else { return false };
    for (position, kind) in KINDS.iter().enumerate() {
        if flags & (1 << (15 - position)) == 0 {
            continue;
        }
        let read = match kind {
            Kind::Text => text(rest).filter(|(text, _)| std::str::from_utf8(text).is_ok()).map(|(_, rest)| rest),
            Kind::Octet => rest.get(1..),
            Kind::Timestamp => rest.get(8..),
            Kind::Table => long(rest).filter(|(table, _)| entries_are_sound(table)).map(|(_, rest)| rest),
        };
        match read {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn rewritten(prefix: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
    let (flags, mut rest) = flags(rest)?;
    let mut written = prefix.to_vec();
    // A table of headers is always written: it says what was left out.
    let with_headers = flags | (1 << (15 - HEADERS));
    written.extend_from_slice(&(with_headers & !1).to_be_bytes());
    for (position, kind) in KINDS.iter().enumerate() {
        let is_set = flags & (1 << (15 - position)) != 0;
        if position == HEADERS {
            let table = if is_set {
                let (table, after) = long(rest)?;
                rest = after;
                table
            } else {
                &[]
            };
            let kept = kept_entries(table);
            written.extend_from_slice(&u32::try_from(kept.len()).ok()?.to_be_bytes());
            written.extend_from_slice(&kept);
            continue;
        }
        if !is_set {
            continue;
        }
        let length = match kind {
            Kind::Text => {
                let (found, after) = text(rest)?;
                write_text(&mut written, found);
                rest = after;
                continue;
            }
            Kind::Octet => 1,
            Kind::Timestamp => 8,
            Kind::Table => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        written.extend_from_slice(value);
        rest = after;
    }
    Some(written)
}

/// The flags of the properties; RabbitMQ writes one word of them.
fn flags(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (flags, rest) = rest.split_first_chunk::<2>()?;
    let flags = u16::from_be_bytes(*flags);
    // The lowest bit says that more flags follow, which no property of this class needs.
    (flags & 1 == 0).then_some((flags, rest))
}

/// Entries of a table that can be read, the ones that matter first, and a note about the others.
fn kept_entries(table: &[u8]) -> Vec<u8> {
    let entries = Entries(table);
    let (mut known, mut others): (Vec<_>, Vec<_>) = entries.partition(|entry| matters(entry.name));
    known.append(&mut others);
    let (mut kept, mut left_out) = (vec![], vec![]);
    for entry in known {
        let fits = entry.bytes.len() <= ENTRY_BYTES_MAX && kept.len() + entry.bytes.len() <= ENTRIES_BYTES_MAX;
        if fits && entry.is_sound() {
            kept.extend_from_slice(entry.bytes);
        } else {
            left_out.push(format!("{} ({} bytes)", String::from_utf8_lossy(entry.name), entry.bytes.len()));
        }
    }
    let read: usize = Entries(table).map(|entry| entry.bytes.len()).sum();
    if read < table.len() {
        left_out.push(format!("{} bytes that are no table", table.len() - read));
    }
    let left_out = left_out.join(", ");
    let note = shortened(&left_out, 1_000);
    write_text(&mut kept, LEFT_OUT.as_bytes());
    kept.push(b'S');
    kept.extend_from_slice(&u32::try_from(note.len()).unwrap_or(0).to_be_bytes());
    kept.extend_from_slice(note.as_bytes());
    kept
}

/// Whether something here reads the header: it is kept before others.
fn matters(name: &[u8]) -> bool {
    name.starts_with(b"outbox-")
        || name.starts_with(b"x-")
        || matches!(
            name,
            b"traceparent"
                | b"tracestate"
                | b"sequence"
                | b"attempts"
                | b"climbed"
                | b"first-failed-at"
                | b"failed-at"
                | b"last-error"
        )
}

/// The beginning of a text, of at most so many bytes.
fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// An entry of a table.
struct Entry<'a> {
    name: &'a [u8],
    /// The letter of the value's type, and the value.
    kind: u8,
    value: &'a [u8],
    /// All of it.
    bytes: &'a [u8],
}

impl Entry<'_> {
    fn is_sound(&self) -> bool {
        std::str::from_utf8(self.name).is_ok() && value_is_sound(self.kind, self.value)
    }
}

/// The entries of a table, until one can't be told from the next.
struct Entries<'a>(&'a [u8]);

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let whole = self.0;
        let (name, rest) = text(whole)?;
        let (kind, rest) = rest.split_first()?;
        let (value, rest) = rest.split_at_checked(value_bytes(*kind, rest)?)?;
        self.0 = rest;
        Some(Entry { name, kind: *kind, value, bytes: &whole[..whole.len() - rest.len()] })
    }
}

fn entries_are_sound(table: &[u8]) -> bool {
    let mut entries = Entries(table);
    entries.all(|entry| entry.is_sound()) && Entries(table).map(|entry| entry.bytes.len()).sum::<usize>() == table.len()
}

/// How many bytes a value takes, its length included.
fn value_bytes(kind: u8, rest: &[u8]) -> Option<usize> {
    match kind {
        b't' | b'b' | b'B' => Some(1),
        b's' | b'u' | b'U' => Some(2),
        b'I' | b'i' | b'f' => Some(4),
        b'D' => Some(5),
        b'L' | b'l' | b'd' | b'T' => Some(8),
        b'S' | b'A' | b'F' | b'x' => long(rest).map(|(value, _)| value.len() + 4),
        b'V' => Some(0),
        _ => None,
    }
}

/// Whether a value holds no deeper tables than are read, and nothing that can't be. With a stack of its own: a few
/// kilobytes hold thousands of levels.
fn value_is_sound(kind: u8, value: &[u8]) -> bool {
    let mut open: Vec<(bool, &[u8])> = vec![];
    match kind {
        b'F' => open.push((true, &value[4..])),
        b'A' => open.push((false, &value[4..])),
        _ => return true,
    }
    while let Some((is_table, mut rest)) = open.pop() {
        if rest.is_empty() {
            continue;
        }
        if is_table {
            let Some((name, after)) = text(rest) else { return false };
            if std::str::from_utf8(name).is_err() {
                return false;
            }
            rest = after;
        }
        let Some((kind, after)) = rest.split_first() else { return false };
        let Some(length) = value_bytes(*kind, after) else { return false };
        let Some((value, after)) = after.split_at_checked(length) else { return false };
        open.push((is_table, after));
        match kind {
            b'F' => open.push((true, &value[4..])),
            b'A' => open.push((false, &value[4..])),
            _ => {}
        }
        if open.len() > DEPTH_MAX {
            return false;
        }
    }
    true
}

/// A short string and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// A value with its length before it, and what follows it.
fn long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// Writes a short string; what is not UTF-8 is replaced.
fn write_text(written: &mut Vec<u8>, text: &[u8]) {
    let text: Cow<'_, str> = String::from_utf8_lossy(text);
    let text = shortened(&text, 255);
    written.push(u8::try_from(text.len()).unwrap_or(0));
    written.extend_from_slice(text.as_bytes());
}

/// Arguments of a method with its strings made readable; `None` when they are, or when the layout is another.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
        [&[u8::try_from(name.len()).unwrap()][..], name, &[kind], value].concat()
    }

    fn sized(value: &[u8]) -> Vec<u8> {
        [&u32::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
    }

    /// A header frame's payload with a message id and headers.
    fn payload(message_id: &[u8], table: &[u8]) -> Vec<u8> {
        let flags: u16 = (1 << (15 - HEADERS)) | (1 << (15 - 8));
        let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
        payload.extend_from_slice(&flags.to_be_bytes());
        payload.extend_from_slice(&sized(table));
        payload.push(u8::try_from(message_id.len()).unwrap());
        payload.extend_from_slice(message_id);
        payload
    }

    fn headers(payload: &[u8]) -> Vec<(String, u8)> {
        let (table, _) = long(&payload[PREFIX_BYTES + 2..]).unwrap();
        Entries(table).map(|entry| (String::from_utf8(entry.name.to_vec()).unwrap(), entry.kind)).collect()
    }

    #[test]
    fn ordinary_properties_pass_unchanged() {
        let table = [entry(b"traceparent", b'S', &sized(b"00-1-2-01")), entry(b"sequence", b'l', &[0; 8])].concat();
        assert_eq!(screened(&payload(b"17", &table)), None);
    }

    #[test]
    fn large_headers_are_left_out_and_named_and_what_matters_stays() {
        let table = [
            entry(b"baggage", b'S', &sized(&vec![b'a'; 20_000])),
            entry(b"x-delivery-count", b'l', &[0, 0, 0, 0, 0, 0, 0, 3]),
            entry(b"traceparent", b'S', &sized(b"00-1-2-01")),
        ]
        .concat();
        let screened = screened(&payload(b"17", &table)).unwrap();
        assert!(screened.len() < PROPERTIES_BYTES_MAX && is_sound(&screened));
        let kept: Vec<String> = headers(&screened).into_iter().map(|(name, _)| name).collect();
        assert_eq!(kept, ["x-delivery-count", "traceparent", LEFT_OUT]);
        assert!(String::from_utf8_lossy(&screened).contains("baggage (20013 bytes)"));
    }

    #[test]
    fn deeply_nested_tables_are_left_out_without_recursion() {
        let mut nested = vec![];
        for _ in 0..5_000 {
            nested = entry(b"t", b'F', &sized(&nested));
        }
        let screened = screened(&payload(b"17", &nested)).unwrap();
        assert!(is_sound(&screened));
        assert_eq!(headers(&screened), [(LEFT_OUT.to_owned(), b'S')]);
    }

    #[test]
    fn the_brokers_own_history_of_a_dead_letter_passes() {
        let death = [
            entry(b"reason", b'S', &sized(b"expired")),
            entry(b"routing-keys", b'A', &sized(&[&b"S"[..], &sized(b"orders.inbox")].concat())),
        ]
        .concat();
        let deaths = [&b"F"[..], &sized(&death)].concat();
        let table = entry(b"x-death", b'A', &sized(&deaths));
        assert_eq!(screened(&payload(b"17", &table)), None);
    }

    #[test]
    fn texts_that_are_not_utf_8_are_replaced() {
        let screened = screened(&payload(b"caf\xe9", &[])).unwrap();
        assert!(is_sound(&screened));
        assert!(screened.ends_with("caf\u{fffd}".as_bytes()));
    }

    #[test]
    fn whatever_the_bytes_are_the_result_is_sound() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        for length in 0..2_000 {
            let mut bytes: Vec<u8> = (0..length % 300).map(|_| random()).collect();
            bytes.splice(0..0, [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            if let Some(screened) = screened(&bytes) {
                assert!(is_sound(&screened), "{bytes:?}");
            }
        }
    }
}
