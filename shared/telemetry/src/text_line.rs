//! A log line as text, with the trace id at its end.

use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats events as `tracing-subscriber` does.
#[derive(Default)]
pub(crate) struct TextLine(Format);

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(trace) = trace::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        let format = self.0.clone().with_ansi(writer.has_ansi_escapes());
        format.format_event(context, Writer::new(&mut line), event)?;
        writeln!(writer, "{} trace_id={}", line.trim_end(), trace.trace_id())
    }
}
