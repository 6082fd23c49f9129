//! The table `participants`.

use super::number::number;
use crate::domain::breakdown::Breakdown;
use crate::domain::participant::Participant;
use contracts::ids::ChequeHash;
use contracts::money::Money;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

/// Inserts new participants, updates changed ones, and marks those who are gone. Their rows stay for their transfers.
pub(super) async fn save(
    connection: &mut PgConnection,
    hash: &ChequeHash,
    before: &[Participant],
    after: &[Participant],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let left = before.iter().filter(|old| after.iter().all(|new| new.id != old.id));
    for participant in left {
        let id = number(participant.id.0);
        sqlx::query!(
            "update participants set removed_at = $3, user_id = null, token_hash = null where hash = $1 and id = $2",
            hash.as_str(),
            id,
            now,
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("remove participant {id} of cheque {}", hash.shortened()))?;
    }
    for participant in after.iter().filter(|new| !before.contains(new)) {
        let cash = participant.settlement.cash;
        let cash = (cash != Money::ZERO).then(|| Json(Breakdown::undivided(cash)));
        sqlx::query!(
            "insert into participants (hash, id, name, user_id, token_hash, cash) values ($1, $2, $3, $4, $5, $6) \
             on conflict on constraint participants_pkey do update \
             set name = excluded.name, user_id = excluded.user_id, cash = excluded.cash",
            hash.as_str(),
            number(participant.id.0),
            participant.name,
            participant.user_id.map(contracts::ids::UserId::get),
            participant.token.map(|token| token.0.to_vec()),
            cash as _,
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("store participant {} of cheque {}", participant.id.0, hash.shortened()))?;
    }
    Ok(())
}

/// Deletes the names and token hashes of a deleted cheque.
pub(super) async fn anonymise(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!("update participants set name = null, token_hash = null where hash = $1", hash.as_str())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("anonymise the participants of cheque {}", hash.shortened()))
}
