//! Clients under load, with their own log of requests and responses.

use futures_util::future::join_all;
use http::Method;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::{Duration, Instant};
use testkit::{Answer, Client};
use tokio::sync::watch;
use uuid::Uuid;

/// Number of requests in flight.
const CLIENTS: usize = 8;
/// Time limit for repeating one request: far longer than any fault here lasts.
const PATIENCE: Duration = Duration::from_mins(1);
/// Time limit for one response: longer than the gateway's own timeout.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Status codes after which the same request may be repeated: still running, connection lost, unavailable, timeout.
const TRY_AGAIN: [u16; 4] = [409, 502, 503, 504];

/// One intended operation of a client.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Unique name: the idempotency key, and an order's description.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) user: i64,
    /// In minor units.
    pub(crate) amount: i64,
    /// Whether the client repeats the request until it gets a response, or gives up after the first failure.
    pub(crate) insists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Order,
    TopUp,
}

/// An intended operation, with the acknowledged id of the order or of the top-up's transaction, if any.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) wish: Wish,
    pub(crate) acknowledged: Option<Uuid>,
    /// Whether this is the stored response to an earlier request whose response the client did not receive.
    pub(crate) was_replayed: bool,
}

/// An acknowledgement received by a client.
struct Told {
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
pub(crate) fn wishes(seed: u64, orders: usize, users: i64) -> Vec<Wish> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut wishes = Vec::new();
    for index in 0..orders {
        let insists = random.random_bool(0.9);
        let (user, amount) = (random.random_range(1..=users), random.random_range(1..=10_000));
        wishes.push(Wish { name: format!("order {index}"), kind: Kind::Order, user, amount, insists });
        if index % 10 == 0 {
            let (user, amount) = (random.random_range(1..users), random.random_range(1..=20_000));
            wishes.push(Wish { name: format!("top-up {index}"), kind: Kind::TopUp, user, amount, insists: true });
        }
    }
    wishes
}

/// Tops up each user before anything else happens.
pub(crate) async fn top_up(client: &Client, users: impl Iterator<Item = i64>, amount: i64) -> Vec<Attempt> {
    let wish = |user| Wish { name: format!("start {user}"), kind: Kind::TopUp, user, amount, insists: true };
    let wishes: Vec<Wish> = users.map(wish).collect();
    run(client, &wishes, &watch::Sender::new(Progress::default())).await
}

/// Executes all operations, several concurrently; returns the clients' log.
pub(crate) async fn run(client: &Client, wishes: &[Wish], progress: &watch::Sender<Progress>) -> Vec<Attempt> {
    let clients = (0..CLIENTS).map(|first| async move {
        let mut log = Vec::new();
        for wish in wishes.iter().skip(first).step_by(CLIENTS) {
            let told = fulfil(client, wish, progress).await;
            progress.send_modify(|progress| progress.done += 1);
            log.push(Attempt {
                wish: wish.clone(),
                acknowledged: told.as_ref().map(|told| told.id),
                was_replayed: told.is_some_and(|told| told.was_replayed),
            });
        }
        log
    });
    join_all(clients).await.into_iter().flatten().collect()
}

/// Sends the request, and repeats it with the same key while that is allowed; returns the acknowledgement.
async fn fulfil(client: &Client, wish: &Wish, progress: &watch::Sender<Progress>) -> Option<Told> {
    let client = client.as_user(wish.user).with_header("idempotency-key", &wish.name);
    let started = Instant::now();
    loop {
        progress.send_modify(|progress| progress.tries += 1);
        if let Some(told) = attempt(&client, wish).await {
            return Some(told);
        }
        if !wish.insists {
            return None;
        }
        assert!(started.elapsed() < PATIENCE, "{wish:?} still has no response");
        // Delay between retries, so that a restarting service is not flooded.
        tokio::time::sleep(Duration::from_millis(rand::random_range(10..100))).await;
    }
}

async fn attempt(client: &Client, wish: &Wish) -> Option<Told> {
    let Wish { name, amount, .. } = wish;
    let amount = format!("{}.{:02}", amount / 100, amount % 100);
    let (path, body, field) = match wish.kind {
        Kind::Order => ("/orders/orders", format!(r#"{{"amount": {amount}, "description": "{name}"}}"#), "id"),
        Kind::TopUp => ("/payments/account/topup", format!(r#"{{"amount": {amount}}}"#), "transaction_id"),
    };
    let answer = send(client, path, &body).await?;
    if TRY_AGAIN.contains(&answer.status.as_u16()) {
        return None;
    }
    assert!(answer.status.is_success(), "{wish:?}: {} {}", answer.status, answer.text);
    // A response with a truncated body acknowledges nothing.
    let id = answer.json()[field].as_str()?.parse().ok()?;
    Some(Told { id, was_replayed: answer.header("idempotency-replayed") == "true" })
}

async fn send(client: &Client, path: &str, body: &str) -> Option<Answer> {
    let sent = client.try_send(Method::POST, path, Some("application/json"), body);
    tokio::time::timeout(ANSWER_LIMIT, sent).await.expect("the gateway always responds in time").ok()
}
