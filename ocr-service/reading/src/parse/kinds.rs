//! Kinds of bills that people photograph: currencies without decimals, refunds, offers of tips, two bills in one photo.

use super::drawn::{lines, read, total};
use super::forms::assert_read;
use contracts::cheque::{ChequeStatus, ChequeWarning, LineWarning};
use contracts::money::BillMoney;

#[test]
fn whole_amounts_with_marks_for_thousands() {
    let slip = "\
   SUSHI TOKYO
  2026/06/14 19:30

Salmon nigiri x2            1,280
Tuna roll                     980
Green tea x3                  900
Ramen                       1,150

Subtotal                    4,310
Tax 10%                       431
TOTAL                   JPY 4,741";
    assert_read(slip, &["2 Salmon nigiri 1280", "1 Tuna roll 980", "3 Green tea 900", "1 Ramen 1150"], "4741");
}

#[test]
fn whole_amounts_without_a_currency() {
    let slip = "\
     SEOUL BBQ HOUSE
  Table 5

Bulgogi       2    15,000     30,000
Bibimbap      3    11,500     34,500
Soju          4     5,000     20,000
Kimchi Stew   1     9,000      9,000
Rice          5     1,000      5,000

TOTAL                         98,500";
    let parsed = read(slip);
    assert_eq!(total(&parsed), "98500");
    assert_eq!(lines(&parsed)[1], "3 Bibimbap 34500");
}

#[test]
fn plain_whole_numbers() {
    let slip = "\
      UDUPI CAFE

Masala Dosa    2 x 120     240
Idli Sambar    3 x  60     180
Filter Coffee  4 x  45     180
Paneer Tikka   1 x 320     320

TOTAL                      920
CASH                      1000
CHANGE                      80";
    let expected = ["2 Masala Dosa 240", "3 Idli Sambar 180", "4 Filter Coffee 180", "1 Paneer Tikka 320"];
    assert_read(slip, &expected, "920");
}

#[test]
fn three_decimals_are_thousandths_of_a_dinar() {
    let slip = "\
     KUWAIT GRILL
Shawarma         2 x 1.250     2.500
Hummus           1 x 0.850     0.850
Tea              3 x 0.250     0.750
Subtotal                       4.100
Service                        0.410
TOTAL                    KWD   4.510
CASH                           5.000
CHANGE                         0.490";
    let parsed = read(slip);
    assert_eq!(total(&parsed), "4.51");
    assert_eq!(lines(&parsed), ["2 Shawarma 2.50", "1 Hummus 0.85", "3 Tea 0.75"]);
    assert_eq!(parsed.cheque.status, ChequeStatus::Balanced);
}

#[test]
fn dots_and_apostrophes_separate_thousands() {
    for (thousands, decimals) in [(".", ","), ("'", "."), (",", ".")] {
        let amount = |text: &str| text.replace('t', thousands).replace('d', decimals);
        let slip = amount(
            "\
Hotel Adler
Zimmer 12           1t234d50
Abendessen            310d00
Wein                  155d00
Taxi                   42d80
Summe               1t742d30
Bar                 1t742d30",
        );
        let parsed = read(&slip);
        assert_eq!((total(&parsed).as_str(), parsed.cheque.products.len()), ("1742.30", 4), "{slip}");
        assert_eq!(parsed.cheque.status, ChequeStatus::Balanced, "{slip}");
    }
}

const DINER: &str = "\
      BLUE DOOR DINER
 Server: Amy   Table 4

1 Cheeseburger                12.95
2 Iced Tea 3.25                6.50
1 Caesar Salad                 9.75
1 7UP                          3.00

Subtotal                      32.20
Sales Tax 8.25%                2.66
TOTAL                         34.86
";

#[test]
fn suggested_tips_are_no_totals() {
    for guide in [
        "Suggested gratuity:\n15%                            4.83\n18%                            5.80\n20%                            6.44\nTip: ________  Total: ________",
        "18% Tip 6.27   Total          41.13\n20% Tip 6.97   Total          41.83\n25% Tip 8.72   Total          43.58",
        "Tip Guide\n15% = 4.83   18% = 5.80   20% = 6.44",
    ] {
        let parsed = read(&format!("{DINER}\n{guide}"));
        assert_eq!((total(&parsed).as_str(), parsed.cheque.tip), ("34.86", None), "{guide}");
        assert_eq!(parsed.cheque.products.len(), 4, "{guide}");
        assert_eq!(parsed.cheque.status, ChequeStatus::Balanced, "{guide}");
    }
}

#[test]
fn a_bill_paid_in_parts() {
    let slip = format!("{DINER}CASH                          20.00\nVISA                          14.86");
    let parsed = read(&slip);
    assert_eq!(total(&parsed), "34.86");
    assert_eq!(parsed.cheque.status, ChequeStatus::Balanced);
}

#[test]
fn a_coupon_reduces_the_total() {
    let slip = "\
GROCERY MARKET
Milk                  3.20
Bread                 2.80
Cheese                7.50
Apples                4.10
Coupon               -2.00
TOTAL                15.60
VISA                 15.60";
    let parsed = read(slip);
    assert_eq!((total(&parsed).as_str(), parsed.cheque.status), ("15.60", ChequeStatus::Balanced));
    assert_eq!(parsed.cheque.discount, Some(BillMoney::from_hundredths(200)));
}

#[test]
fn a_bill_of_zero_is_read_and_not_balanced() {
    let slip = "\
THE CROWN PUB
Fish and Chips       14.50
Lemonade              3.50
Voucher             -18.00
TOTAL                 0.00";
    let parsed = read(slip);
    assert_eq!((total(&parsed).as_str(), parsed.cheque.status), ("0", ChequeStatus::NeedsReview));
    assert_eq!(parsed.cheque.products.len(), 2);
}

#[test]
fn a_refund_has_a_negative_total() {
    let slip = "\
SHOE SHOP
Refund Boots        -59.90
Refund Socks         -6.10
TOTAL               -66.00
VISA                -66.00";
    let parsed = read(slip);
    assert_eq!((total(&parsed).as_str(), parsed.cheque.status), ("-66", ChequeStatus::NeedsReview));
}

const TWO: &str = "\
BAR CENTRALE                       GELATERIA SOLE

Pizza Margherita      9,50         Gelato 3 gusti        4,50
Birra media           5,00         Caffe                 1,20
Coperto               2,00         Acqua                 1,00

TOTALE               16,50         TOTALE                6,70";

#[test]
fn two_bills_side_by_side_are_never_balanced() {
    let parsed = read(TWO);
    assert_eq!(parsed.cheque.status, ChequeStatus::NeedsReview);
    assert!(parsed.cheque.warnings.contains(&ChequeWarning::TwoBills), "{:?}", parsed.cheque.warnings);
    let mut totals: Vec<i64> = parsed.cheque.totals.iter().map(|total| total.amount.thousandths() / 10).collect();
    totals.sort_unstable();
    assert_eq!(totals, [670, 1650]);
    assert!(!parsed.sure);
}

#[test]
fn two_bills_below_each_other_are_never_balanced() {
    let columns = |range: fn(&str) -> &str| TWO.lines().map(range).collect::<Vec<_>>().join("\n");
    let upper = columns(|row| row.get(..30).unwrap_or(row));
    let lower = columns(|row| row.get(35..).unwrap_or(""));
    let parsed = read(&format!("{upper}\nCASH                 20,00\nCHANGE                3,50\n\n\n{lower}"));
    assert_eq!(parsed.cheque.status, ChequeStatus::NeedsReview);
    assert!(parsed.cheque.warnings.contains(&ChequeWarning::TwoBills), "{:?}", parsed.cheque);
}

#[test]
fn one_bill_with_wide_columns_is_not_two() {
    assert!(!read(DINER).cheque.warnings.contains(&ChequeWarning::TwoBills));
}

#[test]
fn a_long_bill_says_that_it_is_cut() {
    let mut slip: String = (1..=230).map(|_| "Green tea             2.00\n").collect();
    slip.push_str("TOTAL               460.00");
    let parsed = read(&slip);
    assert_eq!((parsed.cheque.products.len(), total(&parsed).as_str()), (200, "460"));
    assert!(parsed.cheque.warnings.contains(&ChequeWarning::TooManyLines));
    assert_eq!(parsed.cheque.status, ChequeStatus::NeedsReview);
}

#[test]
fn a_total_that_is_not_proven_comes_with_its_alternatives() {
    let slip = "\
CORNER CAFE
Coffee                3.20
Sandwich              7.90
Total                12.40
Total to pay         13.00";
    let cheque = read(slip).cheque;
    assert_eq!(cheque.status, ChequeStatus::NeedsReview);
    let totals: Vec<(i64, &str)> =
        cheque.totals.iter().map(|total| (total.amount.thousandths() / 10, total.label.as_str())).collect();
    assert_eq!(totals, [(1300, "Total to pay"), (1240, "Total")]);
    assert_eq!(cheque.total_account, Some(BillMoney::from_hundredths(1300)));
    assert!(cheque.totals[0].confidence > cheque.totals[1].confidence);
}

#[test]
fn an_amount_below_the_lines_is_proposed_when_no_word_says_total() {
    let slip = "\
CORNER CAFE
Coffee                3.20
Sandwich              7.90
Subtotal             11.10
Tax                   0.89
                     11.99";
    let cheque = read(slip).cheque;
    assert_eq!(
        (cheque.status, cheque.total_account),
        (ChequeStatus::NeedsReview, Some(BillMoney::from_hundredths(1199)))
    );
}

#[test]
fn a_row_of_tax_with_an_amount_does_not_hide_the_total() {
    let slip = "\
KEDAI MAKAN SURIA
Description   Qty   U.price      Total TAX
Teh Tarik
             1 x    1.80      1.80  SR
Roti Kosong
             3 x    1.20      3.60  SR
Take Away
             2 x    0.20      0.40  SR
Total QTY: 6
Total (Excluding GST):                   5.47
GST payable (6%):                        0.33
Total (Inclusive of GST):                5.80
TOTAL:                                   5.80
CASH :                                   5.80
GST Summary     Amount(RM)   Tax(RM)
SR     (@ 6%)      5.47       0.33";
    assert_read(slip, &["1 Teh Tarik 1.80", "3 Roti Kosong 3.60", "2 Take Away 0.40"], "5.80");
}

#[test]
fn names_above_their_figures_with_the_tax_in_brackets() {
    let slip = "\
LAMPU DAN LETRIK SDN BHD
CH50600                                     SR
T5 JOINT 3PIN
1  * RM   3.77 UNI (   0.23)=RM           4.00
YT52000                                     SR
LED TRACK LIGHT
2  * RM  30.00 UNI (   3.60)=RM          60.00
Sub Total    :        RM                 60.38
GST/TAX 6%   :        RM                  3.62
TOTAL  :              RM                 64.00
CASH   :              RM                 64.00
CHANGE :              RM                  0.00";
    let parsed = read(slip);
    assert_eq!(total(&parsed), "64");
    assert_eq!(lines(&parsed), ["1 T5 JOINT 3PIN 4", "2 LED TRACK LIGHT 60"]);
}

#[test]
fn an_order_total_is_the_total() {
    let slip = "\
    THAI GARDEN
Pad Thai                         13.50
Green Curry                      14.25
Spring Rolls                      6.00

Subtotal                         33.75
Tax                               2.95
Delivery Fee                      2.99
Order Total                      39.69
VISA ****1234                    39.69";
    assert_read(slip, &["1 Pad Thai 13.50", "1 Green Curry 14.25", "1 Spring Rolls 6"], "39.69");
}

#[test]
fn a_quantity_that_is_not_understood_is_marked() {
    let slip = "\
UDUPI CAFE
Masala Dosa    2 x 120.00          240.00
Idli Sambar    3 x   6O,OO-        180.00
Filter Coffee  4 x  45.00          180.00
TOTAL                              600.00
CASH                               600.00";
    let cheque = read(slip).cheque;
    let line = &cheque.products[1];
    let marked = line.warnings.contains(&LineWarning::UncertainQuantity);
    assert!(line.number_servings.thousandths() == 3000 || marked, "{line:?}");
}

#[test]
fn negative_lines_reduce_the_bill() {
    let slip = "\
     REWE MARKT GMBH
                                   EUR
MINERALWASSER                   0,79 B
PFAND 0,25 EUR                  0,25 B
BANANEN                         1,32 A
  0,532 kg x   2,49 EUR/kg
BIO VOLLMILCH                   2,38 A
  2 Stk x    1,19
KAESE GOUDA                     3,49 A
LEERGUT                        -3,25 B
RABATT 20%                     -0,70 A
--------------------------------------
SUMME            EUR              4,28
======================================
Geg. BAR         EUR             10,00
Rueckgeld BAR    EUR              5,72
Steuer  %    Netto   Steuer  Brutto
A=  7,0%      6,07     0,42     6,49
B= 19,0%     -1,86    -0,35    -2,21";
    let parsed = read(slip);
    assert_eq!(total(&parsed), "4.28");
    assert_eq!(parsed.cheque.sum_of_parts(), parsed.cheque.total_account, "{:?}", lines(&parsed));
}

#[test]
fn a_voided_line_and_a_happy_hour() {
    let slip = "\
     THE CROWN PUB
2 Fish & Chips 14.50             29.00
1 Sunday Roast                   17.95
1 Pint Guinness                   6.20
VOID Pint Guinness               -6.20
3 House Wine 175ml 7.25          21.75
Happy Hour -50%                  -3.60
Subtotal                         65.10
Service 12.5%                     8.14
Total due                    GBP 73.24
VAT incl. @20%                   12.21";
    let parsed = read(slip);
    assert_eq!((total(&parsed).as_str(), parsed.cheque.status), ("73.24", ChequeStatus::Balanced));
}
