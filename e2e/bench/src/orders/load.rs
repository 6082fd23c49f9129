//! Concurrent orders: closed loop at maximum rate, or open loop at a constant rate.

use crate::client::{Connection, RequestError};
use crate::latency::Latencies;
use crate::watch::Seen;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::LocalSet;
use uuid::Uuid;

/// Number of connections for the constant rate: with fewer requests in flight, a request never waits for a response.
const CONNECTIONS_AT_RATE: usize = 256;
/// Time limit for the last order to be paid after a load.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Places orders for all users in turn.
pub(super) struct Load {
    api: String,
    users: i64,
    seen: Seen,
    next_user: Cell<i64>,
}

/// An acknowledged order.
#[derive(Clone, Copy)]
struct Placed {
    id: Uuid,
    /// When it was sent; at a constant rate, when it should have been sent.
    due_at: Instant,
    answered_at: Instant,
}

/// The result of a load.
pub(super) struct Ending {
    pub(super) orders: Vec<Uuid>,
    /// Latencies from the due time to PAID.
    pub(super) latencies: Latencies,
    /// Number of orders placed but not yet paid, at each quarter of the load.
    pub(super) open: Vec<usize>,
    created_within: Duration,
    paid_within: Duration,
}

impl Ending {
    /// Acknowledged orders per second, during the load.
    pub(super) fn created_per_s(&self) -> f64 {
        self.per_s(self.created_within)
    }

    /// Orders per second from the first request until the last order is seen as paid.
    pub(super) fn paid_per_s(&self) -> f64 {
        self.per_s(self.paid_within)
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of orders")]
    fn per_s(&self, within: Duration) -> f64 {
        self.orders.len() as f64 / within.as_secs_f64()
    }
}

impl Load {
    pub(super) fn new(api: &str, users: i64, seen: Seen) -> Self {
        Self { api: api.to_owned(), users, seen, next_user: Cell::new(0) }
    }

    /// Closed loop: each of `connections` clients places the next order when it gets the response.
    pub(super) async fn flat_out(
        self: &Rc<Self>,
        tasks: &LocalSet,
        connections: usize,
        seconds: Duration,
    ) -> Result<Ending, Box<dyn Error>> {
        let mut opened = vec![];
        for _ in 0..connections {
            opened.push(Connection::open(&self.api).await?);
        }
        let placed = Rc::new(RefCell::new(Vec::new()));
        let began = Instant::now();
        let clients = opened.into_iter().map(|mut connection| {
            let (load, placed) = (Rc::clone(self), Rc::clone(&placed));
            tasks.spawn_local(async move {
                while began.elapsed() < seconds {
                    let due_at = Instant::now();
                    let id = connection.order(load.user(), 1).await?;
                    placed.borrow_mut().push(Placed { id, due_at, answered_at: Instant::now() });
                }
                Ok::<_, RequestError>(())
            })
        });
        let clients: Vec<_> = clients.collect();
        let open = self.quarters(began, seconds, &placed).await;
        for client in clients {
            client.await??;
        }
        self.ending(began, &placed, open).await
    }

    /// Open loop: places an order every `1 / rate` seconds, regardless of responses.
    pub(super) async fn constant(
        self: &Rc<Self>,
        tasks: &LocalSet,
        rate: f64,
        seconds: Duration,
    ) -> Result<Ending, Box<dyn Error>> {
        // Used in rotation, so that no connection is idle long enough for the gateway to close it.
        let mut opened = VecDeque::new();
        for _ in 0..CONNECTIONS_AT_RATE {
            opened.push_back(Connection::open(&self.api).await?);
        }
        let idle = Rc::new(RefCell::new(opened));
        let in_flight = Rc::new(Semaphore::new(CONNECTIONS_AT_RATE));
        let placed = Rc::new(RefCell::new(Vec::new()));
        let failure = Rc::new(RefCell::new(None));
        let began = Instant::now();
        let sending = {
            let (load, placed, failure) = (Rc::clone(self), Rc::clone(&placed), Rc::clone(&failure));
            let interval = Duration::from_secs_f64(1.0 / rate);
            tasks.spawn_local(async move {
                let mut due_at = began;
                while due_at < began + seconds {
                    tokio::time::sleep_until(due_at.into()).await;
                    let in_flight = Rc::clone(&in_flight);
                    let (load, idle, placed, failure) =
                        (Rc::clone(&load), Rc::clone(&idle), Rc::clone(&placed), Rc::clone(&failure));
                    tokio::task::spawn_local(async move {
                        let Ok(_permit) = in_flight.acquire().await else { return };
                        let Some(mut connection) = idle.borrow_mut().pop_front() else { return };
                        match connection.order(load.user(), 1).await {
                            Ok(id) => placed.borrow_mut().push(Placed { id, due_at, answered_at: Instant::now() }),
                            Err(error) => *failure.borrow_mut() = Some(error),
                        }
                        idle.borrow_mut().push_back(connection);
                    });
                    due_at += interval;
                }
                // Requests in flight hold their permits.
                let all = u32::try_from(CONNECTIONS_AT_RATE).unwrap_or(u32::MAX);
                let _ = in_flight.acquire_many(all).await;
            })
        };
        let open = self.quarters(began, seconds, &placed).await;
        sending.await?;
        if let Some(failure) = failure.borrow_mut().take() {
            return Err(failure.into());
        }
        self.ending(began, &placed, open).await
    }

    fn user(&self) -> i64 {
        let user = self.next_user.get() % self.users + 1;
        self.next_user.set(user);
        user
    }

    /// Samples the number of placed but unpaid orders four times.
    async fn quarters(&self, began: Instant, seconds: Duration, placed: &RefCell<Vec<Placed>>) -> Vec<usize> {
        let paid_before = self.seen.paid();
        let mut open = vec![];
        for quarter in 1..=4 {
            tokio::time::sleep_until((began + seconds * quarter / 4).into()).await;
            open.push(placed.borrow().len().saturating_sub(self.seen.paid() - paid_before));
        }
        open
    }

    /// Waits until all orders are paid.
    async fn ending(
        &self,
        began: Instant,
        placed: &RefCell<Vec<Placed>>,
        open: Vec<usize>,
    ) -> Result<Ending, Box<dyn Error>> {
        let placed = placed.take();
        let mut paid = Vec::with_capacity(placed.len());
        let waiting_since = Instant::now();
        for order in &placed {
            let paid_at = loop {
                if let Some(paid_at) = self.seen.paid_at(order.id) {
                    break paid_at;
                }
                if waiting_since.elapsed() > TIMEOUT {
                    return Err(format!("order {} was not seen as paid", order.id).into());
                }
                self.seen.changed().await;
            };
            paid.push(paid_at);
        }
        let last_answer = placed.iter().map(|order| order.answered_at).max().unwrap_or(began);
        let last_paid = paid.iter().copied().max().unwrap_or(began);
        Ok(Ending {
            orders: placed.iter().map(|order| order.id).collect(),
            latencies: placed.iter().zip(&paid).map(|(order, paid_at)| *paid_at - order.due_at).collect(),
            open,
            created_within: last_answer - began,
            paid_within: last_paid - began,
        })
    }
}
