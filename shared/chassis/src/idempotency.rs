//! `Idempotency-Key`: the first answer is kept in the transaction of its effect and given again to repeats.
//!
//! Needs the table `idempotency_keys` in the service's schema. Only answers of committed transactions are kept:
//! a refused request changed nothing and may be tried again with the same key.

use crate::problem::Problem;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Longest key, in characters.
pub const KEY_CHARACTERS_MAX: usize = 255;
/// How long an answer is kept, in hours; the effect itself is unique for ever by the ledger.
pub const KEPT_HOURS: i32 = 48;
/// How often old answers are forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// One request of one user that may come again.
#[derive(Debug)]
pub struct Scope {
    user_id: i64,
    route: &'static str,
    key: String,
    request_hash: Vec<u8>,
}

/// What to do with a request that carries a key.
pub enum Claim {
    /// It was answered before, or can't be now: roll back, so that the key is free again at once, and answer this.
    Answered(Response),
    /// It is new: do it, then [`keep`] the answer in the same transaction.
    Fresh,
}

/// An answer that can be kept: a status, a `Location` if there is one, and a JSON body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The `Location` header.
    pub location: Option<String>,
    /// The JSON body.
    pub body: Vec<u8>,
}

impl Scope {
    /// Reads the header `Idempotency-Key`; quotes around the key are optional.
    ///
    /// # Errors
    /// 422 when the key is empty, longer than [`KEY_CHARACTERS_MAX`], given twice, or not readable text.
    pub fn of(headers: &HeaderMap, user_id: i64, route: &'static str, body: &[u8]) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let refused = || Problem::invalid_parameter("Idempotency-Key", "must be one text of 1 to 255 characters");
        if values.next().is_some() {
            return Err(refused());
        }
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| refused())?.trim();
        let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        if key.is_empty() || key.chars().count() > KEY_CHARACTERS_MAX {
            return Err(refused());
        }
        let request_hash = Sha256::digest(body).to_vec();
        Ok(Some(Self { user_id, route, key: key.to_owned(), request_hash }))
    }

    /// The key, without quotes.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Names the advisory lock of this key: 64 bits of a digest.
    fn lock_id(&self) -> i64 {
        let name = format!("idempotency\0{}\0{}\0{}", self.user_id, self.route, self.key);
        let digest = Sha256::digest(name.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

/// Finds out, in the transaction of the effect, whether the request was made before; without a key it is always new.
///
/// The answer is 409 while the first request is still running, and 422 when the key was used for another body.
///
/// # Errors
/// The database's.
pub async fn claim(connection: &mut PgConnection, scope: Option<&Scope>) -> Result<Claim, sqlx::Error> {
    let Some(scope) = scope else { return Ok(Claim::Fresh) };
    // Not waiting is the point: the client learns that its first request is still being worked on.
    let locked: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(scope.lock_id())
        .fetch_one(&mut *connection)
        .await?;
    if !locked {
        let detail = "a request with this Idempotency-Key is still being worked on";
        let busy = Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return Ok(Claim::Answered(busy.into_response()));
    }
    let kept = sqlx::query(
        "select request_hash, status, location, body from idempotency_keys \
         where user_id = $1 and route = $2 and key = $3",
    )
    .bind(scope.user_id)
    .bind(scope.route)
    .bind(&scope.key)
    .fetch_optional(connection)
    .await?;
    let Some(kept) = kept else { return Ok(Claim::Fresh) };
    if kept.try_get::<Vec<u8>, _>("request_hash")? != scope.request_hash {
        let detail = "this Idempotency-Key was used for a request with another body";
        let reused = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail);
        return Ok(Claim::Answered(reused.into_response()));
    }
    let status = u16::try_from(kept.try_get::<i16, _>("status")?).ok().and_then(|s| StatusCode::from_u16(s).ok());
    let answer = Answer {
        status: status.unwrap_or(StatusCode::OK),
        location: kept.try_get("location")?,
        body: kept.try_get("body")?,
    };
    let mut response = answer.into_response();
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(Claim::Answered(response))
}

/// Keeps the answer for repeats, in the transaction of the effect; without a key there is nothing to keep.
///
/// # Errors
/// The database's.
pub async fn keep(connection: &mut PgConnection, scope: Option<&Scope>, answer: &Answer) -> Result<(), sqlx::Error> {
    let Some(scope) = scope else { return Ok(()) };
    sqlx::query(
        "insert into idempotency_keys (user_id, route, key, request_hash, status, location, body) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(scope.user_id)
    .bind(scope.route)
    .bind(&scope.key)
    .bind(&scope.request_hash)
    .bind(i16::try_from(answer.status.as_u16()).unwrap_or(200))
    .bind(&answer.location)
    .bind(&answer.body)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes answers older than [`KEPT_HOURS`], a thousand at a time so that no lock lives long.
///
/// # Errors
/// The database's.
pub async fn forget_old(pool: &sqlx::PgPool) -> Result<u64, sqlx::Error> {
    let mut forgotten = 0;
    loop {
        let deleted = sqlx::query(
            "delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys \
             where created_at < now() - make_interval(hours => $1) limit 1000))",
        )
        .bind(KEPT_HOURS)
        .execute(pool)
        .await?
        .rows_affected();
        forgotten += deleted;
        if deleted < 1000 {
            return Ok(forgotten);
        }
    }
}

/// Forgets old answers every hour until `stopping`.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn forget_old_until(pool: sqlx::PgPool, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
    loop {
        if let Err(failure) = forget_old(&pool).await {
            warn!(error = %failure, "forget old answers");
        }
        tokio::select! {
            () = tokio::time::sleep(FORGET_EVERY) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}

impl IntoResponse for Answer {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(key: &str) -> Result<Option<Scope>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_bytes(key.as_bytes()).unwrap());
        Scope::of(&headers, 1, "POST /orders", b"{}")
    }

    #[test]
    fn quotes_around_the_key_are_optional() {
        assert_eq!(scope("\"abc\"").unwrap().unwrap().key, "abc");
        assert_eq!(scope("abc").unwrap().unwrap().key, "abc");
        assert!(Scope::of(&HeaderMap::new(), 1, "POST /orders", b"{}").unwrap().is_none());
    }

    #[test]
    fn an_empty_or_endless_key_is_refused() {
        assert!(scope("\"\"").is_err());
        assert!(scope(&"x".repeat(256)).is_err());
        assert!(scope(&"x".repeat(255)).is_ok());
    }
}
