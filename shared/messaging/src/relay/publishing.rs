//! The work of one channel: sends rows while there is room, and settles each by its own confirm.

use super::confirming::{Arrived, Confirming};
use super::confirms::Confirms;
use super::error::RelayError;
use super::flight::{CONFIRM_TIMEOUT, Flight, WINDOW_ROWS};
use super::gate::{Admission, Complaint};
use super::publisher::{Publisher, is_about_route, objection, read};
use super::queue::Selection;
use super::row::Row;
use super::settler::Settlement;
use super::shared::Shared;
use super::span;
use super::verdict::{Confirmed, Returns, Verdict};
use crate::outbox::TYPE_BYTES_MAX;
use crate::probe::Step;
use futures_util::future::BoxFuture;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

/// When there is no more room, sending continues after so many confirms, or a quarter of what is in flight: sending in
/// groups is cheaper.
const REFILL_ROWS: usize = WINDOW_ROWS / 4;
/// Interval between checks of timeouts.
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// Maximum number of pending confirms of timed-out messages; with more, the channel is replaced when it is idle.
const AWAITED_MAX: usize = 1_024;

/// Without any confirm for so long, all are checked: the one that wakes the task may be stuck.
const LOOK_AFTER: Duration = Duration::from_millis(5);

/// A request to the broker, and the number of the first message that was not yet sent at that time.
struct Asked {
    before: u64,
    answer: BoxFuture<'static, Result<(), RelayError>>,
}

/// The state of one channel.
pub(crate) struct Publishing<'a> {
    shared: &'a Shared,
    index: usize,
    publisher: Publisher,
    settlements: mpsc::Sender<Settlement>,
    flight: Flight,
    confirms: Confirms<Confirming>,
    returns: Returns,
    asked: Option<Asked>,
    /// How many rows must be decided before others may be sent; 0 if rows may be sent now.
    full_for: usize,
    /// When to check all confirms and timeouts, however busy the channel is.
    look_at: Instant,
    check_at: Instant,
    confirm_duration: metrics::Histogram,
}

impl<'a> Publishing<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        index: usize,
        publisher: Publisher,
        settlements: mpsc::Sender<Settlement>,
    ) -> Self {
        Self {
            shared,
            index,
            publisher,
            settlements,
            flight: Flight::new(shared.options.window_bytes(), Instant::now()),
            confirms: Confirms::new(),
            returns: Returns::default(),
            asked: None,
            full_for: 0,
            look_at: Instant::now(),
            check_at: Instant::now(),
            confirm_duration: metrics::histogram!("messaging_confirm_duration_seconds"),
        }
    }

    /// Publishes the rows of the queue until something fails.
    pub(crate) async fn run(mut self) -> RelayError {
        loop {
            if let Err(failure) = self.step().await {
                let RelayError::Publish(source) = &failure else { return failure };
                let Some(reason) = objection(source) else { return failure };
                if let Err(failure) = self.go_row_by_row(&reason).await {
                    return failure;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<(), RelayError> {
        if self.flight.is_empty() && self.confirms.len() >= AWAITED_MAX {
            self.change_channel().await?;
        }
        if self.full_for == 0 && self.select().await? {
            return Ok(());
        }
        let queue = &self.shared.queues[self.index];
        tokio::select! {
            arrived = self.confirms.arrived() => self.settle_confirmed(arrived).await,
            () = tokio::time::sleep_until(self.look_at.into()), if !self.flight.is_empty() => self.look().await,
            () = queue.filled() => {
                self.full_for = 0;
                Ok(())
            }
            answer = answered(&mut self.asked), if self.asked.is_some() => {
                let before = answer?;
                self.asked = None;
                self.flight.taken_before(before, Instant::now());
                Ok(())
            }
            () = tokio::time::sleep_until(self.check_at.into()), if !self.confirms.is_empty() => self.check().await,
        }
    }

    /// Publishes the rows that may be sent; returns whether there were any.
    async fn select(&mut self) -> Result<bool, RelayError> {
        let selection = self.shared.queues[self.index].select(&self.shared.gate, &mut self.flight);
        let refill = REFILL_ROWS.min(self.flight.len() / 4).max(1);
        self.full_for = if selection.is_limited { refill } else { 1 };
        if selection.is_empty() {
            return Ok(false);
        }
        let Selection { admitted, closed, held, .. } = selection;
        self.shared.demand.notify_one();
        let mut barred = vec![];
        // One timer for all of them, postponed as they are sent: a timer for each would cost as much as the message.
        let mut patience = pin!(tokio::time::sleep(CONFIRM_TIMEOUT));
        let mut put_off_at = Instant::now();
        for number in &admitted {
            let Some(row) = self.flight.get(*number) else { continue };
            self.shared.lease.held().await;
            let message_id = row.event_id;
            let link = self.publisher.link().clone();
            let mut publishing = pin!(self.publisher.publish(row));
            let published = loop {
                tokio::select! {
                    biased;
                    published = &mut publishing => break published?,
                    () = &mut patience => {
                        if !link.is_blocked() {
                            return Err(RelayError::ConfirmTimeout);
                        }
                        patience.as_mut().reset((Instant::now() + CONFIRM_TIMEOUT).into());
                    }
                }
            };
            match published {
                Some(confirm) => self.confirms.push(Confirming { number: *number, message_id, confirm }),
                None => barred.push((*number, nowhere_to_go(row))),
            }
            if put_off_at.elapsed() >= CHECK_EVERY {
                put_off_at = Instant::now();
                patience.as_mut().reset((put_off_at + CONFIRM_TIMEOUT).into());
            }
        }
        self.flight.progressed(Instant::now());
        if barred.len() < admitted.len() {
            self.shared.probe.reached(Step::RelayPublished);
        }
        let mut settlement = Settlement { closed, held, ..Settlement::default() };
        self.judge(barred, &mut settlement);
        self.settle(settlement).await?;
        Ok(true)
    }

    async fn look(&mut self) -> Result<(), RelayError> {
        self.look_at = Instant::now() + LOOK_AFTER;
        let arrived = self.confirms.look();
        if arrived.is_empty() { Ok(()) } else { self.settle_confirmed(arrived).await }
    }

    /// Settles confirmed rows.
    async fn settle_confirmed(&mut self, arrived: Vec<Arrived>) -> Result<(), RelayError> {
        let mut confirms = Vec::with_capacity(arrived.len());
        let mut failure = None;
        for (number, message_id, confirmation) in arrived {
            match confirmation {
                Ok(confirmation) => {
                    let (acked, returned) = read(confirmation)?;
                    confirms.push(Confirmed { number, message_id, acked, returned });
                }
                Err(error) => failure = Some(RelayError::Publish(error)),
            }
        }
        self.shared.probe.reached(Step::RelayConfirmed);
        let now = Instant::now();
        self.look_at = now + LOOK_AFTER;
        let on_time = confirms.iter().map(|confirm| confirm.number).filter(|number| self.flight.get(*number).is_some());
        if let Some((first, last)) = on_time.fold(None, |range: Option<(u64, u64)>, number| {
            Some(range.map_or((number, number), |(first, last)| (first.min(number), last.max(number))))
        }) {
            self.flight.confirmed(first, last, now);
        }
        let verdicts = self.returns.decide(confirms, self.confirms.is_empty());
        let mut settlement = Settlement::default();
        self.judge(verdicts, &mut settlement);
        self.settle(settlement).await?;
        failure.map_or(Ok(()), Err)
    }

    /// Checks timeouts: routes may be stuck, or the channel dead.
    async fn check(&mut self) -> Result<(), RelayError> {
        self.look().await?;
        let now = Instant::now();
        if self.publisher.link().is_blocked() {
            self.flight.pause(now);
            self.check_at = now + CHECK_EVERY;
            return Ok(());
        }
        let checked = self.flight.check(now);
        (self.check_at, self.full_for) = (now + CHECK_EVERY, 0);
        if checked.dead {
            return Err(RelayError::ConfirmTimeout);
        }
        if checked.ask && self.asked.is_none() {
            self.asked = Some(Asked { before: self.flight.next_number(), answer: self.publisher.ask() });
        }
        if checked.unconfirmed.is_empty() {
            return Ok(());
        }
        let mut settlement = Settlement::default();
        for row in checked.unconfirmed {
            self.judge_one(row, unconfirmed(), &mut settlement);
        }
        self.settle(settlement).await
    }

    /// The broker has closed the channel because of one of its messages: all unconfirmed ones are sent again one by
    /// one, so that only those that close it again are barred.
    async fn go_row_by_row(&mut self, reason: &str) -> Result<(), RelayError> {
        let rows = self.flight.take_all(Instant::now());
        warn!(
            rows = rows.len(),
            reason, "the broker closed the channel ({reason}): its messages are sent again one by one"
        );
        self.change_channel().await?;
        for row in rows {
            let mut settlement = Settlement::default();
            let admission = self.shared.gate().admit(&row);
            match admission {
                Admission::Go => {
                    let verdict = self.publish_alone(&row).await?;
                    self.judge_one(row, verdict, &mut settlement);
                }
                Admission::Closed(complaint) => {
                    if row.hold_key {
                        self.shared.gate().hold(row.home(), &row.ordering_key, row.event_id);
                    }
                    settlement.closed.push((row, complaint));
                }
                Admission::Held => settlement.held.push(row),
            }
            self.settle(settlement).await?;
        }
        Ok(())
    }

    /// Publishes one row while no other is in flight.
    async fn publish_alone(&mut self, row: &Row) -> Result<Verdict, RelayError> {
        self.shared.lease.held().await;
        let confirming = async {
            let Some(confirm) = self.publisher.publish(row).await? else { return Ok(None) };
            confirm.await.map(Some).map_err(RelayError::Publish)
        };
        let confirmation = match tokio::time::timeout(CONFIRM_TIMEOUT, confirming).await {
            Ok(Ok(Some(confirmation))) => confirmation,
            Ok(Ok(None)) => return Ok(nowhere_to_go(row)),
            Ok(Err(RelayError::Publish(failure))) => {
                let Some(reason) = objection(&failure) else { return Err(RelayError::Publish(failure)) };
                self.change_channel().await?;
                return Ok(if is_about_route(&failure) {
                    Verdict::Barred(reason)
                } else {
                    Verdict::Unacceptable(reason)
                });
            }
            Ok(Err(failure)) => return Err(failure),
            Err(_) => {
                let answer = tokio::time::timeout(CONFIRM_TIMEOUT, self.publisher.ask()).await;
                answer.map_err(|_| RelayError::ConfirmTimeout)??;
                self.change_channel().await?;
                return Ok(unconfirmed());
            }
        };
        let (acked, returned) = read(confirmation)?;
        let confirm = Confirmed { number: 0, message_id: row.event_id, acked, returned };
        let verdict = self.returns.decide(vec![confirm], true).pop();
        Ok(verdict.map_or_else(unconfirmed, |(_, verdict)| verdict))
    }

    /// Late confirms of the former channel have no meaning any more.
    async fn change_channel(&mut self) -> Result<(), RelayError> {
        self.publisher.reopen().await?;
        self.flight.take_all(Instant::now());
        self.confirms = Confirms::new();
        self.returns.forget();
        self.asked = None;
        self.full_for = 0;
        Ok(())
    }

    fn judge(&mut self, verdicts: Vec<(u64, Verdict)>, settlement: &mut Settlement) {
        let now = Instant::now();
        for (number, verdict) in verdicts {
            if let Some((row, took)) = self.flight.take(number, now) {
                self.full_for = self.full_for.saturating_sub(1);
                self.confirm_duration.record(took.as_secs_f64());
                self.judge_one(row, verdict, settlement);
            } else if let Some(row) = self.flight.take_late(number)
                && verdict == Verdict::Delivered
            {
                self.shared.keep_from_reading(&row);
                self.shared.gate().confirmed_late(&row.route, now);
                settlement.delivered.push(row);
            }
        }
    }

    /// Reports a verdict to the gate before other rows are sent, and adds the row to the settlement.
    fn judge_one(&self, row: Row, verdict: Verdict, settlement: &mut Settlement) {
        span::leave(self.shared.tracing.as_ref(), &row, &verdict);
        let mut gate = self.shared.gate();
        let (complaint, closes) = match verdict {
            Verdict::Delivered => {
                if gate.delivered(&row) {
                    let route = &row.route;
                    info!("routing key `{}` of exchange `{}` works again", route.routing_key, route.exchange);
                }
                settlement.delivered.push(row);
                return;
            }
            Verdict::Returned(_) if row.allow_unrouted => {
                metrics::counter!("messaging_unrouted_total", "event" => row.event_type().to_owned()).increment(1);
                settlement.delivered.push(row);
                return;
            }
            Verdict::Returned(reason) | Verdict::Unacceptable(reason) => (Complaint::failure(reason), false),
            Verdict::Refused(reason) => (Complaint::pressure(reason), true),
            Verdict::Barred(reason) => (Complaint::failure(reason), true),
            Verdict::Unconfirmed(reason) => (Complaint::unconfirmed(reason), true),
        };
        if gate.failed(&row, &complaint, closes, Instant::now()) {
            let (key, exchange, reason) = (&row.route.routing_key, &row.route.exchange, &complaint.reason);
            error!(
                exchange,
                routing_key = key,
                reason,
                "routing key `{key}` of exchange `{exchange}` fails ({reason}): its events wait, one is tried at times"
            );
        }
        if row.hold_key {
            gate.hold(row.home(), &row.ordering_key, row.event_id);
        }
        settlement.failed.push((row, complaint));
    }

    /// Passes the settlement on. The payloads are no longer needed.
    async fn settle(&mut self, mut settlement: Settlement) -> Result<(), RelayError> {
        if settlement.is_empty() {
            return Ok(());
        }
        settlement.rows_mut().for_each(|row| self.shared.drop_payload(row));
        self.settlements.send(settlement).await.map_err(|_| RelayError::Ended)
    }
}

async fn answered(asked: &mut Option<Asked>) -> Result<u64, RelayError> {
    let Some(asked) = asked else { return std::future::pending().await };
    (&mut asked.answer).await.map(|()| asked.before)
}

fn nowhere_to_go(row: &Row) -> Verdict {
    Verdict::Barred(if row.route.is_too_long() {
        format!("the exchange or the routing key is longer than {TYPE_BYTES_MAX} bytes")
    } else {
        "404 NOT_FOUND: there is no such exchange".to_owned()
    })
}

fn unconfirmed() -> Verdict {
    Verdict::Unconfirmed(format!("no confirm within {} s", CONFIRM_TIMEOUT.as_secs()))
}
