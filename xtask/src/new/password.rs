//! The hash of a broker user's password, as RabbitMQ stores it.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::call::base64;
use crate::failure::{Doing, Failure};

/// The Base64 of a random salt of four bytes and the SHA-256 of salt and password. Source: RabbitMQ documentation,
/// "Credentials and Passwords". The hash comes from coreutils, so that this crate needs no library for it.
pub(super) fn hash(password: &str) -> Result<String, Failure> {
    let mut salt = [0; 4];
    let random = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut salt));
    random.doing("read /dev/urandom")?;
    salted(salt, password)
}

fn salted(salt: [u8; 4], password: &str) -> Result<String, Failure> {
    let mut child =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().doing("run `sha256sum`")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&[&salt, password.as_bytes()].concat()).doing("write to `sha256sum`")?;
    }
    let output = child.wait_with_output().doing("run `sha256sum`")?;
    let hex = output.stdout.get(..64).unwrap_or_default();
    let digest = hex.chunks_exact(2).map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16));
    let digest: Vec<u8> = digest.collect::<Result<_, _>>().doing("read the output of `sha256sum`")?;
    Ok(base64(&[salt.as_slice(), &digest].concat()))
}

#[test]
fn a_password_is_hashed_as_rabbitmq_documents_it() {
    // The example of the documentation.
    let hash = salted([0x90, 0x8D, 0xC6, 0x0A], "test12").unwrap();
    assert_eq!(hash, "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
}
