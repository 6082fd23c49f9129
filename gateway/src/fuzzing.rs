//! What `fuzz/` drives.

use crate::edge::{operations, path};
use std::borrow::Cow;

/// Whether requests for `path` are let through.
pub fn is_let_through(path: &str) -> bool {
    path::judge(path).is_ok()
}

/// The bytes that a percent-encoded text stands for.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    path::decode(text).map(Cow::into_owned)
}

/// Whether `path`, as its service knows it, leads to the pages for operators.
pub fn is_for_operators(path: &str) -> bool {
    operations::is_for_operators(path)
}
