//! The owner deletes the cheque.

use super::split::Split;
use contracts::router::ChequeDeleted;

/// Why a cheque cannot be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRefusal {
    /// A participant has settled or is settling.
    #[error("a participant has settled: the cheque cannot be deleted")]
    SettlementStarted,
    /// Its dues count in a group.
    #[error("the cheque counts in a group: take it out of the group first")]
    InGroup,
}

impl Split {
    /// Ends the sharing. The version of the event is one greater than the last version of the cheque.
    ///
    /// # Errors
    /// [`DeleteRefusal`].
    pub fn delete(&self) -> Result<ChequeDeleted, DeleteRefusal> {
        if self.is_frozen() {
            return Err(DeleteRefusal::SettlementStarted);
        }
        if !self.in_group.is_empty() {
            return Err(DeleteRefusal::InGroup);
        }
        Ok(ChequeDeleted { hash: self.hash.clone() })
    }
}
