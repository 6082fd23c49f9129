//! Where the programs are.

use std::path::PathBuf;

/// Path of a program of this workspace, beside which this test was built.
///
/// A package's integration tests get the path of their own package's programs from cargo, and of no others. But
/// `cargo test --workspace` builds a program for every package that has integration tests, and gateway and the
/// services have such (`tests/it`), so in the folder above this test's own (`target/debug/deps/..`) they
/// are there and are as new as the test. `cargo test -p e2e` alone builds none and runs those of the last build.
///
/// # Panics
/// When it is not there.
pub(crate) fn path_of(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("a test lies in target/<profile>/deps");
    let path = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is not there: run `cargo build --workspace` first", path.display());
    path
}
