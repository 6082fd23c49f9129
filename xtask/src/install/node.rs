//! Provides a version of Node that is new enough for the frontend's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use servers::find_program;

use crate::checkout::Checkout;
use crate::console::Console;
use crate::failure::Failure;
use crate::install::{Need, install, missing};
use crate::interrupt::Interrupt;
use crate::run::{self, OnInterrupt};

/// Minimum version required by Vite 8 and the Svelte tools.
const NEEDED: (u32, u32) = (20, 19);

/// A Node installation to put first on `PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    bin: Option<PathBuf>,
    npm: PathBuf,
}

impl Node {
    /// A command for `npm` with `arguments` in `folder`, with this Node first on `PATH`.
    pub(crate) fn npm(&self, arguments: &[&str], folder: &Path) -> Command {
        let mut command = Command::new(&self.npm);
        command.args(arguments).current_dir(folder);
        if let Some(bin) = &self.bin {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(bin.clone()).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
        command
    }
}

/// The installed Node if it is new enough, else one in `.local/`.
///
/// The frontend's tools do not support Node 18, which Debian 12 has. The npm package `node` contains Node as a plain
/// file, so Debian's Node and npm are only used to fetch it, from the registry that the frontend needs anyway.
///
/// # Errors
/// Fails if neither is available.
pub(crate) fn node(checkout: &Checkout, console: &Console, interrupt: &Interrupt) -> Result<Node, Failure> {
    if let (Some(found), Some(npm)) = (version_of("node".as_ref()), find_program("npm"))
        && found >= NEEDED
    {
        return Ok(Node { bin: None, npm });
    }
    let folder = checkout.local().join("node");
    let bin = folder.join("node_modules/node/bin");
    if version_of(&bin.join("node")).is_none_or(|found| found < NEEDED) {
        console.line("node", "Node is missing or too old: fetching Node 22");
        install(&missing(&[Need::Npm]), console, interrupt)?;
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::because(format!("make {}", folder.display()), &error))?;
        let mut command = Command::new("npm");
        command.args(["install", "--no-save", "--no-audit", "--no-fund", "node@22"]).current_dir(&folder);
        let status = run::lines(command, interrupt, OnInterrupt::Stop, |line| {
            console.live("node", line);
        })?;
        if !status.success() {
            return Err(Failure::new("npm could not fetch the package `node@22`"));
        }
    }
    let npm = find_program("npm").ok_or_else(|| Failure::new("npm is not installed"))?;
    Ok(Node { bin: Some(bin), npm })
}

fn version_of(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_major_then_minor() {
        assert!(parse_version("v20.19.0\n").unwrap() >= NEEDED);
        assert!(parse_version("v18.20.4").unwrap() < NEEDED);
        assert!(parse_version("v22.1.0").unwrap() >= NEEDED);
        assert_eq!(parse_version("not a version"), None);
    }
}
