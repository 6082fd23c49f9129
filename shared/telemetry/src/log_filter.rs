//! Which log lines are written.

use std::str::FromStr;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// A filter of log lines: levels and targets with levels, separated by commas.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

/// The text is not a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a level (off, error, warn, info, debug, trace), or targets with levels like info,rabbit_outbox=debug")]
pub struct WrongFilter;

impl FromStr for LogFilter {
    type Err = WrongFilter;

    fn from_str(text: &str) -> Result<Self, WrongFilter> {
        // The library takes an empty level for `error`, and an empty target for all.
        if !text.split(',').all(is_directive) {
            return Err(WrongFilter);
        }
        text.parse().map(Self).map_err(|_| WrongFilter)
    }
}

fn is_directive(directive: &str) -> bool {
    let is_target =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b));
    match directive.split_once('=') {
        Some((target, level)) => {
            is_target(target.split("[{").next().unwrap_or_default())
                && !level.is_empty()
                && level.parse::<LevelFilter>().is_ok()
        }
        None => is_target(directive),
    }
}

impl LogFilter {
    /// The filter of log lines. lapin logs a message that the broker returned with its whole content; the relay logs
    /// which event it was.
    pub(crate) fn targets(&self) -> Targets {
        self.0.clone().with_target("lapin::returned_messages", LevelFilter::OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn contents_of_returned_messages_are_never_logged() {
        for directives in ["info", "lapin=trace", "lapin::returned_messages=trace", "trace,lapin::returned_messages"] {
            let filter = directives.parse::<LogFilter>().unwrap().targets();
            assert!(!filter.would_enable("lapin::returned_messages", &Level::WARN), "{directives}");
        }
        let filter = "info".parse::<LogFilter>().unwrap().targets();
        assert!(filter.would_enable("lapin::channel", &Level::WARN));
    }

    #[test]
    fn an_incomplete_filter_is_refused() {
        for text in ["info", "off", "warn,sqlx=debug", "rabbit_outbox::relay=3", "orders_service", "a[{b}]=info"] {
            assert!(text.parse::<LogFilter>().is_ok(), "{text}");
        }
        for text in ["", "info,=", "=", "=info", "info,", ",", "info,sqlx=", "sqlx=loud", "info sqlx=debug", "a=b=c"] {
            assert_eq!(text.parse::<LogFilter>(), Err(WrongFilter), "{text}");
        }
    }
}
