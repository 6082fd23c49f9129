//! Pictures are read in separate processes that can do nothing else.
//!
//! Image decoders and Tesseract are a lot of code, partly C, that processes untrusted bytes. So each picture gets a
//! fresh process of a separate program, `ocr-worker`, which was started ahead of time: it loads Tesseract's models,
//! gives up all other access, reads one picture, responds, and ends. A failure in it affects only this picture, and
//! code that a picture takes over never sees another picture.

pub mod picture;

pub mod pool;
pub mod program;
pub(crate) mod queue;
pub mod stage;
mod worker;

mod protocol;

pub mod child;
pub mod lockdown;
mod system_calls;

pub mod attempts;

pub use protocol::{Isolation, PICTURE_BYTES_MAX, Refusal};
