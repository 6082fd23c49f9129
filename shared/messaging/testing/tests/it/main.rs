//! The harness on real servers: every assertion passes when it should, and fails when it should.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod story;

mod crashes;
mod deliveries;
mod losses;
mod orders;
mod proxy;
mod publishing;
mod templates;
