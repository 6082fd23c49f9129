//! What the audit trail records.

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A user registered.
    Registration,
    /// The first administrator was made on the command line.
    AdministratorCreation,
    /// A user signed in.
    SignIn,
    /// A user signed out.
    SignOut,
    /// A user ended one of their sessions from another.
    SessionEnd,
    /// An administrator ended all sessions of a user.
    SessionsEnd,
    /// A session ended by age.
    SessionExpiry,
    /// A user changed their password.
    PasswordChange,
    /// An administrator issued a token for a new password.
    PasswordResetIssue,
    /// A user set a new password with a token.
    PasswordReset,
    /// An administrator blocked a user.
    Block,
    /// An administrator unblocked a user.
    Unblock,
    /// An administrator changed a role.
    RoleChange,
    /// A user turned a second factor on.
    SecondFactorOn,
    /// A user turned their second factor off.
    SecondFactorOff,
    /// A user replaced their recovery codes.
    RecoveryCodes,
    /// An administrator removed the second factor of a user.
    SecondFactorRemoval,
    /// A refresh token was presented.
    Refresh,
    /// An access token was presented to the gateway.
    AccessToken,
    /// A page of administrators was requested.
    Administration,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// A wrong password, login or token.
    Failed,
    /// It was not allowed.
    Refused,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Registration,
        Self::AdministratorCreation,
        Self::SignIn,
        Self::SignOut,
        Self::SessionEnd,
        Self::SessionsEnd,
        Self::SessionExpiry,
        Self::PasswordChange,
        Self::PasswordResetIssue,
        Self::PasswordReset,
        Self::Block,
        Self::Unblock,
        Self::RoleChange,
        Self::SecondFactorOn,
        Self::SecondFactorOff,
        Self::RecoveryCodes,
        Self::SecondFactorRemoval,
        Self::Refresh,
        Self::AccessToken,
        Self::Administration,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::AdministratorCreation => "administrator_creation",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SessionEnd => "session_end",
            Self::SessionsEnd => "sessions_end",
            Self::SessionExpiry => "session_expiry",
            Self::PasswordChange => "password_change",
            Self::PasswordResetIssue => "password_reset_issue",
            Self::PasswordReset => "password_reset",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::RoleChange => "role_change",
            Self::SecondFactorOn => "second_factor_on",
            Self::SecondFactorOff => "second_factor_off",
            Self::RecoveryCodes => "recovery_codes",
            Self::SecondFactorRemoval => "second_factor_removal",
            Self::Refresh => "refresh",
            Self::AccessToken => "access_token",
            Self::Administration => "administration",
        }
    }

    /// Parses a kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Outcome {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}
