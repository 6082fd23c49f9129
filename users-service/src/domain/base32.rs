//! Base32 without padding, as authenticator apps read it. Source: RFC 4648, section 6.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The text of these bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let groups = bytes.chunks(5).flat_map(|group| {
        let mut padded = [0; 8];
        padded[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(padded);
        let characters = (group.len() * 8).div_ceil(5);
        let five_bits = move |at: usize| usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or_default();
        (0..characters).map(move |at| char::from(ALPHABET[five_bits(at)]))
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::encode;

    /// Source: RFC 4648, section 10, without the padding.
    #[test]
    fn the_test_vectors_of_the_standard_are_encoded() {
        let vectors = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
    }
}
