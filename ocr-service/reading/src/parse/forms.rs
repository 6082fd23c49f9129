//! Tests with slips in the formats of the shops and restaurants that print them; the Russian ones are in
//! `russian_forms.rs`.

use super::drawn::{lines, read, total};
use contracts::cheque::ChequeStatus;
use contracts::money::BillMoney;

pub(super) fn assert_read(slip: &str, expected_lines: &[&str], expected_total: &str) {
    let parsed = read(slip);
    assert_eq!(lines(&parsed), expected_lines, "{slip}");
    assert_eq!(total(&parsed), expected_total, "{slip}");
    assert_eq!(parsed.cheque.status, ChequeStatus::Balanced, "{:?}\n{slip}", parsed.cheque);
    assert!(parsed.sure, "{slip}");
    let ids: Vec<u32> = parsed.cheque.products.iter().map(|product| product.id).collect();
    assert!(ids.iter().copied().eq(1..=u32::try_from(ids.len()).unwrap()));
    assert_eq!(parsed.places.len(), parsed.cheque.products.len());
}

#[test]
fn a_malaysian_bill_with_service_tax_and_rounding() {
    let slip = "\
  UROKO JAPANESE CUISINE SDN BHD
  GST Reg No: 001126838272
Qty Description              Amount
 1  SALAD @ 28.00             28.00 SR
 1  GARLIC CHAHAN @ 6.00       6.00 SR
 2  GREEN TEA @ 1.00           2.00 SR
 4               Total :      36.00
            Discount :        (.00)
 Service Chg 10.00% :          3.60
                 GST :         2.38
         Grand Total :        41.98
 Rounding Adjustment :         0.02
           Net Total :        42.00
GST Summary    Amount(RM)   Tax(RM)
SR                  39.60      2.38";
    assert_read(slip, &["1 SALAD 28", "1 GARLIC CHAHAN 6", "2 GREEN TEA 2"], "42");
    let cheque = read(slip).cheque;
    assert_eq!(
        (cheque.service, cheque.tax),
        (Some(BillMoney::from_hundredths(360)), Some(BillMoney::from_hundredths(238)))
    );
    assert_eq!((cheque.rounding, cheque.currency.as_deref()), (Some(BillMoney::from_hundredths(2)), Some("MYR")));
}

#[test]
fn a_malaysian_receipt_with_codes_and_the_numbers_below_the_names() {
    assert_read(
        "\
CAULKING GUN                     *S
KE41-51/2 - 50
9071604           1 X  6.30    6.30
HEAVY DUTY SCOURPAD              *S
WA10 - 24/72
9555559040027     2 X  2.50    5.00
PLASTIC BAGS                     *S
99999             1 X  0.20    0.20
Item(s) : 3          Qty(s) : 4
Total Incl. GST@6%     RM 11.50
CASH                   RM 20.00
CHANGE                 RM  8.50",
        &["1 CAULKING GUN 6.30", "2 HEAVY DUTY SCOURPAD 5", "1 PLASTIC BAGS 0.20"],
        "11.50",
    );
}

#[test]
fn a_malaysian_receipt_with_multipliers_below() {
    assert_read(
        "\
INVOICE NO : 17881/102/T0298
5422 MI SEDAAP MI GORENG    RM3.79 S
0954 MISTER POTATO BBQ      RM4.90 S
   @2 X RM 2.45
507 COKE 1.5L               RM5.98 S
   @2 X RM 2.99
Total Sales (Inclusive GST) RM 14.67
      Rounding Adjustment RM   -.02
                 Rounding RM  14.65
                     CASH RM  20.00
                   CHANGE RM   5.35",
        &["1 MI SEDAAP MI GORENG 3.79", "2 MISTER POTATO BBQ 4.90", "2 COKE 1.5L 5.98"],
        "14.65",
    );
}

#[test]
fn a_malaysian_receipt_with_the_names_below_the_numbers() {
    assert_read(
        "\
ITEM            QTY    U/P  AMOUNT
2411662040      100   0.25   25.00
ZRL:IKAN BILIS KOPEK
24116623030       1  25.00   25.00
SR:TEPUNG JAGUNG
2411662303        1  42.50   42.50
ZRL:VITAMAS CARTON
TOTAL QUANTITY        102
SUB-TOTAL                    92.50
DISC                          0.00
GST                           1.50
TOTAL                        94.00
CASH                         94.00
CHANGE                        0.00",
        &["100 ZRL:IKAN BILIS KOPEK 25", "1 SR:TEPUNG JAGUNG 25", "1 ZRL:VITAMAS CARTON 42.50"],
        "94",
    );
}

#[test]
fn a_german_slip_with_multipliers_above_and_a_deposit_back() {
    assert_read(
        "\
   Marktkauf Lehr
   33102 Paderborn
                               EUR
SMIRNOFF VODKA 0,7L         12,99 C
PFAND                        0,25*C
LEERGUT EW MINUS            -1,00*C
2 x         1,15
LEERD CARACTERE 12           2,30 B
SALATBAR                     2,42*B
Posten: 5
SUMME EUR                   16,96
BAR            EUR          20,00
Rückgeld       EUR          -3,04
MwSt   NETTO   MwSt  UMSATZ
B 7%    4,41   0,31    4,72
C 19%  10,29   1,95   12,24",
        &[
            "1 SMIRNOFF VODKA 0,7L 12.99",
            "1 PFAND 0.25",
            "1 LEERGUT EW MINUS -1",
            "2 LEERD CARACTERE 12 2.30",
            "1 SALATBAR 2.42",
        ],
        "16.96",
    );
}

#[test]
fn a_german_slip_with_pieces_weights_and_a_rebate() {
    let slip = "\
     REWE Markt GmbH
     UID Nr.: DE812706034
                               EUR
BIO BANANEN                  1,23 B
    0,618 kg x   1,99 EUR/kg
JOGHURT NATUR                1,38 B
       2 Stk x    0,69
SCHOKOLADE ZARTBITT          2,49 B
RABATT 20%                  -0,50 B
--------------------------------------
SUMME              EUR       4,60
======================================
Geg. EC-Cash       EUR       4,60
Steuer %    Netto   Steuer   Brutto
B= 7,0%      4,30     0,30     4,60";
    assert_read(
        slip,
        &[
            "0.618 BIO BANANEN 1.23",
            "2 JOGHURT NATUR 1.38",
            "1 SCHOKOLADE ZARTBITT 2.49",
            // Of the line above, not of the whole bill.
            "1 RABATT 20% -0.50",
        ],
        "4.60",
    );
    assert_eq!(read(slip).cheque.discount, None);
}

#[test]
fn a_german_slip_with_the_multiplier_in_the_row() {
    assert_read(
        "\
  LIDL
  Warburger Straße 130
                               EUR
Emmentaler Stück             1,99 A
Premium Vodka     4,99 x  2  9,98 B
Balance Brot                 0,99 A
----------------------------------
zu zahlen                   12,96
Karte                       12,96
MWST%   MWST +  Netto  = Brutto
A 7 %   0,19     2,79      2,98
B 19 %  1,59     8,39      9,98
Summe   1,78    11,18     12,96",
        &["1 Emmentaler Stück 1.99", "2 Premium Vodka 9.98", "1 Balance Brot 0.99"],
        "12.96",
    );
}

#[test]
fn rows_without_money_are_not_lines() {
    let parsed = read(
        "\
Тел. 8 (495) 123-45-67
ИНН 7715811088   05.02.2025 20:18
Стол 12    Гостей 4",
    );
    assert_eq!(parsed.cheque.products, []);
    assert_eq!(parsed.cheque.total_account, None);
    assert_eq!(parsed.cheque.status, ChequeStatus::Failed);
}

#[test]
fn a_total_is_never_computed_from_the_lines() {
    let parsed = read(
        "\
Наименование    Кол-во    Сумма
Борщ                 1   390.00
Чай                  2   300.00",
    );
    assert_eq!((lines(&parsed).len(), total(&parsed)), (2, "?".to_owned()));
    assert_eq!(parsed.cheque.status, ChequeStatus::NeedsReview);
}

#[test]
fn a_single_unconfirmed_line_is_left_to_the_owner() {
    let parsed = super::cheque(&[super::drawn::pass(
        "\
PARKING               5.00
TOTAL                 5.00",
    )]);
    assert_eq!(total(&parsed), "5");
    assert_eq!((parsed.cheque.status, parsed.sure), (ChequeStatus::NeedsReview, false));
}

#[test]
fn a_mcdonalds_receipt_with_modifiers() {
    let slip = "\
INV# 003621900066840
ORD #18 -REG #19- 21/03/2018 19:53:23
QTY ITEM                    TOTAL
  1 M McChicken              9.50
    1 M Coke
    1 M Fries
  1 McChicken                5.00
  1 9Nuggets                10.90
    1 Barbecue Sauce
TakeOut Total (incl GST)    25.40
Total Rounded               25.40
Cash Tendered               26.00
Change                       0.60
TOTAL INCLUDES 6% GST        1.44";
    let parsed = read(slip);
    assert_eq!(total(&parsed), "25.40");
    assert_eq!(parsed.cheque.status, ChequeStatus::Balanced, "{:?}", parsed.cheque);
    let totals: Vec<i64> = parsed
        .cheque
        .products
        .iter()
        .filter_map(|p| p.total)
        .map(|money| money.thousandths() / 10)
        .filter(|m| *m != 0)
        .collect();
    assert_eq!(totals, [950, 500, 1090]);
}

#[test]
fn a_restaurant_with_sales_tax_and_a_tip() {
    assert_read(
        "\
THE CORNER DINER
Table 12    Server: Ann
2 Cheeseburger         23.90
1 Caesar Salad         11.50
3 Lemonade             12.00
Subtotal               47.40
Sales Tax 8%            3.79
Gratuity                8.00
Total                  59.19
Visa                   59.19",
        &["2 Cheeseburger 23.90", "1 Caesar Salad 11.50", "3 Lemonade 12"],
        "59.19",
    );
}

#[test]
fn a_dm_slip() {
    assert_read(
        "\
dm-drogerie markt
Filiale 1234  Berlin
25.04.2020 12:33
Balea Duschgel 300ml      0,95 1
2x 1,45 Babylove Brei     2,90 2
alverde Creme             3,95 1
SUMME EUR                 7,80
Bar EUR                  10,00
Rückgeld EUR             -2,20
MwSt-Satz  Netto  MwSt  Brutto
1=19,00%    4,12  0,78    4,90
2=7,00%     2,71  0,19    2,90",
        &["1 Balea Duschgel 300ml 0.95", "2 Babylove Brei 2.90", "1 alverde Creme 3.95"],
        "7.80",
    );
}
