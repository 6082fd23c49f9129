//! The pages of a file as pictures.

use super::kind::{Kind, check};
use super::{heic, pdf};
use crate::picture::{Picture, Refusal, decode};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest number of pages that are read; further ones are left out.
pub const PAGES_MAX: usize = 5;

/// Decodes a file to its pages, at least one.
///
/// # Errors
/// Any [`Refusal`].
pub fn pages(bytes: &[u8]) -> Result<Vec<Picture>, Refusal> {
    match check(bytes)? {
        Kind::Picture => decode(bytes).map(|picture| vec![picture]),
        Kind::Heic => unless_it_panics(|| heic::decode(bytes).map(|picture| vec![picture])),
        Kind::Pdf => unless_it_panics(|| pdf::render(bytes, PAGES_MAX)),
    }
}

/// Malformed files may break an assumption of a young decoder. That is no reason for another answer.
fn unless_it_panics<T>(decode: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(Refusal::Broken))
}
