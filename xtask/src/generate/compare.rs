//! Compares generated files with the committed ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::{Doing, Failure};

/// The files of a folder by name; none if the folder is missing.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Reads the files of `folder`, without subfolders.
pub(super) fn read(folder: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    if !folder.exists() {
        return Ok(files);
    }
    let doing = || format!("read {}", folder.display());
    for entry in fs::read_dir(folder).doing(doing())? {
        let entry = entry.doing(doing())?;
        if entry.path().is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, fs::read(entry.path()).doing(doing())?);
        }
    }
    Ok(files)
}

/// Lists the files that are missing, changed or no longer generated.
pub(super) fn differences(committed: &Files, generated: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for (name, content) in generated {
        match committed.get(name) {
            None => found.push(format!("{name} is missing")),
            Some(old) if old != content => found.push(format!("{name} is out of date")),
            Some(_) => {}
        }
    }
    let gone = committed.keys().filter(|name| !generated.contains_key(*name));
    found.extend(gone.map(|name| format!("{name} is no longer generated")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_difference_is_named() {
        let files = |names: &[(&str, &str)]| -> Files {
            names.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let committed = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let generated = files(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(
            differences(&committed, &generated),
            ["b is out of date", "d is missing", "c is no longer generated"]
        );
    }
}
