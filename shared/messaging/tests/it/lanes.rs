//! Relays share the lanes, and take over those of a relay that stops.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, handled, unsent};
use rabbit_outbox::{Messaging, Subscriptions};
use std::collections::BTreeMap;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

/// Lanes owned, by the session that owns them.
pub(crate) async fn shares(stage: &Stage) -> Vec<i64> {
    let lanes: Vec<(i32, i64)> = sqlx::query_as(
        "select pid, count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and granted \
         and objsubid = 2 and database = (select oid from pg_database where datname = current_database()) group by pid",
    )
    .fetch_all(&stage.alpha)
    .await
    .unwrap();
    let by_session: BTreeMap<i32, i64> = lanes.into_iter().collect();
    by_session.into_values().collect()
}

#[tokio::test]
async fn two_relays_share_the_lanes_and_one_takes_over_from_the_other() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let first = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let second = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    let stop_first = CancellationToken::new();
    stage.run(first.relay().run(stop_first.clone()));
    eventually(vec![8], async || shares(&stage).await).await;
    stage.run(second.relay().run(stage.stopping()));
    eventually(vec![4, 4], async || shares(&stage).await).await;

    // Committed by the second, on lanes of both.
    append_pings(&second, 0, 100, 10).await;
    eventually((100, 100), async || handled(&stage.beta).await).await;
    stop_first.cancel();
    eventually(vec![8], async || shares(&stage).await).await;
    append_pings(&second, 100, 200, 10).await;
    eventually((200, 200), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    // The server releases the locks when it notices the end of the session, a moment after the client.
    eventually(Vec::<i64>::new(), async || shares(&stage).await).await;
}
