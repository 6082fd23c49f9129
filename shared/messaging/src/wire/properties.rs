//! Message properties as a peer wrote them, and in a form that the client library can read.
//!
//! Source: AMQP 0-9-1, section 4.2.6, and RabbitMQ's errata for the types of table entries.

use super::table::{entries_are_sound, kept_entries};
use super::texts::{long, text, write_text};

/// Maximum size of properties, in bytes: below the smallest negotiated frame size.
const PROPERTIES_BYTES_MAX: usize = 12 * 1024;
/// Class, weight and body size.
const PREFIX_BYTES: usize = 12;
/// Bit positions of the property flags.
const HEADERS: usize = 2;

/// The types of the properties, in the order of their flags from the highest bit.
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

/// The rewritten payload of a header frame; `None` if it can pass unchanged.
pub(super) fn screened(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() <= PROPERTIES_BYTES_MAX && is_sound(payload) {
        return None;
    }
    let (prefix, rest) = payload.split_at_checked(PREFIX_BYTES)?;
    Some(rewritten(prefix, rest).unwrap_or_else(|| {
        // Nothing in it could be read: pass a message without properties.
        [prefix, &[0, 0]].concat()
    }))
}

/// Whether the client library can read it, with little stack.
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
    // Always write a header table: it lists what was left out.
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

/// The property flags; RabbitMQ writes one word of them.
fn flags(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (flags, rest) = rest.split_first_chunk::<2>()?;
    let flags = u16::from_be_bytes(*flags);
    // The lowest bit means that another word of flags follows, which no property of this class needs.
    (flags & 1 == 0).then_some((flags, rest))
}

#[cfg(test)]
mod tests {
    use super::super::table::{Entries, LEFT_OUT};
    use super::*;

    fn entry(name: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
        [&[u8::try_from(name.len()).unwrap()][..], name, &[kind], value].concat()
    }

    fn sized(value: &[u8]) -> Vec<u8> {
        [&u32::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
    }

    /// The payload of a header frame with a message id and headers.
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
