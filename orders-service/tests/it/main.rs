//! Integration tests of orders-service: the real program with a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod stage;

mod bad_input;
mod decisions;
mod failing;
mod listing;
mod measuring;
mod operating;
mod placing;
mod watching;
