//! The unconfirmed messages of one channel: how many more may be sent, and which route is responsible for those that
//! stay unconfirmed. No I/O.
//!
//! Confirms of different queues arrive independently. A queue without a majority, or an overloaded one, delays its own
//! messages; it must not delay others, or be mistaken for a broken connection.

use super::row::{Route, Row};
use crate::lane;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum number of unconfirmed messages per channel, without those of stuck routes.
pub(crate) const WINDOW_ROWS: usize = 320;
/// Maximum per route; the rest of the window is for other routes, in case this one gets stuck. The more rows of other
/// routes are stuck, the lower the limit: see [`Flight::route_rows`].
pub(crate) const ROUTE_ROWS: usize = WINDOW_ROWS / 5 * 4;
/// Maximum in total, including those of stuck routes.
const TOTAL_ROWS: usize = WINDOW_ROWS * 4;
/// Without a confirm for so long, the broker is asked whether it has received the messages.
const ASK_AFTER: Duration = Duration::from_millis(500);
/// A route gets no further messages if one of its messages has been at the broker, unconfirmed, for so long.
const STUCK_AFTER: Duration = Duration::from_secs(1);
/// Maximum wait for a confirm, counted from the last sign of progress: a confirm of an earlier message, or of the same
/// route. So a slow connection that makes progress is not a failure.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of unconfirmed messages that are remembered after a timeout: a late confirm avoids a repeated publication.
const LATE_MAX: usize = 1_024;

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

/// The result of checking timeouts.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The broker has had them for too long.
    pub(crate) unconfirmed: Vec<Row>,
    /// Nothing at all arrives on the channel.
    pub(crate) dead: bool,
    /// Ask the broker whether it has received the messages so far.
    pub(crate) ask: bool,
}

#[derive(Debug)]
struct Sent {
    row: Row,
    at: Instant,
    /// The last sign that the broker was still working on earlier messages.
    since: Instant,
    /// The broker has certainly received it: it answered something that was sent later.
    taken: bool,
}

/// The unconfirmed messages of one route.
#[derive(Debug)]
struct Load {
    /// Keeps the address from being reused.
    _route: Arc<Route>,
    rows: usize,
    bytes: usize,
    confirmed_at: Option<Instant>,
    stuck: bool,
}

/// The unconfirmed messages of one channel.
#[derive(Debug)]
pub(crate) struct Flight {
    window_bytes: usize,
    sent: BTreeMap<u64, Sent>,
    next: u64,
    /// By the address of the route; equal routes share one, see `Rows`.
    loads: HashMap<usize, Load>,
    total_bytes: usize,
    stuck_rows: usize,
    stuck_bytes: usize,
    /// For each key, the number of unconfirmed rows that would hold it.
    undecided: HashMap<String, usize>,
    late: BTreeMap<u64, Row>,
    /// When anything last arrived on the channel, or when it became non-empty.
    alive_at: Instant,
}

fn address(row: &Row) -> usize {
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

    /// Records progress: the broker has confirmed another message.
    pub(crate) fn progressed(&mut self, now: Instant) {
        self.alive_at = now;
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

    /// Messages from `first` to `last` were confirmed, perhaps not all of them. The broker has received what was sent
    /// before the last one; the timeout of what was sent after the first one starts again.
    pub(crate) fn confirmed(&mut self, first: u64, last: u64, now: Instant) {
        self.alive_at = now;
        for (number, sent) in &mut self.sent {
            if !sent.taken && *number > first {
                sent.since = now;
            }
            sent.taken |= *number < last;
        }
        if self.stuck_rows > 0 {
            self.look_for_stuck_routes(now);
        }
    }

    /// The number of the next message: an answer of the broker to a request sent now covers all messages before it.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// The broker has answered: it has received all messages before this number.
    pub(crate) fn taken_before(&mut self, number: u64, now: Instant) {
        self.alive_at = now;
        for (_, sent) in self.sent.range_mut(..number) {
            sent.taken = true;
        }
    }

    /// The broker has blocked the connection: timeouts are suspended.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.alive_at = now;
        for sent in self.sent.values_mut() {
            sent.since = now;
        }
    }

    /// Checks the timeouts.
    pub(crate) fn check(&mut self, now: Instant) -> Checked {
        self.look_for_stuck_routes(now);
        let silent = now.saturating_duration_since(self.alive_at);
        let untaken = self.sent.values().any(|sent| !sent.taken);
        let mut checked = Checked {
            unconfirmed: vec![],
            dead: untaken && silent >= CONFIRM_TIMEOUT,
            ask: untaken && silent >= ASK_AFTER,
        };
        let overdue: Vec<u64> = self
            .sent
            .iter()
            .filter(|(_, sent)| sent.taken && now.saturating_duration_since(self.waits_since(sent)) >= CONFIRM_TIMEOUT)
            .map(|(number, _)| *number)
            .collect();
        for number in overdue {
            let confirmed_at = self.sent.get(&number).and_then(|sent| self.load_of(sent)?.confirmed_at);
            let Some((row, _)) = self.take(number, now) else { continue };
            // A timeout is not a sign of life of the route.
            if let Some(load) = self.loads.get_mut(&address(&row)) {
                load.confirmed_at = confirmed_at;
            }
            // By then the row will be in the shadow of its lane; its payload is no longer needed.
            let late = Row { lane: lane::shadow(row.home()), payload: vec![], probe: false, ..row.clone() };
            self.late.insert(number, late);
            if self.late.len() > LATE_MAX {
                self.late.pop_first();
            }
            checked.unconfirmed.push(row);
        }
        checked
    }

    /// A message is confirmed after its timeout.
    pub(crate) fn take_late(&mut self, number: u64) -> Option<Row> {
        self.late.remove(&number)
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

    fn load_of(&self, sent: &Sent) -> Option<&Load> {
        self.loads.get(&address(&sent.row))
    }

    fn waits_since(&self, sent: &Sent) -> Instant {
        let confirmed_at = self.load_of(sent).and_then(|load| load.confirmed_at);
        confirmed_at.map_or(sent.since, |at| at.max(sent.since))
    }

    fn look_for_stuck_routes(&mut self, now: Instant) {
        let stuck: Vec<usize> = self
            .sent
            .values()
            .filter(|sent| sent.taken && now.saturating_duration_since(self.waits_since(sent)) >= STUCK_AFTER)
            .map(|sent| address(&sent.row))
            .collect();
        (self.stuck_rows, self.stuck_bytes) = (0, 0);
        for (address, load) in &mut self.loads {
            load.stuck = stuck.contains(address);
            if load.stuck {
                self.stuck_rows += load.rows;
                self.stuck_bytes += load.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::queue::tests::row;

    const MIB: usize = 1024 * 1024;

    fn flight(now: Instant) -> Flight {
        Flight::new(4 * MIB, now)
    }

    /// Rows of one route share its address, like rows that were read.
    fn add(flight: &mut Flight, route: &Row, rows: i64, now: Instant) -> Vec<u64> {
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
    fn a_route_that_the_broker_has_and_does_not_confirm_is_stuck_and_then_to_blame() {
        let (started, stuck, healthy) = (Instant::now(), row(1, "a", "stuck"), row(2, "b", "healthy"));
        let mut flight = flight(started);
        add(&mut flight, &stuck, 10, started);
        let after = add(&mut flight, &healthy, 1, started)[0];
        flight.confirmed(after, after, started);
        flight.take(after, started);
        let later = started + STUCK_AFTER;
        assert!(flight.check(later).unconfirmed.is_empty());
        assert_eq!((flight.room_for(&stuck), flight.room_for(&healthy)), (Room::RouteStuck, Room::Free));
        assert_eq!(flight.room_for(&Row { probe: true, ..stuck.clone() }), Room::Free);
        // A stuck route takes no room from others.
        assert_eq!(flight.free_rows(), WINDOW_ROWS);

        let checked = flight.check(started + CONFIRM_TIMEOUT);
        assert_eq!((checked.unconfirmed.len(), checked.dead), (10, false));
        assert!(flight.is_empty());
        let late = flight.take_late(3).unwrap();
        assert_eq!((late.lane, late.id), (lane::shadow(0), 3));
    }

    #[test]
    fn a_slow_route_that_confirms_one_after_the_other_is_not_to_blame() {
        let (started, slow) = (Instant::now(), row(1, "a", "slow"));
        let mut flight = flight(started);
        let numbers = add(&mut flight, &slow, 20, started);
        flight.taken_before(flight.next_number(), started);
        let mut now = started;
        for number in numbers {
            now += CONFIRM_TIMEOUT / 2;
            assert!(flight.check(now).unconfirmed.is_empty());
            flight.confirmed(number, number, now);
            flight.take(number, now);
        }
    }

    #[test]
    fn a_channel_on_which_nothing_comes_back_is_dead_and_no_route_is_blamed() {
        let started = Instant::now();
        let mut flight = flight(started);
        add(&mut flight, &row(1, "a", "one"), 3, started);
        let asked = flight.check(started + ASK_AFTER);
        assert!(asked.ask && !asked.dead);
        let checked = flight.check(started + CONFIRM_TIMEOUT);
        assert!(checked.dead && checked.unconfirmed.is_empty());
        // If it had answered, it would be alive, and the route would have timed out.
        flight.taken_before(flight.next_number(), started + ASK_AFTER);
        let checked = flight.check(started + CONFIRM_TIMEOUT);
        assert!(!checked.dead && checked.unconfirmed.len() == 3);
    }

    #[test]
    fn however_many_routes_are_stuck_the_next_one_finds_room() {
        let started = Instant::now();
        let mut flight = flight(started);
        let (mut now, mut admitted) = (started, vec![]);
        for route in 0..12 {
            let stuck = row(1, &format!("stuck {route}"), "key");
            let mut rows = 0;
            while flight.room_for(&stuck) == Room::Free {
                add(&mut flight, &stuck, 1, now);
                rows += 1;
            }
            admitted.push(rows);
            let before = flight.next_number();
            flight.taken_before(before, now);
            now += STUCK_AFTER;
            assert!(flight.check(now).unconfirmed.len() <= TOTAL_ROWS);
        }
        assert!(admitted.iter().all(|rows| *rows > 0), "{admitted:?}");
        assert_eq!(flight.room_for(&row(2, "healthy", "key")), Room::Free);
    }

    #[test]
    fn no_time_passes_while_the_broker_says_that_it_takes_nothing() {
        let started = Instant::now();
        let mut flight = flight(started);
        add(&mut flight, &row(1, "a", "one"), 3, started);
        let much_later = started + 10 * CONFIRM_TIMEOUT;
        flight.pause(much_later);
        let checked = flight.check(much_later + ASK_AFTER / 2);
        assert!(!checked.dead && !checked.ask && checked.unconfirmed.is_empty());
        assert!(flight.check(much_later + CONFIRM_TIMEOUT).dead);
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
