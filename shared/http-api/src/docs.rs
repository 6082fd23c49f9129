//! The OpenAPI document and Swagger UI, both usable behind a gateway that removes a path prefix.

use crate::extract::Path;
use crate::known_parameters::check_parameters;
use crate::prefix::Prefix;
use crate::problem::{CONTENT_TYPE, Problem, ProblemDocument, no_such_page};
use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use std::sync::Arc;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{
    Components, Content, InfoBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, Url};

/// An OpenAPI document without paths, to which the routes of a service are added.
pub fn about(title: &str, description: &str) -> OpenApi {
    let licence = License::builder().name("MIT").identifier(Some("MIT")).build();
    let info = InfoBuilder::new()
        .title(title)
        .description(Some(description))
        // All crates of the workspace share one version.
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(licence));
    OpenApiBuilder::new().info(info.build()).build()
}

/// The routes of a service with their document: parameters that it does not have are refused, and [`routes`] serve it.
pub fn documented<S: Clone + Send + Sync + 'static>(router: axum::Router<S>, document: OpenApi) -> axum::Router<S> {
    check_parameters(router, &document).merge(routes(document))
}

/// `/openapi.json` and `/docs/` of a service.
///
/// All links are relative, and the document contains the prefix that the gateway removed, so "Try it out" works
/// directly and through the gateway.
pub fn routes<S: Clone + Send + Sync + 'static>(document: OpenApi) -> axum::Router<S> {
    let document = Arc::new(complete(document));
    axum::Router::new()
        .route(
            "/openapi.json",
            get(move |Prefix(prefix): Prefix| {
                let mut document = OpenApi::clone(&document);
                document.servers = Some(vec![server(&prefix)]);
                async move { Json(document) }
            }),
        )
        .merge(swagger_ui([Url::new("this service", "../openapi.json")]))
}

/// The document as it is served, with what all services have in common: authentication and problem documents.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    for (name, scheme) in security_schemes() {
        components.add_security_scheme(name, scheme);
    }
    // One of them is enough. An operation that needs no user declares `security()`.
    document.security =
        Some(["bearer", "user"].map(|name| SecurityRequirement::new(name, Vec::<String>::new())).into());
    describe_problems(&mut document);
    document
}

/// How a request names its user: with a token if sign-in is required, with a header in development mode. A guest of a
/// share link has a token of their own.
fn security_schemes() -> [(&'static str, SecurityScheme); 3] {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token from `POST /users/login` or `POST /users/register`."))
        .build();
    let header =
        |name, description| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)));
    [
        ("bearer", SecurityScheme::Http(bearer)),
        ("user", header("X-User-ID", "Development mode: any positive number.")),
        ("guest", header("X-Participant-Token", "The secret token of a guest, from joining a bill.")),
    ]
}

/// Documents problem documents as the error responses of every operation.
fn describe_problems(document: &mut OpenApi) {
    let (name, schema) = (ProblemDocument::name().into_owned(), ProblemDocument::schema());
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.entry(name.clone()).or_insert(schema);
    let mut parts = vec![];
    ProblemDocument::schemas(&mut parts);
    components.schemas.extend(parts);
    let problem = || {
        let content = Content::new(Some(Ref::from_schema_name(&name)));
        ResponseBuilder::new().description("Rejected or failed").content(CONTENT_TYPE, content).build()
    };
    for item in document.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in methods.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                let is_refusal = status.starts_with(['4', '5']);
                if let (true, RefOr::T(response)) = (is_refusal, response)
                    && let Some(content) = response.content.shift_remove("application/json")
                {
                    response.content.insert(CONTENT_TYPE.to_owned(), content);
                }
            }
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| problem().into());
        }
    }
}

/// Swagger UI at `/docs/` for the given documents; its assets are embedded in the program.
pub fn swagger_ui<S: Clone + Send + Sync + 'static>(
    documents: impl IntoIterator<Item = Url<'static>>,
) -> axum::Router<S> {
    let config = Arc::new(Config::new(documents).try_it_out_enabled(true));
    let index = Arc::clone(&config);
    axum::Router::new()
        // A relative redirect works with any prefix.
        .route("/docs", get(|| async { (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "docs/")]) }))
        .route("/docs/", get(move || async move { asset("", index) }))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| async move { asset(&file, config) }))
}

fn server(prefix: &str) -> Server {
    Server::new(if prefix.is_empty() { "/" } else { prefix })
}

fn asset(file: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(file)) => ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response(),
        Ok(None) => no_such_page().into_response(),
        Err(failure) => Problem::internal(failure.as_ref()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    #[test]
    fn a_document_declares_how_a_request_names_its_user() {
        let document = serde_json::to_value(complete(about("A", "B"))).unwrap();
        let bearer = &document["components"]["securitySchemes"]["bearer"];
        assert_eq!((bearer["type"].as_str(), bearer["scheme"].as_str()), (Some("http"), Some("bearer")));
        assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }, { "user": [] }]));
    }

    #[tokio::test]
    async fn a_page_that_the_documentation_does_not_have_is_a_problem_document() {
        let router: axum::Router = swagger_ui([Url::new("this service", "../openapi.json")]);
        for path in ["/docs/%ff", "/docs/none"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], CONTENT_TYPE, "{path}");
        }
    }
}
