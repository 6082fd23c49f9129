//! Stories of payments-service: the real program on a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod stage;

mod bad_input;
mod deciding;
mod least_privilege;
mod statement;
mod topping_up;
mod transferring;
