//! Storage: SQL queries, one file per table, checked at compile time; and the photos.

pub mod cheques;
pub mod pages;
pub mod photos;
pub mod quotas;
