//! A response that can be stored and replayed.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// A response that can be stored: a status, an optional `Location`, and a JSON body.
#[derive(Debug, Clone)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The `Location` header.
    pub location: Option<String>,
    /// The JSON body.
    pub body: Vec<u8>,
}

impl IntoResponse for StoredResponse {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
