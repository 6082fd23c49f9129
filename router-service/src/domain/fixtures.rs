//! Shared cheques for tests, valid by default.

use super::fraction::Fraction;
use super::join::{Identity, Joined};
use super::outside::Outside;
use super::participant::{Attempt, AttemptState, Direction, ParticipantId, Settlement, TokenHash};
use super::refund::{Means, RefundRefusal};
use super::settle::{Agreed, CashRefusal, SettleRefusal};
use super::split::Split;
use contracts::cheque::{Cheque, ChequeStatus, Product};
use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::money::{Amount, BillMoney, Money};
use contracts::ocr::ChequeRecognized;
use contracts::quantity::Quantity;
use contracts::router::TransferRequested;
use time::macros::datetime;
use uuid::Uuid;

/// A balanced cheque of user 1 with lines of these amounts, in hundredths.
pub(crate) fn split(lines: &[i64]) -> Split {
    split_in(10, lines)
}

/// A balanced cheque of user 1 with lines of these amounts, in units of so many thousandths.
pub(crate) fn split_in(unit: i64, lines: &[i64]) -> Split {
    let lines: Vec<i64> = lines.iter().map(|line| line * unit).collect();
    let mut cheque = Cheque {
        merchant: None,
        purchased_on: None,
        total_account: Some(BillMoney::from_thousandths(lines.iter().sum())),
        totals: vec![],
        products: (1..).zip(&lines).map(|(id, total)| product(id, *total)).collect(),
        currency: None,
        service: None,
        discount: None,
        tax: None,
        tip: None,
        rounding: None,
        status: ChequeStatus::Failed,
        difference: None,
        confidence: 0.9,
        warnings: vec![],
        photo: None,
        photos: vec![],
    };
    cheque.recompute_status();
    let hash = ChequeHash::from_random([7; 22]);
    let read = ChequeRecognized { hash, owner_id: user(1), expires_at: datetime!(2026-11-22 10:00 UTC), cheque };
    Split::open(read, datetime!(2026-11-21 10:00 UTC)).unwrap()
}

pub(super) fn user(id: i64) -> UserId {
    UserId::try_from(id).unwrap()
}

pub(super) fn token(secret: u8) -> TokenHash {
    TokenHash([secret; 32])
}

pub(super) fn transfer(number: u128) -> TransferId {
    TransferId(Uuid::from_u128(number))
}

/// A transfer to the owner without an answer.
pub(super) fn pending(number: u128) -> Settlement {
    let (direction, state) = (Direction::ToOwner, AttemptState::Pending);
    let (amount, transferred) = (BillMoney::from_hundredths(1), Money::from_minor(1));
    let attempt = Attempt { transfer_id: transfer(number), direction, amount, transferred, state };
    Settlement { last: Some(attempt), ..Settlement::default() }
}

/// Most tests are in a currency with two decimals.
pub(crate) trait Hundredths {
    /// The amount in hundredths, of which it must be a whole number.
    fn hundredths(self) -> i64;
}

impl Hundredths for Money {
    fn hundredths(self) -> i64 {
        self.minor()
    }
}

impl Hundredths for Amount {
    fn hundredths(self) -> i64 {
        self.minor()
    }
}

impl Hundredths for BillMoney {
    fn hundredths(self) -> i64 {
        self.to_money().unwrap().minor()
    }
}

impl Split {
    /// Adds `guests` guests; each guest's token is derived from their number.
    pub(super) fn with_guests(self, guests: u32) -> Self {
        (0..guests).fold(self, |split, _| {
            let secret = token(u8::try_from(split.last_participant.0 + 1).unwrap());
            joined(&split, Identity::default(), Some(secret))
        })
    }

    pub(super) fn with_user(self, id: i64) -> Self {
        joined(&self, Identity { user_id: Some(user(id)), token: None }, None)
    }

    /// The user pays the only participant to whom they owe something.
    pub(super) fn settle(
        &self,
        user_id: UserId,
        named: Option<ParticipantId>,
        agreed: Agreed<Money>,
        accounts: &str,
        transfer_id: TransferId,
    ) -> Result<(Self, TransferRequested), SettleRefusal> {
        self.settle_to(user_id, named, None, agreed, accounts, transfer_id)
    }

    pub(super) fn paid_cash(&self, id: ParticipantId, agreed: Agreed<BillMoney>) -> Result<Self, CashRefusal> {
        self.record_cash(id, None, agreed, Outside::CASH)
    }

    pub(super) fn refund(
        &self,
        id: ParticipantId,
        amount: BillMoney,
        means: Means,
        transfer_id: TransferId,
    ) -> Result<(Self, Option<TransferRequested>), RefundRefusal> {
        self.refund_by(ParticipantId::OWNER, id, amount, means, transfer_id)
    }

    pub(super) fn claimed(self, who: ParticipantId, line: u32, part: Fraction) -> Self {
        self.claim(who, line, part).unwrap().unwrap()
    }
}

fn joined(split: &Split, identity: Identity, new_token: Option<TokenHash>) -> Split {
    match split.join(identity, "Имя".into(), new_token).unwrap() {
        Joined::New(split, _) | Joined::Existing(split, _) => split,
    }
}

fn product(id: u32, thousandths: i64) -> Product {
    let total = Some(BillMoney::from_thousandths(thousandths));
    Product {
        id,
        name: format!("Блюдо {id}"),
        number_servings: Quantity::ONE,
        price: total,
        total,
        price_printed: true,
        modifiers: vec![],
        confidence: 0.9,
        raw: format!("Блюдо {id} {thousandths}"),
        bounds: None,
        warnings: vec![],
    }
}
