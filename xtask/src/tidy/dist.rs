//! Checks that the built frontend is committed.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const PAGE: &str = "frontend/dist/index.html";

/// Checks that the page exists.
pub(super) fn check(sources: &[Source]) -> Option<Finding> {
    (!sources.iter().any(|source| source.path == PAGE)).then(|| {
        Finding::error(
            PAGE,
            1,
            "the built page is missing: `npm run build` in frontend/",
            "the UI must also work without Node",
        )
    })
}
