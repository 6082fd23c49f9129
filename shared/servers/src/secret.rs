//! Random passwords, generated once and stored in files that only their owner can read.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// 128 random bits as 32 hexadecimal digits, which need no escaping in a URL or a file.
///
/// # Errors
/// When `/dev/urandom` can't be read.
pub fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The secret stored in the file at `path`; generated on the first call.
///
/// # Errors
/// When the file can neither be read nor written.
pub fn stored(path: &Path) -> io::Result<String> {
    if let Ok(secret) = fs::read_to_string(path)
        && !secret.trim().is_empty()
    {
        return Ok(secret.trim().to_owned());
    }
    let secret = random()?;
    write_private(path, &secret)?;
    Ok(secret)
}

/// Makes a folder that only its owner can enter, or makes an existing one so.
///
/// # Errors
/// Errors of the file system.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// Errors of the file system.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // The mode applies only when the file is created, and an old file might be readable by all.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_secret_stays_the_same_and_private() {
        let folder = std::env::temp_dir().join(format!("servers-secret-{}", std::process::id()));
        let path = folder.join("password");
        let first = stored(&path).unwrap();
        assert_eq!(first.len(), 32);
        assert_eq!(stored(&path).unwrap(), first);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_old_folder_becomes_private() {
        let folder = std::env::temp_dir().join(format!("servers-folder-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        private_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(&folder).unwrap();
    }
}
