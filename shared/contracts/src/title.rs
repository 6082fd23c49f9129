//! What a bill is called: where and when something was bought.

use crate::day;
use serde::{Deserialize, Serialize};
use time::Date;

/// Most characters of the merchant's name.
pub const MERCHANT_CHARACTERS_MAX: usize = 80;

/// Where and when something was bought. Both may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Title {
    /// The restaurant or shop, in 1 to 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// The day of the purchase, as printed.
    #[serde(default, with = "day", skip_serializing_if = "Option::is_none")]
    pub purchased_on: Option<Date>,
}

impl Title {
    /// The title, unless both parts are unknown.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn what_is_unknown_is_left_out() {
        let day = Title { merchant: None, purchased_on: Some(date!(2026 - 02 - 05)) };
        assert_eq!(serde_json::to_string(&day).unwrap(), r#"{"purchased_on":"2026-02-05"}"#);
        assert_eq!(serde_json::from_str::<Title>("{}").unwrap().known(), None);
        assert!(serde_json::from_str::<Title>(r#"{"purchased_on": "5 Feb"}"#).is_err());
    }
}
