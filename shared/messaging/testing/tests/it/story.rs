//! Two services: `shop` sells, `bank` is paid, and neither handles duplicates itself.

use futures_util::FutureExt;
use rabbit_outbox::{Event, EventId, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_testing::Harness;
use serde::{Deserialize, Serialize};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// For assertions that are expected to fail.
pub(crate) const SHORT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sold {
    pub(crate) item: i64,
    pub(crate) price: i64,
}

impl Event for Sold {
    const TYPE: &'static str = "shop.Sold.v1";

    fn ordering_key(&self) -> String {
        self.item.to_string()
    }
}

pub(crate) fn sold(item: i64) -> Sold {
    Sold { item, price: 10 }
}

/// Adds to the balance: a second run would add again.
pub(crate) async fn pay(tx: &mut Transaction, event: &Sold, _: &Meta) -> Result<(), HandleError> {
    if event.price < 0 {
        return Err(HandleError::reject("a price below nothing"));
    }
    sqlx::query("update balance set amount = amount + $1").bind(event.price).execute(&mut **tx).await?;
    Ok(())
}

/// The bank has its table, and nothing runs.
pub(crate) async fn harness() -> Harness {
    let harness = Harness::start().await;
    let bank = harness.pool("bank").await;
    sqlx::raw_sql("create table balance (amount bigint not null); insert into balance values (0)")
        .execute(&bank)
        .await
        .unwrap();
    harness
}

/// Shop and bank run.
pub(crate) async fn open_shop() -> (Harness, Messaging) {
    let harness = harness().await;
    tokio::join!(harness.run("bank", Subscriptions::new().on_fn(pay)), harness.run("shop", Subscriptions::new()));
    let shop = harness.service("shop").await;
    (harness, shop)
}

/// Appends one event in its own transaction.
pub(crate) async fn sell(shop: &Messaging, event: &Sold, sequence: i64) -> EventId {
    let mut tx = shop.begin().await.unwrap();
    let id = tx.append(event, sequence).unwrap();
    tx.commit().await.unwrap();
    id
}

pub(crate) async fn balance(harness: &Harness) -> i64 {
    sqlx::query_scalar("select amount from balance").fetch_one(&harness.pool("bank").await).await.unwrap()
}

/// The message of an assertion that fails.
pub(crate) async fn failure(assertion: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(assertion).catch_unwind().await.expect_err("the assertion should fail");
    *panic.downcast::<String>().expect("it says why")
}
