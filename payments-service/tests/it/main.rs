//! Stories of payments-service: the real program on a real database and a real broker.

mod stage;

mod bad_input;
mod deciding;
mod least_privilege;
mod statement;
mod topping_up;
