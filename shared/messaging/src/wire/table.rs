//! The header table of a message: which entries can be read, and which are retained if there is no room for all.
//!
//! Source: AMQP 0-9-1, section 4.2.5.5, and RabbitMQ's errata for the types of table entries.

use super::texts::{long, shortened, text, write_text};

/// Maximum size of an entry, if not all are retained.
const ENTRY_BYTES_MAX: usize = 4 * 1024;
/// Maximum size of all retained entries together.
const ENTRIES_BYTES_MAX: usize = 8 * 1024;
/// Maximum nesting of tables; RabbitMQ's own `x-death` has three levels.
const DEPTH_MAX: usize = 6;

/// The header that lists which headers of a message were left out.
pub(crate) const LEFT_OUT: &str = "outbox-headers-left-out";

/// The readable entries of a table, the ones that matter first, and a note about the others.
pub(super) fn kept_entries(table: &[u8]) -> Vec<u8> {
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
        left_out.push(format!("{} bytes that are not a valid table", table.len() - read));
    }
    let left_out = left_out.join(", ");
    let note = shortened(&left_out, 1_000);
    write_text(&mut kept, LEFT_OUT.as_bytes());
    kept.push(b'S');
    kept.extend_from_slice(&u32::try_from(note.len()).unwrap_or(0).to_be_bytes());
    kept.extend_from_slice(note.as_bytes());
    kept
}

/// Whether this crate reads the header: it is retained before others.
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

/// An entry of a table.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    /// The type letter and the value.
    pub(super) kind: u8,
    value: &'a [u8],
    /// The whole entry.
    bytes: &'a [u8],
}

impl Entry<'_> {
    fn is_sound(&self) -> bool {
        std::str::from_utf8(self.name).is_ok() && value_is_sound(self.kind, self.value)
    }
}

/// The entries of a table, up to the first one whose length is unknown.
pub(super) struct Entries<'a>(pub(super) &'a [u8]);

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

pub(super) fn entries_are_sound(table: &[u8]) -> bool {
    let mut entries = Entries(table);
    entries.all(|entry| entry.is_sound()) && Entries(table).map(|entry| entry.bytes.len()).sum::<usize>() == table.len()
}

/// The size of a value in bytes, including its length prefix.
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

/// Whether a value has no tables below the maximum nesting, and nothing unreadable. Uses an explicit stack: a few
/// kilobytes can hold thousands of levels.
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
