//! Keys that sign: one that the gateway shares with each service, and those that it keeps for itself.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Length of the shortest accepted key.
const CHARACTERS_MIN: usize = 32;

/// A key for HMAC-SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Arc<str>);

/// Keys for HMAC-SHA-256, at least one. The first one signs, and all verify, so that a key can be replaced while
/// signatures of the old one are still on their way.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeys(Arc<[SigningKey]>);

/// The key is too short, or more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have at least {CHARACTERS_MIN} characters, and no comma and no space: generate a key with `openssl rand -hex \
     32`"
)]
pub struct WeakKey;

/// A key of the list is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have at least {CHARACTERS_MIN} characters in each key, the newest key first, separated by commas without \
     spaces: generate a key with `openssl rand -hex 32`"
)]
pub struct WeakKeys;

impl FromStr for SigningKey {
    type Err = WeakKey;

    fn from_str(text: &str) -> Result<Self, WeakKey> {
        let is_one_word = !text.contains(|c: char| c == ',' || c.is_whitespace());
        if is_one_word && text.chars().count() >= CHARACTERS_MIN { Ok(Self(text.into())) } else { Err(WeakKey) }
    }
}

impl FromStr for SigningKeys {
    type Err = WeakKeys;

    fn from_str(text: &str) -> Result<Self, WeakKeys> {
        let keys = text.split(',').map(|key| key.parse().map_err(|_| WeakKeys));
        keys.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys(…)")
    }
}

impl SigningKey {
    /// The signature of `texts`, which is valid for one `purpose` only. No text may contain a line feed.
    pub(crate) fn signature(&self, purpose: &str, texts: &[&str]) -> String {
        base16ct::lower::encode_string(&self.mac(purpose, texts).finalize().into_bytes())
    }

    /// Whether `signature` is that of [`SigningKey::signature`].
    pub(crate) fn is_signed(&self, purpose: &str, texts: &[&str], signature: &str) -> bool {
        let Ok(signature) = base16ct::lower::decode_vec(signature) else { return false };
        // In constant time.
        self.mac(purpose, texts).verify_slice(&signature).is_ok()
    }

    fn mac(&self, purpose: &str, texts: &[&str]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length: RFC 2104, section 2")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(purpose.as_bytes());
        for text in texts {
            mac.update(b"\n");
            mac.update(text.as_bytes());
        }
        mac
    }
}

impl SigningKeys {
    /// `text` with an appended signature, which is valid for one `purpose` only.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        // A list has at least one key.
        let signature = self.0.first().map(|key| key.signature(purpose, &[text])).unwrap_or_default();
        format!("{text}.{signature}")
    }

    /// The text before a signature of [`SigningKeys::sign`], if the signature is valid.
    pub fn verify<'a>(&self, purpose: &str, signed: &'a str) -> Option<&'a str> {
        let (text, signature) = signed.rsplit_once('.')?;
        self.iter().any(|key| key.is_signed(purpose, &[text], signature)).then_some(text)
    }

    /// The keys, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "another key of 32 characters...!";

    fn keys(text: &str) -> SigningKeys {
        text.replace(' ', "-").parse().unwrap()
    }

    #[test]
    fn a_key_is_long_and_never_printed() {
        for text in ["", "short", &OLD[1..], &format!("{OLD},{OLD}"), &format!("{OLD} ")] {
            assert_eq!(text.parse::<SigningKey>().unwrap_err(), WeakKey, "{text}");
        }
        for text in ["", ",", &format!("{OLD},"), &format!("{OLD},short"), &format!("{OLD}, {OLD}")] {
            assert_eq!(text.parse::<SigningKeys>().unwrap_err(), WeakKeys, "{text}");
        }
        let printed = format!("{:?} {:?}", OLD.parse::<SigningKey>().unwrap(), keys(OLD));
        assert!(!printed.contains("0123"), "{printed}");
    }

    #[test]
    fn a_signature_is_valid_for_its_purpose_and_its_text_only() {
        let signed = keys(OLD).sign("ticket", "7.user");
        assert_eq!(keys(OLD).verify("ticket", &signed), Some("7.user"));
        assert_eq!(keys(OLD).verify("pass", &signed), None);
        for forged in [signed.replace("7.", "8."), format!("{signed}00"), "7.user.".to_owned(), String::new()] {
            assert_eq!(keys(OLD).verify("ticket", &forged), None, "{forged}");
        }
    }

    #[test]
    fn while_a_key_is_replaced_both_verify_and_the_new_one_signs() {
        let (old, both, new) = (keys(OLD), keys(&format!("{NEW},{OLD}")), keys(NEW));
        assert!(both.verify("ticket", &old.sign("ticket", "x")).is_some());
        assert!(new.verify("ticket", &both.sign("ticket", "x")).is_some());
        assert!(new.verify("ticket", &old.sign("ticket", "x")).is_none());
    }
}
