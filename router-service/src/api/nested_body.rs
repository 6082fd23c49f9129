//! Parses nested request bodies. All errors are reported at once, each with a JSON pointer to its field.

use axum::body::Bytes;
use contracts::money::{BillAmount, BillMoney};
use http_api::body::{JsonBody, is_invisible, text_up_to};
use http_api::problem::{FieldError, Problem};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Errors in nested fields, in addition to those that the body itself collects.
#[derive(Debug, Default)]
pub(super) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// A problem with a single error.
    pub(super) fn one(pointer: &str, detail: &str) -> Problem {
        Problem::invalid_fields(vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }])
    }

    /// Records an error of the field at `pointer`.
    pub(super) fn add(&mut self, pointer: &str, detail: &impl fmt::Display) {
        self.0.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_string() });
    }

    /// Finishes parsing and combines the body's errors with these.
    ///
    /// # Errors
    /// 422 that lists all errors.
    pub(super) fn finish(self, body: JsonBody) -> Result<(), Problem> {
        let errors = match body.finish() {
            Ok(()) => self.0,
            Err(problem) if problem.errors().is_empty() => return Err(problem),
            Err(problem) => [problem.errors(), &self.0].concat(),
        };
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors)) }
    }

    /// Parses a nested object: `read` takes its fields, and each remaining field is an error.
    pub(super) fn object<T>(
        &mut self,
        json: &str,
        pointer: &str,
        read: impl FnOnce(&mut JsonBody, &mut Self) -> Option<T>,
    ) -> Option<T> {
        let Ok(mut object) = JsonBody::parse(Bytes::copy_from_slice(json.as_bytes())) else {
            self.add(pointer, &"must be an object");
            return None;
        };
        let value = read(&mut object, self);
        let Err(problem) = object.finish() else { return value };
        let inner = problem
            .errors()
            .iter()
            .map(|error| FieldError { pointer: format!("{pointer}{}", error.pointer), detail: error.detail.clone() });
        self.0.extend(inner);
        None
    }

    /// Parses a nested list, item by item.
    pub(super) fn list<T>(
        &mut self,
        json: &str,
        pointer: &str,
        items_max: usize,
        mut read: impl FnMut(&str, &str, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) else {
            self.add(pointer, &"must be a list");
            return None;
        };
        if items.len() > items_max {
            self.add(pointer, &format!("must have at most {items_max} items"));
            return None;
        }
        let read_one = |(at, item): (usize, &&RawValue)| read(item.get(), &format!("{pointer}/{at}"), self);
        // Parse every item, so that all errors are reported.
        let items: Vec<Option<T>> = items.iter().enumerate().map(read_one).collect();
        items.into_iter().collect()
    }

    /// Parses an object whose names are participant numbers, from 1.
    pub(super) fn by_number<T, E: fmt::Display>(
        &mut self,
        json: &str,
        pointer: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<BTreeMap<u32, T>> {
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
            self.add(pointer, &"must be an object whose names are participant numbers");
            return None;
        };
        let before = self.0.len();
        let mut values = BTreeMap::new();
        for (name, value) in fields {
            let place = format!("{pointer}/{}", escaped(&name));
            // Only as a state writes it: `01` or `+1` would be a second name of the same participant.
            match name.parse::<u32>().ok().filter(|number| *number > 0 && number.to_string() == name) {
                None => self.add(&place, &"is not a participant number"),
                Some(number) => match read(value.get()) {
                    Ok(value) => drop(values.insert(number, value)),
                    Err(error) => self.add(&place, &error),
                },
            }
        }
        (self.0.len() == before).then_some(values)
    }
}

/// Escapes one reference token of a JSON pointer. Source: RFC 6901, section 3.
fn escaped(name: &str) -> String {
    name.chars().take(100).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// Parses a whole number from `min` to `max`.
pub(super) fn integer<N>(min: N, max: N) -> impl FnOnce(&str) -> Result<N, String>
where
    N: PartialOrd + fmt::Display + serde::de::DeserializeOwned,
{
    move |json| match serde_json::from_str::<N>(json) {
        Ok(number) if min <= number && number <= max => Ok(number),
        _ => Err(format!("must be a whole number from {min} to {max}")),
    }
}

/// Parses a JSON string of 1 to `max` characters, trimmed, of which at least one is visible: see [`text_up_to`].
pub(super) fn name(max: usize) -> impl FnOnce(&str) -> Result<String, String> {
    move |json| {
        // Surrounding whitespace does not count, but it is bounded too.
        let text = text_up_to(max + 1000)(json)?;
        let trimmed = text.trim();
        match trimmed.chars().count() {
            0 => Err("must not be empty".to_owned()),
            length if length > max => Err(format!("must have at most {max} characters")),
            _ if is_invisible(trimmed) => Err("must have a visible character".to_owned()),
            _ => Ok(trimmed.to_owned()),
        }
    }
}

/// Parses an amount of a bill, positive or negative, with the bounds of [`BillAmount`].
pub(super) fn money(json: &str) -> Result<BillMoney, String> {
    let money = BillMoney::from_json_number(json).map_err(|error| error.to_string())?;
    let bounded = money.thousandths().unsigned_abs() <= BillAmount::MAX.thousandths().unsigned_abs();
    if bounded { Ok(money) } else { Err("is too large".to_owned()) }
}

/// Parses an amount of a bill that is not negative, with the bounds of [`BillAmount`].
pub(super) fn not_negative(json: &str) -> Result<BillMoney, String> {
    let money = money(json)?;
    if money < BillMoney::ZERO { Err("must not be negative".to_owned()) } else { Ok(money) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &'static str) -> JsonBody {
        JsonBody::parse(Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_nested_error_has_a_pointer_to_its_field() {
        let mut body = body(r#"{"products": [{"total": 1}, {"total": "x", "more": 1}, 5], "unknown": 1}"#);
        let mut errors = FieldErrors::default();
        body.optional("products", |json| {
            let items = errors.list(json, "/products", 10, |json, pointer, errors| {
                errors.object(json, pointer, |object, _| object.required("total", money))
            });
            Ok::<_, String>(items)
        });
        let problem = errors.finish(body).unwrap_err();
        let pointers: Vec<&str> = problem.errors().iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/unknown", "/products/1/total", "/products/1/more", "/products/2"]);
    }

    #[test]
    fn participants_are_named_by_numbers() {
        let mut errors = FieldErrors::default();
        let read = |json: &str| integer(0, 9)(json);
        assert_eq!(errors.by_number(r#"{"1": 2}"#, "/shares", read), Some(BTreeMap::from([(1, 2)])));
        assert_eq!(errors.by_number(r#"{"0": 2, "x": 1, "3": 10}"#, "/shares", read), None);
        let pointers: Vec<&str> = errors.0.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/shares/0", "/shares/3", "/shares/x"]);
        let mut errors = FieldErrors::default();
        assert_eq!(errors.by_number(r#"{"01": 1, "+1": 1, "1": 1, " 2": 1}"#, "/shares", read), None);
        let pointers: Vec<&str> = errors.0.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/shares/ 2", "/shares/+1", "/shares/01"], "one name for each participant");
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name(3)(r#""  Аня ""#), Ok("Аня".to_owned()));
        for text in [r#""""#, r#""  ""#, r#""Анна""#, "5", r#""a\u0007""#, "\"\u{200d}\"", "\"a\u{202e}\""] {
            assert!(name(3)(text).is_err(), "{text}");
        }
    }

    #[test]
    fn money_is_bounded() {
        assert!(money("-0.5").is_ok() && not_negative("-0.5").is_err() && not_negative("0").is_ok());
        assert!(money("1000000000000.01").is_err());
    }
}
