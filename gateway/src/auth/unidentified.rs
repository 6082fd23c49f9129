//! Why a request was not identified.

use http_api::problem::Problem;
use serde::Serialize;

/// A refusal that belongs into the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusalReason {
    /// An access token or ticket is invalid, expired or used.
    InvalidToken,
    /// The session of a token has ended.
    EndedSession,
    /// The page is for administrators.
    Administration,
}

/// The request has no valid credentials.
#[derive(Debug)]
pub(crate) struct Unidentified {
    /// For the client.
    pub(crate) problem: Box<Problem>,
    /// For the audit trail, with the user whom a valid token names.
    pub(crate) refusal: Option<(RefusalReason, Option<i64>)>,
}

impl Unidentified {
    /// For the audit trail too.
    pub(super) fn refused(reason: RefusalReason, user: Option<i64>, problem: Problem) -> Self {
        Self { problem: Box::new(problem), refusal: Some((reason, user)) }
    }
}

impl From<Problem> for Unidentified {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), refusal: None }
    }
}
