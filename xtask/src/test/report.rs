//! What each part of the tests came to.

use std::time::{Duration, Instant};

use crate::console::say;
use crate::failure::Failure;
use crate::test::counts::Counts;
use crate::test::stage::Stage;

/// The parts that were run.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<(&'static str, Counts, Duration)>,
}

impl Report {
    /// Runs a part and keeps its numbers.
    ///
    /// # Errors
    /// Fails only if the part could not be run to its end.
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

    /// Counts a part that could not even begin as one failure, so that the others still run.
    ///
    /// # Errors
    /// Fails if we were interrupted, which is the end of all parts.
    pub(super) fn broken(&mut self, part: &'static str, failure: &Failure, stage: &Stage<'_>) -> Result<(), Failure> {
        stage.interrupt.check()?;
        stage.console.line(part, &format!("FAILED: {failure}"));
        let counts = Counts { passed: 0, failed: 1 };
        self.rows.push((part, counts, Duration::ZERO));
        Ok(())
    }

    /// Whether tests were run and none failed.
    pub(super) fn is_green(&self) -> bool {
        let total = self.total();
        total.failed == 0 && total.passed > 0
    }

    /// Prints a table and, as the last line, the sums.
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
