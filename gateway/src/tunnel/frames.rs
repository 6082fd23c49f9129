//! Where WebSocket frames begin in the bytes from a service, so that the gateway can add a Close frame between two.

/// Longest head of a frame without a mask: two bytes, and eight of the length. Source: RFC 6455, section 5.2.
const HEAD_BYTES_MAX: usize = 10;

/// Follows the frames of a service, which are not masked.
#[derive(Default)]
pub(super) struct Frames {
    head: [u8; HEAD_BYTES_MAX],
    /// Bytes of the current head that have passed.
    head_bytes: usize,
    /// Bytes of the current payload that have not passed yet.
    payload_left: u64,
    /// A Close frame has passed: nothing may follow it.
    has_closed: bool,
}

impl Frames {
    /// Follows bytes that were written to the client.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload_left > 0 {
                let passed = usize::try_from(self.payload_left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.payload_left -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.head[self.head_bytes] = bytes[0];
            self.head_bytes += 1;
            bytes = &bytes[1..];
            if let Some(length) = payload_length(&self.head[..self.head_bytes]) {
                self.has_closed |= self.head[0] & 0x0f == 8;
                self.payload_left = length;
                self.head_bytes = 0;
            }
        }
    }

    /// Whether another frame may follow now.
    pub(super) fn is_between(&self) -> bool {
        self.head_bytes == 0 && self.payload_left == 0 && !self.has_closed
    }
}

/// The length of the payload, once the head is complete. A masked frame, which no server sends, is taken for a complete
/// head of the same length; then the client ends the connection anyway.
fn payload_length(head: &[u8]) -> Option<u64> {
    let [_, second, rest @ ..] = head else { return None };
    match second & 0x7f {
        126 => Some(u64::from(u16::from_be_bytes(rest.try_into().ok()?))),
        127 => Some(u64::from_be_bytes(rest.try_into().ok()?)),
        short => Some(u64::from(short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(payload: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match payload {
            0..126 => frame.push(u8::try_from(payload).unwrap()),
            126..65_536 => {
                frame.push(126);
                frame.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + payload, b'x');
        frame
    }

    #[test]
    fn frames_of_every_length_end_where_they_end_in_pieces_of_every_size() {
        for payload in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let bytes = [text(payload), text(3)].concat();
            let ends = [bytes.len() - 5, bytes.len()];
            for piece in [1, 2, 7, 4096, bytes.len()] {
                let (mut frames, mut passed) = (Frames::default(), 0);
                for part in bytes.chunks(piece) {
                    frames.pass(part);
                    passed += part.len();
                    assert_eq!(frames.is_between(), ends.contains(&passed), "{payload} in {piece} at {passed}");
                }
            }
        }
    }

    #[test]
    fn nothing_follows_a_close_frame() {
        let mut frames = Frames::default();
        assert!(frames.is_between());
        frames.pass(&[0x88, 2, 3, 0xe8]);
        assert!(!frames.is_between());
    }
}
