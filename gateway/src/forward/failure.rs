//! Why a request got no response from its service, and what the client sees instead.

use crate::upstream::{SendError, UploadError};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use telemetry::chain;
use tracing::{debug, warn};

/// Why forwarding failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    /// The gateway rejected the request; nothing was sent.
    #[error("rejected")]
    Rejected(Problem),
    /// The declared length of the body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// The client's body is faulty.
    #[error("receive the body")]
    Upload(#[source] UploadError),
    /// The service failed.
    #[error("forward the request")]
    Send(#[source] SendError),
    /// The service took too long.
    #[error("no response in time")]
    Timeout,
    /// The service switched protocols although no upgrade was requested.
    #[error("the service responded with 101 to a request without upgrade")]
    UnexpectedUpgrade,
    /// The maximum number of tunnels is open.
    #[error("the maximum number of tunnels is open")]
    TooManyTunnels,
    /// This user, or this address, has its share of tunnels open.
    #[error("the client has the maximum number of tunnels open")]
    TooManyTunnelsOfClient,
    /// This user, or this address, sends as many bodies as it may.
    #[error("the client sends the maximum number of bodies at the same time")]
    TooManyUploads,
}

impl From<Problem> for ForwardError {
    fn from(problem: Problem) -> Self {
        Self::Rejected(problem)
    }
}

impl ForwardError {
    /// The outcome label in metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Rejected(_) | Self::TooManyTunnels | Self::TooManyTunnelsOfClient | Self::TooManyUploads => "refused",
            Self::TooLarge | Self::Upload(_) => "bad_body",
            Self::Send(SendError::Connect(_)) => "unavailable",
            Self::Send(SendError::Closed(_) | SendError::Exchange(_)) | Self::UnexpectedUpgrade => "broken",
            Self::Timeout => "timeout",
        }
    }

    /// Whether the service is at fault, rather than the client or the gateway.
    pub(crate) fn is_service_fault(&self) -> bool {
        match self {
            Self::Send(_) | Self::Timeout | Self::UnexpectedUpgrade => true,
            Self::Rejected(_)
            | Self::TooLarge
            | Self::Upload(_)
            | Self::TooManyTunnels
            | Self::TooManyTunnelsOfClient
            | Self::TooManyUploads => false,
        }
    }

    /// Logs the failure: as a warning if the service is at fault.
    pub(crate) fn log(&self, upstream: &'static str) {
        let error = chain(self);
        if self.is_service_fault() {
            warn!(upstream, error, "{upstream} did not respond: {error}");
        } else {
            debug!(upstream, error, "a request was rejected");
        }
    }
}

impl IntoResponse for ForwardError {
    fn into_response(self) -> Response {
        problem(self).into_response()
    }
}

fn problem(failure: ForwardError) -> Problem {
    match failure {
        ForwardError::Rejected(problem) => problem,
        ForwardError::TooLarge | ForwardError::Upload(UploadError::TooLarge) => {
            closing(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "the body is larger than this address accepts")
        }
        ForwardError::Upload(UploadError::Broken) => {
            closing(StatusCode::BAD_REQUEST, "incomplete_body", "the body could not be read to its end")
        }
        ForwardError::Upload(UploadError::TooSlow) => {
            closing(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body did not arrive in time")
        }
        ForwardError::Send(SendError::Connect(_)) => {
            unavailable("the service can't be reached right now; try again soon")
        }
        ForwardError::TooManyTunnels => unavailable("too many WebSockets are open right now; try again soon"),
        ForwardError::TooManyTunnelsOfClient => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_sockets",
            "too many WebSockets of this user or address are open: close some, or retry after the seconds given in \
             Retry-After",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("10")),
        ForwardError::TooManyUploads => closing(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_uploads",
            "this user or address sends too many bodies at the same time: retry after the seconds given in Retry-After",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("5")),
        ForwardError::Send(SendError::Closed(_) | SendError::Exchange(_)) | ForwardError::UnexpectedUpgrade => {
            Problem::new(
                StatusCode::BAD_GATEWAY,
                "upstream_unreachable",
                "the service closed the connection before it responded",
            )
        }
        ForwardError::Timeout => {
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream_timeout", "the service did not respond in time")
        }
    }
}

/// After a faulty body, the start of the next request can't be found, so the connection is closed.
fn closing(status: StatusCode, code: &'static str, detail: &'static str) -> Problem {
    Problem::new(status, code, detail).with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
