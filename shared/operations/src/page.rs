//! Cursors of the list of letters: a moment, an id and a direction.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::problem::Problem;
use rabbit_outbox::dead_letters::{Direction, Position};
use time::OffsetDateTime;
use uuid::Uuid;

/// Hides a position; the client hands it back unread.
pub(crate) fn encode(position: Position) -> String {
    let mut bytes = position.failed_at.unix_timestamp_nanos().to_be_bytes().to_vec();
    bytes.extend(position.event_id.as_bytes());
    bytes.push(u8::from(position.direction == Direction::Outgoing));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor that [`encode`] made.
///
/// # Errors
/// 422 when it is none of ours.
pub(crate) fn decode(cursor: Option<&str>) -> Result<Option<Position>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    read(text).map(Some).ok_or_else(|| Problem::invalid_parameter("cursor", "is not a cursor of this list"))
}

fn read(text: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nanos, rest) = bytes.split_first_chunk::<16>()?;
    let (event_id, rest) = rest.split_first_chunk::<16>()?;
    let direction = match rest {
        [0] => Direction::Incoming,
        [1] => Direction::Outgoing,
        _ => return None,
    };
    let failed_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from_be_bytes(*nanos)).ok()?;
    Some(Position { failed_at, event_id: Uuid::from_bytes(*event_id), direction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let position = Position {
            failed_at: OffsetDateTime::UNIX_EPOCH,
            event_id: Uuid::from_u128(7),
            direction: Direction::Outgoing,
        };
        assert_eq!(decode(Some(&encode(position))).ok().flatten(), Some(position));
        assert!(matches!(decode(None), Ok(None)));
        for nonsense in ["", "!", "c2hvcnQ"] {
            assert!(decode(Some(nonsense)).is_err(), "{nonsense}");
        }
    }
}
