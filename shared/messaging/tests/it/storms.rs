//! The database can't be reached.

use crate::stage::{Stage, broker};
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_database_that_refuses_connections_is_not_stormed() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let refusing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = refusing.local_addr().unwrap().port();
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    stage.run(async move {
        loop {
            drop(refusing.accept().await.unwrap());
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let nowhere = PgConnectOptions::new().host("127.0.0.1").port(port).username("nobody");
    let alpha = Messaging::new("alpha", PgPool::connect_lazy_with(nowhere), broker.url());
    // The time is part of the measurement, not a wait for a result.
    let _ = tokio::time::timeout(Duration::from_secs(6), alpha.relay().run(stage.stopping())).await;
    let attempts = attempts.load(Ordering::Relaxed);
    assert!((2..40).contains(&attempts), "{attempts} attempts in 6 s");
}
