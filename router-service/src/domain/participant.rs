//! Participants of a shared cheque, and the state of their payments.

use contracts::ids::{TransferId, UserId};
use contracts::money::Money;
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
    /// What they have paid.
    pub settlement: Settlement,
}

/// What a participant has paid, and the last transfer between them and the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Transferred to the owner, less what the owner has transferred back.
    pub transferred: Money,
    /// Paid outside the app, less what was given back outside, as recorded by the owner.
    pub cash: Money,
    /// The last transfer.
    pub last: Option<Attempt>,
}

/// One attempt to move money between a participant and the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The transfer.
    pub transfer_id: TransferId,
    /// Who pays whom.
    pub direction: Direction,
    /// The amount in the currency of the bill; positive.
    pub amount: Money,
    /// The amount in the currency of the accounts.
    pub transferred: Money,
    /// What is known about it.
    pub state: AttemptState,
}

/// Who pays whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The participant pays the owner.
    ToOwner,
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
    pub fn signed(&self) -> Money {
        match self.direction {
            Direction::ToOwner => self.amount,
            Direction::ToParticipant => self.amount.negated(),
        }
    }
}

impl Settlement {
    /// What the participant has paid so far, less what was given back. Negative if they were given more than they paid.
    pub fn paid(&self) -> Money {
        Money::from_minor(self.transferred.minor() + self.cash.minor())
    }

    /// The transfer without an answer.
    pub fn pending(&self) -> Option<Attempt> {
        self.last.filter(|last| last.state == AttemptState::Pending)
    }

    /// What will be paid if the pending transfer succeeds.
    pub fn expected(&self) -> Money {
        let pending = self.pending().map_or(Money::ZERO, |pending| pending.signed());
        Money::from_minor(self.paid().minor() + pending.minor())
    }

    /// Whether money of this participant has moved or is moving, which fixes lines, method and their claims.
    pub fn is_started(&self) -> bool {
        self.paid() != Money::ZERO || self.pending().is_some()
    }
}
