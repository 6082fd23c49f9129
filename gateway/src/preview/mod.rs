//! Previews of share links in messengers: the page with the title of its bill.

mod cache;
mod crawlers;
mod look;

pub(crate) use cache::Previews;
pub(crate) use crawlers::is_crawler;
pub(crate) use look::{Looked, look};
