//! The most common passwords, which are tried first.
//!
//! `common-passwords/list.txt` has those of at least 8 characters among the 30,000 most common passwords of leaks, in lower
//! case. Source: the crate zxcvbn 3.1.1, `frequency_lists.rs`, whose licence (MIT) is beside it. The crate itself would
//! add five other lists, a parser of regular expressions and a judgement of strength that we don't use. The list is
//! 109 KB; compressed it would be 45 KB, and would have to be unpacked to be searched.

const LIST: &str = include_str!("common-passwords/list.txt");

/// Whether many people have this password, in any case. It is searched from start to end, because that takes a
/// hundredth of the time of hashing the password.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    LIST.lines().any(|common| common == password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_people_choose() {
        for password in ["password", "PassWord", "12345678", "qwertyuiop", "iloveyou"] {
            assert!(is_common(password), "{password}");
        }
        assert!(!is_common("correct horse"));
    }
}
