//! Where the servers' programs are installed, and how they are started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{StartError, chroot};

/// Debian installs some servers in `sbin`, which is not on the `PATH` of ordinary users.
const EXTRA_FOLDERS: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/sbin"];

/// The variable with the root folder of another system, whose servers tests use instead of the machine's.
pub const ROOT_VARIABLE: &str = "TEST_SERVERS_ROOT";

/// An installation of the servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// The machine's.
    #[default]
    Machine,
    /// Another Debian system, installed under this folder. Its programs run with the folder as their root, which
    /// requires root.
    Root(PathBuf),
}

impl Programs {
    /// The root that `TEST_SERVERS_ROOT` names; the machine if it is not set.
    ///
    /// This is the default of all options, so that servers started by a test itself have the same version as those
    /// started for it.
    pub fn from_environment() -> Self {
        let root = std::env::var_os(ROOT_VARIABLE).filter(|root| !root.is_empty());
        root.map_or(Self::Machine, |root| Self::Root(root.into()))
    }

    /// The installed versions, e.g. `PostgreSQL 17.12`; programs that can't be run are left out.
    pub fn versions(&self) -> Vec<String> {
        let postgres = self.postgres_folder().and_then(|folder| self.version(&folder.join("postgres")));
        let redis = self.find("redis-server").and_then(|program| self.version(&program));
        let rabbitmq = self.entries("/usr/lib/rabbitmq/lib").into_iter().find_map(|name| {
            let version = name.strip_prefix("rabbitmq_server-")?;
            Some(version.to_owned())
        });
        [("PostgreSQL", postgres), ("RabbitMQ", rabbitmq), ("Redis", redis)]
            .into_iter()
            .filter_map(|(name, version)| Some(format!("{name} {}", version?)))
            .collect()
    }

    /// Finds a program on `PATH` or in the usual folders; the path is relative to the program's root.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(EXTRA_FOLDERS.iter().map(PathBuf::from))
            .map(|folder| folder.join(program))
            .find(|candidate| self.has(candidate))
    }

    /// The folder with `postgres`, `initdb` and `psql`: the newest version under `/usr/lib/postgresql`, which Debian
    /// does not put on `PATH`, or the folder of `initdb` on `PATH`.
    pub(crate) fn postgres_folder(&self) -> Option<PathBuf> {
        let versions = self.entries("/usr/lib/postgresql").into_iter().filter_map(|name| name.parse::<u32>().ok());
        let newest = versions
            .map(|version| (version, PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))))
            .filter(|(_, folder)| self.has(&folder.join("initdb")))
            .max();
        newest.map(|(_, folder)| folder).or_else(|| {
            let initdb = self.find("initdb")?;
            Some(initdb.parent()?.to_owned())
        })
    }

    /// RabbitMQ's own start script. Debian's `/usr/sbin/rabbitmq-server` is a wrapper that requires the system user and
    /// its folders.
    pub(crate) fn rabbitmq_server(&self) -> Option<PathBuf> {
        let own = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
        if self.has(&own) { Some(own) } else { self.find("rabbitmq-server") }
    }

    /// A command for `program` with data in `folder`. In another root it runs as that system's `user`.
    pub(crate) fn command(&self, program: &Path, folder: &Path, user: &str) -> Result<Command, StartError> {
        match self {
            Self::Machine => Ok(Command::new(program)),
            Self::Root(root) => chroot::command(root, program, folder, user),
        }
    }

    fn has(&self, program: &Path) -> bool {
        match self {
            Self::Machine => program.is_file(),
            // The target of a link is a path in that root, so links are not followed from outside.
            Self::Root(_) => fs::symlink_metadata(self.host_path(program)).is_ok_and(|found| !found.is_dir()),
        }
    }

    fn entries(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.host_path(Path::new(folder))).into_iter().flatten();
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }

    fn host_path(&self, path: &Path) -> PathBuf {
        match self {
            Self::Machine => path.to_owned(),
            Self::Root(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        }
    }

    /// The first number in the output of `--version`.
    fn version(&self, program: &Path) -> Option<String> {
        let mut command = match self {
            Self::Machine => Command::new(program),
            Self::Root(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg(program);
                command
            }
        };
        first_number(&String::from_utf8_lossy(&command.arg("--version").output().ok()?.stdout))
    }
}

/// Finds a program of the machine on `PATH` or in the usual folders.
pub fn find(program: &str) -> Option<PathBuf> {
    Programs::Machine.find(program)
}

/// The machine's folder with `postgres`, `initdb` and `psql`.
pub fn postgres_folder() -> Option<PathBuf> {
    Programs::Machine.postgres_folder()
}

/// Parses `postgres (PostgreSQL) 17.5 (Debian 17.5-1)` and `Redis server v=8.0.2 sha=00000000:0`.
fn first_number(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_start_matches("v="));
    words.filter(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_parsed_from_the_output_of_servers() {
        let postgres = "postgres (PostgreSQL) 17.5 (Debian 17.5-1.pgdg120+1)\n";
        assert_eq!(first_number(postgres).as_deref(), Some("17.5"));
        assert_eq!(first_number("Redis server v=8.0.2 sha=00000000:0 bits=64").as_deref(), Some("8.0.2"));
        assert_eq!(first_number("no such option"), None);
    }

    #[test]
    fn paths_of_programs_are_relative_to_their_root() {
        let root = std::env::temp_dir().join(format!("servers-root-{}", std::process::id()));
        let programs = Programs::Root(root.clone());
        assert_eq!(programs.postgres_folder(), None);
        for version in ["9", "17"] {
            let bin = root.join(format!("usr/lib/postgresql/{version}/bin"));
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("initdb"), "").unwrap();
        }
        assert_eq!(programs.postgres_folder(), Some(PathBuf::from("/usr/lib/postgresql/17/bin")));
        fs::remove_dir_all(root).unwrap();
    }
}
