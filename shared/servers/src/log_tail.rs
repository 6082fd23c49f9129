//! The last lines of a log, to show with an error.

use std::fs;
use std::path::Path;

/// The last `lines_max` lines of the file at `path`, or a note that it is empty or unreadable.
pub fn tail(path: &Path, lines_max: usize) -> String {
    let Ok(bytes) = fs::read(path) else {
        return format!("  (no log at {})", path.display());
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return format!("  (its log {} is empty)", path.display());
    }
    lines[lines.len().saturating_sub(lines_max)..]
        .iter()
        .map(|line| format!("  | {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
