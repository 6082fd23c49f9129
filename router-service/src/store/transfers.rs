//! The table `transfers`.

use super::bill_amount::columns;
use super::number::number;
use crate::domain::breakdown::Breakdown;
use crate::domain::participant::{Attempt, AttemptState, Direction, Participant};
use crate::domain::split::Split;
use contracts::day;
use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::money::{Amount, BillMoney, Money};
use contracts::router::TransferRequested;
use contracts::title::Title;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::time::Duration;
use time::OffsetDateTime;

/// A transfer without an answer in time.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// The event to repeat.
    pub event: TransferRequested,
    /// How often it was requested.
    pub asked_times: i32,
}

/// The cheque that a transfer belongs to.
///
/// # Errors
/// If the query fails.
pub async fn cheque_of(
    connection: &mut PgConnection,
    transfer_id: TransferId,
) -> Result<Option<ChequeHash>, StoreError> {
    sqlx::query_scalar!("select hash from transfers where transfer_id = $1", transfer_id.0)
        .fetch_optional(connection)
        .await
        .and_then(|hash| hash.map(ChequeHash::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into())))
        .during(format_args!("find the cheque of transfer {transfer_id}"))
}

/// Inserts new attempts and updates finished ones.
pub(super) async fn save(
    connection: &mut PgConnection,
    before: &Split,
    after: &Split,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    for participant in &after.participants {
        let old = before.participant(participant.id).and_then(|old| old.settlement.last);
        let Some(last) = participant.settlement.last.filter(|last| old != Some(*last)) else { continue };
        match last.state {
            AttemptState::Pending => insert(connection, after, participant, &last, now).await?,
            AttemptState::Done => end(connection, last.transfer_id, "paid", None).await?,
            AttemptState::Failed(reason) => end(connection, last.transfer_id, "failed", Some(reason.as_str())).await?,
        }
    }
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    split: &Split,
    participant: &Participant,
    attempt: &Attempt,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let (participant_user, owner) = (participant.user_id.map(UserId::get), Some(split.owner_id.get()));
    let (from_user, to_user, to) = match attempt.direction {
        Direction::ToOwner => (participant_user, owner, None),
        Direction::ToParticipant => (owner, participant_user, None),
        Direction::To(to) => {
            let receiver = split.participant(to).and_then(|receiver| receiver.user_id);
            (participant_user, receiver.map(UserId::get), Some(number(to.0)))
        }
    };
    let due = split.dues().of(participant.id);
    let breakdown = if due.due() == attempt.amount { due } else { Breakdown::undivided(attempt.amount) };
    let of_bill = (attempt.amount != BillMoney::from(attempt.transferred)).then(|| columns(attempt.amount));
    sqlx::query!(
        "insert into transfers \
         (transfer_id, hash, participant, attempt, from_user, to_user, amount, breakdown, asked_at, created_at, bill_amount, \
          to_participant, bill_amount_thousandths) \
         select $1, $2, $3, 1 + count(*), $4, $5, $6, $7, $8, $8, $9, $10, $11 from transfers where hash = $2 and participant = $3",
        attempt.transfer_id.0,
        split.hash.as_str(),
        number(participant.id.0),
        from_user,
        to_user,
        attempt.transferred.minor(),
        Json(&breakdown) as _,
        now,
        of_bill.map(|(hundredths, _)| hundredths),
        to,
        of_bill.and_then(|(_, thousandths)| thousandths),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert transfer {}", attempt.transfer_id))
}

async fn end(
    connection: &mut PgConnection,
    transfer_id: TransferId,
    state: &str,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!("update transfers set state = $2, reason = $3 where transfer_id = $1", transfer_id.0, state, reason)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("end transfer {transfer_id} as {state}"))
}

/// Records that a transfer was requested again.
///
/// # Errors
/// If the query fails.
pub async fn record_request(
    connection: &mut PgConnection,
    transfer_id: TransferId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update transfers set asked_times = asked_times + 1, asked_at = $2 where transfer_id = $1",
        transfer_id.0,
        now
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("record another request of transfer {transfer_id}"))
}

/// Locks up to `limit` transfers that should be requested again; other replicas skip locked rows. The delay is
/// `patience` after the first request and doubles with each further one, up to 32 times `patience`.
///
/// # Errors
/// If the query fails.
pub async fn lock_unanswered(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    patience: Duration,
    limit: i64,
) -> Result<Vec<Unanswered>, StoreError> {
    let rows = sqlx::query!(
        "select t.transfer_id, t.hash, t.from_user, t.to_user, t.amount, t.asked_times, \
                c.cheque->>'merchant' as merchant, c.cheque->>'purchased_on' as purchased_on, p.name as \"name?\" \
         from transfers t join cheques c on c.hash = t.hash \
         left join participants p on p.hash = t.hash and p.id = t.participant \
         where t.state = 'pending' \
           and t.asked_at <= $1::timestamptz - make_interval(secs => $2 * power(2, least(t.asked_times - 1, 5))) \
         order by t.asked_at limit $3 for update of t skip locked",
        now,
        patience.as_secs_f64(),
        limit,
    )
    .fetch_all(connection)
    .await;
    let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    rows.and_then(|rows| {
        let unanswered = rows.into_iter().map(|row| {
            let event = TransferRequested {
                transfer_id: TransferId(row.transfer_id),
                from_user: UserId::try_from(row.from_user).map_err(|error| decode(error.into()))?,
                to_user: UserId::try_from(row.to_user).map_err(|error| decode(error.into()))?,
                amount: Amount::new(Money::from_minor(row.amount)).map_err(|error| decode(error.into()))?,
                hash: ChequeHash::try_from(row.hash).map_err(|error| decode(error.into()))?,
                title: Title { merchant: row.merchant, purchased_on: row.purchased_on.as_deref().and_then(day::parse) }
                    .known(),
                participant_name: row.name,
                for_group: false,
            };
            Ok(Unanswered { event, asked_times: row.asked_times })
        });
        unanswered.collect()
    })
    .during("lock transfers without an answer")
}
