//! How a report shows a value that is not secret.

/// Most characters of a value that are shown.
const CHARACTERS_MAX: usize = 200;

/// A value in one line. Of a URL, the user, the password and the query are left out: a password in a variable that has
/// none is a mistake, and must not get into the log.
pub(crate) fn shown(value: &str) -> String {
    let authority = value.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = value.split_at(authority);
    let rest = match rest.rfind('@') {
        // What comes before may contain any character, `?` and `/` too.
        Some(at) => format!("…{}", &rest[at..]),
        None => rest.to_owned(),
    };
    let rest = rest.split_once('?').map_or(rest.clone(), |(path, _)| format!("{path}?…"));
    let mut line: String = format!("{scheme}{rest}").chars().take(CHARACTERS_MAX).collect();
    if line.contains(char::is_control) {
        line = line.escape_default().to_string();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_has_one_line_and_no_password() {
        for (value, expected) in [
            ("banana", "banana"),
            ("http://host:1/path", "http://host:1/path"),
            ("http://user:p@ss/w?rd@host:1", "http://…@host:1"),
            ("user:password@host", "…@host"),
            ("http://host/?token=1", "http://host/?…"),
            ("two\nlines", "two\\nlines"),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(shown(&"x".repeat(1000)).len(), CHARACTERS_MAX);
    }
}
