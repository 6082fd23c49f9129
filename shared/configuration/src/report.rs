//! The report of a program that can't start.

use std::io::Write;
use std::sync::OnceLock;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Coloured text, for people.
    Text,
}

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// Sets the format of [`report`]; later calls change nothing.
pub(crate) fn use_format(format: LogFormat) {
    let _ = FORMAT.set(format);
}

/// Writes one line of level `ERROR` to standard error, in the format that the configuration names. The log itself may not
/// have started, and `RUST_LOG` may hide it.
pub fn report(text: &str) {
    let format = FORMAT.get().copied().unwrap_or(LogFormat::Text);
    // There is no other place for it.
    let _ = writeln!(std::io::stderr(), "{}", line(format, text, OffsetDateTime::now_utc()));
}

fn line(format: LogFormat, text: &str, now: OffsetDateTime) -> String {
    let now = now.format(&Rfc3339).unwrap_or_default();
    match format {
        LogFormat::Json => {
            let line = serde_json::json!({ "timestamp": now, "level": "ERROR", "message": text, "target": "start" });
            line.to_string()
        }
        LogFormat::Text => format!("{now} ERROR start: {}", text.replace('\n', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_in_the_format_of_the_log() {
        let at = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let text = line(LogFormat::Text, "can't start:\nno", at);
        assert_eq!(text, "2026-09-21T14:13:20Z ERROR start: can't start: no");
        let json = line(LogFormat::Json, "can't start:\n\"no\"", at);
        assert!(!json.contains('\n'));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["level"], &json["message"]), (&"ERROR".into(), &"can't start:\n\"no\"".into()));
    }
}
