//! The files of the web UI, as embedded by `build.rs`.

/// One file.
pub(super) struct Asset {
    /// The URL path: `/index.html`.
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    /// Changes with the content.
    pub(super) version: &'static str,
    pub(super) bytes: &'static [u8],
    /// The gzipped bytes, if that is smaller.
    pub(super) gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));
