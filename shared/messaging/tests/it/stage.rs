//! A database with two services' schemas, a virtual host, and helpers for the tests.

use rabbit_outbox::dead_letters::{DeadLetter, Filter, State};
use rabbit_outbox::topology::Binding;
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Transaction};
use rabbit_outbox_event::envelope::{Envelope, SPEC_VERSION};
use rabbit_outbox_event::{Event, EventId, producer};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::future::Future;
use testkit::{TestBroker, TestDatabase};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const SCHEMA: [&str; 7] = [
    include_str!("../../migrations/0001_outbox_inbox.sql"),
    include_str!("../../migrations/0005_outbox_scheduled_archive.sql"),
    include_str!("../../migrations/0006_dead_letters.sql"),
    include_str!("../../migrations/0007_dead_letters_allow_unrouted.sql"),
    include_str!("../../migrations/0008_maintenance_owners.sql"),
    include_str!("../../migrations/0009_handlers_headers_owner.sql"),
    include_str!("../../migrations/0010_dead_letter_actions.sql"),
];

/// The event that most tests use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ping {
    pub(crate) n: i64,
    pub(crate) key: String,
}

impl Event for Ping {
    const TYPE: &'static str = "alpha.Ping.v1";

    fn ordering_key(&self) -> String {
        self.key.clone()
    }
}

/// An event without a consumer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unheard {
    pub(crate) n: i64,
}

impl Event for Unheard {
    const TYPE: &'static str = "alpha.Unheard.v1";

    fn ordering_key(&self) -> String {
        self.n.to_string()
    }
}

pub(crate) fn ping(n: i64) -> Ping {
    Ping { n, key: (n % 10).to_string() }
}

/// Stores every ping in the table `handled`.
pub(crate) struct WriteDown;

impl Handle<Ping> for WriteDown {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

/// The schemas `alpha` and `beta`, each with outbox, inbox, and a table of handled pings.
pub(crate) struct Stage {
    pub(crate) database: TestDatabase,
    pub(crate) alpha: PgPool,
    pub(crate) beta: PgPool,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::empty().await;
        let (alpha, beta) = (database.admin_pool("alpha"), database.admin_pool("beta"));
        schema(&alpha, "alpha").await;
        schema(&beta, "beta").await;
        Self { database, alpha, beta, stopping: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    pub(crate) fn run<F: Future + Send + 'static>(&self, task: F)
    where
        F::Output: Send,
    {
        self.tasks.spawn(task);
    }

    /// Stops all tasks and waits for them.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// Creates a service's schema.
pub(crate) async fn schema(pool: &PgPool, name: &str) {
    let ddl = format!(
        "create schema {name}; {}; create table handled (id bigserial, n bigint not null); \
         create table todo (n bigint primary key);",
        SCHEMA.join("; ")
    );
    pool.execute(sqlx::raw_sql(AssertSqlSafe(ddl))).await.expect("create a schema");
}

pub(crate) async fn broker() -> TestBroker {
    TestBroker::new().await
}

/// Publishes pings `from..to`, `per_transaction` at a time.
pub(crate) async fn append_pings(alpha: &Messaging, from: i64, to: i64, per_transaction: usize) {
    let all: Vec<i64> = (from..to).collect();
    for some in all.chunks(per_transaction) {
        let mut tx = alpha.begin().await.expect("begin");
        for n in some {
            tx.append(&ping(*n), 1).expect("append");
        }
        tx.commit().await.expect("commit");
    }
}

/// An event in its envelope, as its producer would publish it.
pub(crate) fn enveloped<E: Event>(id: EventId, event: &E) -> String {
    let envelope = Envelope {
        specversion: SPEC_VERSION.to_owned(),
        id,
        source: format!("/{}", producer(E::TYPE)),
        wire_type: E::TYPE.to_owned(),
        subject: event.ordering_key(),
        time: time::OffsetDateTime::now_utc(),
        datacontenttype: "application/json".to_owned(),
        sequence: "1".to_owned(),
        partitionkey: event.ordering_key(),
        correlationid: id,
        causationid: None,
        traceparent: None,
        data: event,
    };
    serde_json::to_string(&envelope).expect("an event is serialisable")
}

/// An id that no event has.
pub(crate) fn new_id() -> EventId {
    EventId(uuid::Uuid::now_v7())
}

/// Counts rows with a statement.
pub(crate) async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.expect("count rows")
}

/// How many distinct pings were handled, and how many in total.
pub(crate) async fn handled(pool: &PgPool) -> (i64, i64) {
    sqlx::query_as("select count(distinct n), count(*) from handled")
        .fetch_one(pool)
        .await
        .expect("count what was handled")
}

pub(crate) async fn unsent(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from outbox").fetch_one(pool).await.expect("count unsent events")
}

/// Waits until a service consumes its queue.
pub(crate) async fn consuming(service: &Messaging) {
    testkit::eventually(Ok(()), async || service.check()).await;
}

/// The open dead letters in a table.
pub(crate) async fn open_letters(service: &Messaging) -> Vec<DeadLetter> {
    let filter = Filter { state: Some(State::Open), ..Filter::default() };
    service.dead_letters().list(&filter, None, 1_000).await.expect("list dead letters")
}

/// Binds a queue as an administrator does.
pub(crate) async fn bind(channel: &lapin::Channel, binding: &Binding) {
    let (queue, exchange) = (binding.queue.as_str().into(), binding.exchange.as_str().into());
    let key = binding.routing_key.as_str().into();
    channel
        .queue_bind(
            queue,
            exchange,
            key,
            lapin::options::QueueBindOptions::default(),
            lapin::types::FieldTable::default(),
        )
        .await
        .expect("bind a queue");
}
