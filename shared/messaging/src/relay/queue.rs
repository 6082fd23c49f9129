//! Rows that were read and not published yet, of the lanes that share a channel.

use super::gate::{Admission, Gate};
use super::row::Row;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// What is published together, and what turned out not to go.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// To be published, in this order.
    pub(crate) rows: Vec<Row>,
    /// Rows of closed routes, with the reason.
    pub(crate) closed: Vec<(Row, String)>,
    /// Rows whose keys are held.
    pub(crate) held: Vec<Row>,
}

impl Window {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.closed.is_empty() && self.held.is_empty()
    }

    /// Takes rows off the front of `waiting` until `rows_max` may go.
    ///
    /// Nothing of a key follows a row that would hold it in the same window: whether it arrives is known only when the
    /// window is over.
    pub(crate) fn compose(waiting: &mut VecDeque<Row>, gate: &mut Gate, rows_max: usize) -> Self {
        let mut window = Self::default();
        let mut undecided: HashSet<String> = HashSet::new();
        let mut kept = VecDeque::new();
        while window.rows.len() < rows_max
            && let Some(row) = waiting.pop_front()
        {
            if !undecided.is_empty() && undecided.contains(&row.ordering_key) {
                kept.push_back(row);
                continue;
            }
            let admission = gate.admit(&row);
            if row.probe && admission != Admission::Go {
                gate.probe_again(&row, Instant::now());
            }
            match admission {
                Admission::Go => {
                    if row.hold_key {
                        undecided.insert(row.ordering_key.clone());
                    }
                    window.rows.push(row);
                }
                Admission::Closed(reason) => {
                    if row.hold_key {
                        gate.hold(row.home(), &row.ordering_key, row.event_id);
                    }
                    window.closed.push((row, reason));
                }
                Admission::Held => window.held.push(row),
            }
        }
        while let Some(row) = kept.pop_back() {
            waiting.push_front(row);
        }
        window
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

    /// The next window, as soon as there is anything.
    pub(crate) async fn next_window(&self, gate: &Mutex<Gate>, rows_max: usize) -> Window {
        loop {
            let window = {
                let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
                Window::compose(&mut self.rows(), &mut gate, rows_max)
            };
            if !window.is_empty() {
                return window;
            }
            self.filled.notified().await;
        }
    }

    fn rows(&self) -> MutexGuard<'_, VecDeque<Row>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::RelayOptions;
    use super::super::row::Route;
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;
    use time::OffsetDateTime;
    use uuid::Uuid;

    fn row(id: i64, key: &str, routing_key: &str) -> Row {
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
            probe: false,
        }
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
        let first = Window::compose(&mut waiting, &mut gate, 128);
        assert_eq!(ids(&first.rows), [1, 2, 4]);
        assert_eq!(ids(&waiting), [3]);

        gate.hold(0, "a", first.rows[0].event_id);
        let second = Window::compose(&mut waiting, &mut gate, 128);
        assert_eq!((ids(&second.rows), ids(&second.held)), (vec![], vec![3]));
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
        let closings: Vec<bool> = (0..20).map(|id| gate.failed(&row(id, "a", "dead"), "312", false, now)).collect();
        assert_eq!(closings.iter().filter(|closed| **closed).count(), 1);
        assert_eq!(gate.admit(&row(20, "a", "dead")), Admission::Closed("312".into()));
        assert_eq!(gate.admit(&row(20, "a", "well")), Admission::Go);

        assert!(gate.probes_due(now).is_empty());
        let later = now + Duration::from_secs(1);
        assert_eq!(gate.probes_due(later).len(), 1);
        assert!(gate.probes_due(later).is_empty(), "the first try is still on its way");
        let probe = Row { probe: true, ..row(1, "a", "dead") };
        assert_eq!(gate.admit(&probe), Admission::Go);
        assert!(!gate.failed(&probe, "312", false, later));
        assert_eq!(gate.next_probe(), Some(later + Duration::from_secs(2)));

        assert!(gate.delivered(&probe));
        assert_eq!(gate.admit(&row(20, "a", "dead")), Admission::Go);
        assert_eq!(gate.reopened().len(), 1);
    }

    #[test]
    fn a_row_put_aside_too_late_is_taken_all_the_same() {
        let mut gate = Gate::new(RelayOptions::default());
        let aside = row(2, "a", "dead");
        gate.failed(&row(1, "a", "dead"), "404", true, Instant::now());
        gate.put_aside(&aside.route);
        assert!(gate.reopened().is_empty(), "it is closed");
        // Meanwhile another row arrived, and all that waited were taken.
        gate.delivered(&row(1, "a", "dead"));
        gate.all_taken(&aside.route);
        gate.put_aside(&aside.route);
        assert_eq!(gate.reopened(), [aside.route]);
    }

    #[test]
    fn a_delivery_between_failures_keeps_a_route_open() {
        let mut gate = Gate::new(RelayOptions::default());
        for id in 0..100 {
            assert!(!gate.failed(&row(id, "a", "flaky"), "312", false, Instant::now()));
            gate.delivered(&row(id, "a", "flaky"));
        }
        assert_eq!(gate.closed_routes(), 0);
    }
}
