//! From the bytes of a file to its pages: one of a picture, several of a PDF.

mod kind;

mod heic;
mod pages;
mod pdf;

pub use heic::use_one_thread;
pub use kind::{Kind, check};
pub use pages::{PAGES_MAX, pages};
