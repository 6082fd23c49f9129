//! A cheque that several people share: who is there, who took what, and how it is divided.

use super::breakdown::Breakdown;
use super::fraction::{Fraction, least_common_multiple};
use super::method::{Method, Tip};
use super::participant::{Participant, ParticipantId, Settlement};
use contracts::cheque::{Cheque, ChequeStatus, Product};
use contracts::ids::{ChequeHash, UserId};
use contracts::money::{Amount, Money};
use contracts::ocr::ChequeRecognized;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Most participants of one cheque.
pub const PARTICIPANTS_MAX: usize = 50;
/// Most lines of one cheque.
pub const LINES_MAX: usize = 1000;
/// Largest common denominator of all claims of a cheque: sums of lines over it stay far within 128 bits. Only a table
/// that divides its lines by a dozen different primes gets there.
pub(super) const DENOMINATOR_MAX: u128 = 1_000_000_000_000_000_000;

/// Number of a line, and who took a part of it.
pub type ClaimKey = (u32, ParticipantId);

/// A shared cheque. Moves are in the files beside this one; each returns the new state, with `version` one greater.
///
/// Invariants: participants are sorted by id, the owner being the first; claims are of lines and participants that are
/// there, greater than 0, and make at most the whole of each line; their common denominator is at most
/// `DENOMINATOR_MAX`; every amount of the cheque is at most [`Amount::MAX`], positive or negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// Who is to be paid.
    pub owner_id: UserId,
    /// What is shared.
    pub cheque: Cheque,
    /// The owner says that the cheque is right although it does not add up.
    pub confirmed: bool,
    /// How it is divided.
    pub method: Method,
    /// What is added for the staff.
    pub tip: Option<Tip>,
    /// Who shares it.
    pub participants: Vec<Participant>,
    /// Number of the latest participant, who may have been merged into another since.
    pub last_participant: ParticipantId,
    /// Who took which part of which line.
    pub claims: BTreeMap<ClaimKey, Fraction>,
    /// Number of changes so far, the opening included.
    pub version: i64,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When the link ends.
    pub expires_at: OffsetDateTime,
}

/// A cheque can't be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// An amount is beyond [`Amount::MAX`].
    #[error("an amount of the cheque is beyond 10^12")]
    Amount,
    /// More than [`LINES_MAX`].
    #[error("the cheque has more than {LINES_MAX} lines")]
    TooManyLines,
}

impl Split {
    /// Opens a cheque for sharing: its owner is the first participant.
    ///
    /// An amount beyond [`Amount::MAX`] is a number of something else that was misread: it counts as not read.
    ///
    /// # Errors
    /// [`OutOfBounds::TooManyLines`].
    pub fn open(mut read: ChequeRecognized, now: OffsetDateTime) -> Result<Self, OutOfBounds> {
        let misread = |amount: &&mut Option<Money>| amount.is_some_and(|amount| !is_bounded(amount));
        let cleared = amounts(&mut read.cheque).filter(misread).map(|amount| *amount = None).count();
        if cleared > 0 {
            read.cheque.recompute_status();
        }
        check_bounds(&read.cheque)?;
        let owner = Participant {
            id: ParticipantId::OWNER,
            name: None,
            user_id: Some(read.owner_id),
            token: None,
            settlement: Settlement::None,
        };
        Ok(Self {
            hash: read.hash,
            owner_id: read.owner_id,
            cheque: read.cheque,
            confirmed: false,
            method: Method::Items,
            tip: None,
            participants: vec![owner],
            last_participant: ParticipantId::OWNER,
            claims: BTreeMap::new(),
            version: 1,
            created_at: now,
            expires_at: read.expires_at,
        })
    }

    /// The participant with this number.
    pub fn participant(&self, id: ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.id == id)
    }

    /// The participant who is this user.
    pub fn participant_of(&self, user_id: UserId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.user_id == Some(user_id))
    }

    /// The line with this number.
    pub fn line(&self, id: u32) -> Option<&Product> {
        self.cheque.products.iter().find(|line| line.id == id)
    }

    /// What is left of a line.
    pub fn left_of(&self, line: u32) -> Fraction {
        self.taken_by(line, |_| true).rest()
    }

    /// What all sides make: the printed parts, the difference to the printed total, and the agreed tip.
    ///
    /// Lines without an amount count as 0; the difference makes up for them. Without a printed total there is none.
    pub fn parts(&self) -> Breakdown {
        let cheque = &self.cheque;
        let or_zero = |money: Option<Money>| money.unwrap_or(Money::ZERO);
        let items: i64 = cheque.products.iter().map(|line| or_zero(line.total).minor()).sum();
        let printed = Breakdown {
            items: Money::from_minor(items),
            service: or_zero(cheque.service),
            discount: or_zero(cheque.discount),
            tax: or_zero(cheque.tax),
            tip: or_zero(cheque.tip),
            rounding: or_zero(cheque.rounding),
            difference: Money::ZERO,
        };
        let total = cheque.total_account.unwrap_or_else(|| printed.due());
        let tip = self.tip.map_or(0, |tip| tip.on(printed.items).minor());
        Breakdown {
            tip: Money::from_minor(printed.tip.minor() + tip),
            difference: Money::from_minor(total.minor() - printed.due().minor()),
            ..printed
        }
    }

    /// What all together pay, the tip included.
    pub fn total(&self) -> Money {
        self.parts().due()
    }

    /// Whether dues may be paid: the total is known, the cheque adds up or its owner confirmed it, and exact amounts
    /// make the total.
    pub fn is_payable(&self) -> bool {
        let agreed = match &self.method {
            Method::Exact(amounts) => {
                amounts.values().map(|amount| amount.minor()).sum::<i64>() == self.total().minor()
            }
            Method::Items | Method::Equal | Method::Shares(_) | Method::Percent(_) => true,
        };
        let right = self.confirmed || self.cheque.status == ChequeStatus::Balanced;
        agreed && right && self.cheque.total_account.is_some()
    }

    /// Whether somebody has settled or is settling: from then on lines and method are fixed.
    pub fn is_frozen(&self) -> bool {
        self.participants.iter().any(|participant| participant.settlement.frozen().is_some())
    }

    /// Whether the link has ended.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }

    /// What of a line those participants took whom `whose` lets through.
    pub(super) fn taken_by(&self, line: u32, whose: impl Fn(ParticipantId) -> bool) -> Fraction {
        let range = (line, ParticipantId(0))..=(line, ParticipantId(u32::MAX));
        let parts = self.claims.range(range).filter(|((_, who), _)| whose(*who)).map(|(_, part)| *part);
        parts.fold(Fraction::ZERO, |sum, part| sum.plus(part).expect("claims of a line make at most the whole"))
    }

    /// The common denominator of all claims; `None` when it is beyond `DENOMINATOR_MAX`.
    pub(super) fn common_denominator(&self) -> Option<u128> {
        self.claims
            .values()
            .try_fold(1, |common, part| least_common_multiple(common, u128::from(part.denominator())))
            .filter(|common| *common <= DENOMINATOR_MAX)
    }

    /// The same, one version further, for a move to change.
    pub(super) fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    /// A participant of the state that a move is making.
    pub(super) fn participant_mut(&mut self, id: ParticipantId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|participant| participant.id == id)
    }
}

/// Keeps every sum of a cheque far within 64 bits.
pub(super) fn check_bounds(cheque: &Cheque) -> Result<(), OutOfBounds> {
    if cheque.products.len() > LINES_MAX {
        return Err(OutOfBounds::TooManyLines);
    }
    let mut cheque = cheque.clone();
    if amounts(&mut cheque).all(|amount| amount.is_none_or(is_bounded)) { Ok(()) } else { Err(OutOfBounds::Amount) }
}

/// Every amount that is printed on a cheque.
fn amounts(cheque: &mut Cheque) -> impl Iterator<Item = &mut Option<Money>> {
    let Cheque { total_account, service, discount, tax, tip, rounding, products, .. } = cheque;
    let lines = products.iter_mut().flat_map(|line| [&mut line.total, &mut line.price]);
    [total_account, service, discount, tax, tip, rounding].into_iter().chain(lines)
}

fn is_bounded(amount: Money) -> bool {
    amount.minor().unsigned_abs() <= Amount::MAX.minor().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{split, user};

    fn read(change: impl FnOnce(&mut Cheque)) -> ChequeRecognized {
        let Split { hash, mut cheque, expires_at, .. } = split(&[100, 200]);
        change(&mut cheque);
        ChequeRecognized { hash, owner_id: user(1), expires_at, cheque }
    }

    fn open(read: ChequeRecognized) -> Result<Split, OutOfBounds> {
        let now = read.expires_at;
        Split::open(read, now)
    }

    #[test]
    fn a_bar_code_that_was_read_as_an_amount_counts_as_not_read() {
        let opened = open(read(|cheque| {
            cheque.products[0].price = Some(Money::from_minor(460_000_000_000_000_000));
            cheque.total_account = Some(Money::from_minor(i64::MAX));
        }));
        let cheque = opened.unwrap().cheque;
        assert_eq!((cheque.products[0].price, cheque.total_account), (None, None));
        assert_eq!(cheque.products[0].total, Some(Money::from_minor(100)));
        assert_eq!(cheque.status, ChequeStatus::NeedsReview, "it is judged anew");
    }

    #[test]
    fn an_endless_cheque_is_refused() {
        let endless = read(|cheque| cheque.products = vec![cheque.products[0].clone(); LINES_MAX + 1]);
        assert_eq!(open(endless), Err(OutOfBounds::TooManyLines));
    }

    #[test]
    fn the_parts_of_a_cheque_make_its_total_whatever_is_missing() {
        let total = |change: fn(&mut Cheque)| {
            let split = open(read(change)).unwrap();
            (split.total().minor(), split.parts().difference.minor())
        };
        assert_eq!(total(|_| {}), (300, 0));
        assert_eq!(total(|cheque| cheque.products[0].total = None), (300, 100));
        assert_eq!(total(|cheque| cheque.discount = Some(Money::from_minor(50))), (300, 50));
        assert_eq!(total(|cheque| cheque.total_account = None), (300, 0), "without a printed total, the parts");
    }
}
