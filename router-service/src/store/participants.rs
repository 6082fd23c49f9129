//! The table `participants`.

use super::bill_amount::columns;
use super::number::number;
use crate::domain::breakdown::Breakdown;
use crate::domain::participant::Participant;
use contracts::ids::ChequeHash;
use contracts::money::BillMoney;
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
        let cash = (cash != BillMoney::ZERO).then(|| Json(Breakdown::undivided(cash)));
        let (advance, advance_thousandths) = columns(participant.advance);
        let reported = participant.report.as_ref().map(|report| columns(report.amount));
        let (outside, report) = (participant.outside.as_ref(), participant.report.as_ref());
        sqlx::query!(
            "insert into participants \
             (hash, id, name, user_id, token_hash, cash, advance, outside_means, outside_note, reported_amount, \
              reported_to, reported_note, reminded_at, reminded_times, advance_thousandths, reported_amount_thousandths) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
             on conflict on constraint participants_pkey do update \
             set name = excluded.name, user_id = excluded.user_id, token_hash = excluded.token_hash, \
                 cash = excluded.cash, advance = excluded.advance, outside_means = excluded.outside_means, \
                 outside_note = excluded.outside_note, reported_amount = excluded.reported_amount, \
                 reported_to = excluded.reported_to, reported_note = excluded.reported_note, \
                 reminded_at = excluded.reminded_at, reminded_times = excluded.reminded_times, \
                 advance_thousandths = excluded.advance_thousandths, \
                 reported_amount_thousandths = excluded.reported_amount_thousandths",
            hash.as_str(),
            number(participant.id.0),
            participant.name,
            participant.user_id.map(contracts::ids::UserId::get),
            participant.token.map(|token| token.0.to_vec()),
            cash as _,
            advance,
            outside.map(|outside| outside.means.as_str()),
            outside.and_then(|outside| outside.note.as_deref()),
            reported.map(|(hundredths, _)| hundredths),
            report.map(|report| number(report.to.0)),
            report.and_then(|report| report.note.as_deref()),
            participant.reminded.map(|reminded| reminded.at),
            participant.reminded.map_or(0, |reminded| number(reminded.times)),
            advance_thousandths,
            reported.and_then(|(_, thousandths)| thousandths),
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("store participant {} of cheque {}", participant.id.0, hash.shortened()))?;
    }
    Ok(())
}

/// Deletes the names, notes and token hashes of a deleted cheque.
pub(super) async fn anonymise(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!(
        "update participants set name = null, token_hash = null, outside_note = null, reported_note = null where hash = $1",
        hash.as_str(),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("anonymise the participants of cheque {}", hash.shortened()))
}
