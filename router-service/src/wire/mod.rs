//! How a shared cheque looks to clients, in answers and on sockets.

pub mod dues_json;
pub mod percent;
pub mod split_json;
