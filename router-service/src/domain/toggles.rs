//! Changes that a participant can repeat without end, so that the history of a bill is bounded.

use super::activity::Change;
use super::split::{ClaimKey, Split};
use time::Duration;

/// Within this time, claiming and releasing a line again and again is one entry of the history, which says how often.
pub const TOGGLE_WITHIN: Duration = Duration::minutes(10);
/// Most entries about claims and names that a bill keeps; older ones go first. Every other entry stays: money, who came and
/// left, edits and rules.
pub const LIGHT_MAX: i64 = 1_000;

/// The claim that a change consists of, if it is nothing else.
pub fn claim_of(before: &Split, after: &Split, changes: &[Change]) -> Option<ClaimKey> {
    let [Change::Claimed(..) | Change::Released(..)] = changes else { return None };
    let is_other = |key: &&ClaimKey| before.claims.get(key) != after.claims.get(key);
    before.claims.keys().chain(after.claims.keys()).find(is_other).copied()
}

/// Whether the changes are only about claims and names, none of which moves money.
pub fn is_light(changes: &[Change]) -> bool {
    changes.iter().all(|change| matches!(change, Change::Claimed(..) | Change::Released(..) | Change::Renamed(..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activity::changes_between;
    use crate::domain::fixtures::split;
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use crate::domain::settle::Agreed;

    const GUEST: ParticipantId = ParticipantId(2);

    #[test]
    fn claims_can_be_joined_in_the_history_and_payments_cannot() {
        let start = split(&[100]).with_guests(1);
        let claimed = start.clone().claimed(GUEST, 1, Fraction::WHOLE);
        let released = claimed.claim(GUEST, 1, Fraction::ZERO).unwrap().unwrap();
        let paid = claimed.paid_cash(GUEST, Agreed::Version(claimed.version)).unwrap();
        for (before, after, claim) in [(&start, &claimed, true), (&claimed, &released, true), (&claimed, &paid, false)]
        {
            let changes = changes_between(before, after);
            assert_eq!(claim_of(before, after, &changes), claim.then_some((1, GUEST)), "{changes:?}");
            assert_eq!(is_light(&changes), claim, "{changes:?}");
        }
        let left = claimed.remove(GUEST).unwrap();
        assert!(!is_light(&changes_between(&claimed, &left)), "who was there stays in the history");
    }
}
