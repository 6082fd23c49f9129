//! A visitor says that they are a participant whom the owner has added.

use super::join::Identity;
use super::participant::{ParticipantId, TokenHash};
use super::split::Split;

/// Why a visitor cannot be this participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeOverRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// A device or a user is this participant.
    #[error("this place is taken: another device or user is this participant")]
    Taken,
    /// The visitor is another participant of the cheque.
    #[error("you have joined already, as another participant")]
    Joined,
}

impl Split {
    /// Makes the visitor the participant `id`, whom the owner has added: the user, else a guest with `new_token`. They
    /// keep everything that the owner has recorded. It works when joining is closed, because they share the cheque
    /// already.
    ///
    /// # Errors
    /// [`TakeOverRefusal`].
    pub fn take_over(
        &self,
        identity: Identity,
        id: ParticipantId,
        name: Option<String>,
        new_token: TokenHash,
    ) -> Result<Self, TakeOverRefusal> {
        let place = self.participant(id).ok_or(TakeOverRefusal::NoSuchParticipant)?;
        if !place.is_free() {
            return Err(TakeOverRefusal::Taken);
        }
        if self.participant_for(identity).is_some() {
            return Err(TakeOverRefusal::Joined);
        }
        let mut taken = self.next();
        if let Some(place) = taken.participant_mut(id) {
            place.user_id = identity.user_id;
            place.token = Some(new_token).filter(|_| identity.user_id.is_none());
            place.name = name.or_else(|| place.name.clone());
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{split, token, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::join::Joined;
    use proptest::prelude::*;

    const ANN: ParticipantId = ParticipantId(2);

    fn guest(secret: u8) -> Identity {
        Identity { user_id: None, token: Some(token(secret)) }
    }

    fn signed_in(id: i64) -> Identity {
        Identity { user_id: Some(user(id)), token: None }
    }

    #[test]
    fn whom_the_owner_has_added_takes_over_with_what_was_assigned() {
        let (split, _) = split(&[100]).add_person("Аня".into()).unwrap();
        let split = split.claimed(ANN, 1, Fraction::WHOLE).set_joining(false).unwrap();
        let ann = split.take_over(Identity::default(), ANN, None, token(7)).unwrap();
        assert_eq!(
            (ann.participant_for(guest(7)), ann.participant(ANN).unwrap().name.as_deref()),
            (Some(ANN), Some("Аня"))
        );
        assert_eq!(ann.claims, split.claims);
        let again = ann.take_over(Identity::default(), ANN, None, token(8));
        assert_eq!(again, Err(TakeOverRefusal::Taken), "one device only");
        assert_eq!(ann.take_over(signed_in(9), ANN, None, token(8)), Err(TakeOverRefusal::Taken));
        let by_user = split.take_over(signed_in(9), ANN, Some("Анна".into()), token(8)).unwrap();
        let place = by_user.participant(ANN).unwrap();
        assert_eq!((place.user_id, place.token, place.name.as_deref()), (Some(user(9)), None, Some("Анна")));
        assert_eq!(split.take_over(signed_in(1), ANN, None, token(8)), Err(TakeOverRefusal::Joined), "the owner");
        assert_eq!(
            split.take_over(signed_in(9), ParticipantId(3), None, token(8)),
            Err(TakeOverRefusal::NoSuchParticipant)
        );
    }

    proptest! {
        #[test]
        fn a_place_never_has_two_holders_and_nobody_two_places(
            steps in prop::collection::vec((0..4_u8, 1..8_u32, 1..6_u8), 0..40),
        ) {
            let mut table = split(&[100]);
            for (step, place, who) in steps {
                // Odd visitors are users, even ones guests.
                let identity = if who % 2 == 1 { signed_in(100 + i64::from(who)) } else { guest(who) };
                let before = table.clone();
                table = match step {
                    0 => table.add_person("Аня".into()).map(|(table, _)| table).unwrap_or(table),
                    1 => table.take_over(identity, ParticipantId(place), None, token(who)).unwrap_or(table),
                    2 => match table.join(identity, "Аня".into(), Some(token(who))) {
                        Ok(Joined::New(table, _) | Joined::Existing(table, _)) => table,
                        Err(_) => table,
                    },
                    _ => table.remove(ParticipantId(place)).unwrap_or(table),
                };
                for one in &before.participants {
                    let after = table.participant(one.id).map(|after| (after.user_id, after.token));
                    prop_assert!(one.is_free() || after.is_none_or(|after| after == (one.user_id, one.token)), "{} changed hands", one.id);
                }
                let others = |at: usize| table.participants.iter().skip(at + 1);
                for (at, one) in table.participants.iter().enumerate() {
                    prop_assert!(one.user_id.is_none() || others(at).all(|other| other.user_id != one.user_id));
                    prop_assert!(one.token.is_none() || others(at).all(|other| other.token != one.token));
                }
            }
        }
    }
}
