//! What a user enters as the second step: a code of the authenticator app, or a recovery code.

use super::base32;
use sha2::{Digest, Sha256};
use std::fmt;

/// Random bytes of a recovery code. With 112 bits and more, a fast hash is enough: OWASP ASVS 5.0, requirement 6.5.2.
pub const RECOVERY_BYTES: usize = 15;
const RECOVERY_CHARACTERS: usize = RECOVERY_BYTES * 8 / 5;
/// Characters between hyphens.
const GROUP: usize = 6;
const TOTP_DIGITS: usize = 6;

/// The second step; it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum FactorCode {
    /// Of an authenticator app.
    Totp(u32),
    /// From the list that is shown once.
    Recovery(RecoveryCode),
}

/// A code that replaces the device, once: 24 letters and digits.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

/// The text is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the six digits of an authenticator app, or a recovery code of 24 letters and digits")]
pub struct InvalidCode;

impl FactorCode {
    /// Parses a code. Blanks, hyphens and case do not matter.
    ///
    /// # Errors
    /// [`InvalidCode`] describes the formats.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let is_separator = |character: char| character == '-' || character.is_whitespace();
        let code: String = text.chars().filter(|character| !is_separator(*character)).collect();
        if code.len() == TOTP_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()) {
            return code.parse().map(Self::Totp).map_err(|_| InvalidCode);
        }
        let code = code.to_ascii_lowercase();
        let is_recovery = code.len() == RECOVERY_CHARACTERS && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_recovery { Ok(Self::Recovery(RecoveryCode(code))) } else { Err(InvalidCode) }
    }
}

impl RecoveryCode {
    /// A code of these random bytes.
    pub fn new(bytes: &[u8; RECOVERY_BYTES]) -> Self {
        Self(base32::encode(bytes).to_ascii_lowercase())
    }

    /// The hash that is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The code as it is shown: in groups.
    pub fn text(&self) -> String {
        let groups: Vec<&str> = (0..self.0.len()).step_by(GROUP).filter_map(|at| self.0.get(at..at + GROUP)).collect();
        groups.join("-")
    }
}

impl fmt::Debug for FactorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorCode(…)")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(FactorCode::parse(" 012 345"), Ok(FactorCode::Totp(12_345)));
        let code = RecoveryCode::new(&[0xa5; RECOVERY_BYTES]);
        assert_eq!(code.text().len(), 27);
        for text in [code.text(), code.text().to_uppercase(), code.text().replace('-', " ")] {
            assert_eq!(FactorCode::parse(&text), Ok(FactorCode::Recovery(code.clone())), "{text}");
        }
        for text in ["", "12345", "1234567", "12345x", "abcdef-abcdef", &"ы".repeat(12)] {
            assert_eq!(FactorCode::parse(text), Err(InvalidCode), "{text}");
        }
    }

    #[test]
    fn a_code_is_never_printed() {
        let code = RecoveryCode::new(&[7; RECOVERY_BYTES]);
        assert_eq!(format!("{code:?} {:?}", FactorCode::Totp(1)), "RecoveryCode(…) FactorCode(…)");
    }
}
