//! A shared cheque as JSON, for responses and sockets.

pub mod activity_json;
pub mod cheque_json;
mod decimals;
pub mod dues_json;
pub mod groups;
pub mod outside_json;
pub mod percent;
pub mod plan_json;
pub mod preview;
pub mod split_json;
