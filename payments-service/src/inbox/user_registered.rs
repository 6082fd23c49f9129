//! `users.UserRegistered.v1`: open an account, unless a top-up was faster.

use crate::store::accounts;
use contracts::users::UserRegistered;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};

pub(super) struct OpenAccount;

impl Handle<UserRegistered> for OpenAccount {
    async fn handle(&self, tx: &mut Transaction, event: &UserRegistered, _: &Meta) -> Result<(), HandleError> {
        accounts::open(tx, event.user_id).await?;
        Ok(())
    }
}
