//! Numbers with limits.

use std::str::FromStr;
use std::time::Duration;

/// Ten years. Times beyond can't be added to the clock, or mean a mistake.
const SECONDS_MAX: u64 = 10 * 365 * 24 * 60 * 60;

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

/// The number of seconds of a duration, from `MIN` to ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds<const MIN: u64 = 1>(u64);

/// The text is not a whole number in the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}")]
pub struct WrongNumber {
    min: u64,
    max: u64,
}

fn parse(text: &str, min: u64, max: u64) -> Result<u64, WrongNumber> {
    text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or(WrongNumber { min, max })
}

impl<const MIN: u32, const MAX: u32> FromStr for Whole<MIN, MAX> {
    type Err = WrongNumber;

    fn from_str(text: &str) -> Result<Self, WrongNumber> {
        let wrong = WrongNumber { min: MIN.into(), max: MAX.into() };
        u32::try_from(parse(text, wrong.min, wrong.max)?).map(Self).map_err(|_| wrong)
    }
}

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number of things in memory.
    pub fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MIN: u64> FromStr for Seconds<MIN> {
    type Err = WrongNumber;

    fn from_str(text: &str) -> Result<Self, WrongNumber> {
        parse(text, MIN, SECONDS_MAX).map(Self)
    }
}

impl<const MIN: u64> Seconds<MIN> {
    /// The duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_within_its_limits() {
        assert_eq!("100".parse::<Whole<1, 100>>().map(Whole::get), Ok(100));
        for text in ["0", "101", "-1", "1.5", "", "4294967297"] {
            assert!(text.parse::<Whole<1, 100>>().is_err(), "{text}");
        }
        assert_eq!("0".parse::<Seconds<0>>().map(Seconds::duration), Ok(Duration::ZERO));
        for text in ["0", "315360001", "18446744073709551615"] {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
    }
}
