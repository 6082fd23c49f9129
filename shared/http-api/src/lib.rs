//! The conventions of every HTTP API: problem documents, bodies, queries and paths that are rejected with one, cursors,
//! and the OpenAPI document.

pub mod body;
pub mod cursor;
pub mod docs;
pub mod extract;
pub mod known_parameters;
pub mod prefix;
pub mod problem;
