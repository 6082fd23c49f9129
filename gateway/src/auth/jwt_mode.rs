//! Signed-in users: an access token of users-service or, for a WebSocket opened by a browser, a ticket.
//!
//! Only one algorithm is accepted, and keys come only from the configured address. A token whose header names its own
//! key (`jku`, `x5u`, `jwk`, `x5c`) is rejected. Source: RFC 8725, sections 3.1 and 3.10.

use super::credentials::{Credentials, Identified};
use super::keys::Keys;
use super::mode_error::AuthModeError;
use super::sessions::{SessionWatch, Sessions};
use super::tickets::{self, Tickets};
use super::unidentified::{RefusalReason, Unidentified};
use crate::config::Config;
use crate::upstream::Upstream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use identity::{Principal, Role, SigningKeys, parse_user_id, tokens, unauthenticated};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use process::clock::unix_seconds;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// The required `iss` claim.
const ISSUER: &str = "chipin-users";
/// The required `aud` claim.
const AUDIENCE: &str = "chipin";
/// Allowed difference between clocks, in seconds.
const LEEWAY_SECS: u64 = 5;
/// Longer tokens are rejected unread: ours have about 350 bytes.
const TOKEN_BYTES_MAX: usize = 2048;

/// Verifies tokens signed by users-service.
pub(crate) struct JwtMode {
    pub(super) keys: Keys,
    pub(super) sessions: Sessions,
    pub(super) tickets: Tickets,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    role: String,
    sid: Uuid,
    iat: u64,
}

impl JwtMode {
    /// Starts without keys and ended sessions: [`refresh_keys`](crate::auth::refresh_keys) and
    /// [`follow_sessions`](crate::auth::follow_sessions) fetch them.
    ///
    /// # Errors
    /// When a key is missing, or the URL of Redis is malformed.
    pub(super) fn start(config: &Config) -> Result<Self, AuthModeError> {
        tokens::use_ed25519();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECS;
        let tickets = Tickets::new(required_keys(config)?, config.redis_url.as_ref(), &config.connect_tls)?;
        Ok(Self { keys: Keys::default(), sessions: Sessions::default(), tickets, validation })
    }

    /// Whether the request contains credentials, valid or not.
    pub(super) fn has_credentials(credentials: &Credentials<'_>) -> bool {
        credentials.headers.contains_key(header::AUTHORIZATION)
            || credentials.socket_query.is_some_and(tickets::has_ticket)
    }

    /// The user named by the token or the ticket.
    ///
    /// # Errors
    /// 401 when there are no valid credentials, or their session has ended; 503 while the keys or the ended sessions have
    /// not been fetched.
    pub(super) fn identify(&self, credentials: &Credentials<'_>) -> Result<Identified, Unidentified> {
        let has_ticket = credentials.socket_query.is_some_and(tickets::has_ticket);
        let token = if has_ticket { None } else { Some(bearer(credentials.headers)?) };
        if self.keys.is_empty() || !self.sessions.is_known() {
            let detail = "credentials can't be verified right now; try again soon";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
                .into());
        }
        let identified = match token {
            None => credentials
                .ticket_principal
                .ok_or_else(|| invalid("the ticket is invalid, expired or used: request a new one"))?,
            Some(token) => self
                .identified(token)
                .ok_or_else(|| invalid("the access token is invalid or expired: sign in again"))?,
        };
        if identified.session.is_none_or(|session| self.sessions.has_ended(session)) {
            let user = Some(identified.principal.user);
            Err(Unidentified::refused(RefusalReason::EndedSession, user, ended()))
        } else {
            Ok(identified)
        }
    }

    /// Checks that a session has not ended, with what users-service knows now.
    ///
    /// # Errors
    /// 401 when it has ended.
    pub(super) async fn recheck(&self, user: i64, session: Uuid, users: &Arc<Upstream>) -> Result<(), Unidentified> {
        if self.sessions.has_ended_now(session, users).await {
            return Err(Unidentified::refused(RefusalReason::EndedSession, Some(user), ended()));
        }
        Ok(())
    }

    /// Watches a session.
    ///
    /// # Errors
    /// 401 when it has ended.
    pub(super) fn watch(&self, session: Uuid) -> Result<SessionWatch, Problem> {
        self.sessions.watch(session).ok_or_else(ended)
    }

    fn identified(&self, token: &str) -> Option<Identified> {
        let header = Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX).and_then(|t| decode_header(t).ok())?;
        let embeds_key = header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.x5t.is_some()
            || header.x5t_s256.is_some()
            || header.crit.is_some();
        let is_jwt = header.typ.as_deref() == Some("JWT");
        if header.alg != Algorithm::EdDSA || embeds_key || !is_jwt {
            return None;
        }
        let key = self.keys.get(header.kid.as_deref()?)?;
        let Claims { sub, role, sid, iat } = decode::<Claims>(token, &key, &self.validation).ok()?.claims;
        let is_issued_in_past = iat <= unix_seconds() + LEEWAY_SECS;
        is_issued_in_past.then_some(())?;
        let principal = Principal { user: parse_user_id(&sub)?, role: Role::parse(&role)? };
        Some(Identified { principal, session: Some(sid) })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refused("sign in: send exactly one Authorization header with a Bearer token"));
    };
    let scheme_and_token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match scheme_and_token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty() => Ok(token),
        _ => Err(refused("Authorization must be a Bearer token")),
    }
}

/// The keys of tickets. `jwt` mode requires them, and the keys of all services.
fn required_keys(config: &Config) -> Result<SigningKeys, AuthModeError> {
    if let Some((variable, _)) = config.service_keys().into_iter().find(|(_, key)| key.is_none()) {
        return Err(AuthModeError::MissingKey(variable));
    }
    config.ticket_keys.clone().ok_or(AuthModeError::MissingKey("TICKET_KEYS"))
}

/// Credentials that are not ours, or not any more.
fn invalid(detail: &'static str) -> Unidentified {
    Unidentified::refused(RefusalReason::InvalidToken, None, refused(detail))
}

fn ended() -> Problem {
    refused("the session has ended: sign in again")
}

/// `WWW-Authenticate` is required here. Source: RFC 6750, section 3.
fn refused(detail: &'static str) -> Problem {
    unauthenticated(detail).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
