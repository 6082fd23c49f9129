//! Integration tests of ocr-service: the real program, with its workers, and real servers.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod pictures;
mod stage;

mod bad_input;
mod failing;
mod isolation;
mod loading;
mod storing;
mod workers;
