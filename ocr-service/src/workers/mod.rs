//! Pictures are read in processes of their own, which can do nothing but read a picture.
//!
//! Decoders and Tesseract are a lot of code, part of it C, that looks at bytes from strangers. So each picture gets a
//! fresh process that was started ahead of time, of a program of its own, `ocr-worker`: it opens Tesseract's data, gives up everything else, takes one
//! picture, answers, and ends. What goes wrong in it loses that picture and nothing else; what a picture makes of it
//! sees no other picture.

pub mod picture;

pub mod pool;
pub mod program;
mod queue;
mod worker;

mod protocol;

pub mod child;
pub mod lockdown;
mod system_calls;

pub mod attempts;

pub use protocol::{Isolation, PICTURE_BYTES_MAX, Refusal};
