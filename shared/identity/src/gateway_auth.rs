//! The internal token that the gateway adds to each request to a service. It proves that the request comes from the
//! gateway, and names its user. It is signed with a shared secret and valid for 30 seconds.
//!
//! ```text
//! x-chipin-pass: 1.42.user.1790000000.5f1c…  version, user or "-", role, expiry in Unix seconds, HMAC-SHA-256
//! ```

use crate::principal::{Principal, ROLE_HEADER, Role, USER_HEADER, parse_user_id};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_api::problem::Problem;
use process::clock::unix_seconds;
use sha2::Sha256;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The header with the internal token.
pub const INTERNAL_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-chipin-pass");

/// Lifetime of a token: the time from the gateway to a service, plus a difference between their clocks.
pub const LIFETIME: Duration = Duration::from_secs(30);

/// Length of the shortest accepted secret.
const SECRET_CHARACTERS_MIN: usize = 32;
const VERSION: &str = "1";
const ANONYMOUS: &str = "-";

/// The secret that the gateway and the services share.
#[derive(Clone)]
pub struct GatewaySecret(Arc<str>);

/// The secret is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at least {SECRET_CHARACTERS_MIN} characters: generate one with `openssl rand -hex 32`")]
pub struct WeakSecret;

/// The token is invalid or expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InvalidToken;

/// A service without a secret listens on an address that is not loopback.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "GATEWAY_SECRET is not set: without it the service may listen on loopback only, not on {address} (LISTEN_ADDR)"
)]
pub struct MissingGatewaySecret {
    address: SocketAddr,
}

impl FromStr for GatewaySecret {
    type Err = WeakSecret;

    fn from_str(text: &str) -> Result<Self, WeakSecret> {
        if text.chars().count() < SECRET_CHARACTERS_MIN { Err(WeakSecret) } else { Ok(Self(text.into())) }
    }
}

impl fmt::Debug for GatewaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewaySecret(…)")
    }
}

impl GatewaySecret {
    /// A token for a request that is sent now.
    pub fn internal_token(&self, principal: Option<Principal>) -> HeaderValue {
        let ends = unix_seconds() + LIFETIME.as_secs();
        let user = principal.map_or_else(|| ANONYMOUS.to_owned(), |principal| principal.user.to_string());
        let role = principal.map_or(Role::User, |principal| principal.role).as_str();
        let signed = self.sign("pass", &format!("{VERSION}.{user}.{role}.{ends}"));
        // Digits, letters, dots and hyphens are always a valid header value.
        HeaderValue::from_str(&signed).unwrap_or(HeaderValue::from_static(ANONYMOUS))
    }

    /// The principal of a token.
    ///
    /// # Errors
    /// [`InvalidToken`] when the token is invalid or expired.
    fn parse(&self, token: &str) -> Result<Option<Principal>, InvalidToken> {
        let claims = self.verify("pass", token).ok_or(InvalidToken)?;
        let parts: Vec<&str> = claims.split('.').collect();
        let [VERSION, user, role, ends] = parts[..] else { return Err(InvalidToken) };
        let ends: u64 = ends.parse().map_err(|_| InvalidToken)?;
        let now = unix_seconds();
        // A token that expires much later than one issued now is rejected too.
        if ends < now || ends > now + 2 * LIFETIME.as_secs() {
            return Err(InvalidToken);
        }
        if user == ANONYMOUS {
            return Ok(None);
        }
        let user = parse_user_id(user).ok_or(InvalidToken)?;
        Ok(Some(Principal { user, role: Role::parse(role).ok_or(InvalidToken)? }))
    }

    /// `text` with an appended signature, which is valid for one `purpose` only.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        let mac = self.mac(purpose, text).finalize().into_bytes();
        format!("{text}.{}", base16ct::lower::encode_string(&mac))
    }

    /// The text before a signature of [`GatewaySecret::sign`], if the signature is valid.
    pub fn verify<'a>(&self, purpose: &str, signed: &'a str) -> Option<&'a str> {
        let (text, mac) = signed.rsplit_once('.')?;
        let mac = base16ct::lower::decode_vec(mac).ok()?;
        // In constant time.
        self.mac(purpose, text).verify_slice(&mac).ok()?;
        Some(text)
    }

    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length: RFC 2104, section 2")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(text.as_bytes());
        mac
    }
}

/// How requests to a service are authenticated: with a secret, by internal tokens; without one, on loopback only, every
/// client is trusted.
#[derive(Clone, Debug)]
pub struct InternalAuth(Option<GatewaySecret>);

impl InternalAuth {
    /// The authentication for a service that listens on `address`.
    ///
    /// # Errors
    /// [`MissingGatewaySecret`] without a secret on an address that is not loopback.
    pub fn new(secret: Option<GatewaySecret>, address: SocketAddr) -> Result<Self, MissingGatewaySecret> {
        if secret.is_none() && !address.ip().is_loopback() {
            return Err(MissingGatewaySecret { address });
        }
        Ok(Self(secret))
    }
}

/// How a service verifies that a request comes from the gateway.
#[derive(Clone, Debug, clap::Args)]
pub struct InternalAuthConfig {
    /// Secret that verifies the internal tokens of the gateway: at least 32 characters, the same for all services.
    /// Without it, which is allowed on loopback addresses only, every client is trusted.
    #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true)]
    pub gateway_secret: Option<GatewaySecret>,
}

impl InternalAuthConfig {
    /// The authentication of requests to a service that listens on `address`.
    ///
    /// # Errors
    /// [`MissingGatewaySecret`] when there is no secret and the address is not loopback.
    pub fn build(&self, address: SocketAddr) -> Result<InternalAuth, MissingGatewaySecret> {
        InternalAuth::new(self.gateway_secret.clone(), address)
    }
}

/// Accepts requests with a valid token and sets the identity headers from it; other identity headers are removed.
pub async fn require_internal_token(
    State(internal_auth): State<InternalAuth>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(secret) = &internal_auth.0 else {
        return next.run(request).await;
    };
    let Ok(principal) = principal(secret, request.headers()) else {
        let detail = "this service accepts only requests from the gateway";
        return Problem::new(StatusCode::UNAUTHORIZED, "not_through_the_gateway", detail).into_response();
    };
    let headers = request.headers_mut();
    for name in [INTERNAL_TOKEN_HEADER, USER_HEADER, ROLE_HEADER] {
        headers.remove(name);
    }
    if let Some(Principal { user, role }) = principal {
        headers.insert(USER_HEADER, HeaderValue::from(user));
        headers.insert(ROLE_HEADER, HeaderValue::from_static(role.as_str()));
    }
    next.run(request).await
}

fn principal(secret: &GatewaySecret, headers: &HeaderMap) -> Result<Option<Principal>, InvalidToken> {
    let mut tokens = headers.get_all(INTERNAL_TOKEN_HEADER).iter();
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => secret.parse(token.to_str().map_err(|_| InvalidToken)?),
        _ => Err(InvalidToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> GatewaySecret {
        "0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    const ADMIN: Principal = Principal { user: 7, role: Role::Administrator };

    #[test]
    fn a_token_contains_the_principal() {
        for principal in [None, Some(ADMIN), Some(Principal { user: 1, role: Role::User })] {
            let token = secret().internal_token(principal);
            assert_eq!(secret().parse(token.to_str().unwrap()), Ok(principal));
        }
    }

    #[test]
    fn a_changed_or_foreign_token_is_rejected() {
        let token = secret().internal_token(Some(Principal { user: 1, role: Role::User }));
        let token = token.to_str().unwrap();
        let other: GatewaySecret = "another secret of 32 characters!".parse().unwrap();
        assert_eq!(other.parse(token), Err(InvalidToken));
        for forged in [
            token.replace("1.1.", "1.2."),
            token.replace("user", "admin"),
            format!("{token}00"),
            token[..token.len() - 2].to_owned(),
            "1.1.user.99999999999.".to_owned(),
            String::new(),
            secret().sign("ticket", &format!("1.1.user.{}", unix_seconds() + 5)),
        ] {
            assert_eq!(secret().parse(&forged), Err(InvalidToken), "{forged}");
        }
    }

    #[test]
    fn a_token_expires() {
        let at = |ends: u64| secret().parse(&secret().sign("pass", &format!("1.1.user.{ends}")));
        assert!(at(unix_seconds() + 5).is_ok());
        assert!(at(unix_seconds() - 1).is_err());
        assert!(at(unix_seconds() + 3600).is_err());
    }

    #[test]
    fn a_secret_is_long_and_never_printed() {
        assert_eq!("short".parse::<GatewaySecret>().unwrap_err(), WeakSecret);
        assert!(!format!("{:?}", secret()).contains("0123"));
    }

    #[test]
    fn without_a_secret_only_loopback_is_trusted() {
        assert!(InternalAuth::new(None, "127.0.0.1:1".parse().unwrap()).is_ok());
        assert!(InternalAuth::new(None, "0.0.0.0:1".parse().unwrap()).is_err());
        assert!(InternalAuth::new(Some(secret()), "0.0.0.0:1".parse().unwrap()).is_ok());
    }
}
