//! Recognises a cheque on a photo: decode the picture, recognise words, form lines, check the arithmetic.

pub mod picture;

pub mod document;

pub mod page;

pub mod engine;
pub mod word;

pub mod layout;
pub mod parse;

mod processor_time;
pub mod read;
