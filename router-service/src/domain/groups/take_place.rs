//! A visitor takes a place on a bill whose due counts in a group.

/// The place: which member it is, and who the visitor is in the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the member that the owner of the bill has said, or that was found by name.
    pub member: String,
    /// Whether this member has an account.
    pub member_has_account: bool,
    /// Whether the visitor is in the group, by their account: then their own membership decides.
    pub visitor_is_member: bool,
}

/// Why a visitor does not take a place: the member would owe what the visitor takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceRefusal {
    /// The visitor is a user who is not in the group.
    #[error(
        "what this person owes counts in a group as the debt of {0}: join the group first, or ask the owner of the bill to \
         say that this person is no member"
    )]
    NotAMember(String),
    /// The visitor is a guest, and the member has an account.
    #[error("what this person owes counts in a group as the debt of {0}, who has an account: sign in")]
    OtherAccount(String),
}

impl Place {
    /// Whether the visitor can take the place: a user or a guest.
    ///
    /// A guest is who the owner of the bill says, as long as that member has no account either.
    ///
    /// # Errors
    /// [`PlaceRefusal`].
    pub fn check(&self, is_user: bool) -> Result<(), PlaceRefusal> {
        match (self.visitor_is_member, is_user, self.member_has_account) {
            (true, ..) | (false, false, false) => Ok(()),
            (false, true, _) => Err(PlaceRefusal::NotAMember(self.member.clone())),
            (false, false, true) => Err(PlaceRefusal::OtherAccount(self.member.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_never_owes_what_another_person_takes() {
        let place = |member_has_account, visitor_is_member| Place {
            member: "Vera".into(),
            member_has_account,
            visitor_is_member,
        };
        assert_eq!(place(false, true).check(true), Ok(()));
        assert_eq!(place(true, true).check(true), Ok(()));
        assert_eq!(place(false, false).check(true), Err(PlaceRefusal::NotAMember("Vera".into())));
        assert_eq!(place(false, false).check(false), Ok(()), "her phone");
        assert_eq!(place(true, false).check(false), Err(PlaceRefusal::OtherAccount("Vera".into())));
    }
}
