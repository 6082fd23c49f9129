//! How a cheque gets here: by its event, else from the cache, else by asking for the event again.

pub mod arrivals;
pub mod cache;
pub mod materialise;

mod turns;
mod unknown;
