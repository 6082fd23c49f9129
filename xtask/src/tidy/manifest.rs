//! Parses the dependencies of a Cargo.toml, with their lines.

/// The table that contains a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// `[dependencies]` or `[build-dependencies]`.
    Normal,
    /// `[dev-dependencies]`.
    Dev,
}

/// A dependency in a manifest: its line, its table and its name.
pub(super) type Dependency<'a> = (usize, Table, &'a str);

/// The dependencies of a manifest: line (from 1), table, name.
pub(super) fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut table = None;
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            // The table `[dependencies.name]` is a dependency itself.
            let (section, name) = match header.split_once("dependencies.") {
                Some((kind, name)) => (format!("{kind}dependencies"), Some(name)),
                None => (header.to_owned(), None),
            };
            table = match section.rsplit('.').next().unwrap_or(&section) {
                "dependencies" | "build-dependencies" => Some(Table::Normal),
                "dev-dependencies" => Some(Table::Dev),
                _ => None,
            };
            if let (Some(kind), Some(name)) = (table, name) {
                found.push((at + 1, kind, name));
                table = None;
            }
        } else if let Some(kind) = table
            && !line.starts_with('#')
            && let Some((key, _)) = line.split_once('=')
        {
            let name = key.split('.').next().unwrap_or(key).trim();
            found.push((at + 1, kind, name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_dependency_is_seen() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { version = \"1\" }\n# c = \"1\"\n[dev-dependencies.d]\nversion = \"1\"\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n[features]\nf = []\n";
        assert_eq!(
            dependencies(manifest),
            [(4, Table::Normal, "a"), (5, Table::Normal, "b"), (7, Table::Dev, "d"), (10, Table::Normal, "e"),]
        );
    }
}
