//! The table `group_expenses`.

use crate::domain::currency::Currency;
use crate::domain::groups::expense::{Entry, Expense, Shares};
use crate::domain::groups::member::MemberId;
use crate::store::bill_amount::{self, columns};
use crate::store::number::number;
use contracts::ids::ChequeHash;
use contracts::money::{BillAmount, BillMoney};
use postgres::{During, StoreError};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// A version of an expense.
#[derive(Clone, Debug)]
pub struct Version {
    /// What it was.
    pub expense: Expense,
    /// Whether this version deleted it.
    pub deleted: bool,
}

pub(super) struct Row {
    pub(super) id: i32,
    pub(super) revision: i32,
    pub(super) title: String,
    pub(super) spent_on: Date,
    pub(super) currency: String,
    pub(super) amount: i64,
    pub(super) amount_thousandths: Option<i64>,
    pub(super) paid_by: Json<BTreeMap<MemberId, BillMoney>>,
    pub(super) split: Json<Shares>,
    pub(super) deleted: bool,
    pub(super) changed_by: i32,
    pub(super) changed_at: OffsetDateTime,
}

impl TryFrom<Row> for Version {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let amount = BillAmount::new(bill_amount::amount(row.amount, row.amount_thousandths));
        let entry = Entry {
            title: row.title,
            date: row.spent_on,
            currency: Currency::new(&row.currency).ok_or_else(|| sqlx::Error::Decode("no currency".into()))?,
            amount: amount.map_err(|error| sqlx::Error::Decode(error.into()))?,
            paid_by: row.paid_by.0,
            shares: row.split.0,
        };
        let changed_by = MemberId(row.changed_by.unsigned_abs());
        let (id, revision) = (row.id.unsigned_abs(), row.revision.unsigned_abs());
        let expense = Expense { id, revision, changed_by, changed_at: row.changed_at, entry };
        Ok(Self { expense, deleted: row.deleted })
    }
}

/// Stores a version of an expense. The group must be locked.
///
/// # Errors
/// If a query fails.
pub async fn insert(
    connection: &mut PgConnection,
    key: &ChequeHash,
    Expense { id, revision, changed_by, changed_at, entry }: &Expense,
    deleted: bool,
) -> Result<(), StoreError> {
    let (amount, thousandths) = columns(entry.amount.money());
    sqlx::query!(
        "insert into group_expenses \
         (key, id, revision, title, spent_on, currency, amount, paid_by, split, deleted, changed_by, changed_at, \
          amount_thousandths) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        key.as_str(),
        number(*id),
        number(*revision),
        entry.title,
        entry.date,
        entry.currency.as_str(),
        amount,
        Json(&entry.paid_by) as _,
        Json(&entry.shares) as _,
        deleted,
        number(changed_by.0),
        changed_at,
        thousandths,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("insert expense {id} of group {}", key.shortened()))?;
    sqlx::query!(
        "update groups set last_expense = greatest(last_expense, $2) where key = $1",
        key.as_str(),
        number(*id)
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("count expense {id} of group {}", key.shortened()))
}

/// The versions that count: the last one of each expense.
pub(super) async fn current(connection: &mut PgConnection, key: &ChequeHash) -> Result<Vec<Expense>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select id, revision, title, spent_on, currency, amount, amount_thousandths,
                  paid_by as "paid_by: Json<BTreeMap<MemberId, BillMoney>>",
                  split as "split: Json<Shares>", deleted, changed_by, changed_at
           from (select distinct on (id) * from group_expenses where key = $1 order by id, revision desc) as last
           where not deleted order by id"#,
        key.as_str(),
    )
    .fetch_all(connection)
    .await
    .and_then(|rows| rows.into_iter().map(|row| Version::try_from(row).map(|version| version.expense)).collect())
    .during(format_args!("load the expenses of group {}", key.shortened()))
}

/// All versions of an expense, the newest first.
///
/// # Errors
/// If the query fails.
pub async fn history(pool: &PgPool, key: &ChequeHash, id: u32) -> Result<Vec<Version>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select id, revision, title, spent_on, currency, amount, amount_thousandths,
                  paid_by as "paid_by: Json<BTreeMap<MemberId, BillMoney>>",
                  split as "split: Json<Shares>", deleted, changed_by, changed_at
           from group_expenses where key = $1 and id = $2 order by revision desc"#,
        key.as_str(),
        number(id),
    )
    .fetch_all(pool)
    .await
    .and_then(|rows| rows.into_iter().map(Version::try_from).collect())
    .during(format_args!("load the history of expense {id} of group {}", key.shortened()))
}
