//! Ids: a separate type for each kind, so that they can't be confused.

pub use rabbit_outbox_event::EventId;

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// The id of an order. UUID version 7, created by orders-service: ids of later orders sort later.
    OrderId
);
uuid_id!(
    /// The id of a row of the ledger: a top-up, a payment, a refund, or a transfer.
    TransactionId
);
uuid_id!(
    /// The id of an attempt to transfer money between users. UUID version 7, created by router-service.
    TransferId
);

/// The id of a user: a positive number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(minimum = 1))]
#[serde(try_from = "i64", into = "i64")]
pub struct UserId(i64);

/// A user id is a positive 64-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id is a positive integer, not {0}")]
pub struct InvalidUserId(i64);

impl UserId {
    /// The number, at least 1.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for UserId {
    type Error = InvalidUserId;

    fn try_from(id: i64) -> Result<Self, Self::Error> {
        if id > 0 { Ok(Self(id)) } else { Err(InvalidUserId(id)) }
    }
}

impl From<UserId> for i64 {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The key of a share link: 22 random characters of base62 (62^22 values, 131 bits). It gives access to the cheque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9A-Za-z]{22}$"))]
#[serde(try_from = "String", into = "String")]
pub struct ChequeHash(String);

/// The text is not a valid key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of a share link is {} letters and digits", ChequeHash::CHARACTERS)]
pub struct InvalidChequeHash;

impl ChequeHash {
    /// Length of a key.
    pub const CHARACTERS: usize = 22;
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// Creates a key from random numbers, each uniform in `0..62`, which must come from a cryptographic generator.
    ///
    /// ```
    /// let hash = contracts::ids::ChequeHash::from_random([61; 22]);
    /// assert_eq!(hash.to_string(), "zzzzzzzzzzzzzzzzzzzzzz");
    /// ```
    pub fn from_random(digits: [u8; Self::CHARACTERS]) -> Self {
        let character = |digit: u8| char::from(Self::ALPHABET[usize::from(digit) % Self::ALPHABET.len()]);
        Self(digits.into_iter().map(character).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first six characters, for logs: enough to find the row, and the other 16 stay secret.
    ///
    /// ```
    /// let hash = contracts::ids::ChequeHash::from_random([61; 22]);
    /// assert_eq!(hash.shortened().to_string(), "zzzzzz…");
    /// ```
    pub fn shortened(&self) -> impl fmt::Display {
        fmt::from_fn(|f| write!(f, "{}…", &self.0[..6]))
    }
}

impl TryFrom<String> for ChequeHash {
    type Error = InvalidChequeHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let well_formed = text.len() == Self::CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed { Ok(Self(text)) } else { Err(InvalidChequeHash) }
    }
}

impl From<ChequeHash> for String {
    fn from(hash: ChequeHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ChequeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
