//! Why a request was not answered by its service, as the client sees it.

use crate::forward::upload::UploadFault;
use crate::upstream::SendError;
use axum::response::{IntoResponse, Response};
use chassis::problem::Problem;
use chassis::process::chain;
use http::{HeaderValue, StatusCode, header};
use tracing::{debug, warn};

/// Why forwarding ended without an answer of the service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    /// It was not even tried.
    #[error("refused")]
    Refused(Problem),
    /// The body is announced as too large.
    #[error("the body is too large")]
    TooLarge,
    /// The client's body is at fault.
    #[error("receive the body")]
    Upload(#[source] UploadFault),
    /// The service is.
    #[error("forward the request")]
    Send(#[source] SendError),
    /// The service took too long.
    #[error("no answer in time")]
    Slow,
    /// The service changed the protocol without being asked.
    #[error("an answer of 101 to a request without upgrade")]
    UnaskedUpgrade,
    /// There are as many tunnels as there may be.
    #[error("no place for another tunnel")]
    NoTunnelLeft,
}

impl From<Problem> for ForwardError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl ForwardError {
    /// A word for metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::NoTunnelLeft => "refused",
            Self::TooLarge | Self::Upload(_) => "bad_body",
            Self::Send(SendError::Connect(_)) => "unavailable",
            Self::Send(SendError::Closed(_) | SendError::Exchange(_)) | Self::UnaskedUpgrade => "broken",
            Self::Slow => "timeout",
        }
    }

    /// Whether the service is at fault, and not the client or the gateway.
    pub(crate) fn is_the_services(&self) -> bool {
        match self {
            Self::Send(_) | Self::Slow | Self::UnaskedUpgrade => true,
            Self::Refused(_) | Self::TooLarge | Self::Upload(_) | Self::NoTunnelLeft => false,
        }
    }

    /// Says it in the log: loudly when the service is at fault.
    pub(crate) fn log(&self, upstream: &'static str) {
        let error = chain(self);
        if self.is_the_services() {
            warn!(upstream, error, "{upstream} did not answer: {error}");
        } else {
            debug!(upstream, error, "a request was refused");
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
        ForwardError::Refused(problem) => problem,
        ForwardError::TooLarge | ForwardError::Upload(UploadFault::TooLarge) => closing(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "the body is too large: 1 MiB of JSON, or 10 MiB of multipart, is the most",
        ),
        ForwardError::Upload(UploadFault::Broken) => {
            closing(StatusCode::BAD_REQUEST, "incomplete_body", "the body could not be read to its end")
        }
        ForwardError::Upload(UploadFault::TooSlow) => {
            closing(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body did not arrive in time")
        }
        ForwardError::Send(SendError::Connect(_)) => {
            unavailable("the service can't be reached right now; try again soon")
        }
        ForwardError::NoTunnelLeft => unavailable("too many sockets are open right now; try again soon"),
        ForwardError::Send(SendError::Closed(_) | SendError::Exchange(_)) | ForwardError::UnaskedUpgrade => {
            Problem::new(StatusCode::BAD_GATEWAY, "upstream_unreachable", "the service broke off before it answered")
        }
        ForwardError::Slow => {
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream_timeout", "the service did not answer in time")
        }
    }
}

/// What follows a fault in the body can't be told from the next request, so the connection ends.
fn closing(status: StatusCode, code: &'static str, detail: &'static str) -> Problem {
    Problem::new(status, code, detail).with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
