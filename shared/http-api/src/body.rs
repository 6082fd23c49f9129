//! Request bodies: JSON objects whose fields are read one by one, so that one response lists all errors.

use crate::problem::{FieldError, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use bytes::BytesMut;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Largest JSON body, in bytes.
pub const JSON_BODY_BYTES_MAX: usize = 1024 * 1024;

/// Most bytes of a too large body that are read and discarded.
const DISCARDED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most bytes of bodies that arrive at the same time in this process. The gateway limits each client; this is for many.
const ARRIVING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of the bodies that are arriving.
static ARRIVING_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The body of a request: its bytes as sent, and its fields.
pub struct JsonBody {
    bytes: Bytes,
    fields: BTreeMap<String, Box<RawValue>>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        require_json(request.headers())?;
        Self::parse(read_to_end(request.into_body()).await?)
    }
}

impl JsonBody {
    /// Parses a JSON object.
    ///
    /// # Errors
    /// 400 when it is not JSON, 422 when it is not an object. [`JsonBody::finish`] reports repeated fields.
    pub fn parse(bytes: Bytes) -> Result<Self, Problem> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::invalid_json("the body is empty; a JSON object is expected"));
        }
        let value: &RawValue = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::invalid_json(format!("the body is not JSON: {error}")))?;
        if !value.get().starts_with('{') {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_request",
                "the body must be a JSON object",
            ));
        }
        let Fields { values, repeated } = serde_json::from_str(value.get())
            .map_err(|error| Problem::invalid_json(format!("the body is not JSON: {error}")))?;
        let errors = repeated.into_iter().map(|name| field_error(&name, "is given twice")).collect();
        Ok(Self { bytes, fields: values, errors })
    }

    /// The body as it was sent.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Reads a required field from its JSON text; [`JsonBody::finish`] reports an error.
    pub fn required<T, E: fmt::Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let Some(value) = self.fields.remove(name) else {
            self.errors.push(field_error(name, "is required"));
            return None;
        };
        self.read(name, &value, read)
    }

    /// Reads a field that may be absent or null.
    pub fn optional<T, E: fmt::Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let value = self.fields.remove(name)?;
        if value.get() == "null" { None } else { self.read(name, &value, read) }
    }

    /// Finishes reading: fields that were not read are errors too.
    ///
    /// # Errors
    /// 422 with all errors.
    pub fn finish(mut self) -> Result<(), Problem> {
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

/// Reads a JSON string of at most `max` characters, without control characters and without characters that mislead its
/// readers: [`misleads`].
///
/// # Errors
/// A description of the error.
pub fn text_up_to(max: usize) -> impl FnOnce(&str) -> Result<String, String> {
    move |json| {
        let text: String = serde_json::from_str(json).map_err(|_| "must be a string".to_owned())?;
        if text.chars().count() > max {
            Err(format!("must have at most {max} characters"))
        } else if text.chars().any(char::is_control) {
            Err("must not contain control characters".to_owned())
        } else if let Some(misleading) = text.chars().find(|one| misleads(*one)) {
            let code = u32::from(misleading);
            Err(format!(
                "must not contain characters that are invisible or change the direction of text, as U+{code:04X}"
            ))
        } else {
            Ok(text)
        }
    }
}

/// Whether a character is invisible, or changes the order in which its neighbours are shown: two names that differ can
/// look the same with it, or a name can rearrange the line that it stands in. Zero-width joiners are allowed, because
/// emoji, Persian and Indic scripts need them; so are variation selectors.
///
/// Source: Unicode 17, property `Default_Ignorable_Code_Point`, and UAX 9, section 2, explicit formatting.
pub fn misleads(one: char) -> bool {
    matches!(one,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E001F}' | '\u{E0080}'..='\u{E0FFF}')
}

/// Whether a text shows nothing of its own: it has only blanks, joiners, selectors, marks that belong to another
/// character, and characters without a meaning that all programs share.
pub fn is_invisible(text: &str) -> bool {
    // U+2800 is the empty pattern of Braille.
    let shows_nothing = |one: char| {
        one.is_whitespace()
            || misleads(one)
            || matches!(one,
                '\u{0300}'..='\u{036F}' | '\u{0600}'..='\u{0605}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
                | '\u{200C}' | '\u{200D}' | '\u{20D0}'..='\u{20FF}' | '\u{2800}' | '\u{E000}'..='\u{F8FF}'
                | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{FFFC}' | '\u{FFFD}'
                | '\u{E0020}'..='\u{E007F}' | '\u{F0000}'..='\u{10FFFD}')
    };
    text.chars().all(shows_nothing)
}

/// Requires a JSON body.
///
/// # Errors
/// 415 when the `Content-Type` is another one, or missing.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "the body must be JSON: send Content-Type: application/json";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
}

/// Reads the body, at most [`JSON_BODY_BYTES_MAX`].
///
/// A larger body is read and discarded, up to a limit: if the server responded and closed the connection while the
/// client is still sending, the connection would be reset and the client would not see the response.
async fn read_to_end(body: Body) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut received = 0;
    let mut arriving = Arriving(0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            let detail = "the body could not be read to its end";
            Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", detail)
        })?;
        received += chunk.len();
        if received <= JSON_BODY_BYTES_MAX {
            arriving.add(chunk.len())?;
            bytes.extend_from_slice(&chunk);
        } else if received > DISCARDED_BYTES_MAX {
            break;
        }
    }
    if received > JSON_BODY_BYTES_MAX {
        let detail = format!("the body is larger than {JSON_BODY_BYTES_MAX} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail));
    }
    Ok(bytes.freeze())
}

/// What is held of one body, until it is dropped.
struct Arriving(usize);

impl Arriving {
    /// Counts more bytes.
    ///
    /// # Errors
    /// 503 when all bodies together are too large.
    fn add(&mut self, bytes: usize) -> Result<(), Problem> {
        self.0 += bytes;
        if ARRIVING_BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes <= ARRIVING_BYTES_MAX {
            return Ok(());
        }
        let detail = "too many bodies arrive right now; try again soon";
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        ARRIVING_BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
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
    use std::convert::Infallible;
    use std::task::{Context, Poll, Waker};

    fn body(text: &'static str) -> Result<JsonBody, Problem> {
        JsonBody::parse(Bytes::from_static(text.as_bytes()))
    }

    fn integer(json: &str) -> Result<i64, String> {
        serde_json::from_str(json).map_err(|_| "must be an integer".to_owned())
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        let mut body = body(r#"{"amount": "abc", "amuont": 1, "a/b": 2}"#).unwrap();
        assert_eq!(body.required("amount", integer), None);
        assert_eq!(body.required("user", integer), None);
        let problem = body.finish().unwrap_err();
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let pointers: Vec<&str> = problem.errors().iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/amount", "/user", "/a~1b", "/amuont"]);
    }

    #[test]
    fn a_good_body_is_read() {
        let mut body = body(r#" {"amount": 7, "note": null} "#).unwrap();
        assert_eq!(body.required("amount", integer), Some(7));
        assert_eq!(body.optional("note", text_up_to(3)), None);
        body.finish().unwrap();
    }

    #[test]
    fn invalid_json_is_400_and_other_values_than_objects_are_422() {
        for text in ["", "  ", "{", "{\"a\":}", "nonsense", "{} {}"] {
            assert_eq!(body(text).err().unwrap().status(), StatusCode::BAD_REQUEST, "{text}");
        }
        for text in ["[]", "1", "null", "\"x\""] {
            assert_eq!(body(text).err().unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        }
    }

    #[test]
    fn unfinished_bodies_of_many_clients_take_a_limited_amount_of_memory() {
        let begun = || {
            let beginning =
                futures_util::stream::once(async { Ok::<_, Infallible>(Bytes::from(vec![b'x'; 1_000_000])) });
            Box::pin(read_to_end(Body::from_stream(beginning.chain(futures_util::stream::pending()))))
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut unfinished: Vec<_> = (0..67).map(|_| begun()).collect();
        assert!(unfinished.iter_mut().all(|body| body.as_mut().poll(&mut context).is_pending()));
        let Poll::Ready(Err(problem)) = begun().as_mut().poll(&mut context) else { panic!("68 MB are held") };
        assert_eq!((problem.status(), problem.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        drop(unfinished);
        assert!(begun().as_mut().poll(&mut context).is_pending());
    }

    #[test]
    fn a_repeated_field_is_rejected() {
        let mut body = body(r#"{"amount": 1, "amount": 2}"#).unwrap();
        assert_eq!(body.required("amount", integer), Some(2));
        assert_eq!(body.finish().unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn text_is_bounded() {
        assert_eq!(text_up_to(3)(r#""дом""#), Ok("дом".to_owned()));
        assert!(text_up_to(3)(r#""дома""#).is_err());
        assert!(text_up_to(30)(r#""a\u0007""#).is_err());
        assert!(text_up_to(3)("1").is_err());
        assert!(text_up_to(3)(r#""\u0000""#).is_err());
    }

    #[test]
    fn text_that_misleads_its_readers_is_refused_and_every_script_is_allowed() {
        for one in
            ["\u{202e}", "\u{2066}", "\u{200b}", "\u{200e}", "\u{feff}", "\u{2060}", "\u{ad}", "\u{3164}", "\u{2028}"]
        {
            for text in [format!("a{one}nna"), one.to_owned(), format!("Anna{one}")] {
                let read = text_up_to(40)(&serde_json::to_string(&text).unwrap());
                assert!(read.is_err_and(|error| error.contains("U+")), "{text:?}");
            }
        }
        for text in [
            "Аня",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}👧",
            "❤\u{fe0f}",
            "עברית",
            "O’Neill",
            "東京",
            "Zoe\u{308}",
        ] {
            assert_eq!(text_up_to(40)(&serde_json::to_string(text).unwrap()).as_deref(), Ok(text));
            assert!(!is_invisible(text), "{text}");
        }
        for text in [
            "\u{301}",
            "\u{e000}",
            "\u{fffc}",
            "\u{600}",
            "",
            " ",
            "\u{a0}",
            "\u{200d}",
            "\u{2800}\u{fe0f}",
            "\u{3000}\u{200c}",
        ] {
            assert!(is_invisible(text), "{text:?}");
        }
    }

    #[test]
    fn a_body_with_very_many_wrong_fields_gets_a_short_answer() {
        let fields: Vec<String> = (0..60_000).map(|number| format!("\"wrong{number}\":1")).collect();
        let body = JsonBody::parse(Bytes::from(format!("{{{}}}", fields.join(",")))).unwrap();
        let problem = body.finish().unwrap_err();
        assert_eq!(problem.errors().len(), 50);
        let answer = String::from_utf8(problem.into_json()).unwrap();
        assert!(answer.len() < 10_000, "{} bytes", answer.len());
        assert!(answer.contains("60000 fields of the request are invalid; the first 50 are listed"), "{answer}");
    }
}
