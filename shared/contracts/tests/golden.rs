//! Golden files pin the JSON of every event, because published events must stay readable.

#![expect(clippy::unwrap_used, reason = "a failing helper should fail its test")]

use contracts::cheque::{Bounds, Cheque, ChequeStatus, ChequeWarning, LineWarning, PhotoSize, Product};
use contracts::envelope::Envelope;
use contracts::ids::{ChequeHash, OrderId, TransactionId, TransferId, UserId};
use contracts::money::{Amount, BillMoney};
use contracts::ocr::{ChequePageRead, ChequeRecognized};
use contracts::orders::OrderCreated;
use contracts::payments::{PaymentCompleted, PaymentFailed, RefusalReason, TransferCompleted, TransferFailed};
use contracts::quantity::Quantity;
use contracts::router::{ChequeDeleted, ChequeEntered, ChequeRequested, TransferRequested};
use contracts::title::Title;
use contracts::users::UserRegistered;
use rabbit_outbox_event::Event;
use time::macros::{date, datetime};
use uuid::Uuid;

fn id(last: u8) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(last))
}

/// Checks that the event serialises to its golden file, and that the golden file deserialises to the event.
fn assert_golden<E: Event + std::fmt::Debug + PartialEq>(event: E) {
    rabbit_outbox_event::golden::assert_golden(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"), event);
}

#[test]
fn user_registered() {
    assert_golden(UserRegistered { user_id: UserId::try_from(42).unwrap() });
}

#[test]
fn order_created() {
    assert_golden(OrderCreated {
        order_id: OrderId(id(4)),
        user_id: UserId::try_from(1).unwrap(),
        amount: Amount::from_json_number("499.90").unwrap(),
    });
}

#[test]
fn payment_completed() {
    assert_golden(PaymentCompleted { order_id: OrderId(id(4)), transaction_id: TransactionId(id(5)) });
}

#[test]
fn payment_failed() {
    assert_golden(PaymentFailed { order_id: OrderId(id(4)), reason: RefusalReason::InsufficientFunds });
}

fn hash() -> ChequeHash {
    ChequeHash::try_from("lBF2niuPbm0123456789Az".to_owned()).unwrap()
}

fn money(text: &str) -> BillMoney {
    BillMoney::from_json_number(text).unwrap()
}

fn cheque() -> Cheque {
    let beer = Product {
        id: 1,
        name: "Пиво светлое".into(),
        number_servings: Quantity::from_json_number("0.4").unwrap(),
        price: Some(money("975")),
        total: Some(money("390")),
        price_printed: true,
        modifiers: vec!["без льда".into()],
        confidence: 0.91,
        raw: "Пиво светлое 975.00*0.400л =390.00".into(),
        bounds: Some(Bounds { x: 40, y: 310, width: 620, height: 34, page: None }),
        warnings: vec![LineWarning::Repaired],
    };
    Cheque {
        merchant: Some("Кафе «Луна»".into()),
        purchased_on: Some(date!(2026 - 11 - 21)),
        total_account: Some(money("419.90")),
        totals: vec![],
        products: vec![beer],
        currency: Some("RUB".into()),
        service: Some(money("39")),
        discount: Some(money("10")),
        tax: Some(money("1")),
        tip: Some(money("2")),
        rounding: Some(money("-0.10")),
        status: ChequeStatus::NeedsReview,
        difference: Some(money("-2")),
        confidence: 0.87,
        warnings: vec![ChequeWarning::DoesNotAddUp],
        photo: Some(PhotoSize { width: 960, height: 1280 }),
        photos: vec![],
    }
}

#[test]
fn cheque_recognized() {
    let expires_at = datetime!(2026-11-22 10:00:00 UTC);
    let owner_id = UserId::try_from(1).unwrap();
    assert_golden(ChequeRecognized { hash: hash(), owner_id, expires_at, cheque: cheque() });
}

#[test]
fn cheque_page_read() {
    let cheque = cheque().numbered_from(2);
    let owner_id = UserId::try_from(1).unwrap();
    assert_golden(ChequePageRead { hash: hash(), owner_id, page: 2, again: false, cheque });
}

#[test]
fn cheque_entered() {
    let expires_at = datetime!(2026-11-22 10:00:00 UTC);
    assert_golden(ChequeEntered { hash: hash(), owner_id: UserId::try_from(1).unwrap(), expires_at });
}

#[test]
fn cheque_requested_and_deleted() {
    assert_golden(ChequeRequested { hash: hash() });
    assert_golden(ChequeDeleted { hash: hash() });
}

#[test]
fn transfer_requested() {
    assert_golden(TransferRequested {
        transfer_id: TransferId(id(6)),
        from_user: UserId::try_from(2).unwrap(),
        to_user: UserId::try_from(1).unwrap(),
        amount: Amount::from_json_number("499.90").unwrap(),
        hash: hash(),
        title: Some(Title {
            merchant: Some("Кафе «Луна»".into()), purchased_on: Some(date!(2026 - 11 - 21))
        }),
        participant_name: Some("Анна".into()),
        for_group: false,
    });
}

#[test]
fn a_bill_and_a_transfer_of_an_earlier_release_have_no_title() {
    let cheque = include_str!("../golden/ocr.ChequeRecognized.v1.json");
    let earlier = without_lines(cheque, &["merchant", "purchased_on"]);
    let event: Envelope<ChequeRecognized> = serde_json::from_str(&earlier).unwrap();
    assert_eq!(event.data.cheque.title(), Title::default());
    let event: Envelope<TransferRequested> = serde_json::from_str(EARLIER_TRANSFER).unwrap();
    assert_eq!((event.data.title, event.data.participant_name), (None, None));
}

/// As the release before titles published it.
const EARLIER_TRANSFER: &str = r#"{"specversion": "1.0", "id": "01900000-0000-7000-8000-000000000001",
    "source": "/router", "type": "router.TransferRequested.v1", "subject": "01900000-0000-7000-8000-000000000006",
    "time": "2026-11-21T10:00:00.123456Z", "datacontenttype": "application/json", "sequence": "1",
    "partitionkey": "01900000-0000-7000-8000-000000000006", "correlationid": "01900000-0000-7000-8000-000000000002",
    "data": {"transfer_id": "01900000-0000-7000-8000-000000000006", "from_user": 2, "to_user": 1, "amount": 499.90,
    "hash": "lBF2niuPbm0123456789Az"}}"#;

/// The golden file without the lines of these fields.
fn without_lines(golden: &str, fields: &[&str]) -> String {
    let of_field = |line: &&str| !fields.iter().any(|field| line.trim_start().starts_with(&format!("\"{field}\"")));
    golden.lines().filter(of_field).collect::<Vec<_>>().join("\n")
}

#[test]
fn transfer_completed_and_failed() {
    assert_golden(TransferCompleted { transfer_id: TransferId(id(6)) });
    assert_golden(TransferFailed { transfer_id: TransferId(id(6)), reason: RefusalReason::NoAccount });
}

#[test]
fn a_consumer_ignores_unknown_fields() {
    let file = include_str!("../golden/payments.PaymentFailed.v1.json");
    let later = file.replace("\"data\": {", "\"data\": {\n    \"added_later\": true,");
    let event: Envelope<PaymentFailed> = serde_json::from_str(&later).unwrap();
    assert_eq!(event.data.reason, RefusalReason::InsufficientFunds);
}
