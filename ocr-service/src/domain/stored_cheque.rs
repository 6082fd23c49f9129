//! A cheque that is stored under the key of its link until it expires or its owner deletes it.

use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, UserId};
use contracts::ocr::ChequeRecognized;
use std::time::Duration;
use time::OffsetDateTime;

/// A stored cheque.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCheque {
    /// The key of its link.
    pub hash: ChequeHash,
    /// The user who took the photo and receives the payments.
    pub owner_id: UserId,
    /// The recognised content; `None` after deletion or expiry.
    pub cheque: Option<Cheque>,
    /// When it was recognised.
    pub created_at: OffsetDateTime,
    /// When its link expires.
    pub expires_at: OffsetDateTime,
}

impl StoredCheque {
    /// Creates a cheque that expires after `ttl`.
    pub fn new(hash: ChequeHash, owner_id: UserId, cheque: Cheque, now: OffsetDateTime, ttl: Duration) -> Self {
        Self { hash, owner_id, cheque: Some(cheque), created_at: now, expires_at: now + ttl }
    }

    /// The content that is visible at `now`; `None` if the cheque has expired or was deleted.
    pub fn open(&self, now: OffsetDateTime) -> Option<&Cheque> {
        self.cheque.as_ref().filter(|_| now < self.expires_at)
    }

    /// The event for the other services; `None` if the cheque has expired or was deleted.
    pub fn recognized(&self, now: OffsetDateTime) -> Option<ChequeRecognized> {
        self.open(now).map(|cheque| ChequeRecognized {
            hash: self.hash.clone(),
            owner_id: self.owner_id,
            expires_at: self.expires_at,
            cheque: cheque.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::cheque::ChequeStatus;
    use time::macros::datetime;

    const READ: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-21 10:59 UTC);
    const TOO_LATE: OffsetDateTime = datetime!(2026-11-21 11:00 UTC);

    fn stored() -> StoredCheque {
        let cheque = Cheque {
            merchant: None,
            purchased_on: None,
            total_account: None,
            totals: vec![],
            products: vec![],
            currency: None,
            service: None,
            discount: None,
            tax: None,
            tip: None,
            rounding: None,
            status: ChequeStatus::Failed,
            difference: None,
            confidence: 0.0,
            warnings: vec![],
            photo: None,
            photos: vec![],
        };
        let owner = UserId::try_from(1).unwrap();
        StoredCheque::new(ChequeHash::from_random([1; 22]), owner, cheque, READ, Duration::from_hours(1))
    }

    #[test]
    fn a_cheque_is_open_until_its_time_is_over() {
        assert!(stored().open(LATER).is_some());
        assert_eq!(stored().open(TOO_LATE), None);
        assert_eq!(stored().recognized(TOO_LATE), None);
        assert_eq!(stored().recognized(LATER).unwrap().expires_at, TOO_LATE);
    }

    #[test]
    fn a_deleted_cheque_is_not_published() {
        let deleted = StoredCheque { cheque: None, ..stored() };
        assert_eq!((deleted.open(READ), deleted.recognized(READ)), (None, None));
    }
}
