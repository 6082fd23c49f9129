//! The event, and handlers that record it one by one or as a set.

use rabbit_outbox::{Event, Handle, HandleBatch, HandleError, Meta, Received, Transaction};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Length of an event's text, chosen for messages of about 600 bytes with the envelope.
const TEXT_BYTES: usize = 200;

/// The event of the benchmark.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Parcel {
    pub(super) number: i64,
    pub(super) text: String,
}

impl Event for Parcel {
    const TYPE: &'static str = "bench.ParcelSent.v1";

    fn ordering_key(&self) -> String {
        self.number.to_string()
    }
}

pub(super) fn parcel(number: usize) -> Parcel {
    Parcel { number: i64::try_from(number).unwrap_or(i64::MAX), text: "x".repeat(TEXT_BYTES) }
}

/// Inserts one row per event, with a statement each.
pub(super) struct OneByOne(pub(super) Arc<AtomicUsize>);

impl Handle<Parcel> for OneByOne {
    async fn handle(&self, tx: &mut Transaction, parcel: &Parcel, _: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into parcels (number) values ($1)").bind(parcel.number).execute(&mut **tx).await?;
        let handled = Arc::clone(&self.0);
        tx.after_commit(move || {
            handled.fetch_add(1, Ordering::Relaxed);
        });
        Ok(())
    }
}

/// Inserts all rows with one statement.
pub(super) struct AsSet(pub(super) Arc<AtomicUsize>);

impl HandleBatch<Parcel> for AsSet {
    async fn handle(&self, tx: &mut Transaction, parcels: &[Received<Parcel>]) -> Result<(), HandleError> {
        let numbers: Vec<i64> = parcels.iter().map(|received| received.event.number).collect();
        sqlx::query("insert into parcels (number) select unnest($1::bigint[])")
            .bind(&numbers)
            .execute(&mut **tx)
            .await?;
        let handled = Arc::clone(&self.0);
        tx.after_commit(move || {
            handled.fetch_add(numbers.len(), Ordering::Relaxed);
        });
        Ok(())
    }
}
