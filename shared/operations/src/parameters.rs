//! The query of a request: each parameter at most once, and only characters that PostgreSQL can store.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::collections::BTreeMap;

/// Longest parameter, in characters.
const CHARS_MAX: usize = 200;

/// Parameters by name.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut read = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let safe_name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
            if value.chars().count() > CHARS_MAX {
                return Err(invalid_parameter(&safe_name, &format!("must have at most {CHARS_MAX} characters")));
            }
            if value.chars().any(char::is_control) {
                return Err(invalid_parameter(&safe_name, "must not contain control characters"));
            }
            if read.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(invalid_parameter(&safe_name, "is given twice"));
            }
        }
        Ok(Self(read))
    }

    /// The value of a parameter, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

/// 422: a parameter is invalid.
pub(crate) fn invalid_parameter(name: &str, detail: &str) -> Problem {
    Problem::invalid(format!("{name} {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_given_once_and_can_be_stored() {
        let read = Parameters::read("type=a.B.v1&reason=NO%20ORDER&x").unwrap_or_else(|_| panic!("it is valid"));
        assert_eq!((read.get("type"), read.get("reason"), read.get("limit")), (Some("a.B.v1"), Some("NO ORDER"), None));
        let long = format!("type={}", "a".repeat(CHARS_MAX + 1));
        for query in ["type=%00", "limit=1&limit=2", "reason=a%0Ab", long.as_str()] {
            assert!(Parameters::read(query).is_err(), "{query}");
        }
    }
}
