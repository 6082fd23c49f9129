//! Finds the process that listens on a port, as far as `/proc` shows it.

use std::fs;

/// The process that listens on `port`, such as "nginx (process 812)". `None` without root if it belongs to another
/// user.
pub(crate) fn listener(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| listening_inode(&table, port).map(str::to_owned))?;
    let wanted = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.find_map(|entry| {
        let path = entry.ok()?.path();
        let pid: u32 = path.file_name()?.to_str()?.parse().ok()?;
        let holds = fs::read_dir(path.join("fd")).ok()?.any(|fd| {
            fd.is_ok_and(|fd| fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str()))
        });
        let name = fs::read_to_string(path.join("comm")).ok()?;
        holds.then(|| format!("{} (process {pid})", name.trim()))
    })
}

/// Finds the inode of a socket in state `0A` (listening). Source: proc(5), `/proc/net/tcp`.
fn listening_inode(table: &str, port: u16) -> Option<&str> {
    let port = format!("{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local_port = fields.get(1)?.rsplit(':').next()?;
        (local_port == port && *fields.get(3)? == "0A").then(|| fields.get(9).copied()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn this_process_is_found() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let found = listener(held.local_addr().unwrap().port()).unwrap();
        assert!(found.contains(&std::process::id().to_string()), "{found}");
    }
}
