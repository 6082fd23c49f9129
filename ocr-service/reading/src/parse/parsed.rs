//! The result of parsing.

use crate::word::Place;
use contracts::cheque::Cheque;

/// The result of parsing.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The cheque with its status, without photo and boxes. The status may be [`ChequeStatus::NeedsReview`](contracts::cheque::ChequeStatus::NeedsReview) although
    /// the cheque adds up, if there is too little evidence; do not compute it again.
    pub cheque: Cheque,
    /// Position of each product on the levelled page, in the order of the products.
    pub places: Vec<Option<Place>>,
    /// Position of the row of each of the cheque's `totals`, in their order.
    pub total_places: Vec<Option<Place>>,
    /// It adds up with enough evidence: another pass would change nothing.
    pub sure: bool,
}
