//! Two services in one process: alpha publishes Ping, beta handles it and publishes Pong, alpha handles Pong.
//!
//! Each stores the events that it handled in its table `handled`. The rows of `alpha.todo` are the pings to publish; a
//! row is deleted in the transaction that publishes it. With `--crash-at STEP` the process aborts when it reaches that
//! step: this is how the tests prove that a crash between any two steps loses and duplicates nothing.

use clap::Parser;
use rabbit_outbox::probe::{Probe, Step};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Two services that exchange events
#[derive(Parser)]
struct Arguments {
    /// The database, with the schemas `alpha` and `beta`.
    #[arg(long)]
    database_url: String,
    /// The broker.
    #[arg(long)]
    amqp_url: String,
    /// Abort when this service...
    #[arg(long, default_value = "")]
    crash_service: String,
    /// ...reaches this step...
    #[arg(long, default_value = "")]
    crash_at: String,
    /// ...for the n-th time.
    #[arg(long, default_value_t = 1)]
    crash_nth: u32,
}

#[derive(Serialize, Deserialize)]
struct Ping {
    n: i64,
}

impl Event for Ping {
    const TYPE: &'static str = "alpha.Ping.v1";

    fn ordering_key(&self) -> String {
        (self.n % 10).to_string()
    }
}

#[derive(Serialize, Deserialize)]
struct Pong {
    n: i64,
}

impl Event for Pong {
    const TYPE: &'static str = "beta.Pong.v1";

    fn ordering_key(&self) -> String {
        (self.n % 10).to_string()
    }
}

/// Beta: stores the ping and answers.
struct Answer;

impl Handle<Ping> for Answer {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        write_down(tx, ping.n).await?;
        tx.append(&Pong { n: ping.n }, 1)?;
        Ok(())
    }
}

/// Alpha: stores the answer.
struct Note;

impl Handle<Pong> for Note {
    async fn handle(&self, tx: &mut Transaction, pong: &Pong, _meta: &Meta) -> Result<(), HandleError> {
        write_down(tx, pong.n).await?;
        Ok(())
    }
}

async fn write_down(tx: &mut Transaction, n: i64) -> Result<(), sqlx::Error> {
    sqlx::query("insert into handled (n) values ($1)").bind(n).execute(&mut **tx).await.map(drop)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let alpha = service("alpha", &arguments)?;
    let beta = service("beta", &arguments)?;
    let stopping = CancellationToken::new();
    tokio::join!(
        alpha.1.relay().run(stopping.clone()),
        alpha.1.consumer(Subscriptions::new().on::<Pong>(Note)).run(stopping.clone()),
        beta.1.relay().run(stopping.clone()),
        beta.1.consumer(Subscriptions::new().on::<Ping>(Answer)).run(stopping.clone()),
        say_all(&alpha.1),
    )
    .4?;
    Ok(())
}

fn service(name: &'static str, arguments: &Arguments) -> Result<(PgPool, Messaging), sqlx::Error> {
    let options = PgConnectOptions::from_str(&arguments.database_url)?.options([("search_path", name)]);
    let pool = PgPool::connect_lazy_with(options);
    let probe = if arguments.crash_service == name {
        let (step, nth, hits) = (arguments.crash_at.clone(), arguments.crash_nth, AtomicU32::new(0));
        Probe::new(move |reached: Step| {
            if format!("{reached:?}") == step && hits.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                std::process::abort();
            }
        })
    } else {
        Probe::default()
    };
    let messaging = Messaging::new(name, pool.clone(), &arguments.amqp_url).with_probe(probe);
    Ok((pool, messaging))
}

/// Publishes the rows of `todo`, one transaction each, and polls for more.
async fn say_all(alpha: &Messaging) -> Result<(), Box<dyn std::error::Error>> {
    loop {
        let mut tx = alpha.begin().await?;
        let next: Option<i64> = sqlx::query_scalar(
            "delete from todo where n = (select n from todo order by n limit 1 for update skip locked) returning n",
        )
        .fetch_optional(&mut *tx)
        .await?;
        match next {
            Some(n) => {
                tx.append(&Ping { n }, 1)?;
                tx.commit().await?;
            }
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
