//! How a service verifies that a request comes from the gateway.

use crate::client_address::FORWARDED_FOR;
use crate::gateway_token::{GATEWAY_TOKEN_HEADER, InvalidToken, Operation, Origin};
use crate::principal::{Principal, ROLE_HEADER, SESSION_HEADER, USER_HEADER};
use crate::retired::RetiredSecret;
use crate::signing_key::SigningKeys;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use http_api::problem::Problem;
use std::net::SocketAddr;
use std::sync::Arc;

/// A service without a key listens on an address that is not loopback.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("GATEWAY_KEYS is not set: without it the service may listen on loopback only, not on {address} (LISTEN_ADDR)")]
pub struct MissingGatewayKeys {
    address: SocketAddr,
}

/// How requests to a service are authenticated: with keys, by gateway tokens; without, on loopback only, every client is
/// trusted.
#[derive(Clone, Debug)]
pub struct InternalAuth {
    /// The audience of tokens: `orders-service`.
    service: Arc<str>,
    keys: Option<SigningKeys>,
}

impl InternalAuth {
    /// The authentication for `service`, which listens on `address`.
    ///
    /// # Errors
    /// [`MissingGatewayKeys`] without keys on an address that is not loopback.
    pub fn new(service: &str, keys: Option<SigningKeys>, address: SocketAddr) -> Result<Self, MissingGatewayKeys> {
        if keys.is_none() && !address.ip().is_loopback() {
            return Err(MissingGatewayKeys { address });
        }
        Ok(Self { service: service.into(), keys })
    }
}

/// How a service verifies that a request comes from the gateway.
#[derive(Clone, Debug, clap::Args)]
pub struct InternalAuthConfig {
    /// Keys that verify the tokens of the gateway, which signs with the same key: at least 32 characters each, different
    /// for each service. While a key is replaced, the new and the old one, separated by a comma. Without a key, which is
    /// allowed on loopback addresses only, every client is trusted.
    #[arg(long, env = "GATEWAY_KEYS", hide_env_values = true)]
    pub gateway_keys: Option<SigningKeys>,

    /// Replaced by `GATEWAY_KEYS`.
    #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true, hide = true)]
    pub gateway_secret: Option<RetiredSecret>,
}

impl InternalAuthConfig {
    /// The authentication of requests to `service`, which listens on `address`.
    ///
    /// # Errors
    /// [`MissingGatewayKeys`] when there is no key and the address is not loopback.
    pub fn build(&self, service: &str, address: SocketAddr) -> Result<InternalAuth, MissingGatewayKeys> {
        InternalAuth::new(service, self.gateway_keys.clone(), address)
    }
}

/// Accepts requests with a valid token and sets the identity headers, the session and the address of the client from it; other identity
/// headers are removed.
pub async fn require_gateway_token(
    State(internal_auth): State<InternalAuth>,
    mut request: Request,
    next: Next,
) -> Response {
    let InternalAuth { service, keys: Some(keys) } = &internal_auth else {
        return next.run(request).await;
    };
    let Ok(Origin { principal, client, session }) = origin(service, keys, &request) else {
        let detail = "this service accepts only requests from the gateway";
        return Problem::new(StatusCode::UNAUTHORIZED, "not_through_the_gateway", detail).into_response();
    };
    let headers = request.headers_mut();
    for name in [GATEWAY_TOKEN_HEADER, USER_HEADER, ROLE_HEADER, SESSION_HEADER] {
        headers.remove(name);
    }
    if let Some(client) = client.and_then(|client| HeaderValue::from_str(&client.to_string()).ok()) {
        headers.insert(FORWARDED_FOR, client);
    }
    if let Some(Principal { user, role }) = principal {
        headers.insert(USER_HEADER, HeaderValue::from(user));
        headers.insert(ROLE_HEADER, HeaderValue::from_static(role.as_str()));
    }
    if let Some(session) = session.and_then(|session| HeaderValue::from_str(&session.to_string()).ok()) {
        headers.insert(SESSION_HEADER, session);
    }
    next.run(request).await
}

fn origin(service: &str, keys: &SigningKeys, request: &Request) -> Result<Origin, InvalidToken> {
    let operation = Operation { service, method: request.method(), uri: request.uri() };
    let mut tokens = request.headers().get_all(GATEWAY_TOKEN_HEADER).iter();
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => operation.origin(token.to_str().map_err(|_| InvalidToken)?, keys.iter()),
        _ => Err(InvalidToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use http::{HeaderMap, Method};
    use tower::ServiceExt;

    #[tokio::test]
    async fn the_address_of_the_client_is_that_of_the_token() {
        let keys: SigningKeys = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let auth = InternalAuth::new("a", Some(keys.clone()), "0.0.0.0:1".parse().unwrap()).unwrap();
        let app = axum::Router::new()
            .route("/", get(async |headers: HeaderMap| format!("{:?}", crate::client_address(&headers))))
            .layer(axum::middleware::from_fn_with_state(auth, require_gateway_token));
        let uri = "/".parse().unwrap();
        let operation = Operation { service: "a", method: &Method::GET, uri: &uri };
        let origin = Origin { principal: None, client: Some([203, 0, 113, 7].into()), session: None };
        let token = keys.iter().next().unwrap().gateway_token(operation, origin);
        let request = Request::get("/").header(GATEWAY_TOKEN_HEADER, token).header(FORWARDED_FOR, "6.6.6.6");
        let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, "Some(203.0.113.7)");
    }

    #[test]
    fn without_keys_only_loopback_is_trusted() {
        let keys: SigningKeys = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert!(InternalAuth::new("a", None, "127.0.0.1:1".parse().unwrap()).is_ok());
        assert!(InternalAuth::new("a", None, "0.0.0.0:1".parse().unwrap()).is_err());
        assert!(InternalAuth::new("a", Some(keys), "0.0.0.0:1".parse().unwrap()).is_ok());
    }
}
