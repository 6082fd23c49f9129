//! Reads a cheque from a photo: picture, words, lines, arithmetic.

pub mod picture;

pub mod page;

pub mod engine;
pub mod word;

pub mod layout;
pub mod parse;

pub mod read;
