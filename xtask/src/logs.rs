//! `logs`: prints the end of a log, and optionally follows it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::checkout::Checkout;
use crate::cli::LogsOptions;
use crate::failure::{Doing, Failure};

const POLL: Duration = Duration::from_millis(100);

/// Prints a log; with `--follow` until Ctrl-C.
///
/// # Errors
/// Fails if the log does not exist, with a list of the existing ones.
pub(crate) fn logs(checkout: &Checkout, options: &LogsOptions) -> Result<ExitCode, Failure> {
    let path = find(checkout, &options.service)?;
    let mut file = File::open(&path).doing(format!("read {}", path.display()))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).doing(format!("read {}", path.display()))?;
    let mut out = std::io::stdout().lock();
    // The reader of the pipe, such as `head`, has exited: not a failure.
    if out.write_all(last_lines(&bytes, options.lines)).is_err() {
        return Ok(ExitCode::SUCCESS);
    }
    if options.follow {
        follow(&mut file, &path, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints appended text until the output is closed.
fn follow(file: &mut File, path: &PathBuf, out: &mut impl Write) -> Result<(), Failure> {
    loop {
        thread::sleep(POLL);
        let mut added = Vec::new();
        file.read_to_end(&mut added).doing(format!("read {}", path.display()))?;
        if added.is_empty() {
            reopen_if_replaced(file, path)?;
        } else if out.write_all(&added).and_then(|()| out.flush()).is_err() {
            return Ok(());
        }
    }
}

fn find(checkout: &Checkout, service: &str) -> Result<PathBuf, Failure> {
    let folder = checkout.local().join("logs");
    let names = [service.to_owned(), format!("{service}-service")];
    if let Some(path) = names.iter().map(|name| folder.join(format!("{name}.log"))).find(|path| path.is_file()) {
        return Ok(path);
    }
    let mut known: Vec<String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(name.strip_suffix(".log")?.to_owned())
        })
        .collect();
    known.sort();
    Err(Failure::new(if known.is_empty() {
        "there are no logs yet; `cargo xtask up` starts the system".to_owned()
    } else {
        format!("no log of `{service}`; there are: {}", known.join(", "))
    }))
}

/// Reopens the file if a new supervisor has replaced it.
fn reopen_if_replaced(file: &mut File, path: &PathBuf) -> Result<(), Failure> {
    let doing = || format!("follow {}", path.display());
    let read_to = file.stream_position().doing(doing())?;
    if std::fs::metadata(path).is_ok_and(|now| now.len() < read_to) {
        *file = File::open(path).doing(doing())?;
        file.seek(SeekFrom::Start(0)).doing(doing())?;
    }
    Ok(())
}

fn last_lines(text: &[u8], lines_max: usize) -> &[u8] {
    let ends_with_newline = usize::from(text.last() == Some(&b'\n'));
    let body = &text[..text.len() - ends_with_newline];
    let start = body
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines_max.saturating_sub(1))
        .map_or(0, |(at, _)| at + 1);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole_lines() {
        assert_eq!(last_lines(b"a\nb\nc\n", 2), b"b\nc\n");
        assert_eq!(last_lines(b"a\nb", 1), b"b");
        assert_eq!(last_lines(b"a\n", 5), b"a\n");
        assert_eq!(last_lines(b"", 5), b"");
    }
}
