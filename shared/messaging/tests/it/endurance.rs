//! The relay's speed does not depend on what the table contains: a long backlog, dead rows, an archive.

use crate::backlog::{Rows, any_up_to};
use crate::bare::BareConsumer;
use crate::stage::{Ping, Stage, broker, unsent};
use rabbit_outbox::{Messaging, RelayOptions};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use testkit::{TestBroker, eventually, eventually_within};
use tokio_util::sync::CancellationToken;

/// Starts a relay and measures how long it takes for the rows up to `id`.
async fn time_up_to(stage: &Stage, broker: &TestBroker, id: i64) -> Duration {
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let stopping = CancellationToken::new();
    let started = Instant::now();
    let relaying = tokio::spawn(alpha.relay().run(stopping.clone()));
    eventually_within(Duration::from_mins(1), false, async || any_up_to(&stage.alpha, id).await).await;
    let taken = started.elapsed();
    stopping.cancel();
    relaying.await.unwrap().unwrap();
    taken
}

async fn greatest_id(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select coalesce(max(id), 0) from outbox").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_million_rows_drain_at_the_speed_of_a_few() {
    const MEASURED: i64 = 40_000;
    let (stage, broker) = (Stage::new().await, broker().await);
    let _bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let rows = Rows { bytes: 200, ..Rows::default() };
    rows.insert(&stage.alpha, 0, MEASURED).await;
    let few = time_up_to(&stage, &broker, greatest_id(&stage.alpha).await).await;

    let before: i64 = sqlx::query_scalar("select last_value from outbox_id_seq").fetch_one(&stage.alpha).await.unwrap();
    rows.insert(&stage.alpha, 0, 1_000_000 + MEASURED).await;
    let many = time_up_to(&stage, &broker, before + MEASURED).await;
    let ratio = few.as_secs_f64() / many.as_secs_f64();
    assert!(ratio >= 0.6, "the same rows took {few:?} alone and {many:?} before a million");
}

#[tokio::test]
async fn a_pinned_snapshot_with_many_dead_rows_does_not_make_the_relay_twice_as_slow() {
    const MEASURED: i64 = 15_000;
    let (stage, broker) = (Stage::new().await, broker().await);
    let _bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let rows = Rows::default();
    let mut ratios = vec![];
    for _ in 0..2 {
        sqlx::query("vacuum outbox").execute(&stage.alpha).await.unwrap();
        rows.insert(&stage.alpha, 0, MEASURED).await;
        let free = time_up_to(&stage, &broker, greatest_id(&stage.alpha).await).await;

        let mut pinned = stage.alpha.begin_with("begin isolation level repeatable read").await.unwrap();
        sqlx::query("select count(*) from handled").execute(&mut *pinned).await.unwrap();
        Rows { bytes: 50, ..Rows::default() }.insert(&stage.alpha, 0, 200_000).await;
        sqlx::query("delete from outbox").execute(&stage.alpha).await.unwrap();
        rows.insert(&stage.alpha, 0, MEASURED).await;
        let hindered = time_up_to(&stage, &broker, greatest_id(&stage.alpha).await).await;
        pinned.rollback().await.unwrap();
        ratios.push(hindered.as_secs_f64() / free.as_secs_f64());
    }
    // The better of two pairs, to reduce noise from other processes.
    assert!(ratios.iter().any(|ratio| *ratio < 2.0), "{ratios:?}");
}

#[tokio::test]
async fn a_late_committer_is_found_while_others_keep_the_relay_busy() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    let mut late = stage.alpha.begin().await.unwrap();
    sqlx::query("select nextval(pg_get_serial_sequence('outbox', 'id')) from generate_series(1, 8)")
        .execute(&mut *late)
        .await
        .unwrap();
    let mut n = 0;
    let mut talk = async || {
        for _ in 0..20 {
            n += 1;
            let mut tx = alpha.begin().await.unwrap();
            tx.append(&Ping { n, key: format!("key {n}") }, n).unwrap();
            tx.commit().await.unwrap();
        }
    };
    talk().await;
    eventually(20, async || bare_consumer.count()).await;
    sqlx::query(
        "insert into outbox (lane, id, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, \
         content_type, payload, occurred_at) overriding system value \
         select lane, 1 + lane, gen_random_uuid(), 'alpha', 'alpha.Ping.v1', 'late', 1000 + lane, gen_random_uuid(), \
         'text/plain', 'late', now() from generate_series(0, 7) as lane",
    )
    .execute(&mut *late)
    .await
    .unwrap();
    late.commit().await.unwrap();
    let found = async || {
        talk().await;
        bare_consumer.sequences().range(1_000..).count()
    };
    eventually_within(Duration::from_secs(10), 8, found).await;
    stage.stop().await;
}

#[tokio::test]
async fn what_was_sent_is_kept_in_the_archive_if_there_is_one() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let _bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let options = RelayOptions { archive_days: Some(RelayOptions::ARCHIVE_DAYS), ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(options);
    Rows::default().insert(&stage.alpha, 0, 3_000).await;
    // Expired partitions, which maintenance drops.
    sqlx::raw_sql(
        "create table outbox_archive_20200101 partition of outbox_archive for values from ('2020-01-01') to ('2020-01-02')",
    )
    .execute(&stage.alpha)
    .await
    .unwrap();
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    let archived = "select count(*), count(distinct event_id), min(wire_type) from outbox_archive";
    let archived: (i64, i64, String) = sqlx::query_as(archived).fetch_one(&stage.alpha).await.unwrap();
    assert_eq!(archived, (3_000, 3_000, "alpha.Ping.v1".to_owned()));
    let old = "select to_regclass('outbox_archive_20200101') is null";
    assert!(sqlx::query_scalar::<_, bool>(old).fetch_one(&stage.alpha).await.unwrap());
}
