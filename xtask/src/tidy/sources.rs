//! The files of the repository: those that git tracks or would track.

use std::fs;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{Doing, Failure};

/// File types whose text is checked; of others only the path is used.
const TEXTS: [&str; 13] =
    ["rs", "toml", "sql", "md", "sh", "yaml", "yml", "ts", "svelte", "css", "mjs", "json", "html"];

/// A file of the repository.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Path relative to the root folder, with `/`.
    pub(super) path: String,
    /// Empty for a file that is not text.
    pub(super) text: String,
}

impl Source {
    /// Whether the path ends with `.extension`.
    pub(super) fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }

    /// The lines with their numbers from 1, without comments and without the unit test module.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or(line)))
    }
}

/// Reads the files.
pub(super) fn read(checkout: &Checkout) -> Result<Vec<Source>, Failure> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(checkout.root())
        .output()
        .doing("run `git ls-files`")?;
    if !output.status.success() {
        return Err(Failure::new(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr))));
    }
    let list = String::from_utf8_lossy(&output.stdout);
    let mut sources = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let file = checkout.path(path);
        // Git still lists a file whose deletion is not committed yet.
        if !file.is_file() {
            continue;
        }
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        let text = if TEXTS.contains(&extension) && !path.contains("/dist/") {
            fs::read_to_string(&file).doing(format!("read {path}"))?
        } else {
            String::new()
        };
        sources.push(Source { path: path.to_owned(), text });
    }
    Ok(sources)
}
