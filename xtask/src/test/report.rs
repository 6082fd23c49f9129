//! The results of all parts.

use std::time::{Duration, Instant};

use crate::console::say;
use crate::failure::Failure;
use crate::test::counts::Counts;
use crate::test::stage::Stage;

/// The completed parts.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<(&'static str, Counts, Duration)>,
}

impl Report {
    /// Runs a part and records its result.
    ///
    /// # Errors
    /// Fails only if the part could not be completed.
    pub(super) fn add(
        &mut self,
        part: &'static str,
        run: impl FnOnce() -> Result<Counts, Failure>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let counts = run()?;
        self.rows.push((part, counts, began.elapsed()));
        Ok(())
    }

    /// Records a part that could not start as one failure, so that the others still run.
    ///
    /// # Errors
    /// Fails on an interrupt, which ends all parts.
    pub(super) fn broken(&mut self, part: &'static str, failure: &Failure, stage: &Stage<'_>) -> Result<(), Failure> {
        stage.interrupt.check()?;
        stage.console.line(part, &format!("FAILED: {failure}"));
        let counts = Counts { passed: 0, failed: 1 };
        self.rows.push((part, counts, Duration::ZERO));
        Ok(())
    }

    /// Whether tests have run and none has failed.
    pub(super) fn is_green(&self) -> bool {
        let total = self.total();
        total.failed == 0 && total.passed > 0
    }

    /// Prints a table and, as the last line, the totals.
    pub(super) fn print(&self) {
        say!("\n  PART          PASSED  FAILED    SECONDS");
        for (part, counts, took) in &self.rows {
            say!("  {part:<12} {:>7} {:>7} {:>10.1}", counts.passed, counts.failed, took.as_secs_f64());
        }
        let total = self.total();
        say!("\n{} passed, {} failed", total.passed, total.failed);
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for (_, counts, _) in &self.rows {
            total += *counts;
        }
        total
    }
}
