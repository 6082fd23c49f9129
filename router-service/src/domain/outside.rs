//! Payments outside the app: how a participant has paid, and what they say they have paid.

use super::participant::ParticipantId;
use contracts::money::Money;

/// How a participant has paid outside the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// In cash, or otherwise.
    pub means: OutsideMeans,
    /// What the receiver wrote about it.
    pub note: Option<String>,
}

/// By what means a participant has paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideMeans {
    /// In cash.
    Cash,
    /// By another app, a bank transfer, or in kind.
    Other,
}

impl Outside {
    /// In cash, without a note.
    pub const CASH: Self = Self { means: OutsideMeans::Cash, note: None };
}

impl OutsideMeans {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Other => "other",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cash, Self::Other].into_iter().find(|means| means.as_str() == name)
    }
}

/// A participant says that they have paid. It counts as not paid until the receiver or the owner confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The amount in the currency of the bill; positive.
    pub amount: Money,
    /// Who has received it.
    pub to: ParticipantId,
    /// What the participant wrote about it.
    pub note: Option<String>,
}
