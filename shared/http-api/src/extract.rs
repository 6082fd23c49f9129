//! Extractors of paths and queries whose rejections are problem documents; axum's own answer with plain text.

use crate::problem::{Problem, no_such_page};
use axum::extract::rejection::QueryRejection;
use axum::extract::{self, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The parameters of the path. A path that cannot be decoded names no resource: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The query. A parameter that is repeated or malformed is 422.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let extracted = extract::Path::from_request_parts(parts, state).await;
        extracted.map(|extract::Path(parameters)| Self(parameters)).map_err(|rejection| {
            // A handler whose type does not fit its route is our own error.
            if rejection.status().is_server_error() { Problem::internal(&rejection) } else { no_such_page() }
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let extracted = extract::Query::from_request_parts(parts, state).await;
        extracted.map(|extract::Query(parameters)| Self(parameters)).map_err(|rejection| invalid_query(&rejection))
    }
}

/// Serde's text names the parameter in back quotes: "duplicate field `limit`".
fn invalid_query(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    match text.split('`').nth(1) {
        Some(name) if text.contains("duplicate field") => Problem::invalid_parameter(name, "is given more than once"),
        Some(name) => Problem::invalid_parameter(name, "is not valid"),
        None => Problem::invalid_parameter("the query", "is not valid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::{Request, StatusCode, header};
    use serde::Deserialize;
    use tower::ServiceExt;

    #[derive(Deserialize)]
    struct Page {
        limit: Option<String>,
    }

    #[tokio::test]
    async fn rejections_are_problem_documents() {
        let router = Router::new()
            .route("/things/{id}", get(|Path(id): Path<String>| async move { id }))
            .route("/things", get(|Query(page): Query<Page>| async move { page.limit.unwrap_or_default() }));
        for (uri, status) in [
            ("/things/a%20b", StatusCode::OK),
            ("/things/%ff", StatusCode::NOT_FOUND),
            ("/things?limit=1", StatusCode::OK),
            ("/things?limit=1&limit=2", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let request = Request::get(uri).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{uri}");
            if status != StatusCode::OK {
                assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{uri}");
            }
        }
    }
}
