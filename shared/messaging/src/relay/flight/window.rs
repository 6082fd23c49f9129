//! The unconfirmed messages of one channel, and how many more may be sent.

use crate::relay::row::{Route, Row};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum number of unconfirmed messages per channel, without those of stuck routes.
pub(crate) const WINDOW_ROWS: usize = 320;
/// Maximum per route; the rest of the window is for other routes, in case this one gets stuck. The more rows of other
/// routes are stuck, the lower the limit: see [`Flight::route_rows`].
pub(crate) const ROUTE_ROWS: usize = WINDOW_ROWS / 5 * 4;
/// Maximum in total, including those of stuck routes.
pub(super) const TOTAL_ROWS: usize = WINDOW_ROWS * 4;

/// Whether another row may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may.
    Free,
    /// No row may, until something is confirmed.
    Full,
    /// Its route is at its limit.
    RouteFull,
    /// Its route does not confirm.
    RouteStuck,
    /// An earlier row of its key is undecided, and would hold the key if it failed.
    KeyUndecided,
}

#[derive(Debug)]
pub(super) struct Sent {
    pub(super) row: Row,
    at: Instant,
    /// The last sign that the broker was still working on earlier messages.
    pub(super) since: Instant,
    /// The broker has certainly received it: it answered something that was sent later.
    pub(super) taken: bool,
}

/// The unconfirmed messages of one route.
#[derive(Debug)]
pub(super) struct Load {
    /// Keeps the address from being reused.
    _route: Arc<Route>,
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) confirmed_at: Option<Instant>,
    pub(super) stuck: bool,
}

/// The unconfirmed messages of one channel.
#[derive(Debug)]
pub(crate) struct Flight {
    window_bytes: usize,
    pub(super) sent: BTreeMap<u64, Sent>,
    next: u64,
    /// By the address of the route; equal routes share one, see `Rows`.
    pub(super) loads: HashMap<usize, Load>,
    total_bytes: usize,
    pub(super) stuck_rows: usize,
    pub(super) stuck_bytes: usize,
    /// For each key, the number of unconfirmed rows that would hold it.
    undecided: HashMap<String, usize>,
    pub(super) late: BTreeMap<u64, Row>,
    /// When anything last arrived on the channel, or when it became non-empty.
    pub(super) alive_at: Instant,
}

pub(super) fn address(row: &Row) -> usize {
    Arc::as_ptr(&row.route).addr()
}

impl Flight {
    pub(crate) fn new(window_bytes: usize, now: Instant) -> Self {
        Self {
            window_bytes,
            sent: BTreeMap::new(),
            next: 0,
            loads: HashMap::new(),
            total_bytes: 0,
            stuck_rows: 0,
            stuck_bytes: 0,
            undecided: HashMap::new(),
            late: BTreeMap::new(),
            alive_at: now,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.sent.len()
    }

    /// Rows that may still be sent, of any route.
    pub(crate) fn free_rows(&self) -> usize {
        let answering = WINDOW_ROWS.saturating_sub(self.sent.len() - self.stuck_rows);
        answering.min(TOTAL_ROWS.saturating_sub(self.sent.len()))
    }

    /// Whether a row may be sent. A trial of a route always may, regardless of other rows of the route.
    pub(crate) fn room_for(&self, row: &Row) -> Room {
        let bytes = row.payload.len();
        let answering_bytes = self.total_bytes - self.stuck_bytes;
        let too_large = |used: usize, most: usize| used > 0 && used + bytes > most;
        if self.free_rows() == 0
            || too_large(answering_bytes, self.window_bytes)
            || too_large(self.total_bytes, self.window_bytes / 2 * 3)
        {
            return Room::Full;
        }
        if !self.undecided.is_empty() && self.undecided.contains_key(&row.ordering_key) {
            return Room::KeyUndecided;
        }
        match self.loads.get(&address(row)) {
            Some(load) if load.stuck && !row.probe => Room::RouteStuck,
            Some(load) if load.rows >= self.route_rows() || too_large(load.bytes, self.route_bytes()) => {
                Room::RouteFull
            }
            Some(_) | None => Room::Free,
        }
    }

    /// Maximum number of unconfirmed rows of one route: at most a quarter of what stuck routes leave free, so that
    /// there is room for the next route however many get stuck one after the other.
    fn route_rows(&self) -> usize {
        ROUTE_ROWS.min(TOTAL_ROWS.saturating_sub(self.stuck_rows) / 4).max(1)
    }

    /// The same in bytes: at most half of what is left.
    fn route_bytes(&self) -> usize {
        let left = (self.window_bytes / 2 * 3).saturating_sub(self.stuck_bytes);
        (self.window_bytes / 4 * 3).min(left / 2)
    }

    /// Adds a row; returns its number.
    pub(crate) fn add(&mut self, row: Row, now: Instant) -> u64 {
        if self.sent.is_empty() {
            self.alive_at = now;
        }
        let load = self.loads.entry(address(&row)).or_insert_with(|| Load {
            _route: Arc::clone(&row.route),
            rows: 0,
            bytes: 0,
            confirmed_at: None,
            stuck: false,
        });
        load.rows += 1;
        load.bytes += row.payload.len();
        if load.stuck {
            self.stuck_rows += 1;
            self.stuck_bytes += row.payload.len();
        }
        self.total_bytes += row.payload.len();
        if row.hold_key {
            *self.undecided.entry(row.ordering_key.clone()).or_default() += 1;
        }
        let number = self.next;
        self.next += 1;
        self.sent.insert(number, Sent { row, at: now, since: now, taken: false });
        number
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Row> {
        self.sent.get(&number).map(|sent| &sent.row)
    }

    /// Removes a decided row; returns it with the time that it took.
    pub(crate) fn take(&mut self, number: u64, now: Instant) -> Option<(Row, Duration)> {
        let Sent { row, at, .. } = self.sent.remove(&number)?;
        let bytes = row.payload.len();
        self.total_bytes -= bytes;
        if let Some(load) = self.loads.get_mut(&address(&row)) {
            load.rows -= 1;
            load.bytes -= bytes;
            load.confirmed_at = Some(now);
            if load.stuck {
                self.stuck_rows -= 1;
                self.stuck_bytes -= bytes;
            }
            if load.rows == 0 {
                self.loads.remove(&address(&row));
            }
        }
        if row.hold_key
            && let Some(rows) = self.undecided.get_mut(&row.ordering_key)
        {
            *rows -= 1;
            if *rows == 0 {
                self.undecided.remove(&row.ordering_key);
            }
        }
        Some((row, now.saturating_duration_since(at)))
    }

    /// The number of the next message: an answer of the broker to a request sent now covers all messages before it.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// The channel is lost: returns its unconfirmed rows in order. Late confirms will not arrive.
    pub(crate) fn take_all(&mut self, now: Instant) -> Vec<Row> {
        self.late.clear();
        let numbers: Vec<u64> = self.sent.keys().copied().collect();
        numbers.into_iter().filter_map(|number| self.take(number, now)).map(|(row, _)| row).collect()
    }

    /// Routes that do not confirm.
    pub(crate) fn stuck_routes(&self) -> impl Iterator<Item = &Row> {
        self.sent
            .values()
            .map(|sent| &sent.row)
            .filter(|row| self.loads.get(&address(row)).is_some_and(|load| load.stuck))
    }

    pub(super) fn load_of(&self, sent: &Sent) -> Option<&Load> {
        self.loads.get(&address(&sent.row))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::relay::queue::tests::row;

    const MIB: usize = 1024 * 1024;

    pub(in crate::relay::flight) fn flight(now: Instant) -> Flight {
        Flight::new(4 * MIB, now)
    }

    /// Rows of one route share its address, like rows that were read.
    pub(in crate::relay::flight) fn add(flight: &mut Flight, route: &Row, rows: i64, now: Instant) -> Vec<u64> {
        (0..rows).map(|id| flight.add(Row { id, ordering_key: id.to_string(), ..route.clone() }, now)).collect()
    }

    #[test]
    fn a_route_leaves_room_for_others() {
        let (now, one, other) = (Instant::now(), row(1, "a", "one"), row(2, "b", "other"));
        let mut flight = flight(now);
        add(&mut flight, &one, 256, now);
        assert_eq!((flight.room_for(&one), flight.room_for(&other)), (Room::RouteFull, Room::Free));
        add(&mut flight, &other, 64, now);
        assert_eq!(flight.room_for(&row(3, "c", "third")), Room::Full);
    }

    #[test]
    fn a_window_counts_bytes_and_one_row_always_goes() {
        let now = Instant::now();
        let mut flight = flight(now);
        let large = Row { payload: vec![0; 5 * MIB], ..row(1, "a", "one") };
        assert_eq!(flight.room_for(&large), Room::Free);
        let number = flight.add(large, now);
        assert_eq!(flight.room_for(&row(2, "b", "other")), Room::Full);
        flight.take(number, now);
        assert_eq!(flight.room_for(&row(2, "b", "other")), Room::Free);
    }

    #[test]
    fn nothing_of_a_key_goes_while_it_is_undecided() {
        let now = Instant::now();
        let mut flight = flight(now);
        let holding = Row { hold_key: true, ..row(1, "a", "x") };
        let number = flight.add(holding, now);
        assert_eq!(flight.room_for(&row(2, "a", "x")), Room::KeyUndecided);
        assert_eq!(flight.room_for(&row(3, "b", "x")), Room::Free);
        flight.take(number, now);
        assert_eq!(flight.room_for(&row(2, "a", "x")), Room::Free);
    }
}
