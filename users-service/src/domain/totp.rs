//! Codes of authenticator apps: TOTP with SHA-1, six digits and steps of 30 seconds, which are what all of them support.
//! Source: RFC 6238; RFC 4226, section 5.3.

use super::base32;
use super::login::Login;
use ring::hmac;
use std::fmt;

/// Bytes of a secret: as many as SHA-1 has. Source: RFC 4226, section 4.
pub const SECRET_BYTES: usize = 20;
const STEP_SECS: u64 = 30;
const CODES: u32 = 1_000_000;
/// Steps by which the clock of the device may differ. Source: RFC 6238, section 5.2.
const SKEW_STEPS: i64 = 1;

/// The secret that users-service and the authenticator app share; it is never printed.
#[derive(Clone)]
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A secret of these random bytes.
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be encrypted.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret in base32, to be typed.
    pub fn text(&self) -> String {
        base32::encode(&self.0)
    }

    /// The secret as a URI, for a QR code. Source: the Key Uri Format of Google Authenticator.
    pub fn uri(&self, login: &Login) -> String {
        // A login contains nothing that must be escaped.
        let secret = self.text();
        format!("otpauth://totp/Chipin:{login}?secret={secret}&issuer=Chipin&algorithm=SHA1&digits=6&period=30")
    }

    /// The code of a time step.
    pub fn code(&self, step: i64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 15);
        let word = tag.iter().skip(offset).take(4).fold(0, |word, byte| word << 8 | u32::from(*byte));
        (word & 0x7fff_ffff) % CODES
    }

    /// The time step of a code that is valid in step `now`, and later than step `last`: a code is accepted once.
    pub fn matching_step(&self, code: u32, now: i64, last: i64) -> Option<i64> {
        let mut steps = now - SKEW_STEPS..=now + SKEW_STEPS;
        steps.find(|step| *step > last && self.code(*step) == code)
    }
}

/// The time step of a Unix time in seconds.
pub fn step_at(unix_seconds: u64) -> i64 {
    i64::try_from(unix_seconds / STEP_SECS).unwrap_or(i64::MAX - SKEW_STEPS)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new(*b"12345678901234567890")
    }

    /// Source: RFC 6238, appendix B, the last six of eight digits.
    #[test]
    fn the_test_vectors_of_the_standard_have_their_codes() {
        let vectors = [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ];
        for (seconds, code) in vectors {
            assert_eq!(secret().code(step_at(seconds)), code, "at {seconds}");
        }
    }

    #[test]
    fn a_code_is_valid_one_step_early_or_late_and_not_after_it_was_used() {
        let code = secret().code(100);
        for now in 99..=101 {
            assert_eq!(secret().matching_step(code, now, 0), Some(100), "in step {now}");
        }
        for now in [98, 102] {
            assert_eq!(secret().matching_step(code, now, 0), None, "in step {now}");
        }
        for last in [100, 101] {
            assert_eq!(secret().matching_step(code, 100, last), None, "after step {last}");
        }
    }

    #[test]
    fn a_secret_is_shown_as_an_authenticator_app_reads_it_and_never_printed() {
        let login = Login::parse("anna").unwrap();
        assert_eq!(
            secret().uri(&login),
            "otpauth://totp/Chipin:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Chipin&algorithm=SHA1&digits=6\
             &period=30"
        );
        assert_eq!(format!("{:?}", secret()), "Secret(…)");
    }
}
