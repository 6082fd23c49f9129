//! Services are killed and the broker's connections closed under load: nothing is lost, and nothing is done twice.

use crate::load::{self, Progress};
use crate::stage::Stage;
use crate::{invariants, queues, report};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::time::{Duration, Instant};
use testkit::{Program, TestBroker, eventually};
use tokio::sync::watch;

const ORDERS: usize = 300;
/// The last user has no account.
const USERS: i64 = 7;
/// Initial balance of each user, in minor units: too little for all of their orders.
const START: i64 = 80_000;
const KILLS: usize = 10;
/// Maximum downtime of a killed service, in requests sent in the meantime.
const ABSENCE_TRIES_MAX: usize = 40;
/// Maximum delay of a fault: the time of a few requests.
const DELAY_MICROS_MAX: u64 = 20_000;

/// A fault injected into the system.
#[derive(Clone, Copy, Debug)]
enum Fault {
    KillOrders,
    KillPayments,
    CloseConnections,
}

/// A fault, some time after the given number of completed requests. A killed service is restarted after a further
/// number of requests.
#[derive(Clone, Copy, Debug)]
struct ScheduledFault {
    after_done: usize,
    delay: Duration,
    fault: Fault,
    absence_tries: usize,
}

#[tokio::test]
async fn no_order_is_lost_or_paid_twice_when_services_are_killed() {
    // Each run uses other moments. A failed run can be repeated with its seed, as far as timing allows.
    let seed = seed();
    let started = Instant::now();
    let mut stage = Stage::new().await;
    let mut log = load::top_up(&stage.anonymous(), 1..USERS, START).await;
    let intents = load::intents(seed, ORDERS, USERS);
    let schedule = schedule(seed, intents.len());
    report::print(&format!("services killed: seed {seed}, {} disturbances", schedule.len()));

    let progress = watch::Sender::new(Progress::default());
    let client = stage.anonymous();
    let Stage { orders, payments, broker, .. } = &mut stage;
    let faults = inject_faults(&schedule, intents.len(), &progress, broker, orders, payments);
    let (load, ()) = tokio::join!(load::run(&client, &intents, &progress), faults);
    log.extend(load);

    queues::expect_rest(&mut stage).await;
    let verdict = invariants::check(&stage.pool, &log).await;
    let tries = progress.borrow().tries;
    let seconds = started.elapsed().as_secs_f64();
    let replayed = log.iter().filter(|attempt| attempt.was_replayed).count();
    report::print(&format!(
        "services killed: {verdict}; {tries} requests, {replayed} answered by a replay, {seconds:.1} s, seed {seed}"
    ));
    verdict.expect_clean();
    for status in ["PAID", "FAILED"] {
        let sql = "select count(*) from orders.orders where status = $1";
        let count: i64 = sqlx::query_scalar(sql).bind(status).fetch_one(&stage.pool).await.unwrap();
        assert!(count > 0, "no order is {status}: the load does not cover this case");
    }
}

fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
    let given = std::env::var("E2E_SEED").ok();
    given.map_or_else(rand::random, |seed| seed.parse().expect("E2E_SEED is a number"))
}

/// Kills of both services at random moments, and one loss of all connections to the broker.
fn schedule(seed: u64, intents: usize) -> Vec<ScheduledFault> {
    let mut random = StdRng::seed_from_u64(seed ^ 1);
    let mut schedule: Vec<ScheduledFault> = (0..KILLS)
        .map(|_| ScheduledFault {
            after_done: random.random_range(0..intents),
            delay: Duration::from_micros(random.random_range(0..DELAY_MICROS_MAX)),
            fault: *[Fault::KillOrders, Fault::KillPayments].choose(&mut random).unwrap(),
            absence_tries: random.random_range(0..ABSENCE_TRIES_MAX),
        })
        .collect();
    let after_done = random.random_range(intents / 4..intents * 3 / 4);
    schedule.push(ScheduledFault {
        after_done,
        delay: Duration::ZERO,
        fault: Fault::CloseConnections,
        absence_tries: 0,
    });
    schedule.sort_by_key(|scheduled_fault| scheduled_fault.after_done);
    schedule
}

async fn inject_faults(
    schedule: &[ScheduledFault],
    intents: usize,
    progress: &watch::Sender<Progress>,
    broker: &TestBroker,
    orders: &mut Program,
    payments: &mut Program,
) {
    let mut seen = progress.subscribe();
    for ScheduledFault { after_done, delay, fault, absence_tries } in schedule {
        seen.wait_for(|now| now.done >= *after_done).await.unwrap();
        // A deliberate random delay: a response has just arrived, and faults should not always occur at that moment.
        tokio::time::sleep(*delay).await;
        let killed = match fault {
            Fault::KillOrders => &mut *orders,
            Fault::KillPayments => &mut *payments,
            Fault::CloseConnections => {
                eventually(true, async || broker.close_connections().await > 0).await;
                continue;
            }
        };
        killed.kill();
        let until = seen.borrow().tries + absence_tries;
        seen.wait_for(|now| now.tries >= until || now.done == intents).await.unwrap();
        killed.start_again();
    }
}
