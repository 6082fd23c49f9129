//! Groups: one file per table, and one that reads a group as a whole.

pub mod cheques;
pub mod expenses;
pub mod group;
pub mod load;
pub mod members;
pub mod settlements;
