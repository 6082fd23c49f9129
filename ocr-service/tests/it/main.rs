//! Integration tests of ocr-service: the real program, with its workers, and real servers.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod pdf;
mod pictures;
mod stage;

mod bad_input;
mod documents;
mod failing;
mod isolation;
mod loading;
mod pages;
mod storing;
mod workers;
