//! The packaged crates build and pass their tests, and so does a user's project, without this workspace.

use crate::first_event::{LOCK, Project, file, profile, target};
use std::path::Path;
use std::process::{Command, Output};

/// In the order of their dependencies.
const FAMILY: [&str; 4] = ["rabbit-outbox-event", "rabbit-outbox", "rabbit-outbox-testing", "rabbit-outbox-operations"];
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// In addition to the README's dependencies: the router of operations, and the harness in tests.
const USES: &str = "rabbit-outbox-operations = \"0.2\"\naxum = { version = \"0.8\", default-features = false }\n\n\
    [dev-dependencies]\ntower = { version = \"0.5\", features = [\"util\"] }\n";
/// A test of that router.
const OPERATIONS: &str = r#"
use axum::{Router, body::Body, http::Request};
use rabbit_outbox_testing::Harness;
use tower::ServiceExt;

#[tokio::test]
async fn operators_see_the_state_of_the_messaging() {
    let harness = Harness::start().await;
    let messaging = harness.service("letters").await;
    let app = Router::new().nest("/internal", rabbit_outbox_operations::router(messaging));
    let request = Request::get("/internal/operations/messaging").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
}
"#;
const HARNESS: &str = include_str!("../../testing/README.md");
const LICENCE: &str = include_str!("../../../../LICENSE");

/// A project with the files of the README, which uses the extracted packages in the folder next to it.
fn manifest() -> String {
    let manifest = file("Cargo.toml").replace(", path = \"../chipin/shared/messaging\"", "");
    assert!(!manifest.contains("path ="), "the README's path is another: {manifest}");
    let patches: Vec<String> =
        FAMILY.iter().map(|name| format!("{name} = {{ path = \"family/{name}-{VERSION}\" }}\n")).collect();
    format!(
        "{manifest}\n\n{USES}rabbit-outbox-testing = \"{VERSION}\"\n\n\
         [workspace]\nmembers = [\"family/*\"]\n\n[patch.crates-io]\n{}\n{}",
        patches.concat(),
        profile()
    )
}

/// The first test of the README of the harness.
fn first_test() -> String {
    let (_, after) = HARNESS.split_once("```rust,no_run\n").unwrap();
    let (code, _) = after.split_once("\n```").unwrap();
    let (main, test) =
        ("#[tokio::main] // #[tokio::test] in yours\nasync fn main()", "#[tokio::test]\nasync fn story()");
    assert!(code.contains(main), "{code}");
    code.replace(main, test)
}

/// Packages the crates and extracts them into a separate folder.
fn extract(into: &Path) {
    let packed = into.join("packed");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["package", "--quiet", "--no-verify", "--allow-dirty", "--exclude-lockfile", "--target-dir"])
        .arg(&packed);
    for name in FAMILY {
        cargo.args(["--package", name]);
    }
    succeeded(&cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap());
    let family = into.join("family");
    std::fs::create_dir_all(&family).unwrap();
    for name in FAMILY {
        let archive = packed.join(format!("package/{name}-{VERSION}.crate"));
        succeeded(&Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(&family).output().unwrap());
        let package = family.join(format!("{name}-{VERSION}"));
        assert_eq!(std::fs::read_to_string(package.join("LICENSE")).unwrap(), LICENCE, "{name}");
        let manifest = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
        for inherited in
            ["edition = \"2024\"", "rust-version = \"1.94\"", "license = \"MIT\"", "readme = \"README.md\""]
        {
            assert!(manifest.contains(inherited), "{name} has no {inherited}");
        }
        assert!(!manifest.contains("path = \".."), "{name} depends on a path");
    }
}

fn succeeded(output: &Output) -> String {
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    printed.into_owned()
}

#[tokio::test]
async fn the_packed_family_builds_and_tests_itself_and_a_new_project() {
    let printed = tokio::task::spawn_blocking(|| {
        let project = Project::empty();
        extract(&project.0);
        for folder in ["src", "tests"] {
            std::fs::create_dir_all(project.0.join(folder)).unwrap();
        }
        std::fs::write(project.0.join("Cargo.toml"), manifest()).unwrap();
        std::fs::write(project.0.join("src/main.rs"), file("src/main.rs")).unwrap();
        std::fs::write(project.0.join("tests/story.rs"), first_test()).unwrap();
        std::fs::write(project.0.join("tests/operations.rs"), OPERATIONS).unwrap();
        std::fs::write(project.0.join("Cargo.lock"), LOCK).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--lib", "--bins", "--test", "story", "--test", "operations", "--package", "letters"]);
        for name in FAMILY {
            cargo.args(["--package", name]);
        }
        succeeded(&cargo.current_dir(&project.0).env("CARGO_TARGET_DIR", target()).output().unwrap())
    });
    let printed = printed.await.unwrap();
    for test in ["story", "operators_see_the_state_of_the_messaging"] {
        assert!(printed.contains(&format!("test {test} ... ok")), "{printed}");
    }
}
