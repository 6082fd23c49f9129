//! The owner adds people by name, who have no device at hand.

use super::join::JoinRefusal;
use super::participant::{Participant, ParticipantId};
use super::split::{PARTICIPANTS_MAX, Split};

impl Split {
    /// Adds a participant by name, also if others cannot join any more. A visitor can be this participant later:
    /// see [`Split::take_over`].
    ///
    /// # Errors
    /// [`JoinRefusal::TooMany`].
    pub fn add_person(&self, name: String) -> Result<(Self, ParticipantId), JoinRefusal> {
        if self.participants.len() >= PARTICIPANTS_MAX {
            return Err(JoinRefusal::TooMany);
        }
        let mut added = self.next();
        let id = ParticipantId(self.last_participant.0 + 1);
        added.participants.push(Participant::new(id, Some(name), None, None));
        added.last_participant = id;
        Ok((added, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::split;
    use crate::domain::fraction::Fraction;

    #[test]
    fn the_owner_adds_people_to_a_closed_bill_until_it_is_full() {
        let closed = split(&[100]).set_joining(false).unwrap();
        let (added, id) = closed.add_person("Аня".into()).unwrap();
        assert_eq!((id, added.version), (ParticipantId(2), closed.version + 1));
        assert!(added.participant(id).unwrap().is_free());
        assert!(added.claim(id, 1, Fraction::WHOLE).unwrap().is_some(), "the owner assigns dishes");
        let full = split(&[100]).with_guests(u32::try_from(PARTICIPANTS_MAX).unwrap() - 1);
        assert_eq!(full.add_person("Аня".into()), Err(JoinRefusal::TooMany));
    }
}
