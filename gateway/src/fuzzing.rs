//! Entry points for `fuzz/`.

use crate::edge::{operations, path};
use std::borrow::Cow;

/// Whether requests for `path` are accepted.
pub fn is_accepted(path: &str) -> bool {
    path::check(path).is_ok()
}

/// Decodes a percent-encoded text; `None` if an escape is malformed.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    path::decode(text).map(Cow::into_owned)
}

/// Whether `path`, without the prefix of its service, belongs to the operations pages.
pub fn is_operations_path(path: &str) -> bool {
    operations::is_operations_path(path)
}
