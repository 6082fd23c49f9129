//! Readiness: named checks behind `/readyz`.

use serde::Serialize;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// How long one check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The checks of a process.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
}

/// The results of all checks.
#[derive(Serialize)]
pub struct Report {
    /// Whether every check passed.
    pub ready: bool,
    /// `ok` or an error message, by the name of the check.
    pub checks: BTreeMap<&'static str, String>,
}

impl Readiness {
    /// Adds a check. It must be cheap, because it runs for every probe.
    #[must_use]
    pub fn check<F, R>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Runs every check.
    pub async fn report(&self) -> Report {
        let mut report = Report { ready: true, checks: BTreeMap::new() };
        for (name, check) in &self.checks {
            let outcome = match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
                Ok(outcome) => outcome,
                Err(_) => Err("timed out".to_owned()),
            };
            report.ready &= outcome.is_ok();
            report.checks.insert(name, outcome.err().unwrap_or_else(|| "ok".to_owned()));
        }
        report
    }
}
