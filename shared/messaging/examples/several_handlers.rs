//! Two handlers of one event in one process: one stores it, the other counts it; each has its effect once.
//!
//! ```sh
//! cargo run --example several_handlers -- --database-url postgres://me:secret@localhost/letters \
//!     --amqp-url amqp://guest:guest@localhost:5672/%2f
//! ```
//!
//! The counting handler fails the first time. The event is retried for it alone.

use clap::Parser;
use rabbit_outbox::{
    CancellationToken, Event, Handle, HandleError, Headers, Messaging, Meta, Subscriptions, Transaction, schema,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::error::Error;
use tokio::sync::mpsc;

/// Handles one event with two handlers
#[derive(Parser)]
struct Arguments {
    /// The database; tables are created in the first schema of its search path.
    #[arg(long)]
    database_url: String,
    /// The broker.
    #[arg(long)]
    amqp_url: String,
}

#[derive(Serialize, Deserialize)]
struct ParcelSent {
    parcel: i64,
}

impl Event for ParcelSent {
    const TYPE: &'static str = "parcels.ParcelSent.v1";

    fn ordering_key(&self) -> String {
        self.parcel.to_string()
    }
}

/// Stores the parcel.
struct Store;

impl Handle<ParcelSent> for Store {
    async fn handle(&self, tx: &mut Transaction, event: &ParcelSent, _: &Meta) -> Result<(), HandleError> {
        println!("storing parcel {}", event.parcel);
        sqlx::query("insert into sent (parcel) values ($1)").bind(event.parcel).execute(&mut **tx).await?;
        Ok(())
    }
}

/// Counts parcels by tenant.
struct Count {
    counted: mpsc::Sender<()>,
}

impl Handle<ParcelSent> for Count {
    async fn handle(&self, tx: &mut Transaction, _: &ParcelSent, meta: &Meta) -> Result<(), HandleError> {
        println!("counting, delivery {}", meta.attempt);
        if meta.attempt == 1 {
            return Err(HandleError::retry("the first delivery is not counted"));
        }
        sqlx::query(
            "insert into counts (tenant, parcels) values ($1, 1) \
             on conflict (tenant) do update set parcels = counts.parcels + 1",
        )
        .bind(meta.headers.get("tenant").unwrap_or("none").to_owned())
        .execute(&mut **tx)
        .await?;
        let counted = self.counted.clone();
        tx.after_commit(move || {
            let _ = counted.try_send(());
        });
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { database_url, amqp_url } = Arguments::parse();
    let pool = PgPool::connect(&database_url).await?;
    schema::install(&mut *pool.acquire().await?).await?;
    for table in ["sent (parcel bigint)", "counts (tenant text primary key, parcels bigint)"] {
        let create = format!("create table if not exists {table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&pool).await?;
    }

    let messaging = Messaging::new("parcels", pool.clone(), &amqp_url);
    let (counted, mut counts) = mpsc::channel(1);
    // The name of the second handler is stored in the inbox.
    let subscriptions = Subscriptions::new().on(Store).also_on("count", Count { counted });
    let stopping = CancellationToken::new();
    let running = [
        tokio::spawn(messaging.relay().run(stopping.clone())),
        tokio::spawn(messaging.consumer(subscriptions).run(stopping.clone())),
    ];

    let mut tx = messaging.begin().await?;
    tx.append_with(&ParcelSent { parcel: 7 }, 1, Headers::new().with("tenant", "north"))?;
    tx.commit().await?;
    counts.recv().await;
    let stored: i64 = sqlx::query_scalar("select count(*) from sent where parcel = 7").fetch_one(&pool).await?;
    println!("stored {stored} time, counted for the tenant north");

    stopping.cancel();
    for task in running {
        task.await??;
    }
    Ok(())
}
