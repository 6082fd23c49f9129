//! What every request passes on its way in, and every answer on its way out.

pub(crate) mod access;
pub(crate) mod cors;
pub(crate) mod harden;
pub(crate) mod operations;
pub(crate) mod path;
