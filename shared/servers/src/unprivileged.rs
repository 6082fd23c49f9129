//! Runs PostgreSQL's programs as another user if we are root, because they refuse to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{StartError, is_root};

/// The user that PostgreSQL runs as; its Debian package creates it.
const USER: &str = "postgres";

/// A command for `program` of the machine that does not run as root, with write access to `folder`.
///
/// If we are root, it uses a user namespace in which our user is called `postgres`: the files remain ours, so it also
/// works in a home folder that other users can't enter, and no owner changes. Containers often forbid user namespaces;
/// then the folder's owner is changed to the user `postgres`, and the program runs as that user. Both `unshare` and
/// `setpriv` replace themselves with the program, so that its process id is the one that receives our signals.
pub(crate) fn command(program: &Path, folder: &Path) -> Result<Command, StartError> {
    if !is_root() {
        return Ok(Command::new(program));
    }
    if namespaces_work(USER, USER) {
        let mut command = Command::new("unshare");
        command.args(namespace(USER, USER)).arg("--").arg(program);
        return Ok(command);
    }
    change_owner(folder)?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
    Ok(command)
}

/// Arguments of `unshare` for a namespace in which we are `user`, by name or number.
pub(crate) fn namespace(user: &str, group: &str) -> [String; 3] {
    ["--user".to_owned(), format!("--map-user={user}"), format!("--map-group={group}")]
}

/// Whether this machine allows user namespaces.
pub(crate) fn namespaces_work(user: &str, group: &str) -> bool {
    Command::new("unshare")
        .args(namespace(user, group))
        .args(["--", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn change_owner(folder: &Path) -> Result<(), StartError> {
    let failed = |source| StartError::Folder { path: folder.to_owned(), source };
    let passwd = fs::read_to_string("/etc/passwd").map_err(failed)?;
    let (uid, gid) =
        ids_of(USER, &passwd).ok_or(StartError::ProgramMissing { program: "user postgres", package: "postgresql" })?;
    change_owner_to(folder, uid, gid).map_err(failed)?;
    let reachable = Command::new("setpriv")
        .args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"])
        .args(["test", "-w"])
        .arg(folder)
        .status()
        .is_ok_and(|status| status.success());
    if reachable {
        return Ok(());
    }
    Err(StartError::Prepare {
        program: "setpriv".to_owned(),
        output: format!(
            "PostgreSQL refuses to run as root, and user `{USER}` cannot reach {}.\n\
             Run as an ordinary user, or put the checkout where `{USER}` may go (chmod a+x its parents).",
            folder.display()
        ),
    })
}

/// Changes the owner of the folder and of its contents.
pub(crate) fn change_owner_to(path: &Path, uid: u32, gid: u32) -> std::io::Result<()> {
    chown(path, Some(uid), Some(gid))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            change_owner_to(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}

/// The user and group ids of a user, from the text of a `passwd` file.
pub(crate) fn ids_of(user: &str, passwd: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let mut ids = fields.skip(1).map(str::parse);
        (name == user).then_some((ids.next()?.ok()?, ids.next()?.ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_line_of_the_user() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:\npostgres:x:101:104:,,,:/var:/bin/bash\n";
        assert_eq!(ids_of("postgres", passwd), Some((101, 104)));
        assert_eq!(ids_of("nobody", passwd), None);
    }
}
