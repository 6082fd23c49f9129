//! An interpreted row.

use super::cells::Line;
use super::classes::Class;
use super::page::Choice;
use super::shape::Shape;

/// An interpreted row.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    pub(crate) class: Class,
    pub(crate) shape: Shape,
    /// The last sum of the row, for every class.
    pub(crate) amounts: Vec<Choice>,
}
