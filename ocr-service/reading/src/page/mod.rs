//! From upright pixels to a levelled page that the engine can read.

mod filter;
mod marks;

mod bend;
mod paper;
mod tilt;

mod level;

mod contrast;
mod flatten;

pub(crate) mod sheet;
