//! Installs what is missing on a Debian or Ubuntu, without starting system servers.

mod apt;
mod missing;
mod node;

pub(crate) use apt::{ask_for_password, install};
pub(crate) use missing::{Need, missing};
pub(crate) use node::{Node, node};
