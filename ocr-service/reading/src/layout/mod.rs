//! Words into rows, and the rows of several passes over each other.

pub(crate) mod measure;
pub(crate) mod rows;
pub(crate) mod strips;
