//! The OpenAPI document and Swagger UI, both working behind a gateway that strips a prefix.

use crate::identity::Prefix;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use std::sync::Arc;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{Components, InfoBuilder, License, OpenApi, OpenApiBuilder, SecurityRequirement};
use utoipa_swagger_ui::{Config, Url};

/// An empty document about a service, for its routes to be added to.
pub fn about(title: &str, description: &str) -> OpenApi {
    let licence = License::builder().name("MIT").identifier(Some("MIT")).build();
    let info = InfoBuilder::new()
        .title(title)
        .description(Some(description))
        // All crates of the workspace have one version.
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(licence));
    OpenApiBuilder::new().info(info.build()).build()
}

/// `/openapi.json` and `/docs/` of a service.
///
/// All links are relative, and the document names the prefix that the gateway says it stripped, so that
/// "Try it out" works directly and through the gateway.
pub fn routes<S: Clone + Send + Sync + 'static>(mut document: OpenApi) -> axum::Router<S> {
    let user = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        "X-User-ID",
        "Development mode: any positive number.",
    )));
    document.components.get_or_insert_with(Components::new).add_security_scheme("user", user);
    document.security = Some(vec![SecurityRequirement::new("user", Vec::<String>::new())]);
    let document = Arc::new(document);
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

/// Swagger UI at `/docs/` for the given documents; its assets are part of the program and need no network.
pub fn swagger_ui<S: Clone + Send + Sync + 'static>(
    documents: impl IntoIterator<Item = Url<'static>>,
) -> axum::Router<S> {
    let config = Arc::new(Config::new(documents).try_it_out_enabled(true).persist_authorization(true));
    let index = Arc::clone(&config);
    axum::Router::new()
        // A relative redirect survives any prefix.
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
        Ok(None) => crate::face::no_such_page().into_response(),
        Err(failure) => crate::problem::Problem::internal(failure.as_ref()).into_response(),
    }
}
