//! The table `claims`.

use super::number::number;
use crate::domain::split::Split;
use postgres::{During, StoreError};
use sqlx::PgConnection;

/// Deletes claims that no longer exist.
pub(super) async fn delete(connection: &mut PgConnection, before: &Split, after: &Split) -> Result<(), StoreError> {
    let gone: Vec<_> = before.claims.keys().filter(|key| !after.claims.contains_key(key)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let lines: Vec<i32> = gone.iter().map(|(line, _)| number(*line)).collect();
    let participants: Vec<i32> = gone.iter().map(|(_, who)| number(who.0)).collect();
    sqlx::query!(
        "delete from claims using unnest($2::integer[], $3::integer[]) as gone (line, participant) \
         where claims.hash = $1 and claims.line = gone.line and claims.participant = gone.participant",
        after.hash.as_str(),
        &lines,
        &participants,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("delete claims of cheque {}", after.hash.shortened()))
}

/// Inserts new claims and updates changed ones.
pub(super) async fn insert(connection: &mut PgConnection, before: &Split, after: &Split) -> Result<(), StoreError> {
    let changed = after.claims.iter().filter(|(key, part)| before.claims.get(key) != Some(part));
    for ((line, who), part) in changed {
        // At most 10^18: the domain rejects finer parts.
        let [numerator, denominator] =
            [part.numerator(), part.denominator()].map(|side| i64::try_from(side).unwrap_or(i64::MAX));
        sqlx::query!(
            "insert into claims (hash, line, participant, numerator, denominator) values ($1, $2, $3, $4, $5) \
             on conflict on constraint claims_pkey do update \
             set numerator = excluded.numerator, denominator = excluded.denominator",
            after.hash.as_str(),
            number(*line),
            number(who.0),
            numerator,
            denominator,
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("store claims of cheque {}", after.hash.shortened()))?;
    }
    Ok(())
}
