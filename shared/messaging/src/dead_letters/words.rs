//! The direction and the state of a dead letter, and the words for them in the table and in the API.

use std::fmt;
use std::str::FromStr;

/// The direction of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To this service, which could not handle it.
    Incoming,
    /// From this service; it could not be delivered.
    Outgoing,
}

/// The state of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not settled yet.
    Open,
    /// Published again. If the event fails again, the dead letter is open again.
    Replayed,
    /// Not needed.
    Discarded,
}

/// A word that is not one of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of {1}")]
pub struct UnknownWord(String, &'static str);

impl Direction {
    /// Its name in the table and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

impl State {
    /// Its name in the table and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

impl FromStr for Direction {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "incoming" => Ok(Self::Incoming),
            "outgoing" => Ok(Self::Outgoing),
            _ => Err(UnknownWord(text.to_owned(), "incoming, outgoing")),
        }
    }
}

impl FromStr for State {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "open" => Ok(Self::Open),
            "replayed" => Ok(Self::Replayed),
            "discarded" => Ok(Self::Discarded),
            _ => Err(UnknownWord(text.to_owned(), "open, replayed, discarded")),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
