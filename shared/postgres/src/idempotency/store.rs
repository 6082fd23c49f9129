//! Stores responses together with their effects.

use super::scope::Keys;
use super::{Scope, StoredResponse};
use crate::store_error::{During, StoreError};
use sqlx::PgConnection;

/// Stores the response for repeated requests, in the transaction of the effect; does nothing without a key.
///
/// # Errors
/// Database errors.
pub async fn store(
    connection: &mut PgConnection,
    scope: Option<&Scope>,
    response: &StoredResponse,
) -> Result<(), StoreError> {
    match scope {
        Some(scope) => store_all(connection, &[(scope, response)]).await,
        None => Ok(()),
    }
}

/// Stores the responses to several requests in one transaction.
///
/// # Errors
/// Database errors.
pub async fn store_all(
    connection: &mut PgConnection,
    responses: &[(&Scope, &StoredResponse)],
) -> Result<(), StoreError> {
    let [(first, _), ..] = responses else { return Ok(()) };
    let keys = Keys { first, count: responses.len() };
    let column = |value: fn(&Scope) -> &str| responses.iter().map(|(scope, _)| value(scope)).collect::<Vec<_>>();
    sqlx::query(
        "insert into idempotency_keys (user_id, route, key, request_hash, status, location, body) \
         select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::text[], $7::bytea[])",
    )
    .bind(responses.iter().map(|(scope, _)| scope.user_id).collect::<Vec<_>>())
    .bind(column(|scope| scope.route))
    .bind(column(|scope| &scope.key))
    .bind(responses.iter().map(|(scope, _)| scope.request_hash.as_slice()).collect::<Vec<_>>())
    .bind(responses.iter().map(|(_, response)| i16::try_from(response.status.as_u16()).unwrap_or(200)).collect::<Vec<_>>())
    .bind(responses.iter().map(|(_, response)| response.location.as_deref()).collect::<Vec<_>>())
    .bind(responses.iter().map(|(_, response)| response.body.as_slice()).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("store the responses for {keys}"))
}
