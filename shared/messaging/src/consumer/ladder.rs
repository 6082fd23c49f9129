//! Where a failed event goes: to the retry ladder or to the dead letters.

use super::history::History;
use crate::topology::LADDER;
use std::time::Duration;

/// Maximum number of delays in a row that a handler may ask for: over an hour on the longest rung.
const WAITS_MAX: u32 = 40;

/// What to do with a failed event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It comes back through this rung.
    Rung(&'static str, History),
    /// It becomes a dead letter.
    Dead(History),
}

/// After a transient failure: each time a longer delay, and after the last rung the dead letters.
pub(crate) fn climb(failed: History) -> Fate {
    match usize::try_from(failed.climbed).ok().and_then(|climbed| LADDER.get(climbed)) {
        Some((rung, _)) => Fate::Rung(rung, History { climbed: failed.climbed + 1, ..failed }),
        None => Fate::Dead(failed),
    }
}

/// How often each rung is used for an event whose type this release does not know, the shortest first.
///
/// In a rolling deployment another replica knows the type. All replicas share one queue: with as many old replicas as
/// new ones, the probability that an event reaches old ones in all eleven deliveries is one in two thousand.
const UNKNOWN_STEPS: [u32; LADDER.len()] = [6, 3, 1, 1];

/// After an event of unknown type.
pub(crate) fn unknown(failed: History) -> Fate {
    let mut steps = 0;
    for ((rung, _), times) in LADDER.iter().zip(UNKNOWN_STEPS) {
        steps += times;
        if failed.unknown < steps {
            // Rungs used by failures are counted separately: a replica that knows the type begins at the first rung.
            return Fate::Rung(rung, History { unknown: failed.unknown + 1, ..failed });
        }
    }
    Fate::Dead(failed)
}

/// After a handler asked for a delay: the first rung that is long enough, else the longest.
pub(crate) fn wait(failed: History, after: Duration) -> Fate {
    if failed.attempts > WAITS_MAX {
        return Fate::Dead(failed);
    }
    let after_ms = i32::try_from(after.as_millis()).unwrap_or(i32::MAX);
    let rung = LADDER.iter().find(|(_, wait_ms)| *wait_ms >= after_ms).or(LADDER.last());
    rung.map_or(Fate::Dead(failed.clone()), |(rung, _)| Fate::Rung(rung, failed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn rung(fate: &Fate) -> &'static str {
        match fate {
            Fate::Rung(rung, _) => rung,
            Fate::Dead(_) => "dead",
        }
    }

    #[test]
    fn each_failure_waits_longer_and_the_last_one_is_the_end() {
        let mut history = History::default();
        let mut way = vec![];
        loop {
            let fate = climb(history.failed("again", OffsetDateTime::UNIX_EPOCH));
            way.push(rung(&fate));
            match fate {
                Fate::Rung(_, next) => history = next,
                Fate::Dead(last) => break assert_eq!(last.attempts, 5),
            }
        }
        assert_eq!(way, ["1s", "5s", "30s", "2m", "dead"]);
    }

    #[test]
    fn a_type_that_is_not_known_waits_often_and_ends_too() {
        let mut history = History::default();
        let mut way = vec![];
        while let Fate::Rung(rung, next) = unknown(history.failed("unknown", OffsetDateTime::UNIX_EPOCH)) {
            way.push(rung);
            history = next;
        }
        assert_eq!(way, ["1s", "1s", "1s", "1s", "1s", "1s", "5s", "5s", "5s", "30s", "2m"]);
    }

    #[test]
    fn a_wait_takes_the_first_rung_that_is_long_enough() {
        let rung_after = |millis| rung(&wait(History::default(), Duration::from_millis(millis)));
        assert_eq!([0, 1_000, 1_001, 30_000, 31_000, 7_200_000].map(rung_after), ["1s", "1s", "5s", "30s", "2m", "2m"]);
    }

    #[test]
    fn waits_use_up_no_rung_but_end_too() {
        let mut history = History::default();
        let mut waits = 0;
        while let Fate::Rung(_, next) = wait(history.failed("wait", OffsetDateTime::UNIX_EPOCH), Duration::ZERO) {
            assert_eq!(next.climbed, 0);
            history = next;
            waits += 1;
        }
        assert_eq!(waits, WAITS_MAX);
    }
}
