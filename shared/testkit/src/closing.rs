//! How a live socket ends, which is the same for all services. Source: RFC 6455, sections 5.5.1 and 7.4.1.

use crate::raw_socket::{Ended, RawSocket};

/// Asserts that a client's Close is answered with the same.
///
/// # Panics
/// If it is not.
pub async fn assert_close_is_answered(open: impl AsyncFn() -> RawSocket) {
    for (payload, code) in [(&[0x03, 0xe8][..], Some(1000)), (b"", None)] {
        let mut socket = open().await;
        socket.send(0x88, payload).await;
        assert_eq!(socket.ended().await, Ended::Closed(code));
    }
}

/// Asserts that each violation of the protocol ends its socket with the code for it.
///
/// # Panics
/// If one does not.
pub async fn assert_violations_are_closed(open: impl AsyncFn() -> RawSocket) {
    let reserved_bit = (0xc1, b"x".as_slice());
    let large = vec![0; 20_000];
    let too_large = (0x82, large.as_slice());
    let invalid_utf8 = (0x81, b"\xff\xfe".as_slice());
    let invalid_utf8_in_close = (0x88, b"\x03\xe8\xff".as_slice());
    for ((first, payload), code) in
        [(reserved_bit, 1002), (too_large, 1009), (invalid_utf8, 1007), (invalid_utf8_in_close, 1007)]
    {
        let mut socket = open().await;
        socket.send(first, payload).await;
        assert_eq!(socket.ended().await, Ended::Closed(Some(code)));
    }
}
