//! Reads a cheque from a photo: picture, words, lines, arithmetic.

pub mod word;
