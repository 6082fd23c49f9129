//! Clients under load, with their own log of requests and responses.

use futures_util::future::join_all;
use http::Method;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::{Duration, Instant};
use testkit::{Client, TestResponse};
use tokio::sync::watch;
use uuid::Uuid;

/// Number of requests in flight.
const CLIENTS: usize = 8;
/// Time limit for repeating one request: far longer than any fault here lasts.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Time limit for one response: longer than the gateway's own timeout.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Status codes after which the same request may be repeated: still running, connection lost, unavailable, timeout.
const RETRYABLE: [u16; 4] = [409, 502, 503, 504];

/// One intended operation of a client.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    /// Unique name: the idempotency key, and an order's description.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) user: i64,
    /// In minor units.
    pub(crate) amount: i64,
    /// Whether the client repeats the request until it gets a response, or gives up after the first failure.
    pub(crate) retries: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Order,
    TopUp,
}

/// An intended operation, with the acknowledged id of the order or of the top-up's transaction, if any.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) intent: Intent,
    pub(crate) acknowledged: Option<Uuid>,
    /// Whether this is the stored response to an earlier request whose response the client did not receive.
    pub(crate) was_replayed: bool,
}

/// An acknowledgement received by a client.
struct Acknowledgement {
    id: Uuid,
    was_replayed: bool,
}

/// Progress of the load.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Requests sent.
    pub(crate) tries: usize,
    /// Number of operations that are completed or given up.
    pub(crate) done: usize,
}

/// Orders and some top-ups of several users; the last user has no account and never tops up.
pub(crate) fn intents(seed: u64, orders: usize, users: i64) -> Vec<Intent> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut intents = Vec::new();
    for index in 0..orders {
        let retries = random.random_bool(0.9);
        let (user, amount) = (random.random_range(1..=users), random.random_range(1..=10_000));
        intents.push(Intent { name: format!("order {index}"), kind: Kind::Order, user, amount, retries });
        if index % 10 == 0 {
            let (user, amount) = (random.random_range(1..users), random.random_range(1..=20_000));
            intents.push(Intent { name: format!("top-up {index}"), kind: Kind::TopUp, user, amount, retries: true });
        }
    }
    intents
}

/// Tops up each user before anything else happens.
pub(crate) async fn top_up(client: &Client, users: impl Iterator<Item = i64>, amount: i64) -> Vec<Attempt> {
    let intent = |user| Intent { name: format!("start {user}"), kind: Kind::TopUp, user, amount, retries: true };
    let intents: Vec<Intent> = users.map(intent).collect();
    run(client, &intents, &watch::Sender::new(Progress::default())).await
}

/// Executes all operations, several concurrently; returns the clients' log.
pub(crate) async fn run(client: &Client, intents: &[Intent], progress: &watch::Sender<Progress>) -> Vec<Attempt> {
    let clients = (0..CLIENTS).map(|first| async move {
        let mut log = Vec::new();
        for intent in intents.iter().skip(first).step_by(CLIENTS) {
            let acknowledgement = execute(client, intent, progress).await;
            progress.send_modify(|progress| progress.done += 1);
            log.push(Attempt {
                intent: intent.clone(),
                acknowledged: acknowledgement.as_ref().map(|acknowledgement| acknowledgement.id),
                was_replayed: acknowledgement.is_some_and(|acknowledgement| acknowledgement.was_replayed),
            });
        }
        log
    });
    join_all(clients).await.into_iter().flatten().collect()
}

/// Sends the request, and repeats it with the same key while that is allowed; returns the acknowledgement.
async fn execute(client: &Client, intent: &Intent, progress: &watch::Sender<Progress>) -> Option<Acknowledgement> {
    let client = client.as_user(intent.user).with_header("idempotency-key", &intent.name);
    let started = Instant::now();
    loop {
        progress.send_modify(|progress| progress.tries += 1);
        if let Some(acknowledgement) = attempt(&client, intent).await {
            return Some(acknowledgement);
        }
        if !intent.retries {
            return None;
        }
        assert!(started.elapsed() < TIMEOUT, "{intent:?} still has no response");
        // Delay between retries, so that a restarting service is not flooded.
        tokio::time::sleep(Duration::from_millis(rand::random_range(10..100))).await;
    }
}

async fn attempt(client: &Client, intent: &Intent) -> Option<Acknowledgement> {
    let Intent { name, amount, .. } = intent;
    let amount = format!("{}.{:02}", amount / 100, amount % 100);
    let (path, body, field) = match intent.kind {
        Kind::Order => ("/orders/orders", format!(r#"{{"amount": {amount}, "description": "{name}"}}"#), "id"),
        Kind::TopUp => ("/payments/account/topup", format!(r#"{{"amount": {amount}}}"#), "transaction_id"),
    };
    let answer = send(client, path, &body).await?;
    if RETRYABLE.contains(&answer.status.as_u16()) {
        return None;
    }
    assert!(answer.status.is_success(), "{intent:?}: {} {}", answer.status, answer.text);
    // A response with a truncated body acknowledges nothing.
    let id = answer.json()[field].as_str()?.parse().ok()?;
    Some(Acknowledgement { id, was_replayed: answer.header("idempotency-replayed") == "true" })
}

async fn send(client: &Client, path: &str, body: &str) -> Option<TestResponse> {
    let sent = client.try_send(Method::POST, path, Some("application/json"), body);
    tokio::time::timeout(RESPONSE_TIMEOUT, sent).await.expect("the gateway always responds in time").ok()
}
