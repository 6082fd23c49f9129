//! How long a session lasts.

use configuration::Whole;

/// Both limits of a session, in days.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// From one use of a refresh token to the next.
    pub idle_days: i32,
    /// From the sign-in, however much it is used.
    pub absolute_days: i32,
}

/// The variables of both.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct LifetimesConfig {
    /// Days after which a session ends that is not used.
    #[arg(long, env = "SESSION_IDLE_DAYS", default_value = "30")]
    pub session_idle_days: Whole<1, 3650>,

    /// Days after which a session ends, however much it is used.
    #[arg(long, env = "SESSION_DAYS", default_value = "90")]
    pub session_days: Whole<1, 3650>,
}

impl From<LifetimesConfig> for Lifetimes {
    fn from(config: LifetimesConfig) -> Self {
        let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
        Self { idle_days: days(config.session_idle_days.get()), absolute_days: days(config.session_days.get()) }
    }
}
