//! A violated rule with its location.

use std::fmt;

/// Whether a finding must be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It must be fixed.
    Error,
    /// It should be considered.
    Warning,
}

/// A violated rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) path: String,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) rule: String,
    /// The reason of the rule, in a short phrase.
    pub(super) why: &'static str,
}

impl Finding {
    /// A finding that must be fixed.
    pub(super) fn error(path: &str, line: usize, rule: impl Into<String>, why: &'static str) -> Self {
        Self { severity: Severity::Error, path: path.to_owned(), line, rule: rule.into(), why }
    }

    /// A finding that should be considered.
    pub(super) fn warning(path: &str, line: usize, rule: impl Into<String>, why: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, line, rule, why) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(f, "{}:{}: {mark}{} ({})", self.path, self.line, self.rule, self.why)
    }
}
