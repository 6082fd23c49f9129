//! The table `cash_between`.

use super::number::number;
use crate::domain::between::Between;
use crate::domain::split::Split;
use contracts::money::Money;
use postgres::{During, StoreError};
use sqlx::PgConnection;

/// Stores what has changed. Rows stay, with an amount of 0 when all was given back.
pub(super) async fn save(connection: &mut PgConnection, before: &Split, after: &Split) -> Result<(), StoreError> {
    for ((payer, receiver), Between { cash, .. }) in &after.between {
        let had = before.between.get(&(*payer, *receiver)).map_or(Money::ZERO, |between| between.cash);
        if had == *cash {
            continue;
        }
        sqlx::query!(
            "insert into cash_between (hash, payer, receiver, amount) values ($1, $2, $3, $4) \
             on conflict on constraint cash_between_pkey do update set amount = excluded.amount",
            after.hash.as_str(),
            number(payer.0),
            number(receiver.0),
            cash.minor(),
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("store cash between participants of cheque {}", after.hash.shortened()))?;
    }
    Ok(())
}
