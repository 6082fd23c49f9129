//! A shared cheque: its participants, their claims, and how it is divided.

use super::between::Between;
use super::breakdown::Breakdown;
use super::fraction::{Fraction, least_common_multiple};
use super::last_changes::LastChanges;
use super::method::{Method, Tip};
use super::negative::Negative;
use super::participant::{Participant, ParticipantId};
use super::rate::Rate;
use contracts::cheque::{Cheque, ChequeStatus, Product};
use contracts::currency::smallest_unit;
use contracts::ids::{ChequeHash, UserId};
use contracts::money::{BillAmount, BillMoney};
use contracts::ocr::ChequeRecognized;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use time::OffsetDateTime;

/// Largest number of participants of a cheque.
pub const PARTICIPANTS_MAX: usize = 50;
/// Largest number of lines of a cheque.
pub const LINES_MAX: usize = 1000;
/// Largest common denominator of all claims of a cheque. It keeps sums of lines over it far below 128 bits. Only claims
/// with a dozen different prime denominators reach it.
pub(super) const DENOMINATOR_MAX: u128 = 1_000_000_000_000_000_000;

/// Line number and claimant.
pub type ClaimKey = (u32, ParticipantId);

/// A shared cheque. The operations on it are in the sibling modules; each returns the new state, with `version`
/// incremented.
///
/// Invariants: participants are sorted by id, and the first one is the owner. Claims refer to existing lines and
/// participants, are greater than 0, and add up to at most 1 per line. Their common denominator is at most
/// `DENOMINATOR_MAX`. The absolute value of every amount is at most [`BillAmount::MAX`].
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The user who receives the payments.
    pub owner_id: UserId,
    /// The shared cheque.
    pub cheque: Cheque,
    /// The owner confirmed the cheque although it does not add up.
    pub confirmed: bool,
    /// How it is divided.
    pub method: Method,
    /// The tip set by the owner.
    pub tip: Option<Tip>,
    /// What the owner said about negative lines, by line. The others are discounts in proportion.
    pub negative: BTreeMap<u32, Negative>,
    /// The rate for a bill in another currency than that of the accounts.
    pub rate: Option<Rate>,
    /// Whether others can join.
    pub joining_open: bool,
    /// The participants.
    pub participants: Vec<Participant>,
    /// The highest participant number so far; that participant may have been merged into another one.
    pub last_participant: ParticipantId,
    /// The claimed parts of lines.
    pub claims: BTreeMap<ClaimKey, Fraction>,
    /// What one participant has paid another, if several have paid the restaurant: by who pays and who receives.
    pub between: BTreeMap<(ParticipantId, ParticipantId), Between>,
    /// The participants whose dues count in a group: they pay there, and not on this cheque.
    pub in_group: BTreeSet<ParticipantId>,
    /// The name of the group in which the bill counts.
    pub group_name: Option<String>,
    /// Number of changes so far, including the creation.
    pub version: i64,
    /// The version at which the bill itself was last changed: its lines, amounts, or currency.
    pub cheque_version: i64,
    /// The versions at which lines and fields of the bill were last changed.
    pub last_changes: LastChanges,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When the link expires.
    pub expires_at: OffsetDateTime,
}

/// Why a cheque cannot be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// An amount exceeds [`BillAmount::MAX`].
    #[error("an amount of the cheque exceeds 10^12")]
    Amount,
    /// It has more than [`LINES_MAX`] lines.
    #[error("the cheque has more than {LINES_MAX} lines")]
    TooManyLines,
}

impl Split {
    /// Creates a shared cheque with its owner as the first participant.
    ///
    /// An amount beyond [`BillAmount::MAX`] is another number misread as an amount, such as a bar code: it is cleared.
    ///
    /// # Errors
    /// [`OutOfBounds::TooManyLines`].
    pub fn open(mut read: ChequeRecognized, now: OffsetDateTime) -> Result<Self, OutOfBounds> {
        clear_misread(&mut read.cheque);
        review_decimals(&mut read.cheque);
        check_bounds(&read.cheque)?;
        let owner = Participant::new(ParticipantId::OWNER, None, Some(read.owner_id), None);
        Ok(Self {
            hash: read.hash,
            owner_id: read.owner_id,
            last_changes: LastChanges::all_at(1, &read.cheque),
            cheque: read.cheque,
            confirmed: false,
            method: Method::Items,
            tip: None,
            negative: BTreeMap::new(),
            rate: None,
            joining_open: true,
            participants: vec![owner],
            last_participant: ParticipantId::OWNER,
            claims: BTreeMap::new(),
            between: BTreeMap::new(),
            in_group: BTreeSet::new(),
            group_name: None,
            version: 1,
            cheque_version: 1,
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

    /// The name of the participant with this number, if they have one.
    pub(super) fn name_of(&self, id: ParticipantId) -> Option<String> {
        self.participant(id).and_then(|participant| participant.name.clone())
    }

    /// The line with this number.
    pub fn line(&self, id: u32) -> Option<&Product> {
        self.cheque.products.iter().find(|line| line.id == id)
    }

    /// The part of a line that is not claimed.
    pub fn left_of(&self, line: u32) -> Fraction {
        self.taken_by(line, |_| true).rest()
    }

    /// The parts of the total: the printed parts, the difference to the printed total, and the tip set by the owner.
    ///
    /// Lines without an amount count as 0, and the difference makes up for them. Without a printed total the difference
    /// is 0. With the method `items`, negative lines that can't be claimed are a part of the discount.
    pub fn parts(&self) -> Breakdown {
        let cheque = &self.cheque;
        let or_zero = |money: Option<BillMoney>| money.unwrap_or(BillMoney::ZERO);
        let lines: i64 = cheque.products.iter().map(|line| or_zero(line.total).thousandths()).sum();
        let taken_off = self.taken_off().thousandths();
        let printed = Breakdown {
            items: BillMoney::from_thousandths(lines + taken_off),
            service: or_zero(cheque.service),
            discount: BillMoney::from_thousandths(or_zero(cheque.discount).thousandths() + taken_off),
            tax: or_zero(cheque.tax),
            tip: or_zero(cheque.tip),
            rounding: or_zero(cheque.rounding),
            difference: BillMoney::ZERO,
        };
        let total = cheque.total_account.unwrap_or_else(|| printed.due());
        let unit = smallest_unit(cheque.currency.as_deref());
        // Without lines, a percentage is one of the total.
        let base = if cheque.products.is_empty() { total } else { BillMoney::from_thousandths(lines) };
        let tip = self.tip.map_or(0, |tip| tip.on(base, unit).thousandths());
        Breakdown {
            tip: BillMoney::from_thousandths(printed.tip.thousandths() + tip),
            difference: BillMoney::from_thousandths(total.thousandths() - printed.due().thousandths()),
            ..printed
        }
    }

    /// The total to pay, including the tip.
    pub fn total(&self) -> BillMoney {
        self.parts().due()
    }

    /// Whether dues can be paid: the total is known, the cheque adds up or is confirmed by its owner, exact amounts add
    /// up to the total, no negative line must be claimed any more, and not more was paid to the restaurant.
    pub fn is_payable(&self) -> bool {
        let is_complete = match &self.method {
            Method::Exact(amounts) => {
                amounts.values().map(|amount| amount.thousandths()).sum::<i64>() == self.total().thousandths()
            }
            Method::Items => self.negative_lines_are_claimed(),
            Method::Equal | Method::Shares(_) | Method::Percent(_) => true,
        };
        let right = self.confirmed || self.cheque.status == ChequeStatus::Balanced;
        is_complete && right && self.cheque.total_account.is_some() && !self.advances_exceed_total()
    }

    /// Whether money has moved or is moving and was not given back, which fixes lines and method.
    pub fn is_frozen(&self) -> bool {
        self.participants.iter().any(|participant| participant.settlement.is_started())
    }

    /// Whether the link has expired.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }

    /// The same cheque, whose link lives for at least `lifetime` from now.
    #[must_use]
    pub fn renewed(&self, now: OffsetDateTime, lifetime: Duration) -> Self {
        Self { expires_at: self.expires_at.max(now + lifetime), ..self.clone() }
    }

    /// The part of a line that is claimed by participants that match `whose`.
    pub(super) fn taken_by(&self, line: u32, whose: impl Fn(ParticipantId) -> bool) -> Fraction {
        let range = (line, ParticipantId(0))..=(line, ParticipantId(u32::MAX));
        let parts = self.claims.range(range).filter(|((_, who), _)| whose(*who)).map(|(_, part)| *part);
        parts.fold(Fraction::ZERO, |sum, part| sum.plus(part).expect("claims of a line make at most the whole"))
    }

    /// The common denominator of all claims; `None` if it exceeds `DENOMINATOR_MAX`.
    pub(super) fn common_denominator(&self) -> Option<u128> {
        self.claims
            .values()
            .try_fold(1, |common, part| least_common_multiple(common, u128::from(part.denominator())))
            .filter(|common| *common <= DENOMINATOR_MAX)
    }

    /// A copy with the next version, for an operation to change.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    /// Notes which lines and fields of the bill are different from the state before.
    #[must_use]
    pub(super) fn with_changes_noted(self, before: &Self) -> Self {
        let last_changes = self.last_changes.clone().noted(&before.cheque, &self.cheque, self.version);
        Self { last_changes, ..self }
    }

    /// A participant of the new state, to be changed.
    pub(super) fn participant_mut(&mut self, id: ParticipantId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|participant| participant.id == id)
    }
}

/// Clears amounts beyond [`BillAmount::MAX`]: another number was misread as an amount.
pub(super) fn clear_misread(cheque: &mut Cheque) {
    let misread = |amount: &&mut Option<BillMoney>| amount.is_some_and(|amount| !is_bounded(amount));
    let cleared = amounts(cheque).filter(misread).map(|amount| *amount = None).count();
    if cleared > 0 {
        cheque.recompute_status();
    }
}

/// What was read has to be reviewed if an amount has more decimals than the currency: an older ocr-service does not know that.
pub(super) fn review_decimals(cheque: &mut Cheque) {
    if !cheque.fits_currency() {
        cheque.recompute_status();
    }
}

/// Checks the limits, which keep every sum of a cheque far below 64 bits.
pub(super) fn check_bounds(cheque: &Cheque) -> Result<(), OutOfBounds> {
    if cheque.products.len() > LINES_MAX {
        return Err(OutOfBounds::TooManyLines);
    }
    let mut cheque = cheque.clone();
    if amounts(&mut cheque).all(|amount| amount.is_none_or(is_bounded)) { Ok(()) } else { Err(OutOfBounds::Amount) }
}

/// Every amount printed on a cheque.
fn amounts(cheque: &mut Cheque) -> impl Iterator<Item = &mut Option<BillMoney>> {
    let Cheque { total_account, service, discount, tax, tip, rounding, products, .. } = cheque;
    let lines = products.iter_mut().flat_map(|line| [&mut line.total, &mut line.price]);
    [total_account, service, discount, tax, tip, rounding].into_iter().chain(lines)
}

fn is_bounded(amount: BillMoney) -> bool {
    amount.thousandths().unsigned_abs() <= BillAmount::MAX.thousandths().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split, user};

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
    fn a_bar_code_misread_as_an_amount_is_cleared() {
        let opened = open(read(|cheque| {
            cheque.products[0].price = Some(BillMoney::from_hundredths(460_000_000_000_000_000));
            cheque.total_account = Some(BillMoney::from_hundredths(i64::MAX));
        }));
        let cheque = opened.unwrap().cheque;
        assert_eq!((cheque.products[0].price, cheque.total_account), (None, None));
        assert_eq!(cheque.products[0].total, Some(BillMoney::from_hundredths(100)));
        assert_eq!(cheque.status, ChequeStatus::NeedsReview, "its status is computed again");
    }

    #[test]
    fn a_cheque_with_too_many_lines_is_refused() {
        let endless = read(|cheque| cheque.products = vec![cheque.products[0].clone(); LINES_MAX + 1]);
        assert_eq!(open(endless), Err(OutOfBounds::TooManyLines));
    }

    #[test]
    fn the_parts_of_a_cheque_always_add_up_to_its_total() {
        let total = |change: fn(&mut Cheque)| {
            let split = open(read(change)).unwrap();
            (split.total().hundredths(), split.parts().difference.hundredths())
        };
        assert_eq!(total(|_| {}), (300, 0));
        assert_eq!(total(|cheque| cheque.products[0].total = None), (300, 100));
        assert_eq!(total(|cheque| cheque.discount = Some(BillMoney::from_hundredths(50))), (300, 50));
        assert_eq!(
            total(|cheque| cheque.total_account = None),
            (300, 0),
            "without a printed total, the sum of the parts"
        );
    }

    #[test]
    fn without_lines_a_percentage_of_tip_is_one_of_the_total() {
        let mut only_total = split(&[]);
        only_total.cheque.total_account = Some(BillMoney::from_hundredths(10_000));
        only_total.tip = Some(Tip::Percent(crate::domain::method::BasisPoints::new(1_000).unwrap()));
        assert_eq!(only_total.total(), BillMoney::from_hundredths(11_000));
    }
}
