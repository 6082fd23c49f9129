//! Where the servers' programs are installed.

use std::fs;
use std::path::{Path, PathBuf};

/// Debian keeps some servers in `sbin`, which an ordinary user's `PATH` lacks.
const ALSO: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/sbin"];

/// Finds a program on `PATH` or in the usual folders.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(ALSO.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// The folder with `postgres`, `initdb` and `psql`: the newest under
/// `/usr/lib/postgresql` (Debian does not put them on `PATH`), or wherever `PATH` has `initdb`.
pub fn postgres_folder() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok();
    let newest = versions.and_then(|entries| {
        entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let version: u32 = entry.file_name().to_str()?.parse().ok()?;
                let folder = entry.path().join("bin");
                folder.join("initdb").is_file().then_some((version, folder))
            })
            .max()
    });
    newest.map(|(_, folder)| folder).or_else(|| {
        let initdb = find("initdb")?;
        Some(initdb.parent()?.to_owned())
    })
}

/// RabbitMQ's own start script. Debian's `/usr/sbin/rabbitmq-server` is a
/// wrapper that insists on the system user and its folders.
pub(crate) fn rabbitmq_server() -> Option<PathBuf> {
    let own = Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if own.is_file() {
        return Some(own.to_owned());
    }
    find("rabbitmq-server")
}
