//! Two readings become one bill.

use super::*;
use crate::cheque::Bounds;
use crate::quantity::Quantity;
use proptest::prelude::*;

fn line(id: u32, name: &str, minor: i64) -> Product {
    Product {
        id,
        name: name.to_owned(),
        number_servings: Quantity::ONE,
        price: None,
        total: Some(BillMoney::from_hundredths(minor)),
        price_printed: false,
        modifiers: vec![],
        confidence: 0.9,
        raw: name.to_owned(),
        bounds: Some(Bounds { x: 1, y: 2, width: 3, height: 4, page: None }),
        warnings: vec![],
    }
}

fn part(lines: &[(&str, i64)], total: Option<i64>) -> Cheque {
    let mut part = Cheque {
        merchant: None,
        purchased_on: None,
        total_account: total.map(BillMoney::from_hundredths),
        totals: vec![],
        products: (1..).zip(lines).map(|(id, (name, minor))| line(id, name, *minor)).collect(),
        currency: None,
        service: None,
        discount: None,
        tax: None,
        tip: None,
        rounding: None,
        status: ChequeStatus::Failed,
        difference: None,
        confidence: 0.9,
        warnings: vec![],
        photo: Some(PhotoSize { width: 100, height: 200 }),
        photos: vec![],
    };
    part.recompute_status();
    part
}

fn names(cheque: &Cheque) -> Vec<(u32, &str)> {
    cheque.products.iter().map(|line| (line.id, line.name.as_str())).collect()
}

#[test]
fn lines_on_both_photos_come_once_and_keep_their_first_number() {
    let first = part(&[("Soup", 300), ("Bread", 100), ("Green tea", 200)], None);
    let next = part(&[("Bread", 100), ("Green tca", 200), ("Cake", 400)], Some(1000)).numbered_from(2);
    let whole = first.continued(&next, true);
    assert_eq!(names(&whole), [(1, "Soup"), (2, "Bread"), (3, "Green tea"), (4, "Cake")]);
    assert_eq!(whole.status, ChequeStatus::Balanced);
    let pages: Vec<Option<u32>> = whole.products.iter().map(|line| line.bounds.unwrap().page).collect();
    assert_eq!(pages, [None, None, None, Some(2)]);
    assert_eq!(whole.pages().iter().map(|photo| photo.page).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(whole.photo, first.photo, "readers that know one photo still find it");
}

#[test]
fn the_total_decides_whether_an_equal_line_is_a_second_one() {
    let first = part(&[("Soup", 300), ("Beer", 200)], None);
    let two_beers = first.continued(&part(&[("Beer", 200), ("Cake", 400)], Some(1100)), true);
    assert_eq!((two_beers.products.len(), two_beers.status), (4, ChequeStatus::Balanced));
    let one_beer = first.continued(&part(&[("Beer", 200), ("Cake", 400)], Some(900)), true);
    assert_eq!((one_beer.products.len(), one_beer.status), (3, ChequeStatus::Balanced));
    let unknown = first.continued(&part(&[("Beer", 200), ("Cake", 400)], None), true);
    assert_eq!(unknown.products.len(), 3, "photos of a long bill overlap");
    let pages = first.continued(&part(&[("Beer", 200), ("Cake", 400)], None), false);
    assert_eq!(pages.products.len(), 4, "pages of a document do not");
}

#[test]
fn a_line_that_is_cut_at_the_edge_is_skipped_with_its_repetition() {
    let first = part(&[("Soup", 300), ("Bread", 100), ("Tea", 200)], None);
    let next = part(&[("Snup", 30), ("Bread", 100), ("Tea", 200), ("Cake", 400)], Some(1000));
    assert_eq!(first.continued(&next, true).status, ChequeStatus::Balanced);
}

#[test]
fn a_later_page_fills_what_is_missing_and_overwrites_nothing_that_balances() {
    let balanced = part(&[("Soup", 300)], Some(300));
    let next = Cheque { service: Some(BillMoney::from_hundredths(40)), ..part(&[("Cake", 400)], Some(740)) };
    let whole = balanced.continued(&next, true);
    assert_eq!(whole.total_account, Some(BillMoney::from_hundredths(300)));
    assert_eq!((whole.service, whole.status), (next.service, ChequeStatus::NeedsReview), "which the owner sees");
    let subtotal = part(&[("Soup", 300)], Some(350));
    assert_eq!(subtotal.continued(&next, true).total_account, next.total_account, "this one balances");
    let other = Cheque { service: None, ..next };
    assert_eq!(subtotal.continued(&other, true).total_account, subtotal.total_account, "none balances");
    let by_hand = Cheque { photo: None, ..part(&[], Some(900)) };
    assert_eq!(by_hand.continued(&other, true).total_account, by_hand.total_account, "its owner typed it");
}

#[test]
fn a_single_first_photo_needs_no_numbers() {
    let first = part(&[("Soup", 300)], None);
    assert_eq!(first.clone().numbered_from(1).photos, []);
    let again = first.numbered_from(2);
    assert_eq!((again.photo, again.pages()[0].page, again.products[0].bounds.unwrap().page), (None, 2, Some(2)));
}

#[test]
fn a_page_without_amounts_removes_no_doubt() {
    let doubtful = Cheque { status: ChequeStatus::NeedsReview, ..part(&[("Parking", 500)], Some(500)) };
    assert_eq!(doubtful.continued(&part(&[], None), false).status, ChequeStatus::NeedsReview);
    assert_eq!(doubtful.continued(&doubtful, true).status, ChequeStatus::NeedsReview, "the same photo again");
}

proptest! {
    #[test]
    fn a_bill_on_two_overlapping_photos_is_the_bill(
        amounts in prop::collection::vec(1..100_000_i64, 2..30), cut in 0.0..1.0_f64, overlap in 1..6_usize,
    ) {
        let names: Vec<String> = (0..amounts.len()).map(|at| format!("Dish {}", "abcdefghij".repeat(at + 1))).collect();
        let lines: Vec<(&str, i64)> = names.iter().map(String::as_str).zip(amounts.iter().copied()).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in the list")]
        let end = 1 + (cut * (lines.len() - 1) as f64) as usize;
        let start = end.saturating_sub(overlap);
        let (first, next) = (part(&lines[..end], None), part(&lines[start..], Some(amounts.iter().sum())));
        let whole = first.continued(&next, true);
        prop_assert_eq!(whole.status, ChequeStatus::Balanced);
        prop_assert_eq!(whole.products.iter().map(|line| line.total.unwrap().thousandths() / 10).collect::<Vec<_>>(), amounts);
        let ids: Vec<u32> = whole.products.iter().map(|line| line.id).collect();
        prop_assert_eq!(ids, (1..).take(lines.len()).collect::<Vec<u32>>());
    }

    #[test]
    fn what_is_known_always_stays(
        first in prop::collection::vec((0..3_usize, 1..4_i64), 0..6), next in prop::collection::vec((0..3_usize, 1..4_i64), 0..6),
        total in prop::option::of(1..20_i64),
    ) {
        let dish = ["Tea", "Soup", "Bread"];
        let read = |lines: &[(usize, i64)]| lines.iter().map(|(at, minor)| (dish[*at], *minor)).collect::<Vec<_>>();
        let (first, next) = (part(&read(&first), None), part(&read(&next), total));
        let whole = first.continued(&next, true);
        prop_assert_eq!(&whole.products[..first.products.len()], &first.products[..]);
        prop_assert!(whole.products.len() <= first.products.len() + next.products.len());
    }
}

fn possible(minor: i64) -> PossibleTotal {
    let bounds = Some(Bounds { x: 1, y: 2, width: 3, height: 4, page: None });
    PossibleTotal { amount: BillMoney::from_hundredths(minor), label: "Total".to_owned(), bounds, confidence: 0.5 }
}

#[test]
fn the_possible_totals_of_both_photos_are_kept_and_point_to_their_photo() {
    let mut first = part(&[("Soup", 300)], Some(300));
    first.totals = vec![possible(300)];
    let mut next = part(&[("Cake", 400)], Some(700));
    next.totals = vec![possible(700), possible(300)];
    next.warnings.push(ChequeWarning::TwoBills);
    let whole = first.continued(&next.numbered_from(2), false);
    let totals: Vec<(i64, Option<u32>)> =
        whole.totals.iter().map(|total| (total.amount.thousandths() / 10, total.bounds.unwrap().page)).collect();
    assert_eq!(totals, [(300, None), (700, Some(2))]);
    assert!(whole.warnings.contains(&ChequeWarning::TwoBills));
}
