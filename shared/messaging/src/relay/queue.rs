//! Rows that were read and not yet published, for the lanes of one channel.

use super::flight::{CONFIRM_TIMEOUT, Flight, Room};
use super::gate::{Admission, Complaint, Gate};
use super::row::Row;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// Maximum number of rows skipped because their route is at its limit: searching further costs more than it finds.
const PASSED_OVER_MAX: usize = 64;
/// Maximum number of rows that wait in memory for a stuck route. With more of them the route is closed: they wait in
/// the database, and make room for others.
const STUCK_ROWS_MAX: usize = 128;
/// The same, in bytes.
const STUCK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The rows to send next, and those that can't be sent.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The numbers of the rows that were added to the flight, in the order in which to publish them.
    pub(crate) admitted: Vec<u64>,
    /// Rows of closed routes, with the reason.
    pub(crate) closed: Vec<(Row, Complaint)>,
    /// Rows whose keys are held.
    pub(crate) held: Vec<Row>,
    /// There are more rows, for which there is no room.
    pub(crate) is_limited: bool,
}

/// Skipped rows, to be examined first next time.
#[derive(Default)]
struct Passed {
    rows: VecDeque<Row>,
    bytes: usize,
    /// Keys of skipped rows: no other row of such a key may overtake.
    keys: HashSet<String>,
    a_route_is_full: bool,
    a_route_is_stuck: bool,
}

impl Passed {
    fn keep(&mut self, row: Row) {
        if !self.keys.contains(&row.ordering_key) {
            self.keys.insert(row.ordering_key.clone());
        }
        self.bytes += row.payload.len();
        self.rows.push_back(row);
    }

    fn keeps_key_of(&self, row: &Row) -> bool {
        !self.keys.is_empty() && self.keys.contains(&row.ordering_key)
    }

    /// Whether rows that wait for stuck routes, and rows of the same keys behind them, take too much room.
    fn is_crowded(&self) -> bool {
        self.a_route_is_stuck && (self.rows.len() > STUCK_ROWS_MAX || self.bytes > STUCK_BYTES_MAX)
    }

    fn is_far_enough(&self) -> bool {
        self.a_route_is_full && !self.a_route_is_stuck && self.rows.len() >= PASSED_OVER_MAX
    }
}

impl Selection {
    pub(crate) fn is_empty(&self) -> bool {
        self.admitted.is_empty() && self.closed.is_empty() && self.held.is_empty()
    }

    /// Takes rows from the front of `waiting` while there is room for them.
    ///
    /// A row whose key an earlier row may hold is not sent until that row is decided.
    pub(crate) fn compose(waiting: &mut VecDeque<Row>, gate: &mut Gate, flight: &mut Flight, now: Instant) -> Self {
        let mut selection = Self::default();
        loop {
            let mut passed = Passed::default();
            let crowded = selection.fill(waiting, &mut passed, gate, flight, now);
            selection.is_limited = passed.a_route_is_full || !waiting.is_empty();
            while let Some(row) = passed.rows.pop_back() {
                waiting.push_front(row);
            }
            if !crowded {
                return selection;
            }
            let complaint = Complaint::unconfirmed("no confirm for what was sent before");
            for row in flight.stuck_routes() {
                gate.close(&row.route, &complaint, now + CONFIRM_TIMEOUT);
            }
        }
    }

    /// Reports whether rows that wait for stuck routes take too much room.
    fn fill(
        &mut self,
        waiting: &mut VecDeque<Row>,
        passed: &mut Passed,
        gate: &mut Gate,
        flight: &mut Flight,
        now: Instant,
    ) -> bool {
        while flight.free_rows() > 0
            && !passed.is_far_enough()
            && let Some(row) = waiting.pop_front()
        {
            if passed.is_crowded() {
                waiting.push_front(row);
                return true;
            }
            if passed.keeps_key_of(&row) {
                passed.keep(row);
                continue;
            }
            let admission = gate.admit(&row);
            if row.probe && admission != Admission::Go {
                gate.probe_again(&row, now);
            }
            match admission {
                Admission::Go => match flight.room_for(&row) {
                    Room::Free => self.admitted.push(flight.add(row, now)),
                    Room::Full => {
                        waiting.push_front(row);
                        return false;
                    }
                    Room::KeyUndecided => passed.keep(row),
                    Room::RouteFull => {
                        passed.a_route_is_full = true;
                        passed.keep(row);
                    }
                    Room::RouteStuck => {
                        passed.a_route_is_stuck = true;
                        passed.keep(row);
                    }
                },
                Admission::Closed(complaint) => {
                    if row.hold_key {
                        gate.hold(row.home(), &row.ordering_key, row.event_id);
                    }
                    self.closed.push((row, complaint));
                }
                Admission::Held => self.held.push(row),
            }
        }
        false
    }
}

/// The rows between the reader and one publisher.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<VecDeque<Row>>,
    filled: Notify,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.rows().len()
    }

    pub(crate) fn push(&self, rows: impl IntoIterator<Item = Row>) {
        let mut waiting = self.rows();
        let before = waiting.len();
        waiting.extend(rows);
        if waiting.len() > before {
            self.filled.notify_one();
        }
    }

    /// The rows that may be sent now; may be empty.
    pub(crate) fn select(&self, gate: &Mutex<Gate>, flight: &mut Flight) -> Selection {
        let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        Selection::compose(&mut self.rows(), &mut gate, flight, Instant::now())
    }

    /// Waits for more rows. `notify_one` stores a permit, so none is missed.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn rows(&self) -> MutexGuard<'_, VecDeque<Row>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::options::RelayOptions;
    use super::super::row::Route;
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use time::OffsetDateTime;
    use uuid::Uuid;

    const MIB: usize = 1024 * 1024;

    pub(crate) fn row(id: i64, key: &str, routing_key: &str) -> Row {
        Row {
            lane: 0,
            id,
            event_id: Uuid::from_u128(id.unsigned_abs().into()),
            route: Arc::new(Route { exchange: "alpha".into(), routing_key: routing_key.into() }),
            wire_type: None,
            ordering_key: key.into(),
            sequence: 1,
            correlation_id: Uuid::nil(),
            traceparent: None,
            content_type: String::new(),
            payload: vec![],
            occurred_at: OffsetDateTime::UNIX_EPOCH,
            attempts: 0,
            hold_key: false,
            allow_unrouted: false,
            gives_up: false,
            headers: None,
            probe: false,
        }
    }

    fn no_route() -> Complaint {
        Complaint::failure("312")
    }

    fn holding(id: i64, key: &str) -> Row {
        Row { hold_key: true, ..row(id, key, "holding") }
    }

    fn ids<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<i64> {
        rows.into_iter().map(|row| row.id).collect()
    }

    #[test]
    fn nothing_of_a_key_follows_a_row_that_would_hold_it() {
        let mut gate = Gate::new(RelayOptions::default());
        let mut waiting = VecDeque::from([holding(1, "a"), row(2, "b", "x"), row(3, "a", "x"), holding(4, "c")]);
        let (mut flight, now) = (Flight::new(MIB, Instant::now()), Instant::now());
        let first = Selection::compose(&mut waiting, &mut gate, &mut flight, now);
        assert_eq!(first.admitted.iter().map(|number| flight.get(*number).unwrap().id).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(ids(&waiting), [3]);
        assert!(Selection::compose(&mut waiting, &mut gate, &mut flight, now).is_empty());

        let (holder, _) = flight.take(first.admitted[0], now).unwrap();
        gate.hold(0, "a", holder.event_id);
        let second = Selection::compose(&mut waiting, &mut gate, &mut flight, now);
        assert_eq!((second.admitted, ids(&second.held)), (vec![], vec![3]));
        gate.release(0, "a");
        assert_eq!(gate.admit(&row(5, "a", "x")), Admission::Go);
    }

    #[test]
    fn a_row_holds_others_of_its_key_and_neither_itself_nor_other_lanes() {
        let mut gate = Gate::new(RelayOptions::default());
        let holder = holding(1, "a");
        gate.hold(0, "a", holder.event_id);
        assert_eq!(gate.admit(&holder), Admission::Go);
        assert!(gate.is_holder(&holder));
        assert_eq!(gate.admit(&Row { lane: -1, ..row(2, "a", "x") }), Admission::Held);
        assert_eq!(gate.admit(&Row { lane: 1, ..row(2, "a", "x") }), Admission::Go);
    }

    #[test]
    fn a_route_that_failed_often_is_closed_and_tried_with_one_row_at_a_time() {
        let mut gate = Gate::new(RelayOptions::default());
        let now = Instant::now();
        let closings: Vec<bool> =
            (0..20).map(|id| gate.failed(&row(id, "a", "dead"), &no_route(), false, now)).collect();
        assert_eq!(closings.iter().filter(|closed| **closed).count(), 1);
        assert_eq!(gate.admit(&row(20, "a", "dead")), Admission::Closed(no_route()));
        assert_eq!(gate.admit(&row(20, "a", "well")), Admission::Go);

        assert!(gate.probes_due(now).is_empty());
        let later = now + Duration::from_secs(1);
        assert_eq!(gate.probes_due(later).len(), 1);
        assert!(gate.probes_due(later).is_empty(), "the first trial is still in flight");
        let probe = Row { probe: true, ..row(1, "a", "dead") };
        assert_eq!(gate.admit(&probe), Admission::Go);
        assert!(!gate.failed(&probe, &no_route(), false, later));
        assert_eq!(gate.next_probe(later), Some(later + Duration::from_secs(2)));

        assert!(gate.delivered(&probe));
        assert_eq!(gate.admit(&row(20, "a", "dead")), Admission::Go);
        assert_eq!(gate.reopened(Instant::now()).len(), 1);
    }

    #[test]
    fn a_row_put_aside_too_late_is_taken_all_the_same() {
        let mut gate = Gate::new(RelayOptions::default());
        let aside = row(2, "a", "dead");
        gate.failed(&row(1, "a", "dead"), &no_route(), true, Instant::now());
        gate.postponed(&aside.route);
        assert!(gate.reopened(Instant::now()).is_empty(), "it is closed");
        // Meanwhile another row was delivered, and all waiting rows were taken.
        gate.delivered(&row(1, "a", "dead"));
        gate.all_taken(&aside.route);
        gate.postponed(&aside.route);
        assert_eq!(gate.reopened(Instant::now()), [aside.route]);
    }

    #[test]
    fn a_delivery_between_failures_keeps_a_route_open() {
        let mut gate = Gate::new(RelayOptions::default());
        for id in 0..100 {
            assert!(!gate.failed(&row(id, "a", "flaky"), &no_route(), false, Instant::now()));
            gate.delivered(&row(id, "a", "flaky"));
        }
        assert_eq!(gate.closed_routes(), 0);
    }

    #[test]
    fn a_full_route_is_opened_by_a_try_and_not_by_what_was_on_its_way() {
        let mut gate = Gate::new(RelayOptions::default());
        let (now, refused) = (Instant::now(), Complaint::pressure("basic.nack"));
        assert!(gate.failed(&row(1, "a", "full"), &refused, true, now));
        assert!(!gate.delivered(&row(2, "a", "full")));
        assert_eq!(gate.admit(&row(3, "a", "full")), Admission::Closed(refused));
        assert!(gate.delivered(&Row { probe: true, ..row(1, "a", "full") }));
        assert_eq!(gate.admit(&row(3, "a", "full")), Admission::Go);
    }

    #[test]
    fn what_waits_for_a_stuck_route_keeps_its_keys_and_makes_room_when_it_is_too_much() {
        let (mut gate, started) = (Gate::new(RelayOptions::default()), Instant::now());
        let mut flight = Flight::new(MIB, started);
        let stuck = row(0, "s", "stuck");
        flight.add(stuck.clone(), started);
        flight.taken_before(flight.next_number(), started);
        let now = started + Duration::from_secs(1);
        flight.check(now);

        let behind = |id: i64| Row { id, ..stuck.clone() };
        let mut waiting = VecDeque::from([behind(1), row(2, "s", "well"), row(3, "b", "well")]);
        let selection = Selection::compose(&mut waiting, &mut gate, &mut flight, now);
        assert_eq!((selection.admitted.len(), ids(&waiting)), (1, vec![1, 2]), "its key waits, another goes");

        waiting.extend((10..200).map(behind));
        waiting.push_back(row(200, "c", "well"));
        let selection = Selection::compose(&mut waiting, &mut gate, &mut flight, now);
        assert_eq!((selection.admitted.len(), selection.closed.len(), waiting.len()), (2, 191, 0));
    }
}
