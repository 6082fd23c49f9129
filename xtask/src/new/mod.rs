//! `new service NAME`: makes a service that builds, starts and passes its tests, and registers it everywhere.

pub(crate) mod copy;
mod edits;
mod files;
mod name;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::cli::{NewOptions, NewWhat};
use crate::console::say;
use crate::failure::{Doing, Failure};
use crate::new::name::Name;

/// Runs the command.
///
/// # Errors
/// Fails, before anything is written, if the name is unsuitable, the checkout has uncommitted changes, or a file no
/// longer has the place where the service is registered.
pub(crate) fn new(checkout: &Checkout, options: &NewOptions) -> Result<ExitCode, Failure> {
    let NewWhat::Service { name, allow_dirty } = &options.what;
    if !allow_dirty {
        require_clean(checkout)?;
    }
    let port = create(checkout, name)?;
    say!("{name}-service is made, on port {port}. What is left:");
    say!("  cargo xtask generate                             # docs/asyncapi.json now lists its event");
    say!("  cargo test -p {name}-service --lib && cargo xtask test integration -f note");
    say!("  cargo xtask up                                   # then http://localhost:8000/{name}/docs");
    say!("Then replace the notes in it by what the service is for; see CONTRIBUTING.md.");
    Ok(ExitCode::SUCCESS)
}

/// Writes the files of the service and registers it; returns its port.
///
/// # Errors
/// As [`new`].
pub(crate) fn create(checkout: &Checkout, name: &str) -> Result<u16, Failure> {
    let name = Name::parse(checkout, name)?;
    let port = free_port(&checkout.read("xtask/src/services.rs")?)?;
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in files::of(&name, port) {
        if checkout.path(&path).exists() {
            return Err(Failure::new(format!("{path} exists already")));
        }
        written.insert(path, text);
    }
    for edit in edits::of(&name, port) {
        let before = match written.remove(&edit.path) {
            Some(text) => text,
            None => checkout.read(&edit.path)?,
        };
        let text = edit.apply(&before)?;
        written.insert(edit.path, text);
    }
    // Nothing is written before every place has been found.
    for (path, text) in &written {
        let file = checkout.path(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).doing(format!("make {}", folder.display()))?;
        }
        fs::write(&file, text).doing(format!("write {path}"))?;
    }
    // The length of the name decides where lines break and in which order imports are.
    cargo(checkout, &["fmt", "--all"])?;
    // Adds the package to Cargo.lock, without newer versions of others.
    cargo(checkout, &["metadata", "--offline", "--format-version", "1"])?;
    Ok(port)
}

/// The next port after those of the declared services.
fn free_port(services: &str) -> Result<u16, Failure> {
    let ports =
        services.lines().filter_map(|line| line.trim().strip_prefix("service(\"")?.split(", ").nth(2)?.parse().ok());
    let last: Option<u16> = ports.max();
    last.map(|port| port + 1).ok_or_else(|| Failure::new("xtask/src/services.rs declares no service"))
}

fn require_clean(checkout: &Checkout) -> Result<(), Failure> {
    let mut command = Command::new("git");
    command.args(["status", "--porcelain"]).current_dir(checkout.root());
    let changes = output(command)?;
    if changes.trim().is_empty() {
        return Ok(());
    }
    let hint = "commit them first, so that `git diff` shows what the command did, or add --allow-dirty";
    Err(Failure::new(format!("the checkout has uncommitted changes: {hint}\n{changes}")))
}

fn cargo(checkout: &Checkout, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(checkout.root());
    output(command)
}

fn output(mut command: Command) -> Result<String, Failure> {
    let doing = format!("run {command:?}");
    let output = command.output().doing(&doing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::new(format!("{doing}:\n{}", String::from_utf8_lossy(&output.stderr))))
}
