//! Stories of the messaging crate on a real database and a real broker.

mod stage;

mod broker_faults;
mod crashes;
mod lanes;
mod publishing;
mod rejections;
