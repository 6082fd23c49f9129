//! Runs programs of another system that is installed under a folder.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::unprivileged::{change_owner_to, ids_of, namespace, namespaces_work};
use crate::{StartError, is_root};

/// Mounts what a program needs from the machine into the root `$1`, then executes the remaining arguments.
///
/// It runs in its own mount namespace, so that the mounts disappear when the program ends, for any reason. `$2` is the
/// first component of the path to the program's data: it is mounted at the same path, so every path is the same inside
/// and outside.
const MOUNT: &str = r#"set -e
mkdir -p "$1$2"
mount --bind "$2" "$1$2"
mount --rbind /dev "$1/dev"
mount --rbind /proc "$1/proc"
shift 2
exec "$@""#;

/// A command for `program` of the system under `root`, as its `user`, with write access to `folder`.
///
/// Each command of the chain replaces itself with the next one, so that the process id is the program's. As in
/// `unprivileged::command`, it uses a user namespace in which our files belong to `user`; if user namespaces are
/// forbidden, the folder's owner is changed to the user.
pub(crate) fn command(root: &Path, program: &Path, folder: &Path, user: &str) -> Result<Command, StartError> {
    if !is_root() {
        return Err(StartError::Prepare {
            program: "chroot".to_owned(),
            output: format!("only root can start servers from {}", root.display()),
        });
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Folder { path, source }
    };
    let folder = std::path::absolute(folder).map_err(failed(folder))?;
    let users = root.join("etc/passwd");
    let passwd = fs::read_to_string(&users).map_err(failed(&users))?;
    let (uid, gid) = ids_of(user, &passwd).ok_or_else(|| StartError::Prepare {
        program: "chroot".to_owned(),
        output: format!("there is no user `{user}` in {}", users.display()),
    })?;

    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--", "sh", "-c", MOUNT, "sh"]).arg(root).arg(top(&folder));
    let (user, group) = (uid.to_string(), gid.to_string());
    if namespaces_work(&user, &group) {
        command.arg("unshare").args(namespace(&user, &group)).arg("--root").arg(root).arg("--wd").arg(&folder);
    } else {
        change_owner_to(&folder, uid, gid).map_err(failed(&folder))?;
        command.arg("chroot").arg(format!("--userspec={uid}:{gid}")).arg(root);
    }
    command.arg("--").arg(program);
    Ok(command)
}

/// Returns `/srv` for `/srv/chipin/.local`.
fn top(folder: &Path) -> PathBuf {
    let folders = folder.components().filter(|component| matches!(component, Component::Normal(_)));
    Path::new("/").join(folders.take(1).collect::<PathBuf>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_of_a_path_is_mounted() {
        assert_eq!(top(Path::new("/srv/chipin/.local")), Path::new("/srv"));
        assert_eq!(top(Path::new("/tmp")), Path::new("/tmp"));
    }
}
