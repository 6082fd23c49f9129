//! Paths of the programs.

use std::path::PathBuf;

/// Path of a program of this workspace, in the folder where this test was built.
///
/// Cargo passes the paths of a package's programs only to the integration tests of that package. But `cargo test
/// --workspace` builds the programs of every package with integration tests, and gateway and services have such tests
/// (`tests/it`). So the folder above this test's own (`target/debug/deps/..`) contains all programs, built from the
/// same sources. `cargo test -p e2e` alone builds none of them and uses those of the last build.
///
/// # Panics
/// If the program does not exist.
pub(crate) fn path_of(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("a test lies in target/<profile>/deps");
    let path = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} does not exist: run `cargo build --workspace` first", path.display());
    path
}
