//! A handler that ignores a database error: its transaction is aborted, and nothing of it counts as handled.

use crate::stage::{Ping, Stage, broker, consuming, count, open_letters, ping};
use rabbit_outbox::transaction::CommitError;
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use sqlx::PgPool;
use testkit::eventually;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Inserts into a table with a unique constraint.
async fn note(tx: &mut Transaction, n: i64) -> Result<(), sqlx::Error> {
    sqlx::query("insert into todo (n) values ($1)").bind(n).execute(&mut **tx).await.map(drop)
}

/// Treats a database error as a duplicate, and goes on.
struct Careless;

impl Handle<Ping> for Careless {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        match note(tx, ping.n).await {
            Ok(()) | Err(sqlx::Error::Database(_)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

async fn noted(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select n from todo order by n").fetch_all(pool).await.unwrap()
}

async fn said(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select sequence from outbox order by sequence").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_handler_that_ignores_an_error_costs_its_own_event_and_none_of_its_batch() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    // A consumer that stops leaves its queue, in which a batch collects.
    let stop_first = CancellationToken::new();
    let first = tokio::spawn(beta.consumer(Subscriptions::new().on(Careless)).run(stop_first.clone()));
    consuming(&beta).await;
    stop_first.cancel();
    first.await.unwrap().unwrap();
    sqlx::query("insert into todo (n) values (7)").execute(&stage.beta).await.unwrap();
    for n in 0..21 {
        broker.announce(&ping(n)).await;
    }
    stage.run(beta.consumer(Subscriptions::new().on(Careless)).run(stage.stopping()));

    eventually(1, async || open_letters(&beta).await.len()).await;
    eventually((0..21).collect::<Vec<i64>>(), async || noted(&stage.beta).await).await;
    let letter = open_letters(&beta).await.remove(0);
    assert!(letter.reason.contains("an earlier error aborted the transaction"), "{}", letter.reason);
    // What is acknowledged has an effect; the duplicate has none of its own.
    eventually(20, async || count(&stage.beta, "select count(*) from inbox").await).await;
    eventually(0, async || broker.messages("beta.inbox").await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

#[tokio::test]
async fn a_commit_of_an_aborted_transaction_is_an_error() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    for events in [0, 1] {
        let mut tx = alpha.begin().await.unwrap();
        note(&mut tx, 1).await.unwrap();
        assert!(note(&mut tx, 1).await.is_err());
        for n in 0..events {
            tx.append(&ping(n), 1).unwrap();
        }
        let committed = tx.commit().await;
        assert!(matches!(committed, Err(CommitError::Aborted(_))), "with {events} events: {committed:?}");
    }
    assert_eq!((noted(&stage.alpha).await, said(&stage.alpha).await), (vec![], vec![]));
    stage.stop().await;
}

/// Like [`Careless`], with `attempt`.
struct Tolerant;

impl Handle<Ping> for Tolerant {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        match tx.attempt(async |tx| note(tx, ping.n).await).await? {
            Ok(()) | Err(sqlx::Error::Database(_)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

async fn tolerate(tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
    Tolerant.handle(tx, ping, meta).await?;
    let outcome = tx.attempt(async |tx| note(tx, ping.n).await).await?;
    assert!(outcome.is_err(), "it is there already");
    Ok(())
}

#[tokio::test]
async fn a_handler_may_ignore_the_error_of_an_attempt() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    for pool in [&stage.alpha, &stage.beta] {
        sqlx::query("insert into todo (n) values (7)").execute(pool).await.unwrap();
    }
    stage.run(alpha.consumer(Subscriptions::new().on(Tolerant)).run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on_fn(tolerate)).run(stage.stopping()));
    consuming(&alpha).await;
    consuming(&beta).await;
    for n in 5..10 {
        broker.announce(&ping(n)).await;
    }
    for pool in [&stage.alpha, &stage.beta] {
        eventually(5, async || count(pool, "select count(*) from inbox").await).await;
        assert_eq!(noted(pool).await, [5, 6, 7, 8, 9]);
    }
    assert_eq!((open_letters(&alpha).await, open_letters(&beta).await), (vec![], vec![]));
    stage.stop().await;
}

#[tokio::test]
async fn a_failed_attempt_takes_its_events_with_it_and_no_others() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    // In a separate task: the future of an attempt can be sent to another thread.
    let committed = tokio::spawn(async move {
        let mut tx = alpha.begin().await.unwrap();
        tx.append(&ping(1), 1).unwrap();
        let failed: Result<(), sqlx::Error> = tx
            .attempt(async |tx| {
                tx.append(&ping(2), 2).unwrap();
                note(tx, 2).await?;
                note(tx, 2).await
            })
            .await
            .unwrap();
        assert!(failed.is_err());
        // Nested: the inner one fails, the outer one does not.
        let outer: Result<(), sqlx::Error> = tx
            .attempt(async |tx| {
                note(tx, 3).await?;
                let inner = tx
                    .attempt(async |tx| {
                        tx.append(&ping(4), 4).unwrap();
                        note(tx, 4).await?;
                        note(tx, 3).await
                    })
                    .await?;
                assert!(inner.is_err());
                tx.append(&ping(3), 3).unwrap();
                Ok(())
            })
            .await
            .unwrap();
        outer.unwrap();
        // The reverse: the changes of the inner one are undone with the outer one.
        let outer: Result<(), &str> = tx
            .attempt(async |tx| {
                let inner = tx.attempt(async |tx| note(tx, 5).await).await.unwrap();
                inner.unwrap();
                tx.append(&ping(5), 5).unwrap();
                Err("changed its mind")
            })
            .await
            .unwrap();
        assert_eq!(outer, Err("changed its mind"));
        tx.append(&ping(6), 6).unwrap();
        tx.commit().await
    });
    committed.await.unwrap().unwrap();
    assert_eq!(said(&stage.alpha).await, [1, 3, 6]);
    assert_eq!(noted(&stage.alpha).await, [3]);
    stage.stop().await;
}

#[tokio::test]
async fn an_attempt_that_was_dropped_half_way_commits_nothing() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let half_way = Notify::new();
    let mut tx = alpha.begin().await.unwrap();
    tx.append(&ping(1), 1).unwrap();
    tokio::select! {
        _ = tx.attempt(async |tx| {
            note(tx, 1).await?;
            half_way.notify_one();
            std::future::pending::<Result<(), sqlx::Error>>().await
        }) => unreachable!("it never ends"),
        () = half_way.notified() => {}
    }
    let committed = tx.commit().await;
    assert!(matches!(committed, Err(CommitError::Interrupted)), "{committed:?}");
    assert_eq!((noted(&stage.alpha).await, said(&stage.alpha).await), (vec![], vec![]));
    stage.stop().await;
}
