//! The header `traceparent`.
//!
//! Source: W3C Trace Context, level 2.

/// A child of `parent` on the same trace; the root of a new trace if there is no parent or it is malformed.
pub(super) fn child(parent: Option<&str>) -> String {
    let span_id = rand::random_range(1..=u64::MAX);
    match parent.and_then(parts) {
        Some((trace_id, flags)) => format!("00-{trace_id}-{span_id:016x}-{flags}"),
        None => format!("00-{:032x}-{span_id:016x}-01", rand::random_range(1..=u128::MAX)),
    }
}

/// The trace id and the flags. Of an unknown version, the part that is defined here is read.
fn parts(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.trim().split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hexadecimal =
        |text: &str, digits| text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_zero = |text: &str| text.bytes().all(|b| b == b'0');
    let sound = is_hexadecimal(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hexadecimal(trace_id, 32)
        && is_hexadecimal(span_id, 16)
        && is_hexadecimal(flags, 2);
    (sound && !is_zero(trace_id) && !is_zero(span_id)).then_some((trace_id, flags))
}

/// The id that all spans of a trace share.
pub(crate) fn trace_id(text: &str) -> Option<&str> {
    parts(text).map(|(trace_id, _)| trace_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_child_keeps_the_trace_and_its_flags() {
        let child = child(Some(EXAMPLE));
        assert_eq!(trace_id(&child), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert!(child.ends_with("-01") && child != EXAMPLE);
    }

    #[test]
    fn a_later_version_is_read_and_nonsense_begins_a_new_trace() {
        assert!(trace_id("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        for text in ["", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-x-y-z"] {
            assert_eq!(trace_id(text), None, "{text}");
            assert!(trace_id(&child(Some(text))).is_some());
        }
    }
}
