//! A participant joins, changes their name, or signs in after joining as a guest.

use super::method::{BasisPoints, Method};
use super::participant::{Participant, ParticipantId, TokenHash};
use super::split::{PARTICIPANTS_MAX, Split};
use contracts::ids::UserId;
use contracts::money::BillMoney;
use std::collections::BTreeMap;

/// The identity of a visitor: a user, the holder of a guest's token, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user_id: Option<UserId>,
    /// The token of a guest.
    pub token: Option<TokenHash>,
}

/// The result of joining.
#[derive(Clone, Debug, PartialEq)]
pub enum Joined {
    /// A new participant was added.
    New(Split, ParticipantId),
    /// The participant existed already, perhaps under another name or as a guest. The version has changed only if this
    /// changed the state.
    Existing(Split, ParticipantId),
}

/// Why joining is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    /// There are already [`PARTICIPANTS_MAX`] participants.
    #[error("at most {PARTICIPANTS_MAX} participants can share a cheque")]
    TooMany,
    /// The owner has closed the cheque.
    #[error("the owner has closed this cheque: nobody can join any more")]
    Closed,
    /// The visitor is both a guest and a user here, and one of the two has settled, so they cannot be merged.
    #[error("you joined twice and have settled once: the two cannot be merged")]
    SettledAlready,
}

impl Split {
    /// Finds the participant of an identity: the user, else the guest with this token. A token whose guest has become a
    /// user does not identify another user.
    pub fn participant_for(&self, identity: Identity) -> Option<ParticipantId> {
        let user = identity.user_id.and_then(|user_id| self.participant_of(user_id));
        let holder = || {
            let of_token =
                identity.token.and_then(|token| self.participants.iter().find(|one| one.token == Some(token)));
            of_token.filter(|one| one.user_id.is_none() || identity.user_id.is_none())
        };
        user.or_else(holder).map(|participant| participant.id)
    }

    /// Adds or renames a participant; `new_token` is the token of a guest who is new.
    ///
    /// A user who holds a guest's token becomes that participant. If both exist, the guest's claims and shares move to
    /// the user, and the guest is removed.
    ///
    /// # Errors
    /// [`JoinRefusal`].
    pub fn join(&self, identity: Identity, name: String, new_token: Option<TokenHash>) -> Result<Joined, JoinRefusal> {
        let as_guest = Identity { user_id: None, ..identity };
        let guest =
            self.participant_for(as_guest).filter(|id| self.participant(*id).is_some_and(|one| one.user_id.is_none()));
        let user = identity.user_id.and_then(|user_id| self.participant_of(user_id)).map(|one| one.id);
        let mut joined = self.next();
        let here = match (user, guest) {
            (Some(user), Some(guest)) => {
                joined = joined.merged(guest, user)?;
                Some(user)
            }
            (user, guest) => user.or(guest).or_else(|| self.participant_for(identity)),
        };
        if let Some(id) = here {
            if let Some(participant) = joined.participant_mut(id) {
                participant.name = Some(name);
                participant.user_id = participant.user_id.or(identity.user_id);
            }
            if joined.participants == self.participants {
                joined.version = self.version;
            }
            return Ok(Joined::Existing(joined, id));
        }
        if !self.joining_open {
            return Err(JoinRefusal::Closed);
        }
        if self.participants.len() >= PARTICIPANTS_MAX {
            return Err(JoinRefusal::TooMany);
        }
        let id = ParticipantId(self.last_participant.0 + 1);
        let token = new_token.filter(|_| identity.user_id.is_none());
        joined.participants.push(Participant::new(id, Some(name), identity.user_id, token));
        joined.last_participant = id;
        Ok(Joined::New(joined, id))
    }

    /// Removes the guest and moves their claims and shares to the user.
    fn merged(mut self, guest: ParticipantId, user: ParticipantId) -> Result<Self, JoinRefusal> {
        let settled = |id| self.participant(id).is_some_and(|one| one.settlement.is_started());
        if settled(guest) || settled(user) {
            return Err(JoinRefusal::SettledAlready);
        }
        let advance = self.participant(guest).map_or(0, |guest| guest.advance.thousandths());
        if let Some(user) = self.participant_mut(user) {
            // The owner has paid what the others have not.
            let both = BillMoney::from_thousandths(user.advance.thousandths() + advance);
            user.advance = if user.id == ParticipantId::OWNER { BillMoney::ZERO } else { both };
        }
        self.participants.retain(|participant| participant.id != guest);
        let left = self.claims.extract_if(.., |(_, who), _| *who == guest).collect::<Vec<_>>();
        for ((line, _), part) in left {
            let claim = self.claims.entry((line, user)).or_insert(super::fraction::Fraction::ZERO);
            *claim = claim.plus(part).expect("claims of a line make at most the whole");
        }
        match &mut self.method {
            Method::Items | Method::Equal => {}
            Method::Shares(shares) => hand_over(shares, guest, user, u32::saturating_add),
            Method::Percent(percents) => hand_over(percents, guest, user, |one, other| {
                BasisPoints::new(i64::from(one.get() + other.get())).unwrap_or(BasisPoints::HUNDRED_PERCENT)
            }),
            Method::Exact(amounts) => {
                hand_over(amounts, guest, user, |one, other| {
                    BillMoney::from_thousandths(one.thousandths() + other.thousandths())
                });
            }
        }
        Ok(self)
    }
}

fn hand_over<T: Copy>(
    parts: &mut BTreeMap<ParticipantId, T>,
    guest: ParticipantId,
    user: ParticipantId,
    add: impl Fn(T, T) -> T,
) {
    if let Some(part) = parts.remove(&guest) {
        let sum = parts.get(&user).map_or(part, |had| add(*had, part));
        parts.insert(user, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split, token, user};
    use crate::domain::fraction::Fraction;

    fn guest(secret: u8) -> Identity {
        Identity { user_id: None, token: Some(token(secret)) }
    }

    fn signed_in(id: i64) -> Identity {
        Identity { user_id: Some(user(id)), token: None }
    }

    fn both(id: i64, secret: u8) -> Identity {
        Identity { user_id: Some(user(id)), token: Some(token(secret)) }
    }

    fn half() -> Fraction {
        Fraction::new(1, 2).unwrap()
    }

    #[test]
    fn a_user_joins_once_and_is_renamed_after() {
        let Joined::New(split, id) = split(&[100]).join(signed_in(7), "Аня".into(), None).unwrap() else { panic!() };
        assert_eq!((id, split.version), (ParticipantId(2), 2));
        let Joined::Existing(split, again) = split.join(signed_in(7), "Анна".into(), None).unwrap() else {
            panic!()
        };
        assert_eq!((again, split.participants.len()), (id, 2));
        assert_eq!(split.participants[1].name.as_deref(), Some("Анна"));
        let Joined::Existing(same, _) = split.join(signed_in(7), "Анна".into(), None).unwrap() else { panic!() };
        assert_eq!(same, split, "the same name again is no change");
        let owner = split.join(signed_in(1), "Боря".into(), None).unwrap();
        assert!(matches!(owner, Joined::Existing(_, ParticipantId::OWNER)));
    }

    #[test]
    fn a_guest_is_known_by_the_token_alone() {
        let start = split(&[100]);
        let Joined::New(split, id) = start.join(Identity::default(), "Гость".into(), Some(token(3))).unwrap()
        else {
            panic!()
        };
        assert_eq!(split.participant_for(guest(3)), Some(id));
        assert_eq!(split.participant_for(guest(4)), None);
        assert_eq!(split.participant_for(Identity::default()), None);
        assert!(
            matches!(split.join(guest(3), "Имя".into(), Some(token(4))), Ok(Joined::Existing(_, same)) if same == id)
        );
    }

    #[test]
    fn a_guest_becomes_a_user_and_keeps_the_claims() {
        let split = split(&[100]).with_guests(1).claimed(ParticipantId(2), 1, half());
        let Joined::Existing(split, id) = split.join(both(7, 2), "Аня".into(), None).unwrap() else { panic!() };
        assert_eq!((id, split.participants[1].user_id), (ParticipantId(2), Some(user(7))));
        assert_eq!(split.claims.get(&(1, id)), Some(&half()));
        assert_eq!(split.participant_for(signed_in(7)), Some(id));
        assert_eq!(split.participant_for(guest(2)), Some(id), "the browser that holds the token is still known");
        assert_eq!(split.participant_for(both(8, 2)), None, "another user does not act for them");
    }

    #[test]
    fn a_guest_and_a_user_of_one_person_are_merged_with_all_claims() {
        let split = split(&[100, 200]).with_guests(2);
        let split = split.claimed(ParticipantId(2), 1, half()).claimed(ParticipantId(3), 1, half());
        let split = split.claimed(ParticipantId(3), 2, Fraction::WHOLE);
        let Joined::Existing(split, _) = split.join(both(7, 2), "Аня".into(), None).unwrap() else { panic!() };
        let shares = BTreeMap::from([(ParticipantId(2), 1), (ParticipantId(3), 2)]);
        let split = split.set_method(Method::Shares(shares), None).unwrap().unwrap();
        let Joined::Existing(split, id) = split.join(both(7, 3), "Аня".into(), None).unwrap() else { panic!() };
        assert_eq!((id, split.participants.len()), (ParticipantId(2), 2));
        assert_eq!(split.claims.get(&(1, id)), Some(&Fraction::WHOLE));
        assert_eq!(split.claims.get(&(2, id)), Some(&Fraction::WHOLE));
        assert_eq!(split.method, Method::Shares(BTreeMap::from([(id, 3)])));
        let Joined::New(_, next) = split.join(signed_in(9), "Вася".into(), None).unwrap() else { panic!() };
        assert_eq!(next, ParticipantId(4), "a number is never reused");
    }

    #[test]
    fn settled_participants_are_not_merged() {
        let mut split = split(&[100]).with_guests(2);
        split.participants[1].user_id = Some(user(7));
        split.participants[1].settlement = pending(1);
        assert_eq!(split.join(both(7, 3), "Аня".into(), None), Err(JoinRefusal::SettledAlready));
    }

    #[test]
    fn a_full_cheque_accepts_no_more_participants() {
        let split = split(&[100]).with_guests(u32::try_from(PARTICIPANTS_MAX).unwrap() - 1);
        assert_eq!(split.join(signed_in(7), "Аня".into(), None), Err(JoinRefusal::TooMany));
        assert!(split.join(guest(2), "Имя".into(), None).is_ok());
    }
}
