//! `GET /.well-known/jwks.json`: the keys that verify access tokens.

use crate::keys::PublicKey;
use crate::state::State;
use axum::{Json, extract};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

/// A JWK Set. Source: RFC 7517, section 5.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct KeySet {
    keys: Vec<PublicKey>,
}

/// All keys with which a valid token may be signed.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "users", operation_id = "getKeys", security(),
    responses((status = 200, description = "The public keys of access tokens", body = KeySet))
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
) -> ([(HeaderName, HeaderValue); 1], Json<KeySet>) {
    let cache_control = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"))];
    (cache_control, Json(KeySet { keys: state.keys.published() }))
}
