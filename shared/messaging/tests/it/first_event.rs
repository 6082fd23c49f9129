//! A user's project: the README's files in a separate folder publish and handle their first event.

use crate::stage::broker;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::{TestDatabase, unique};

const README: &str = include_str!("../../README.md");
pub(crate) const LOCK: &str = include_str!("../../../../Cargo.lock");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");

/// The block of the README that follows the line with the file name.
pub(crate) fn file(name: &str) -> &'static str {
    let (_, after) =
        README.split_once(&format!("`{name}`:\n\n```")).unwrap_or_else(|| panic!("no {name} in the README"));
    let (_, code) = after.split_once('\n').unwrap();
    code.split_once("\n```").unwrap().0
}

/// The settings with which this workspace builds its dependencies: with other settings all of them would be rebuilt.
pub(crate) fn profile() -> &'static str {
    let from = WORKSPACE.find("[profile.dev]").unwrap();
    let until = WORKSPACE.find("# Pixels").unwrap();
    &WORKSPACE[from..until]
}

/// A folder that is deleted on drop.
pub(crate) struct Project(pub(crate) PathBuf);

impl Project {
    /// A name for the folder, which does not exist yet.
    pub(crate) fn empty() -> Self {
        Self(std::env::temp_dir().join(unique("letters")))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn written() -> Project {
    let project = Project::empty();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = here.display().to_string();
    let manifest = file("Cargo.toml").replace("../chipin/shared/messaging", &here);
    assert!(manifest.contains(&here), "the README's path is another: {manifest}");
    std::fs::create_dir_all(project.0.join("src")).unwrap();
    std::fs::write(project.0.join("Cargo.toml"), format!("{manifest}\n\n{}", profile())).unwrap();
    std::fs::write(project.0.join("src/main.rs"), file("src/main.rs")).unwrap();
    // The versions that are already downloaded; cargo removes what the project does not use.
    std::fs::write(project.0.join("Cargo.lock"), LOCK).unwrap();
    project
}

/// `target/debug` of the running test; a project with the same settings reuses the builds in it.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn a_new_project_publishes_and_handles_its_first_event_by_the_readme_alone() {
    let (database, broker) = (TestDatabase::empty().await, broker().await);
    let project = written();
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet"])
        .current_dir(&project.0)
        .env("CARGO_TARGET_DIR", target())
        .env("DATABASE_URL", database.admin_url())
        .env("AMQP_URL", broker.url());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    assert_eq!(printed, "letter 1 was sent\nletter 1 has arrived\n", "{errors}");
}
