//! People who signed in: an access token of users-service, or, for the socket of a browser, a ticket.
//!
//! One algorithm, and keys only from where the configuration says: what a token says about keys (`jku`, `x5u`, `jwk`,
//! `x5c`) makes it a bad one. Source: RFC 8725, sections 3.1 and 3.10.

use crate::auth::keys::Keys;
use crate::auth::tickets::{self, Tickets};
use crate::auth::{Credentials, RefusedMode, demanded_secret};
use crate::config::Config;
use chassis::clock::unix_seconds;
use chassis::identity::{parse_user_id, unauthenticated};
use chassis::passage::{Passenger, Role};
use chassis::problem::Problem;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

/// Who issues the tokens.
const ISSUER: &str = "chipin-users";
/// Whom they are for.
const AUDIENCE: &str = "chipin";
/// Seconds by which clocks may differ.
const LEEWAY_SECS: u64 = 5;
/// Longer is none of ours: ours have about 350 bytes.
const TOKEN_BYTES_MAX: usize = 2048;

/// Believes what users-service signed.
pub(crate) struct JwtMode {
    pub(super) keys: Keys,
    pub(super) tickets: Tickets,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    role: String,
    iat: u64,
}

impl JwtMode {
    /// Without keys yet: [`follow`](crate::auth::follow) brings them.
    ///
    /// # Errors
    /// Without a secret, or with a malformed address of Redis.
    pub(super) fn start(config: &Config) -> Result<Self, RefusedMode> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECS;
        let tickets = Tickets::new(demanded_secret(config)?, config.redis_url.as_deref())?;
        Ok(Self { keys: Keys::default(), tickets, validation })
    }

    /// Whether the request means to be somebody's, rightly or wrongly.
    pub(super) fn is_claimed(credentials: &Credentials<'_>) -> bool {
        credentials.headers.contains_key(header::AUTHORIZATION)
            || credentials.socket_query.is_some_and(tickets::is_shown)
    }

    /// The user whom the token or the ticket names.
    ///
    /// # Errors
    /// 401 when there is none, or none that is good; 503 while the keys are not known yet.
    pub(super) fn identify(&self, credentials: &Credentials<'_>) -> Result<Passenger, Problem> {
        if credentials.socket_query.is_some_and(tickets::is_shown) {
            return credentials.ticket_of.ok_or_else(|| refused("the ticket is no good any more: ask for a new one"));
        }
        let token = bearer(credentials.headers)?;
        if self.keys.is_empty() {
            let detail = "who you are can't be told right now; try again soon";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        self.passenger(token).ok_or_else(|| refused("the access token is not good, or not any more: sign in again"))
    }

    fn passenger(&self, token: &str) -> Option<Passenger> {
        let header = Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX).and_then(|t| decode_header(t).ok())?;
        let names_a_key = header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.x5t.is_some()
            || header.x5t_s256.is_some()
            || header.crit.is_some();
        let is_typed = header.typ.as_deref() == Some("JWT");
        if header.alg != Algorithm::EdDSA || names_a_key || !is_typed {
            return None;
        }
        let key = self.keys.get(header.kid.as_deref()?)?;
        let Claims { sub, role, iat } = decode::<Claims>(token, &key, &self.validation).ok()?.claims;
        let is_of_the_past = iat <= unix_seconds() + LEEWAY_SECS;
        is_of_the_past.then_some(())?;
        Some(Passenger { user: parse_user_id(&sub)?, role: Role::parse(&role)? })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refused("sign in: one header Authorization with a Bearer token"));
    };
    let scheme_and_token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match scheme_and_token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty() => Ok(token),
        _ => Err(refused("Authorization must be a Bearer token")),
    }
}

/// Source of the header: RFC 6750, section 3.
fn refused(detail: &'static str) -> Problem {
    unauthenticated(detail).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
