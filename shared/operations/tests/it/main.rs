//! The router as other projects embed it: nested, without any other part of the product.

#![expect(clippy::unwrap_used, reason = "a failing helper should fail its test")]

mod service;

mod listing;
mod settling;
