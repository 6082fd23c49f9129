//! Lanes: parts of an outbox. Order and ownership are per lane.

/// Number of lanes of every outbox. Changing it would move keys to other lanes while events of theirs are in flight.
pub(crate) const LANES: i16 = 8;

/// The lane of an ordering key: the same on every machine and in every release.
pub(crate) fn of(ordering_key: &str) -> i16 {
    // `%` with a positive i16 leaves 0..8.
    i16::try_from(fnv1a(ordering_key) % u64::from(LANES.unsigned_abs())).unwrap_or(0)
}

/// The shadow lane: where rows of a lane wait that can't be sent now.
pub(crate) fn shadow(lane: i16) -> i16 {
    -1 - lane
}

/// The lane of a row, whether the row waits or not.
pub(crate) fn home(lane: i16) -> i16 {
    if lane < 0 { shadow(lane) } else { lane }
}

/// The class of the advisory locks of a schema's lanes: a positive 31-bit number.
///
/// Services may share a database and advisory locks are per database, so the class is derived from the schema's name.
pub(crate) fn lock_class(schema: &str) -> i32 {
    i32::try_from(fnv1a(&format!("chipin outbox {schema}")) & 0x7fff_ffff).unwrap_or(0)
}

/// The channel on which the relays of a schema notify each other: a hash, because a schema's name may be too long.
pub(crate) fn notification_channel(schema: &str) -> String {
    format!("outbox_{:016x}", fnv1a(&format!("chipin outbox {schema}")))
}

/// FNV-1a with 64 bits. Source: RFC 9923.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_changes_its_lane() {
        // Pinned: another value would reorder events that are in an outbox during a deployment.
        assert_eq!(of("0190d3a2-0000-7000-8000-000000000001"), 5);
        assert_eq!(of(""), 5);
    }

    #[test]
    fn a_row_that_waits_still_belongs_to_its_lane() {
        assert!((0..LANES).all(|lane| shadow(lane) < 0 && home(shadow(lane)) == lane && home(lane) == lane));
    }

    #[test]
    fn keys_spread_over_all_lanes() {
        let mut hits = [0_u32; 8];
        for key in 0..8000 {
            hits[usize::try_from(of(&format!("order-{key}"))).unwrap()] += 1;
        }
        assert!(hits.iter().all(|hits| (800..1200).contains(hits)), "{hits:?}");
    }
}
