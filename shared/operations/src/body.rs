//! Request bodies: JSON objects whose fields are read one by one, so that one response lists all errors.

use crate::problem::{FieldError, Problem};
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Largest JSON body, in bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// The fields of a request's body.
pub(crate) struct JsonBody {
    fields: BTreeMap<String, Box<RawValue>>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        require_json(request.headers())?;
        let bytes = axum::body::to_bytes(request.into_body(), BYTES_MAX).await.map_err(|_| {
            let detail = format!("the body is larger than {BYTES_MAX} bytes, or ended early");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail)
        })?;
        Self::parse(&bytes)
    }
}

impl JsonBody {
    /// Parses a JSON object: 400 when it is not JSON, 422 when it is not an object.
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::invalid_json("the body is empty; a JSON object is expected"));
        }
        let not_json = |error: serde_json::Error| Problem::invalid_json(format!("the body is not JSON: {error}"));
        let value: &RawValue = serde_json::from_slice(bytes).map_err(not_json)?;
        if !value.get().starts_with('{') {
            return Err(Problem::invalid("the body must be a JSON object"));
        }
        let Fields { values, repeated } = serde_json::from_str(value.get()).map_err(not_json)?;
        let errors = repeated.into_iter().map(|name| field_error(&name, "is given twice")).collect();
        Ok(Self { fields: values, errors })
    }

    /// Reads a required field from its JSON text; [`JsonBody::finish`] reports an error.
    pub(crate) fn required<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(value) = self.fields.remove(name) else {
            self.errors.push(field_error(name, "is required"));
            return None;
        };
        self.read(name, &value, read)
    }

    /// Reads a field that may be absent or null.
    pub(crate) fn optional<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.fields.remove(name)?;
        if value.get() == "null" { None } else { self.read(name, &value, read) }
    }

    /// Finishes reading: fields that were not read are errors too. 422 with all errors.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        self.errors.extend(self.fields.keys().map(|name| field_error(name, "is not a field of this request")));
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(self.errors)) }
    }

    fn read<T, E: fmt::Display>(
        &mut self,
        name: &str,
        value: &RawValue,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        read(value.get()).map_err(|error| self.errors.push(field_error(name, &error.to_string()))).ok()
    }
}

/// Reads a JSON string of at most `max` characters, without control characters.
pub(crate) fn text_up_to(max: usize) -> impl FnOnce(&str) -> Result<String, String> {
    move |json| {
        let text: String = serde_json::from_str(json).map_err(|_| "must be a string".to_owned())?;
        if text.chars().count() > max {
            Err(format!("must have at most {max} characters"))
        } else if text.chars().any(char::is_control) {
            Err("must not contain control characters".to_owned())
        } else {
            Ok(text)
        }
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "the body must be JSON: send Content-Type: application/json";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
}

/// `name` as a reference token of a JSON pointer. Source: RFC 6901, section 3.
fn field_error(name: &str, detail: &str) -> FieldError {
    let step: String = name.chars().take(100).collect::<String>().replace('~', "~0").replace('/', "~1");
    FieldError { pointer: format!("/{step}"), detail: detail.to_owned() }
}

struct Fields {
    values: BTreeMap<String, Box<RawValue>>,
    repeated: Vec<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields { values: BTreeMap::new(), repeated: vec![] };
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if fields.values.insert(name.clone(), value).is_some() {
                        fields.repeated.push(name);
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_is_400_and_other_values_than_objects_are_422() {
        for (text, status) in [("", 400), ("{", 400), ("{} {}", 400), ("[]", 422), ("null", 422)] {
            let refused = JsonBody::parse(text.as_bytes()).err().map(|problem| problem.status.as_u16());
            assert_eq!(refused, Some(status), "{text}");
        }
        let twice = JsonBody::parse(br#"{"data": 1, "data": 2}"#).ok().and_then(|body| body.finish().err());
        assert_eq!(twice.map(|problem| problem.status.as_u16()), Some(422));
    }
}
