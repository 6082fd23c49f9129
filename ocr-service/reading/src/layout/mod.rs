//! Combines words into rows, and the rows of several passes into strips.

pub(crate) mod measure;
pub(crate) mod rows;
pub(crate) mod strips;
