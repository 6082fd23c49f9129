//! Checks the common format of problem documents.

use testkit::TestResponse;

/// Checks that `answer` is a problem document with this status and code, and with `pointer` if one is given.
pub(crate) fn expect(answer: &TestResponse, status: u16, code: &str, pointer: Option<&str>, about: &str) {
    let text = &answer.text;
    assert_eq!(answer.status, status, "{about}: {text}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{about}: {text}");
    assert_eq!(answer.header("x-request-id").len(), 36, "{about}: a request id is a UUID");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{about}: {text}");
    assert_eq!(problem["code"], code, "{about}: {text}");
    assert_eq!(problem["type"], format!("urn:chipin:problem:{code}"), "{about}: {text}");
    for name in ["title", "detail"] {
        assert!(problem[name].as_str().is_some_and(|words| !words.is_empty()), "{about}: {name} of {text}");
    }
    assert_eq!(problem["trace_id"].as_str().map(str::len), Some(32), "{about}: {text}");
    assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{about}: {text}");
}
