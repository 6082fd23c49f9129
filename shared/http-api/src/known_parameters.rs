//! Refuses query parameters that an operation does not have, as unknown fields of a body are refused: a misspelt filter
//! must not look like an empty or a complete list.
//!
//! The parameters of an operation are those of the OpenAPI document, so what is not documented does not work either.

use crate::problem::Problem;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::Method;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// Longest name in a refusal, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// The query parameters of each operation, by the pattern of its path and its method.
type Known = HashMap<String, HashMap<Method, HashSet<String>>>;

/// Adds the check to the operations of a document. Routes that are not in it take what they like.
pub fn check_parameters<S: Clone + Send + Sync + 'static>(router: Router<S>, document: &OpenApi) -> Router<S> {
    let known: Arc<Known> =
        Arc::new(document.paths.paths.iter().map(|(path, item)| (path.clone(), of_path(item))).collect());
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let checked = check(&known, &request);
        async move {
            match checked {
                Ok(()) => next.run(request).await,
                Err(problem) => problem.into_response(),
            }
        }
    }))
}

/// For routes that take no parameters and are in no document, as a layer.
pub async fn refuse_parameters(request: Request, next: Next) -> Response {
    match require_known(request.uri().query(), &HashSet::new()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(known: &Known, request: &Request) -> Result<(), Problem> {
    let Some(query) = request.uri().query() else { return Ok(()) };
    let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let path = request.extensions().get::<MatchedPath>();
    match path.and_then(|path| known.get(path.as_str())?.get(method)) {
        Some(names) => require_known(Some(query), names),
        None => Ok(()),
    }
}

fn require_known(query: Option<&str>, known: &HashSet<String>) -> Result<(), Problem> {
    let names = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).map(|(name, _)| name);
    match names.into_iter().find(|name| !known.contains(name.as_ref())) {
        None => Ok(()),
        Some(name) => {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect();
            Err(Problem::invalid_parameter(&format!("`{shown}`"), "is not a parameter of this request"))
        }
    }
}

fn of_path(item: &PathItem) -> HashMap<Method, HashSet<String>> {
    let operations = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    let shared = item.parameters.as_deref().unwrap_or_default();
    let names = |operation: &Operation| {
        let own = operation.parameters.as_deref().unwrap_or_default();
        own.iter().chain(shared).filter_map(name_in_query).collect()
    };
    operations.into_iter().filter_map(|(method, operation)| Some((method, names(operation.as_ref()?)))).collect()
}

fn name_in_query(parameter: &RefOr<Parameter>) -> Option<String> {
    // Our documents contain every parameter where it is used.
    let RefOr::T(parameter) = parameter else { return None };
    (parameter.parameter_in == ParameterIn::Query).then(|| parameter.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::StatusCode;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    fn app() -> Router {
        let limit = json!({"name": "limit", "in": "query", "required": false, "schema": {"type": "string"}});
        let header = json!({"name": "X-Token", "in": "header", "required": false, "schema": {"type": "string"}});
        let responses = json!({});
        let document: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {
                "/things": {"get": {"parameters": [limit, header], "responses": responses}, "post": {"responses": responses}},
                "/things/{id}": {"get": {"responses": responses}},
            },
        }))
        .unwrap();
        let router = Router::new()
            .route("/things", get(|| async {}).post(|| async {}))
            .route("/things/{id}", get(|| async {}))
            .route("/internal", get(|| async {}));
        check_parameters(router, &document)
    }

    async fn answer(method: &str, uri: &str) -> (StatusCode, String) {
        let request = http::Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let response = app().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        (status, document["detail"].as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn a_parameter_that_an_operation_does_not_have_is_refused_by_name() {
        for (method, uri) in [
            ("GET", "/things?limit=1"),
            ("HEAD", "/things?limit=1"),
            ("GET", "/things?%6Cimit=1"),
            ("GET", "/things?"),
            ("GET", "/things?&&"),
            ("POST", "/things"),
            ("GET", "/things/7"),
            ("GET", "/internal?anything=1"),
        ] {
            assert_eq!(answer(method, uri).await.0, StatusCode::OK, "{method} {uri}");
        }
        for (method, uri, name) in [
            ("GET", "/things?limt=1", "limt"),
            ("HEAD", "/things?limt=1", ""),
            ("GET", "/things?limit=1&Limit=2", "Limit"),
            ("GET", "/things?x-token=1", "x-token"),
            ("GET", "/things?%0Alimt", "limt"),
            ("GET", "/things?=1", ""),
            ("POST", "/things?limit=1", "limit"),
            ("GET", "/things/7?limit=1", "limit"),
        ] {
            let (status, detail) = answer(method, uri).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {uri}");
            if method != "HEAD" {
                assert_eq!(detail, format!("`{name}` is not a parameter of this request"), "{method} {uri}");
            }
        }
        let long = answer("GET", &format!("/things?{}=1", "x".repeat(5000))).await.1;
        assert!(long.len() < 200, "{long}");
    }
}
