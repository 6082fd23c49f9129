//! The trace context of the current task.

use base16ct::lower;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU64;
use std::str::FromStr;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The position of some work in a distributed trace.
///
/// Source: W3C Trace Context, header `traceparent`, version 00; of later versions the fields of version 00 are used, as the
/// section "Versioning of traceparent" demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    /// The parent span, if it is known: a `traceparent` does not contain it.
    parent: Option<NonZeroU64>,
    sampled: bool,
}

/// The text is not a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedTraceparent;

impl TraceContext {
    /// Starts a new trace.
    pub fn root() -> Self {
        Self { trace_id: non_zero(rand::random), span_id: non_zero(rand::random), parent: None, sampled: true }
    }

    /// The context of a new child span in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: non_zero(rand::random), parent: NonZeroU64::new(self.span_id), ..self }
    }

    /// Continues the trace of a `traceparent` header, or starts a new one if there is none.
    ///
    /// A malformed header starts a new trace, because the standard forbids failing the request.
    pub fn from_traceparent(traceparent: Option<&str>) -> Self {
        traceparent.and_then(|text| text.parse().ok()).map_or_else(Self::root, Self::child)
    }

    /// The id shared by all spans of a trace: 32 lower-case hexadecimal digits.
    pub fn trace_id(&self) -> String {
        lower::encode_string(&self.trace_id.to_be_bytes())
    }

    /// The trace id as a number.
    pub fn trace_number(&self) -> u128 {
        self.trace_id
    }

    /// The id of this span.
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// The id of the parent span; `None` for the first span of a trace, and for a context parsed from a header.
    pub fn parent_span_id(&self) -> Option<u64> {
        self.parent.map(NonZeroU64::get)
    }

    /// Whether the spans of the trace are to be recorded, as decided where it started.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut trace_id, mut span_id) = ([0; 32], [0; 16]);
        // `{:032x}` takes three times as long, and this runs several times per request.
        let trace_id = lower::encode_str(&self.trace_id.to_be_bytes(), &mut trace_id)?;
        let span_id = lower::encode_str(&self.span_id.to_be_bytes(), &mut span_id)?;
        for part in ["00-", trace_id, "-", span_id, if self.sampled { "-01" } else { "-00" }] {
            f.write_str(part)?;
        }
        Ok(())
    }
}

impl FromStr for TraceContext {
    type Err = MalformedTraceparent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(5, '-');
        let (Some(version), Some(trace_id), Some(span_id), Some(flags), rest) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(MalformedTraceparent);
        };
        // Later versions may append fields; the first four keep their meaning.
        match bytes(version)? {
            [0] if rest.is_some() => return Err(MalformedTraceparent),
            [0xff] => return Err(MalformedTraceparent),
            _ => {}
        }
        let (trace_id, span_id) = (u128::from_be_bytes(bytes(trace_id)?), u64::from_be_bytes(bytes(span_id)?));
        let [flags] = bytes(flags)?;
        if trace_id == 0 || span_id == 0 {
            return Err(MalformedTraceparent);
        }
        Ok(Self { trace_id, span_id, parent: None, sampled: flags & 1 == 1 })
    }
}

/// The context of the current task, if it has one.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}

/// Runs `future` with `context` as its [`current`] context.
// An `async fn` would store the future twice: as its argument, and as the future that it awaits.
pub fn scope<F: Future>(context: TraceContext, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// As [`scope`], for work that does not wait.
pub fn in_scope<T>(context: TraceContext, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(context, work)
}

/// Parses exactly `2 * N` lower-case hexadecimal digits.
fn bytes<const N: usize>(text: &str) -> Result<[u8; N], MalformedTraceparent> {
    let mut bytes = [0; N];
    match lower::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == N => Ok(bytes),
        _ => Err(MalformedTraceparent),
    }
}

/// Zero means "absent" in a trace context, so a zero id is drawn again.
fn non_zero<T: Default + PartialEq>(mut draw: impl FnMut() -> T) -> T {
    loop {
        let id = draw();
        if id != T::default() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_back() {
        let context: TraceContext = EXAMPLE.parse().unwrap();
        assert_eq!(context.to_string(), EXAMPLE);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_child_keeps_the_trace_and_changes_the_span() {
        let parent: TraceContext = EXAMPLE.parse().unwrap();
        let child = parent.child();
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child, parent);
    }

    #[test]
    fn a_child_has_a_parent_and_a_root_has_none() {
        let parent: TraceContext = EXAMPLE.parse().unwrap();
        assert_eq!(parent.child().parent_span_id(), Some(0x00f0_67aa_0ba9_02b7));
        assert_eq!(TraceContext::from_traceparent(Some(EXAMPLE)).parent_span_id(), Some(parent.span_id()));
        assert_eq!(TraceContext::root().parent_span_id(), None);
    }

    #[test]
    fn malformed_headers_start_a_new_trace() {
        let with = |version, rest| format!("{version}-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01{rest}");
        let upper = EXAMPLE.to_uppercase();
        for text in [
            "",
            "00",
            "00-x-y-z",
            &upper,
            &EXAMPLE[..54],
            &with("ff", ""),
            &with("00", "-more"),
            &with("1", ""),
            &with("01", "x"),
        ] {
            assert_eq!(text.parse::<TraceContext>(), Err(MalformedTraceparent), "{text}");
        }
        let zero = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        assert_eq!(zero.parse::<TraceContext>(), Err(MalformedTraceparent));
        assert_ne!(TraceContext::from_traceparent(Some("nonsense")), TraceContext::from_traceparent(None));
    }

    #[test]
    fn a_later_version_continues_the_trace_whatever_follows() {
        let context: TraceContext = EXAMPLE.parse().unwrap();
        for later in [
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like",
        ] {
            assert_eq!(later.parse(), Ok(context), "{later}");
        }
    }

    #[tokio::test]
    async fn the_current_context_is_that_of_the_scope() {
        assert_eq!(current(), None);
        let context = TraceContext::root();
        assert_eq!(scope(context, async { current() }).await, Some(context));
    }
}
