//! users-service as a program, on a real database and broker.

#![expect(clippy::unwrap_used, reason = "a failing helper should fail its test")]

mod administering;
mod auditing;
mod demo;
mod failing;
mod measuring;
mod second_factor;
mod signing_in;
mod stage;
