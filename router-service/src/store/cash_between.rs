//! The table `cash_between`.

use super::bill_amount::columns;
use super::number::number;
use crate::domain::between::Between;
use crate::domain::split::Split;
use contracts::money::BillMoney;
use postgres::{During, StoreError};
use sqlx::PgConnection;

/// Stores what has changed. Rows stay, with an amount of 0 when all was given back.
pub(super) async fn save(connection: &mut PgConnection, before: &Split, after: &Split) -> Result<(), StoreError> {
    for ((payer, receiver), Between { cash, .. }) in &after.between {
        let had = before.between.get(&(*payer, *receiver)).map_or(BillMoney::ZERO, |between| between.cash);
        if had == *cash {
            continue;
        }
        let (amount, thousandths) = columns(*cash);
        sqlx::query!(
            "insert into cash_between (hash, payer, receiver, amount, amount_thousandths) values ($1, $2, $3, $4, $5) \
             on conflict on constraint cash_between_pkey do update \
             set amount = excluded.amount, amount_thousandths = excluded.amount_thousandths",
            after.hash.as_str(),
            number(payer.0),
            number(receiver.0),
            amount,
            thousandths,
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("store cash between participants of cheque {}", after.hash.shortened()))?;
    }
    Ok(())
}
