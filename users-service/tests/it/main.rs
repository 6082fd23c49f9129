//! users-service as a program, on a real database and broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod administering;
mod signing_in;
mod stage;
