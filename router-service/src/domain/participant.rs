//! Participants of a shared cheque, and the state of their payments.

use super::breakdown::Breakdown;
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
    /// State of the payment.
    pub settlement: Settlement,
}

/// State of a participant's payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Not attempted.
    None,
    /// A transfer was requested and is not answered.
    Pending(Attempt),
    /// The transfer is done.
    Paid(Attempt),
    /// The last transfer was refused; another one may be tried.
    Failed(Attempt, RefusalReason),
    /// Paid outside the app, as recorded by the owner.
    Cash(Breakdown),
}

/// One attempt to pay a due by a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The due that it pays.
    pub breakdown: Breakdown,
}

impl Attempt {
    /// The transferred amount.
    pub fn amount(&self) -> Money {
        self.breakdown.due()
    }
}

impl Settlement {
    /// The fixed due of a participant who has paid or is paying.
    pub fn frozen(&self) -> Option<&Breakdown> {
        match self {
            Self::Pending(attempt) | Self::Paid(attempt) => Some(&attempt.breakdown),
            Self::Cash(breakdown) => Some(breakdown),
            Self::None | Self::Failed(..) => None,
        }
    }

    /// Whether the payment is final.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Paid(_) | Self::Cash(_) => true,
            Self::None | Self::Pending(_) | Self::Failed(..) => false,
        }
    }
}
