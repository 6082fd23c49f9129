//! The table `group_settlements`.

use crate::domain::currency::Currency;
use crate::domain::groups::member::MemberId;
use crate::domain::groups::settlement::{Settlement, SettlementState};
use crate::store::bill_amount::{self, columns};
use crate::store::number::number;
use crate::store::transfers::Unanswered;
use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::money::{Amount, BillAmount, Money};
use contracts::payments::RefusalReason;
use contracts::router::TransferRequested;
use contracts::title::Title;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use std::error::Error;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many refused payments are shown, the newest ones.
const REFUSED_SHOWN_MAX: i64 = 20;

/// A stored value violates a rule of the table and this code: a decoding error, not a panic.
type Malformed = Box<dyn Error + Send + Sync>;

struct Row {
    id: Uuid,
    from_member: i32,
    to_member: i32,
    currency: String,
    amount: i64,
    amount_thousandths: Option<i64>,
    from_user: Option<i64>,
    to_user: Option<i64>,
    recorded_by: i32,
    state: String,
    reason: Option<String>,
    created_at: OffsetDateTime,
}

/// Stores a new payment. The group must be locked.
///
/// # Errors
/// If the query fails.
pub async fn insert(
    connection: &mut PgConnection,
    key: &ChequeHash,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let state = if settlement.users.is_some() { "pending" } else { "paid" };
    let (amount, thousandths) = columns(settlement.amount.money());
    sqlx::query!(
        "insert into group_settlements (id, key, from_member, to_member, currency, amount, from_user, to_user, \
         recorded_by, state, asked_at, created_at, amount_thousandths) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)",
        settlement.id.0,
        key.as_str(),
        number(settlement.from.0),
        number(settlement.to.0),
        settlement.currency.as_str(),
        amount,
        settlement.users.map(|(from, _)| from.get()),
        settlement.users.map(|(_, to)| to.get()),
        number(settlement.recorded_by.0),
        state,
        settlement.created_at,
        thousandths,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert payment {} of group {}", settlement.id, key.shortened()))
}

/// Marks cash as recorded by mistake.
///
/// # Errors
/// If the query fails.
pub async fn withdraw(connection: &mut PgConnection, id: TransferId) -> Result<(), StoreError> {
    sqlx::query!("update group_settlements set state = 'withdrawn' where id = $1 and from_user is null", id.0)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("withdraw payment {id}"))
}

/// Stores the answer about a transfer: it was made, or refused with a reason. A repeated or late answer changes nothing.
/// Returns whether it is a transfer of a group.
///
/// # Errors
/// If the query fails.
pub async fn answer(
    connection: &mut PgConnection,
    id: TransferId,
    refused: Option<RefusalReason>,
) -> Result<bool, StoreError> {
    let state = if refused.is_some() { "failed" } else { "paid" };
    let answered = sqlx::query!(
        "update group_settlements set state = case when state = 'pending' then $2 else state end, \
         reason = case when state = 'pending' then $3 else reason end where id = $1",
        id.0,
        state,
        refused.map(RefusalReason::as_str),
    );
    let answered = answered.execute(connection).await.during(format_args!("end payment {id} as {state}"))?;
    Ok(answered.rows_affected() > 0)
}

/// The payments of a group, the oldest first: all but refused ones, and the latest of these.
pub(super) async fn of_group(connection: &mut PgConnection, key: &ChequeHash) -> Result<Vec<Settlement>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, from_member, to_member, currency, amount, amount_thousandths, from_user, to_user, recorded_by, state, \
                reason, created_at \
         from group_settlements where key = $1 and (state in ('pending', 'paid', 'withdrawn') or id in ( \
             select id from group_settlements where key = $1 and state = 'failed' order by created_at desc limit $2 \
         )) order by created_at, id",
        key.as_str(),
        REFUSED_SHOWN_MAX,
    );
    rows.fetch_all(connection)
        .await
        .and_then(|rows| rows.into_iter().map(|row| settlement(row).map_err(sqlx::Error::Decode)).collect())
        .during(format_args!("load the payments of group {}", key.shortened()))
}

/// Locks up to `limit` transfers that should be requested again: see [`crate::store::transfers::lock_unanswered`].
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
        r#"select s.id, s.key, s.from_user as "from_user!", s.to_user as "to_user!", s.amount, s.asked_times,
             g.name as group_name, m.name as payer
           from group_settlements s
           join groups g on g.key = s.key
           join group_members m on m.key = s.key and m.id = s.from_member
           where s.state = 'pending'
             and s.asked_at <= $1::timestamptz - make_interval(secs => $2 * power(2, least(s.asked_times - 1, 5)))
           order by s.asked_at limit $3 for update of s skip locked"#,
        now,
        patience.as_secs_f64(),
        limit,
    );
    rows.fetch_all(connection)
        .await
        .and_then(|rows| {
            let unanswered = rows.into_iter().map(|row| {
                let names = (row.group_name, row.payer);
                let event = requested(row.id, row.key, (row.from_user, row.to_user), row.amount, names);
                event.map(|event| Unanswered { event, asked_times: row.asked_times }).map_err(sqlx::Error::Decode)
            });
            unanswered.collect()
        })
        .during("lock payments of groups without an answer")
}

/// Records that a transfer was requested again.
///
/// # Errors
/// If the query fails.
pub async fn record_request(
    connection: &mut PgConnection,
    id: TransferId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!("update group_settlements set asked_times = asked_times + 1, asked_at = $2 where id = $1", id.0, now)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("record another request of payment {id}"))
}

fn settlement(row: Row) -> Result<Settlement, Malformed> {
    let state = match (row.state.as_str(), row.reason) {
        ("pending", None) => SettlementState::Pending,
        ("paid", None) => SettlementState::Paid,
        ("withdrawn", None) => SettlementState::Withdrawn,
        ("failed", Some(reason)) => SettlementState::Failed(serde_json::from_value(reason.into())?),
        _ => return Err("payment in an unknown state".into()),
    };
    Ok(Settlement {
        id: TransferId(row.id),
        from: MemberId(row.from_member.unsigned_abs()),
        to: MemberId(row.to_member.unsigned_abs()),
        currency: Currency::new(&row.currency).ok_or("no currency")?,
        amount: BillAmount::new(bill_amount::amount(row.amount, row.amount_thousandths))?,
        users: row.from_user.zip(row.to_user).map(users).transpose()?,
        recorded_by: MemberId(row.recorded_by.unsigned_abs()),
        created_at: row.created_at,
        state,
    })
}

fn requested(
    id: Uuid,
    key: String,
    ids: (i64, i64),
    amount: i64,
    (group, payer): (String, String),
) -> Result<TransferRequested, Malformed> {
    let (from_user, to_user) = users(ids)?;
    let amount = Amount::new(Money::from_minor(amount))?;
    let (transfer_id, hash) = (TransferId(id), ChequeHash::try_from(key)?);
    let (title, participant_name) = (Some(Title { merchant: Some(group), purchased_on: None }), Some(payer));
    Ok(TransferRequested { transfer_id, from_user, to_user, amount, hash, title, participant_name, for_group: true })
}

fn users((from, to): (i64, i64)) -> Result<(UserId, UserId), Malformed> {
    Ok((UserId::try_from(from)?, UserId::try_from(to)?))
}
