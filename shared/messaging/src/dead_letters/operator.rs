//! Who acts on dead letters.

/// Longest text, in characters.
const CHARS_MAX: usize = 100;

/// Who acts on dead letters, for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// As your authentication names them.
    pub name: Option<String>,
    /// The address of their client.
    pub address: Option<String>,
    /// Their request, as your logs name it.
    pub request_id: Option<String>,
}

impl Operator {
    /// As it can be stored.
    pub(super) fn storable(self) -> Self {
        let Self { name, address, request_id } = self;
        let clean = |text: Option<String>| text.as_deref().map(clean);
        Self { name: clean(name), address: clean(address), request_id: clean(request_id) }
    }
}

/// Without characters that PostgreSQL can't store, and cut to a limit.
fn clean(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(CHARS_MAX).collect()
}
