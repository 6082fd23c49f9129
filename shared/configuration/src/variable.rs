//! One variable of a program: its name, its argument, and where its value comes from.

use crate::shown::shown;
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest file with a secret, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A variable that a command declares.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: OsString,
    /// The argument's id.
    pub(crate) id: String,
    /// `--name` without the hyphens.
    pub(crate) long: String,
    /// The argument as clap's errors write it.
    pub(crate) written: String,
    pub(crate) is_secret: bool,
    /// What errors call it: the variable, the variable of its file, or the argument.
    pub(crate) origin: String,
}

/// The variable can't be read; the text names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

impl Variable {
    /// The variables of a [built](Command::build) command, without those of its subcommands.
    pub(crate) fn all(command: &Command) -> Vec<Self> {
        command.get_arguments().filter_map(Self::of).collect()
    }

    fn of(argument: &Arg) -> Option<Self> {
        let name = argument.get_env()?;
        Some(Self {
            name: name.to_owned(),
            id: argument.get_id().to_string(),
            long: argument.get_long()?.to_owned(),
            written: argument.to_string(),
            is_secret: argument.is_hide_env_values_set(),
            origin: name.to_string_lossy().into_owned(),
        })
    }

    /// Whether the command line has the argument. Then the variable does not matter.
    pub(crate) fn is_in(&self, arguments: &[OsString]) -> bool {
        let flag = format!("--{}", self.long);
        arguments
            .iter()
            .map(|argument| argument.to_string_lossy())
            .any(|argument| argument.strip_prefix(&flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    }

    /// The value, from the variable or, for a secret, from the file that `NAME_FILE` names. An empty variable is unset.
    pub(crate) fn read(
        &mut self,
        environment: &dyn Fn(&OsStr) -> Option<OsString>,
    ) -> Result<Option<String>, Unreadable> {
        let given = |name: &OsStr| environment(name).filter(|value| !value.is_empty());
        let mut file_name = self.name.clone();
        file_name.push("_FILE");
        let file = Some(&file_name).filter(|_| self.is_secret).and_then(|name| given(name));
        match (given(&self.name), file) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Unreadable(format!("{0} and {0}_FILE are both set: set only one", self.origin))),
            (Some(value), None) => {
                let unreadable = |value: OsString| {
                    let value = if self.is_secret { String::new() } else { it_is(&value) };
                    Unreadable(format!("{} must be UTF-8{value}", self.origin))
                };
                value.into_string().map(Some).map_err(unreadable)
            }
            (None, Some(path)) => {
                self.origin = file_name.to_string_lossy().into_owned();
                let unreadable = |failure| {
                    Unreadable(format!("{} must name a readable file{}: {failure}", self.origin, it_is(&path)))
                };
                read_secret(Path::new(&path)).map(Some).map_err(unreadable)
            }
        }
    }
}

fn it_is(value: &OsStr) -> String {
    format!(" (it is `{}`)", shown(&value.to_string_lossy()))
}

/// The secret in a file, without the end of its line.
fn read_secret(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() { Err(io::Error::other("it is empty")) } else { Ok(text) }
}
