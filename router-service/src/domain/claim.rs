//! A participant claims a part of a line.

use super::fraction::Fraction;
use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::BillMoney;

/// Why a part of a line cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefusal {
    /// There is no such line.
    #[error("there is no such line")]
    NoSuchLine,
    /// The line is negative, and is a discount for all or belongs to another line.
    #[error("this line lowers what others cost; nobody can take it")]
    NotClaimable,
    /// A participant has paid, so that negative lines are fixed.
    #[error("somebody has paid: who gets a negative line is fixed")]
    NegativeFixed,
    /// The participant's own settlement is pending or done.
    #[error("you have settled: your claims are fixed")]
    SettledAlready,
    /// Others have claimed so much that the requested part is not left.
    #[error("only {}/{} of this line is left", .left.numerator(), .left.denominator())]
    LineTaken {
        /// The largest part that the participant can claim.
        left: Fraction,
    },
    /// The claims of this cheque could no longer be added exactly.
    #[error("the lines of this cheque are divided in too many different ways; choose a simpler part")]
    TooFine,
}

impl Split {
    /// Sets the part of `line` that `who` claims; [`Fraction::ZERO`] releases it. `None` if nothing changes.
    ///
    /// # Errors
    /// [`ClaimRefusal`].
    pub fn claim(&self, who: ParticipantId, line: u32, part: Fraction) -> Result<Option<Self>, ClaimRefusal> {
        if self.line(line).is_none() {
            return Err(ClaimRefusal::NoSuchLine);
        }
        let settled = |id| self.participant(id).is_some_and(|one| one.settlement.is_started());
        // The owner can take what is left, independent of payments.
        if who != ParticipantId::OWNER && settled(who) {
            return Err(ClaimRefusal::SettledAlready);
        }
        match self.claimable(line) {
            None if !part.is_zero() => return Err(ClaimRefusal::NotClaimable),
            Some(amount) if amount < BillMoney::ZERO && self.is_frozen() => return Err(ClaimRefusal::NegativeFixed),
            None | Some(_) => {}
        }
        let had = self.claims.get(&(line, who)).copied().unwrap_or(Fraction::ZERO);
        if had == part {
            return Ok(None);
        }
        let mut claimed = self.next();
        claimed.claims.remove(&(line, who));
        if !part.is_zero() {
            claimed.claims.insert((line, who), part);
        }
        // Checked first: with a common denominator, adding the parts below cannot overflow.
        if claimed.common_denominator().is_none() {
            return Err(ClaimRefusal::TooFine);
        }
        let others = self.taken_by(line, |other| other != who);
        if others.plus(part).is_none() {
            return Err(ClaimRefusal::LineTaken { left: others.rest() });
        }
        Ok(Some(claimed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split};

    const OWNER: ParticipantId = ParticipantId::OWNER;
    const GUEST: ParticipantId = ParticipantId(2);

    fn part(numerator: u64, denominator: u64) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_claim_replaces_the_previous_one() {
        let split = split(&[100]).claimed(OWNER, 1, part(1, 3));
        let more = split.claim(OWNER, 1, part(2, 3)).unwrap().unwrap();
        assert_eq!((more.left_of(1), more.version), (part(1, 3), split.version + 1));
        assert_eq!(more.claim(OWNER, 1, part(4, 6)), Ok(None), "the same part again is no change");
        let given_back = more.claim(OWNER, 1, Fraction::ZERO).unwrap().unwrap();
        assert!(given_back.claims.is_empty());
    }

    #[test]
    fn a_late_claim_is_refused_with_the_remaining_part() {
        let split = split(&[100]).with_guests(1).claimed(OWNER, 1, part(2, 3)).claimed(GUEST, 1, part(1, 4));
        let refused = split.claim(GUEST, 1, part(1, 2));
        assert_eq!(refused, Err(ClaimRefusal::LineTaken { left: part(1, 3) }));
        assert!(split.claim(GUEST, 1, part(1, 3)).unwrap().is_some());
    }

    #[test]
    fn an_unknown_line_and_settled_claims_cannot_be_claimed() {
        let mut split = split(&[100]).with_guests(1);
        assert_eq!(split.claim(GUEST, 2, Fraction::WHOLE), Err(ClaimRefusal::NoSuchLine));
        split.participants[1].settlement = pending(1);
        assert_eq!(split.claim(GUEST, 1, Fraction::WHOLE), Err(ClaimRefusal::SettledAlready));
        assert!(split.claim(OWNER, 1, Fraction::WHOLE).unwrap().is_some());
    }

    #[test]
    fn parts_that_could_not_be_added_up_are_refused() {
        let mut split = split(&[100; 20]);
        let primes = [97, 89, 83, 79, 73, 71, 67, 61, 59, 53, 47];
        let mut refused = None;
        for (line, prime) in (1..).zip(primes) {
            match split.claim(OWNER, line, part(1, prime)) {
                Ok(claimed) => split = claimed.unwrap(),
                Err(refusal) => refused = Some(refusal),
            }
        }
        assert_eq!(refused, Some(ClaimRefusal::TooFine));
        assert_eq!(split.dues().total, split.total());
    }
}
