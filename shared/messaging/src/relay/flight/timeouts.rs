//! The timeouts of unconfirmed messages: which route is responsible for those that stay unconfirmed.

use super::window::{Flight, Sent, address};
use crate::lane;
use crate::relay::row::Row;
use std::time::{Duration, Instant};

/// Without a confirm for so long, the broker is asked whether it has received the messages.
const ASK_AFTER: Duration = Duration::from_millis(500);
/// A route gets no further messages if one of its messages has been at the broker, unconfirmed, for so long.
const STUCK_AFTER: Duration = Duration::from_secs(1);
/// Maximum wait for a confirm, counted from the last sign of progress: a confirm of an earlier message, or of the same
/// route. So a slow connection that makes progress is not a failure.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of unconfirmed messages that are remembered after a timeout: a late confirm avoids a repeated publication.
const LATE_MAX: usize = 1_024;

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

impl Flight {
    /// Records progress: the broker has confirmed another message.
    pub(crate) fn progressed(&mut self, now: Instant) {
        self.alive_at = now;
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
    use crate::relay::flight::Room;
    use crate::relay::flight::window::tests::{add, flight};
    use crate::relay::flight::window::{TOTAL_ROWS, WINDOW_ROWS};
    use crate::relay::queue::tests::row;

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
}
