//! Headers that a publisher sets on an event.

use std::collections::BTreeMap;

/// Maximum size of an event's headers, names and values together, in bytes: they must fit into one frame with room to
/// spare.
pub(crate) const HEADERS_BYTES_MAX: usize = 4 * 1024;

/// Headers of an event: names with text values, at most 4 KiB together.
///
/// They travel next to the event's data, for example a tenant, a source or a flag that is not part of the fact. A
/// handler reads them from [`Meta::headers`](crate::Meta::headers). Names that begin with `outbox-` or `x-` are
/// reserved, and so are `traceparent`, `CC`, `BCC` and a few others;
/// [`AppendError::Headers`](crate::AppendError::Headers) reports them.
///
/// ```
/// let headers = rabbit_outbox::Headers::new().with("tenant", "7");
/// assert_eq!(headers.get("tenant"), Some("7"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header; a later value of the same name replaces an earlier one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All headers, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are no headers.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why they can't be sent, if they can't.
    pub(crate) fn objection(&self) -> Option<String> {
        let bytes: usize = self.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > HEADERS_BYTES_MAX {
            return Some(format!("the headers have {bytes} bytes, more than {HEADERS_BYTES_MAX}"));
        }
        self.iter().find_map(|(name, value)| {
            if name.is_empty() || name.len() > 255 {
                Some(format!("`{name}` is not a valid header name: it must have 1 to 255 bytes"))
            } else if is_reserved(name) {
                Some(format!("the header `{name}` is reserved"))
            } else if name.contains('\0') || value.contains('\0') {
                Some(format!("the header `{name}` contains a NUL, which PostgreSQL does not store"))
            } else {
                None
            }
        })
    }

    /// As PostgreSQL stores them; `None` if there are none.
    pub(crate) fn to_json(&self) -> Option<String> {
        (!self.is_empty()).then(|| serde_json::to_string(&self.0).unwrap_or_default())
    }

    pub(crate) fn insert(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }
}

/// Whether RabbitMQ uses the header for routing: it accepts only lists there, and closes the channel for any other
/// type.
///
/// Source: RabbitMQ documentation, "Sender-selected Distribution".
fn is_routing(name: &str) -> bool {
    name == "CC" || name == "BCC"
}

/// Whether the header's meaning is defined by this crate, RabbitMQ or W3C.
pub(crate) fn is_reserved(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "traceparent",
        "tracestate",
        "sequence",
        "attempts",
        "climbed",
        "unknown",
        "first-failed-at",
        "failed-at",
        "last-error",
    ];
    name.starts_with("outbox-") || name.starts_with("x-") || NAMES.contains(&name) || is_routing(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_cannot_travel_are_named() {
        assert_eq!(Headers::new().with("tenant", "7").objection(), None);
        assert!(Headers::new().with("x-death", "no").objection().is_some());
        assert!(Headers::new().with("outbox-attempts", "9").objection().is_some());
        assert!(Headers::new().with("CC", "elsewhere").objection().is_some());
        assert!(Headers::new().with("", "no").objection().is_some());
        assert!(Headers::new().with("nul", "\0").objection().is_some());
        assert!(Headers::new().with("large", "a".repeat(HEADERS_BYTES_MAX)).objection().is_some());
    }
}
