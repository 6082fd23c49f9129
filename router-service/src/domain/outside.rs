//! How a participant has paid outside the app.

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
