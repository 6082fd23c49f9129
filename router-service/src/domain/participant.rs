//! Who shares a cheque, and how far they are with paying.

use super::breakdown::Breakdown;
use contracts::ids::{TransferId, UserId};
use contracts::money::Money;
use contracts::payments::RefusalReason;
use std::fmt;

/// Number of a participant within a cheque, from 1; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub u32);

impl ParticipantId {
    /// The owner of the cheque, who is there from the start.
    pub const OWNER: Self = Self(1);
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a guest's secret token: the token itself is known to the guest alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// Somebody who shares a cheque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The number.
    pub id: ParticipantId,
    /// How they want to be called; the owner may not have said.
    pub name: Option<String>,
    /// The user, unless it is a guest.
    pub user_id: Option<UserId>,
    /// The secret of who joined as a guest.
    pub token: Option<TokenHash>,
    /// How far they are with paying.
    pub settlement: Settlement,
}

/// How far a participant is with paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Has not tried.
    None,
    /// A transfer is asked for and not answered.
    Pending(Attempt),
    /// The money was moved.
    Paid(Attempt),
    /// The last transfer was refused; another one may be tried.
    Failed(Attempt, RefusalReason),
    /// Paid outside, as the owner says.
    Cash(Breakdown),
}

/// One attempt to pay one's due by a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The transfer.
    pub transfer_id: TransferId,
    /// What it pays.
    pub breakdown: Breakdown,
}

impl Attempt {
    /// How much is moved.
    pub fn amount(&self) -> Money {
        self.breakdown.due()
    }
}

impl Settlement {
    /// What is fixed, whatever others do: the due of who has paid or is paying.
    pub fn frozen(&self) -> Option<&Breakdown> {
        match self {
            Self::Pending(attempt) | Self::Paid(attempt) => Some(&attempt.breakdown),
            Self::Cash(breakdown) => Some(breakdown),
            Self::None | Self::Failed(..) => None,
        }
    }

    /// Whether nothing is to be waited for any more.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Paid(_) | Self::Cash(_) => true,
            Self::None | Self::Pending(_) | Self::Failed(..) => false,
        }
    }
}
