//! HTTP requests over TLS, by `openssl`: a TLS library would delay the first build of every new machine.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::{Doing, Failure};

/// A response: status, headers with names in lower case, and body.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Sends a request of HTTP/1.0, whose response ends with the connection, to `host:port`. Its certificate must name the host
/// and come from an authority of the file; without a file, from one that this machine trusts.
///
/// # Errors
/// Fails if there is no `openssl`, the certificate is not valid, or there is no complete response within `timeout`.
pub(crate) fn exchange(
    authority: &str,
    authorities: Option<&Path>,
    request: &str,
    timeout: Duration,
) -> Result<Received, Failure> {
    let doing = || format!("connect to {authority} with `openssl`");
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let mut command = Command::new("openssl");
    // Without `-verify_return_error` an invalid certificate is only reported.
    command.args(["s_client", "-quiet", "-verify_quiet", "-verify_return_error", "-connect", authority]);
    command.args([if is_address { "-verify_ip" } else { "-verify_hostname" }, host]);
    if !is_address {
        command.args(["-servername", host]);
    }
    if let Some(file) = authorities {
        command.arg("-CAfile").arg(file).args(["-no-CApath", "-no-CAstore"]);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().doing(doing())?;
    // The request contains a token, so it is not an argument. If it can't be written, the reason is in the output.
    let _ = child.stdin.take().map(|mut input| input.write_all(request.as_bytes()));
    let (output, errors) = output_within(&mut child, timeout).doing(doing())?;
    parse(&output).ok_or_else(|| {
        let reason = String::from_utf8_lossy(&errors);
        let reason = reason.lines().find(|line| line.contains("error")).unwrap_or("no complete response").trim();
        Failure::new(format!("{}: {reason}; see --ca-file", doing()))
    })
}

fn output_within(child: &mut Child, timeout: Duration) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let (done, outcome) = mpsc::channel();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    thread::spawn(move || {
        let read = |pipe: Option<&mut dyn Read>| {
            let mut bytes = vec![];
            pipe.map_or(Ok(0), |pipe| pipe.read_to_end(&mut bytes)).map(|_| bytes)
        };
        let mut output = output;
        let mut errors = errors;
        let both = read(output.as_mut().map(|pipe| pipe as &mut dyn Read))
            .and_then(|output| Ok((output, read(errors.as_mut().map(|pipe| pipe as &mut dyn Read))?)));
        // After the timeout it is not received.
        let _ = done.send(both);
    });
    let both = outcome.recv_timeout(timeout);
    // Also when it has ended, so that no process is left.
    let _ = child.kill();
    let _ = child.wait();
    both.unwrap_or_else(|_| Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it took too long")))
}

/// The response in these bytes; `None` if it is not complete.
fn parse(bytes: &[u8]) -> Option<Received> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse::<usize>());
    let is_complete = length.is_none_or(|length| length.is_ok_and(|length| body.len() >= length));
    is_complete.then(|| Received { status, headers, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use servers::TlsFiles;
    use std::io::{BufRead, BufReader};
    use std::path::PathBuf;

    const TIMEOUT: Duration = Duration::from_secs(20);
    const REQUEST: &str = "GET /orders/operations/topology HTTP/1.0\r\nHost: localhost\r\n\r\n";

    /// A server of one connection that answers with this text: its port, and the process whose output is the request.
    fn server(files: &TlsFiles, response: &str) -> (u16, Child) {
        let mut child = Command::new("openssl")
            .args(["s_server", "-naccept", "1", "-accept", "127.0.0.1:0", "-cert"])
            .arg(&files.certificate)
            .arg("-key")
            .arg(&files.key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It sends its input to the client, and closes the connection at its end.
        child.stdin.take().unwrap().write_all(response.as_bytes()).unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it does not listen");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                break address.trim().rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        (port, child)
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-https-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_response_over_tls_is_read_and_another_authority_is_not_trusted() {
        let (ours, others) = (folder("ours"), folder("others"));
        let (files, other) = (TlsFiles::make(&ours).unwrap(), TlsFiles::make(&others).unwrap());
        let response = "HTTP/1.1 200 OK\r\nLink: </next>; rel=\"next\"\r\nContent-Length: 2\r\n\r\n[]";
        for (host, authorities, is_trusted) in [
            ("localhost", Some(&files.authority), true),
            ("127.0.0.1", Some(&files.authority), true),
            ("localhost", Some(&other.authority), false),
            ("localhost", None, false),
        ] {
            let (port, mut child) = server(&files, response);
            let address = format!("{host}:{port}");
            match exchange(&address, authorities.map(PathBuf::as_path), REQUEST, TIMEOUT) {
                Ok(received) => {
                    assert!(is_trusted, "{host} {authorities:?}");
                    assert_eq!((received.status, received.body.as_str()), (200, "[]"));
                    assert!(received.headers.contains(&("link".to_owned(), "</next>; rel=\"next\"".to_owned())));
                }
                Err(failure) => {
                    assert!(!is_trusted, "{host}: {failure}");
                    assert!(failure.to_string().contains("verify"), "{failure}");
                }
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        for folder in [ours, others] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn a_response_that_breaks_off_is_none() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]").is_none());
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Le").is_none());
        assert!(parse(b"").is_none());
        assert_eq!(parse(b"HTTP/1.0 404 Not Found\r\n\r\n{}").map(|received| received.status), Some(404));
    }
}
