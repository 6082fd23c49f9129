//! Compares the speed of the relay with a bare publisher with confirms, on the same servers, alternately.
//!
//! Both publish persistent, mandatory messages of the same size to the same quorum queue and wait for every confirm;
//! the relay also reads them from the outbox and deletes them. Prints one line per round and the ratio of the medians.
//! Then measures the latency of a single event, from its commit to the confirm, and of a single publish to its confirm.

use clap::Parser;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind};
use rabbit_outbox::probe::{Probe, Step};
use rabbit_outbox::{Event, Messaging, schema};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SCHEMA: &str = "relay_speed";
const QUEUE: &str = "relay_speed.taken";
const KEY: &str = "relay_speed.Happened.v1";

/// Compares the relay with a bare publisher
#[derive(Parser)]
struct Arguments {
    /// A database in which a schema `relay_speed` may be dropped and created
    #[arg(long)]
    database_url: String,
    /// The broker.
    #[arg(long)]
    amqp_url: String,
    /// Events of each round.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Size of an event in bytes
    #[arg(long, default_value_t = 600)]
    bytes: usize,
    /// Maximum number of unconfirmed messages of the bare publisher
    #[arg(long, default_value_t = 256)]
    window: usize,
    /// Rounds of each
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let options = PgConnectOptions::from_str(&arguments.database_url)?.options([("search_path", SCHEMA)]);
    let pool = PgPool::connect_with(options).await?;
    let ddl = format!("drop schema if exists {SCHEMA} cascade; create schema {SCHEMA}");
    pool.execute(sqlx::raw_sql(AssertSqlSafe(ddl))).await?;
    schema::install(&mut *pool.acquire().await?).await?;
    let connection = Connection::connect(&arguments.amqp_url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    declare(&channel).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;

    let (mut bare, mut relayed) = (vec![], vec![]);
    for round in 1..=arguments.rounds {
        bare.push(publish_bare(&channel, &arguments).await?);
        channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
        relayed.push(relay(&pool, &arguments).await?);
        channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
        println!("round {round}: bare {:.0}/s, relay {:.0}/s", bare[round - 1], relayed[round - 1]);
    }
    let (bare, relayed) = (median(bare), median(relayed));
    println!("median: bare {bare:.0}/s, relay {relayed:.0}/s, ratio {:.2}", relayed / bare);

    let (bare, relayed) = (lone_bare(&channel, &arguments).await?, lone_relayed(&pool, &arguments).await?);
    println!("alone: {} bare, {} from commit to confirm", spread(bare), spread(relayed));
    Ok(())
}

/// Latencies of single events.
const LONE: usize = 300;

#[derive(Serialize, Deserialize)]
struct Happened {
    text: String,
}

impl Event for Happened {
    const TYPE: &'static str = KEY;

    fn ordering_key(&self) -> String {
        "key".to_owned()
    }
}

async fn lone_bare(channel: &Channel, arguments: &Arguments) -> Outcome<Vec<Duration>> {
    let payload = vec![b'x'; arguments.bytes];
    let mut times = vec![];
    for _ in 0..LONE {
        let started = Instant::now();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(2);
        let confirm = channel.basic_publish(SCHEMA.into(), KEY.into(), options, &payload, properties).await?;
        confirmed(Some(confirm.await))?;
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(times)
}

async fn lone_relayed(pool: &PgPool, arguments: &Arguments) -> Outcome<Vec<Duration>> {
    let confirmed = Arc::new(Notify::new());
    let waker = Arc::clone(&confirmed);
    let probe = Probe::new(move |step| {
        if step == Step::RelayConfirmed {
            waker.notify_one();
        }
    });
    let messaging = Messaging::new(SCHEMA, pool.clone(), &arguments.amqp_url).with_probe(probe);
    let stopping = CancellationToken::new();
    let relaying = tokio::spawn(messaging.relay().run(stopping.clone()));
    let mut times = vec![];
    for _ in 0..LONE {
        let mut tx = messaging.begin().await?;
        tx.append(&Happened { text: "x".repeat(arguments.bytes) }, 1)?;
        tx.commit().await?;
        let committed = Instant::now();
        confirmed.notified().await;
        times.push(committed.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stopping.cancel();
    relaying.await??;
    Ok(times)
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1_000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms", ms(50), ms(99))
}

async fn declare(channel: &Channel) -> Outcome<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(SCHEMA.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare(QUEUE.into(), durable, arguments).await?;
    channel
        .queue_bind(QUEUE.into(), SCHEMA.into(), KEY.into(), QueueBindOptions::default(), FieldTable::default())
        .await?;
    Ok(())
}

/// Messages per second of a publisher that only keeps a sliding window of confirms.
async fn publish_bare(channel: &Channel, arguments: &Arguments) -> Outcome<f64> {
    let payload = vec![b'x'; arguments.bytes];
    let started = Instant::now();
    let mut pending = FuturesOrdered::new();
    for _ in 0..arguments.events {
        if pending.len() >= arguments.window {
            confirmed(pending.next().await)?;
        }
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_message_id(uuid::Uuid::now_v7().to_string().into())
            .with_type(KEY.into());
        pending.push_back(channel.basic_publish(SCHEMA.into(), KEY.into(), options, &payload, properties).await?);
    }
    while let Some(confirm) = pending.next().await {
        confirmed(Some(confirm))?;
    }
    Ok(rate(arguments.events, started.elapsed()))
}

fn confirmed(confirm: Option<Result<Confirmation, lapin::Error>>) -> Outcome<()> {
    match confirm.transpose()? {
        Some(Confirmation::Ack(None)) => Ok(()),
        other => Err(format!("not delivered: {other:?}").into()),
    }
}

/// Events per second from the start of the relay, connecting included, until the outbox is empty.
async fn relay(pool: &PgPool, arguments: &Arguments) -> Outcome<f64> {
    sqlx::query(
        "insert into outbox (lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, \
         content_type, payload, occurred_at) \
         select n % 8, gen_random_uuid(), $1, $2, 'key ' || n % 1000, n, gen_random_uuid(), \
         'application/cloudevents+json', convert_to(repeat('x', $3), 'utf8'), clock_timestamp() \
         from generate_series(1, $4) as n",
    )
    .bind(SCHEMA)
    .bind(KEY)
    .bind(i32::try_from(arguments.bytes)?)
    .bind(i32::try_from(arguments.events)?)
    .execute(pool)
    .await?;
    pool.execute("checkpoint").await?;
    let stopping = CancellationToken::new();
    let messaging = Messaging::new(SCHEMA, pool.clone(), &arguments.amqp_url);
    let started = Instant::now();
    let relaying = tokio::spawn(messaging.relay().run(stopping.clone()));
    while sqlx::query_scalar("select exists (select from outbox)").fetch_one(pool).await? {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rate = rate(arguments.events, started.elapsed());
    stopping.cancel();
    relaying.await??;
    Ok(rate)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn rate(events: usize, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
