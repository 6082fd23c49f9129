//! How a cheque reaches this service: by its event, else from the cache, else by requesting the event again.

pub mod cache;
pub mod fetcher;
pub mod materialise;

mod negative_cache;
mod request_budget;
mod single_flight;
