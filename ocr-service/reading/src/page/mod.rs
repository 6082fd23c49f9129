//! From upright pixels to a levelled page that the engine can read.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel coordinates are at most a few thousand, and are rounded on purpose"
)]

mod filter;
mod marks;

mod bend;
mod paper;
mod tilt;

mod level;

mod contrast;
mod flatten;

pub(crate) mod sheet;
