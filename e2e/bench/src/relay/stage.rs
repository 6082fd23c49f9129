//! Tables, exchange and queue of a service `bench` that sends events to itself.

use super::handlers::{Parcel, parcel};
use crate::cli;
use lapin::options::{QueueBindOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use rabbit_outbox::topology::Topology;
use rabbit_outbox::{Event, Messaging};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::error::Error;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Number of events appended per transaction.
const PER_COMMIT: usize = 500;
/// Time limit until the outbox is empty.
const TIMEOUT: Duration = Duration::from_mins(5);
/// Name of the service and its exchange, and the prefix of its queue.
pub(super) const SERVICE: &str = "bench";
/// The queue that receives its events.
pub(super) const QUEUE: &str = "bench.inbox";

/// The environment of the benchmark.
pub(super) struct Stage {
    pub(super) pool: PgPool,
    pub(super) messaging: Messaging,
    pub(super) channel: Channel,
    // Closed when dropped.
    _connection: Connection,
}

impl Stage {
    /// Creates the tables, and declares the topology as a service would.
    pub(super) async fn new(options: &cli::Relay) -> Result<Self, Box<dyn Error>> {
        let mut connection = PgConnection::connect(&options.database_url).await?;
        rabbit_outbox::schema::install(&mut connection).await?;
        sqlx::query("create table if not exists parcels (number bigint not null)").execute(&mut connection).await?;
        let connect = PgConnectOptions::from_str(&options.database_url)?;
        let pool = PgPoolOptions::new().max_connections(8).connect_with(connect).await?;
        let messaging = Messaging::new(SERVICE, pool.clone(), &options.amqp_url);

        let connection = Connection::connect(&options.amqp_url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        Topology::of(SERVICE, &[Parcel::TYPE]).declare_at(&options.amqp_url).await?;
        let key = Parcel::TYPE;
        let bound = QueueBindOptions::default();
        channel.queue_bind(QUEUE.into(), SERVICE.into(), key.into(), bound, FieldTable::default()).await?;
        Ok(Self { pool, messaging, channel, _connection: connection })
    }

    /// Commits `events` events to the outbox, while no relay runs.
    pub(super) async fn append(&self, events: usize) -> Result<(), Box<dyn Error>> {
        for first in (0..events).step_by(PER_COMMIT) {
            let mut tx = self.messaging.begin().await?;
            for number in first..events.min(first + PER_COMMIT) {
                tx.append(&parcel(number), 1)?;
            }
            tx.commit().await?;
        }
        // Otherwise autovacuum would run later, possibly during a round.
        sqlx::query("vacuum analyze outbox").execute(&self.pool).await?;
        Ok(())
    }

    /// Runs a relay until the outbox is empty; returns the duration from when it has its connections.
    pub(super) async fn run_relay_until_empty(&self) -> Result<Duration, Box<dyn Error>> {
        let before = self.unsent().await?;
        let stopping = CancellationToken::new();
        let relay = tokio::spawn(self.messaging.relay().run(stopping.clone()));
        let waiting_since = Instant::now();
        while self.unsent().await? == before && waiting_since.elapsed() < TIMEOUT {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The connection time is excluded: the clock starts when the first rows are deleted, and those rows are not
        // counted.
        let (began, counted_from) = (Instant::now(), self.unsent().await?);
        while self.unsent().await? > 0 {
            if began.elapsed() > TIMEOUT {
                return Err("the outbox does not become empty".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        stopping.cancel();
        relay.await??;
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let share = before as f64 / counted_from.max(1) as f64;
        Ok(took.mul_f64(share))
    }

    /// Purges the queue.
    pub(super) async fn purge(&self) -> Result<(), lapin::Error> {
        self.channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await.map(drop)
    }

    /// The violated rules once the system is idle.
    pub(super) async fn broken(&self) -> Result<Vec<String>, sqlx::Error> {
        let rules = [
            ("the outbox is empty", "select count(*) from outbox"),
            ("there are no dead letters", "select count(*) from dead_letters"),
            (
                "no event was handled twice",
                "select count(*) from (select from parcels group by number having count(*) > 1) p",
            ),
        ];
        let mut broken = vec![];
        for (rule, count) in rules {
            let count: i64 = sqlx::query_scalar(count).fetch_one(&self.pool).await?;
            if count != 0 {
                broken.push(format!("{rule}: {count}"));
            }
        }
        Ok(broken)
    }

    async fn unsent(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("select count(*) from outbox").fetch_one(&self.pool).await
    }
}
