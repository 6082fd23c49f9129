//! Numbers for whoever runs the stories.

use std::io::Write;

/// Prints a line also when the story passes: the test harness keeps back only what `println` writes.
pub(crate) fn tell(line: &str) {
    // Numbers that can't be shown are no reason to fail.
    let _ = writeln!(std::io::stdout(), "{line}");
}
