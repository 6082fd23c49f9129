//! Tests of payments-service as a program, with a real database and broker.

#![expect(clippy::unwrap_used, reason = "a failing helper should fail its test")]

mod stage;

mod bad_input;
mod deciding;
mod failing;
mod least_privilege;
mod measuring;
mod statement;
mod topping_up;
mod transferring;
