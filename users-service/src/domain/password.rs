//! Passwords as users type them.

use super::common_passwords::is_common;
use super::login::Login;
use std::fmt;

/// Length of a password, in characters. Source: NIST SP 800-63B-4, section 3.1.1.2, which also advises against rules about
/// character classes, and OWASP ASVS 5.0, section V6.2.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=200;

/// What a guesser who knows this application tries first: its names, what it is about, and its roles. `docs/ACCESS.md`
/// lists them too.
const OWN_WORDS: [&str; 10] = [
    "chipin",
    "chip in",
    "chip-in",
    "чипин",
    "cheque",
    "receipt",
    "payment",
    "restaurant",
    "administrator",
    "operator",
];

/// The password of the demo users. Public: the page shows it.
pub const DEMO_PASSWORD: &str = "chipin-demo";

/// A password; it is never printed.
#[derive(Clone)]
pub struct Password(String);

/// The text is not a valid password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 8 to 200 characters")]
pub struct InvalidPassword;

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is in the list.
    #[error("is one of the most common passwords")]
    Common,
    /// Blanks, for example.
    #[error("must not be one character, repeated")]
    Repeated,
    /// Without the login, too little is left.
    #[error("must not be the login, or little more than it")]
    Login,
    /// Without a word of [`OWN_WORDS`], too little is left.
    #[error("must not be a word of this application, or little more than it")]
    OwnWord,
}

impl Password {
    /// Checks the length of a password.
    ///
    /// # Errors
    /// [`InvalidPassword`] when it is too short or too long.
    pub fn parse(text: String) -> Result<Self, InvalidPassword> {
        if LENGTH.contains(&text.chars().count()) { Ok(Self(text)) } else { Err(InvalidPassword) }
    }

    /// Checks whether the user with this login may choose the password. One that was chosen earlier is still accepted.
    ///
    /// # Errors
    /// [`WeakPassword`] when it is among the first to be guessed.
    pub fn check_choice(&self, login: &Login) -> Result<(), WeakPassword> {
        let mut characters = self.0.chars();
        let first = characters.next();
        if characters.all(|character| Some(character) == first) {
            return Err(WeakPassword::Repeated);
        }
        if is_common(&self.0) || self.is_of_demo_users() {
            return Err(WeakPassword::Common);
        }
        let lower = self.0.to_lowercase();
        if is_little_more_than(login.as_str(), &lower) {
            return Err(WeakPassword::Login);
        }
        if OWN_WORDS.iter().any(|word| is_little_more_than(word, &lower)) {
            return Err(WeakPassword::OwnWord);
        }
        Ok(())
    }

    /// Whether it is the public password of the demo users.
    pub fn is_of_demo_users(&self) -> bool {
        self.0 == DEMO_PASSWORD
    }

    /// The bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Whether a password in lower case contains the word and, without it, is one that could not be chosen.
fn is_little_more_than(word: &str, password: &str) -> bool {
    let rest = password.replace(word, "");
    rest.len() < password.len() && (rest.chars().count() < *LENGTH.start() || is_common(&rest))
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), WeakPassword> {
        Password::parse(password.to_owned()).unwrap().check_choice(&Login::parse("anna-k").unwrap())
    }

    #[test]
    fn what_is_guessed_first_can_not_be_chosen() {
        assert_eq!(check("password"), Err(WeakPassword::Common));
        assert_eq!(check("Password"), Err(WeakPassword::Common));
        assert_eq!(check(DEMO_PASSWORD), Err(WeakPassword::Common));
        assert_eq!(check("        "), Err(WeakPassword::Repeated));
        assert_eq!(check("яяяяяяяя"), Err(WeakPassword::Repeated));
        for own in ["anna-k12", "Anna-KAnna-K", "1anna-k2", "anna-kpassword"] {
            assert_eq!(check(own), Err(WeakPassword::Login), "{own}");
        }
        for fine in ["correct horse", "anna-k and a horse", "jjjjjjjk", "длинный пароль", "~~~~ ~~~"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn words_of_this_application_can_not_be_chosen() {
        for own in
            ["chipin2026", "ChipInChipIn", "Чипин-чипин", "chip-in-1", "my cheque", "Administrator1", "chipinpassword"]
        {
            assert_eq!(check(own), Err(WeakPassword::OwnWord), "{own}");
        }
        for fine in ["a cheque and a horse", "administrators never sleep"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn a_password_has_a_length_limit_and_is_never_printed() {
        let password = Password::parse("длинный пароль".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(Password::parse("1234567".to_owned()).unwrap_err(), InvalidPassword);
        assert!(Password::parse("x".repeat(200)).is_ok());
        assert_eq!(Password::parse("x".repeat(201)).unwrap_err(), InvalidPassword);
    }
}
