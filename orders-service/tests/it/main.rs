//! Stories of orders-service: the real program on a real database and a real broker.

mod stage;

mod bad_input;
mod deciding;
mod listing;
mod placing;
mod watching;
