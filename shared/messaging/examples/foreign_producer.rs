//! Messages of a producer that does not use this crate: plain JSON, identified by a header.
//!
//! ```sh
//! cargo run --example foreign_producer -- --database-url postgres://me:secret@localhost/letters \
//!     --amqp-url amqp://guest:guest@localhost:5672/%2f
//! ```
//!
//! It also acts as the producer: it sends three messages, one of them twice, and ends when each has been stored once.

use clap::Parser;
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties, ExchangeKind};
use rabbit_outbox::{
    CancellationToken, Foreign, ForeignId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction, schema,
};
use serde::Deserialize;
use sqlx::PgPool;
use std::error::Error;
use tokio::sync::mpsc;

/// Stores the messages of a foreign producer.
#[derive(Parser)]
struct Arguments {
    /// The database; tables are created in the first schema of its search path.
    #[arg(long)]
    database_url: String,
    /// The broker.
    #[arg(long)]
    amqp_url: String,
}

/// The producer's message.
#[derive(Deserialize)]
struct Arrival {
    parcel: i64,
}

struct Store {
    stored: mpsc::Sender<i64>,
}

impl Handle<Arrival> for Store {
    async fn handle(&self, tx: &mut Transaction, arrival: &Arrival, meta: &Meta) -> Result<(), HandleError> {
        let source = meta.headers.get("source").unwrap_or("unknown").to_owned();
        sqlx::query("insert into arrivals (parcel, source) values ($1, $2)")
            .bind(arrival.parcel)
            .bind(source)
            .execute(&mut **tx)
            .await?;
        let (stored, parcel) = (self.stored.clone(), arrival.parcel);
        tx.after_commit(move || {
            let _ = stored.try_send(parcel);
        });
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { database_url, amqp_url } = Arguments::parse();
    let pool = PgPool::connect(&database_url).await?;
    schema::install(&mut *pool.acquire().await?).await?;
    sqlx::query("create table if not exists arrivals (parcel bigint, source text)").execute(&pool).await?;

    let messaging = Messaging::new("warehouse", pool, &amqp_url);
    let (stored, mut arrivals) = mpsc::channel(8);
    // Everything below `parcel.` of the exchange `legacy`; a duplicate has the same request id.
    let foreign = Foreign::at("legacy", "parcel.#").identified_by(ForeignId::Header("x-request-id"));
    let subscriptions = Subscriptions::new().on_foreign(foreign, Store { stored });
    let stopping = CancellationToken::new();
    let consuming = tokio::spawn(messaging.consumer(subscriptions).run(stopping.clone()));

    let connection = Connection::connect(&amqp_url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare("legacy".into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    // The consumer checks every second whether the exchange exists.
    while let Err(why) = messaging.check() {
        println!("waiting: {why}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    for parcel in [1, 2, 2, 3] {
        let mut headers = FieldTable::default();
        headers.insert("x-request-id".into(), AMQPValue::LongString(format!("request-{parcel}").into()));
        headers.insert("source".into(), AMQPValue::LongString("scanner".into()));
        let properties = BasicProperties::default().with_headers(headers);
        let body = format!(r#"{{"parcel": {parcel}}}"#);
        channel
            .basic_publish(
                "legacy".into(),
                "parcel.arrived".into(),
                BasicPublishOptions::default(),
                body.as_bytes(),
                properties,
            )
            .await?;
    }
    for _ in 0..3 {
        if let Some(parcel) = arrivals.recv().await {
            println!("parcel {parcel} is stored");
        }
    }
    stopping.cancel();
    consuming.await??;
    Ok(())
}
