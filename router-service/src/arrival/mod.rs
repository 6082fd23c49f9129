//! How a cheque reaches this service: by its event, else from the cache, else by requesting the event again.

pub mod arrivals;
pub mod cache;
pub mod materialise;

mod turns;
mod unknown;
