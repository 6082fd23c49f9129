//! Whether a request is new, completed or in progress.

use super::scope::Keys;
use super::{Scope, StoredResponse};
use crate::store_error::{During, StoreError};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::{HashMap, HashSet};

/// How to proceed with a request.
#[derive(Debug)]
pub enum Claim {
    /// Respond with this. Roll back a transaction without other changes, so that the key is unlocked at once.
    Respond(Earlier),
    /// The request is new: process it, then store the response in the same transaction.
    New,
}

/// An earlier request with the same key.
#[derive(Clone, Debug)]
pub enum Earlier {
    /// It was the same request, and this was the response.
    Completed(StoredResponse),
    /// It is still in progress.
    InProgress,
    /// It was another request.
    OtherRequest,
}

impl Earlier {
    /// The stored response.
    ///
    /// # Errors
    /// 409 while the first request is in progress, and 422 if the key was used with another body.
    pub fn respond(self) -> Result<Response, Problem> {
        match self {
            Self::Completed(response) => {
                let mut response = response.into_response();
                response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
                Ok(response)
            }
            Self::InProgress => {
                let detail = "a request with this Idempotency-Key is still in progress";
                Err(Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", detail)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")))
            }
            Self::OtherRequest => {
                let detail = "this Idempotency-Key was used with another request body";
                Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail))
            }
        }
    }
}

/// Checks, in the transaction of the effect, whether the request was made before. Without a key it is always new.
///
/// # Errors
/// Database errors.
pub async fn claim(connection: &mut PgConnection, scope: Option<&Scope>) -> Result<Claim, StoreError> {
    Ok(claim_all(connection, &[scope]).await?.pop().unwrap_or(Claim::New))
}

/// [`claim`] for several requests in one transaction; the claims are in the order of the requests.
///
/// # Errors
/// Database errors.
pub async fn claim_all(connection: &mut PgConnection, scopes: &[Option<&Scope>]) -> Result<Vec<Claim>, StoreError> {
    let keyed: Vec<&Scope> = scopes.iter().copied().flatten().collect();
    let [first, ..] = keyed[..] else {
        return Ok(scopes.iter().map(|_| Claim::New).collect());
    };
    let keys = Keys { first, count: keyed.len() };
    let mut free = lock(connection, &keyed).await.during(format_args!("lock {keys}"))?;
    let mut stored = stored(connection, &keyed).await.during(format_args!("find the responses for {keys}"))?;
    let claims = scopes.iter().map(|scope| {
        let Some(scope) = scope else { return Ok(Claim::New) };
        // `remove`: if two requests of a batch have the same key, the second one finds the first one in progress.
        if !free.remove(&scope.lock_id()) {
            return Ok(Claim::Respond(Earlier::InProgress));
        }
        match stored.remove(&(scope.user_id, scope.route.to_owned(), scope.key.clone())) {
            Some(row) => {
                let key = Keys { first: scope, count: 1 };
                stored_claim(scope, &row).during(format_args!("read the response for {key}"))
            }
            None => Ok(Claim::New),
        }
    });
    claims.collect()
}

/// Tries to lock the keys until the transaction ends; returns the acquired locks.
///
/// It does not wait, so that the client learns that its first request is in progress.
async fn lock(connection: &mut PgConnection, keyed: &[&Scope]) -> Result<HashSet<i64>, sqlx::Error> {
    let ids: HashSet<i64> = keyed.iter().map(|scope| scope.lock_id()).collect();
    let locked: Vec<i64> =
        sqlx::query_scalar("select id from unnest($1::bigint[]) as id where pg_try_advisory_xact_lock(id)")
            .bind(ids.into_iter().collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    Ok(locked.into_iter().collect())
}

/// The stored responses to these requests.
async fn stored(
    connection: &mut PgConnection,
    keyed: &[&Scope],
) -> Result<HashMap<(i64, String, String), PgRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select user_id, route, key, request_hash, status, location, body from idempotency_keys \
         where (user_id, route, key) in (select * from unnest($1::bigint[], $2::text[], $3::text[]))",
    )
    .bind(keyed.iter().map(|scope| scope.user_id).collect::<Vec<_>>())
    .bind(keyed.iter().map(|scope| scope.route).collect::<Vec<_>>())
    .bind(keyed.iter().map(|scope| scope.key.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), row))).collect()
}

fn stored_claim(scope: &Scope, stored: &PgRow) -> Result<Claim, sqlx::Error> {
    if stored.try_get::<Vec<u8>, _>("request_hash")? != scope.request_hash {
        return Ok(Claim::Respond(Earlier::OtherRequest));
    }
    let status = u16::try_from(stored.try_get::<i16, _>("status")?).ok().and_then(|s| StatusCode::from_u16(s).ok());
    let response = StoredResponse {
        status: status.unwrap_or(StatusCode::OK),
        location: stored.try_get("location")?,
        body: stored.try_get("body")?,
    };
    Ok(Claim::Respond(Earlier::Completed(response)))
}
