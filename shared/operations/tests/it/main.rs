//! The router as an adopter embeds it: nested, without anything of the product.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod service;

mod listing;
mod settling;
