//! Participants of a shared cheque, and the state of their payments.

use super::outside::Outside;
use super::reminded::Reminded;
use contracts::ids::{TransferId, UserId};
use contracts::money::{BillMoney, Money};
use contracts::payments::RefusalReason;
use std::fmt;

/// Number of a participant within a cheque, from 1; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub u32);

impl ParticipantId {
    /// The owner of the cheque, who is always the first participant.
    pub const OWNER: Self = Self(1);
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a guest's secret token. Only the guest knows the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// A participant of a shared cheque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The participant's number.
    pub id: ParticipantId,
    /// Display name; the owner may not have set one.
    pub name: Option<String>,
    /// The user; `None` for a guest.
    pub user_id: Option<UserId>,
    /// Hash of the secret token, if they joined as a guest.
    pub token: Option<TokenHash>,
    /// What they have paid to the restaurant. Zero for the owner, who has paid the rest of the total.
    pub advance: BillMoney,
    /// What they have paid to other participants.
    pub settlement: Settlement,
    /// How they have paid outside the app, as recorded.
    pub outside: Option<Outside>,
    /// What they say they have paid outside the app, until the receiver confirms it.
    pub report: Option<Report>,
    /// When they were reminded.
    pub reminded: Option<Reminded>,
}

impl Participant {
    /// Someone who is new and has paid nothing.
    pub fn new(id: ParticipantId, name: Option<String>, user_id: Option<UserId>, token: Option<TokenHash>) -> Self {
        let settlement = Settlement::default();
        let (advance, outside, report, reminded) = (BillMoney::ZERO, None, None, None);
        Self { id, name, user_id, token, advance, settlement, outside, report, reminded }
    }

    /// Whether the owner has added them by name, and no device and no user is this participant.
    pub fn is_free(&self) -> bool {
        self.user_id.is_none() && self.token.is_none()
    }
}

/// A participant says that they have paid. It counts as not paid until the receiver or the owner confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The amount in the currency of the bill; positive.
    pub amount: BillMoney,
    /// Who has received it.
    pub to: ParticipantId,
    /// What the participant wrote about it.
    pub note: Option<String>,
}

/// What a participant has paid to others, and their last transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Transferred to others, less what the owner has transferred back.
    pub transferred: BillMoney,
    /// Paid to others outside the app, less what was given back outside, as recorded.
    pub cash: BillMoney,
    /// Received from others, if several participants have paid the restaurant.
    pub received: BillMoney,
    /// Pending transfers of others to them, if several participants have paid the restaurant.
    pub arriving: BillMoney,
    /// The last transfer.
    pub last: Option<Attempt>,
}

/// One attempt to move money between two participants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The transfer.
    pub transfer_id: TransferId,
    /// Who pays whom.
    pub direction: Direction,
    /// The amount in the currency of the bill; positive.
    pub amount: BillMoney,
    /// The amount in the currency of the accounts.
    pub transferred: Money,
    /// What is known about it.
    pub state: AttemptState,
}

/// Who pays whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The participant pays the owner, who alone has paid the restaurant.
    ToOwner,
    /// The participant pays another one: several have paid the restaurant.
    To(ParticipantId),
    /// The owner gives money back.
    ToParticipant,
}

/// The answer of payments-service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// Not answered yet.
    Pending,
    /// The money has moved.
    Done,
    /// Refused; another attempt may be made.
    Failed(RefusalReason),
}

impl Attempt {
    /// The amount, negative if it goes to the participant.
    pub fn signed(&self) -> BillMoney {
        match self.direction {
            Direction::ToOwner | Direction::To(_) => self.amount,
            Direction::ToParticipant => self.amount.negated(),
        }
    }
}

impl Settlement {
    /// What the participant has paid so far, less what was given back or received from others. Negative if they got more
    /// than they paid.
    pub fn paid(&self) -> BillMoney {
        BillMoney::from_thousandths(
            self.transferred.thousandths() + self.cash.thousandths() - self.received.thousandths(),
        )
    }

    /// The transfer without an answer.
    pub fn pending(&self) -> Option<Attempt> {
        self.last.filter(|last| last.state == AttemptState::Pending)
    }

    /// What will be paid if the pending transfers succeed.
    pub fn expected(&self) -> BillMoney {
        let pending = self.pending().map_or(BillMoney::ZERO, |pending| pending.signed());
        BillMoney::from_thousandths(self.paid().thousandths() + pending.thousandths() - self.arriving.thousandths())
    }

    /// Whether a transfer from or to this participant has no answer yet.
    pub fn is_moving(&self) -> bool {
        self.pending().is_some() || self.arriving != BillMoney::ZERO
    }

    /// Whether money of this participant has moved or is moving, which fixes lines, method and their claims.
    pub fn is_started(&self) -> bool {
        self.paid() != BillMoney::ZERO || self.is_moving()
    }
}
