//! Bills with their truth: lines, parts and totals in the layouts of shops and restaurants.

use super::chance::Chance;
use super::words::{CURRENCIES, Currency, LANGUAGES, Language};

/// Columns of a printed row.
const COLUMNS: usize = 42;

/// A printed bill, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    /// What is special about it: `layout beside`, `currency JPY`.
    pub(crate) kinds: Vec<String>,
    /// The printed rows.
    pub(crate) rows: Vec<String>,
    /// The lines.
    pub(crate) items: Vec<Item>,
    /// The total in thousandths; `None` if there are two.
    pub(crate) total: Option<i64>,
}

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) quantity: i64,
    /// In thousandths.
    pub(crate) price: i64,
    /// In thousandths.
    pub(crate) total: i64,
}

const LAYOUTS: [&str; 6] = ["beside", "counted", "table", "times", "above", "below"];
const ENDINGS: [&str; 12] = [
    "plain", "subtotal", "tax", "service", "coupon", "cash", "card", "parts", "offers", "included", "deposit",
    "rounded",
];
/// One bill of so many is one of these.
const RARE: i64 = 10;
const RARITIES: [&str; 3] = ["refund", "zero", "two"];

/// The bill of a seed.
pub(crate) fn bill(seed: u64) -> Bill {
    let mut chance = Chance::new(seed);
    let rare = chance.one_in(RARE).then(|| *chance.pick(&RARITIES));
    if rare == Some("two") {
        return two(&mut chance);
    }
    Printer::new(&mut chance, rare).bill()
}

/// Two bills side by side.
fn two(chance: &mut Chance) -> Bill {
    let bills = [Printer::new(chance, None).bill(), Printer::new(chance, None).bill()];
    let height = bills.iter().map(|bill| bill.rows.len()).max().unwrap_or(0);
    let row = |at: usize| {
        let [left, right] = [0, 1].map(|side| bills[side].rows.get(at).map_or("", String::as_str));
        format!("{left}{}{right}", " ".repeat(COLUMNS + 8 - left.chars().count().min(COLUMNS)))
    };
    let kinds = vec!["ending two".to_owned()];
    Bill { kinds, rows: (0..height).map(row).collect(), items: vec![], total: None }
}

struct Printer<'a> {
    chance: &'a mut Chance,
    currency: &'static Currency,
    language: &'static Language,
    layout: &'static str,
    ending: &'static str,
    rows: Vec<String>,
}

impl<'a> Printer<'a> {
    fn new(chance: &'a mut Chance, rare: Option<&'static str>) -> Self {
        let currency = chance.pick(&CURRENCIES);
        let language = LANGUAGES.iter().find(|language| language.code == currency.language).unwrap_or(&LANGUAGES[0]);
        let layout = chance.pick(&LAYOUTS);
        let ending = rare.unwrap_or_else(|| *chance.pick(&ENDINGS));
        Self { chance, currency, language, layout, ending, rows: vec![] }
    }

    fn bill(mut self) -> Bill {
        let language = self.language;
        let head = *self.chance.pick(language.heads);
        self.rows.push(format!("{head:^COLUMNS$}").trim_end().to_owned());
        let (day, month) = (self.chance.between(1, 28), self.chance.between(1, 12));
        self.rows.push(format!("{day:02}.{month:02}.2026  19:{:02}", self.chance.between(10, 59)));
        self.rows.push(String::new());
        if self.layout == "table" {
            let [quantity, name, price, sum] = language.columns;
            self.rows.push(format!("{quantity:<7}{name:<15}{price:>9}{sum:>11}"));
        }
        let count = if self.chance.one_in(8) { self.chance.between(12, 25) } else { self.chance.between(2, 9) };
        let mut items: Vec<Item> = (0..count).map(|_| self.item()).collect();
        if self.ending == "deposit" {
            let whole = self.price();
            let price = -self.rounded(whole / 4 + self.unit());
            items.push(Item { name: language.deposit.to_owned(), quantity: 1, price, total: price });
        }
        for item in &items {
            self.print(item);
        }
        self.rows.push(String::new());
        let sum = items.iter().map(|item| item.total).sum();
        let total = self.end(sum);
        let kinds = [
            format!("layout {}", self.layout),
            format!("ending {}", self.ending),
            format!("currency {}", self.currency.code),
            format!("language {}", language.code),
        ];
        Bill { kinds: kinds.into(), rows: self.rows, items, total: Some(total) }
    }

    /// The smallest amount that can be printed, in thousandths.
    const fn unit(&self) -> i64 {
        match self.currency.digits {
            0 => 1000,
            2 => 10,
            _ => 1,
        }
    }

    const fn rounded(&self, thousandths: i64) -> i64 {
        thousandths / self.unit() * self.unit()
    }

    fn price(&mut self) -> i64 {
        let (low, high) = self.currency.prices;
        let units = self.chance.between(low, high);
        let cents = *self.chance.pick(&[0, 500, 250, 900, 950, 990, 750, 450]);
        let steps = if high > 900 { 10 } else { 1 };
        self.rounded((units / steps * steps).max(low) * 1000 + if self.currency.digits == 0 { 0 } else { cents })
            .max(self.unit() * 50)
    }

    fn item(&mut self) -> Item {
        let language = self.language;
        let name = (*self.chance.pick(language.dishes)).to_owned();
        let alone = self.layout == "beside";
        let quantity = if alone || self.chance.one_in(2) { 1 } else { self.chance.between(2, 6) };
        let sign = if self.ending == "refund" { -1 } else { 1 };
        let price = sign * self.price();
        Item { name, quantity, price, total: price * quantity }
    }

    fn amount(&self, thousandths: i64) -> String {
        let Currency { digits, thousands, mark, .. } = self.currency;
        let whole = (thousandths.abs() / 1000).to_string();
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(thousands);
            }
            grouped.push(digit);
        }
        let fraction = format!("{:03}", thousandths.abs() % 1000);
        let sign = if thousandths < 0 { "-" } else { "" };
        format!("{sign}{grouped}{mark}{}", &fraction[..*digits])
    }

    fn row(&mut self, label: &str, amount: i64) {
        let amount = self.amount(amount);
        let room = COLUMNS.saturating_sub(label.chars().count() + amount.chars().count()).max(1);
        self.rows.push(format!("{label}{}{amount}", " ".repeat(room)));
    }

    fn print(&mut self, item: &Item) {
        let (name, quantity) = (item.name.as_str(), item.quantity);
        let price = self.amount(item.price);
        match self.layout {
            "counted" => self.row(&format!("{quantity} {name}"), item.total),
            "table" => {
                let sum = self.amount(item.total);
                let name: String = name.chars().take(15).collect();
                self.rows.push(format!("{quantity:<7}{name:<15}{price:>9}{sum:>11}"));
            }
            "times" => {
                self.row(
                    &format!("{:<17} {quantity} x {price}", name.chars().take(17).collect::<String>()),
                    item.total,
                );
            }
            "above" => {
                self.rows.push(name.to_owned());
                self.row(&format!("     {quantity} x {price}"), item.total);
            }
            "below" => {
                self.row(name, item.total);
                if quantity > 1 {
                    self.rows.push(format!("     {quantity} x {price}"));
                }
            }
            _ => self.row(name, item.total),
        }
    }

    /// Prints what stands below the lines; returns the total.
    fn end(&mut self, sum: i64) -> i64 {
        let language = self.language;
        let tenth = self.rounded(sum / 10);
        let mut total = sum;
        match self.ending {
            "subtotal" => self.row(language.subtotal, sum),
            "tax" | "service" => {
                self.row(language.subtotal, sum);
                let added = if self.ending == "tax" { self.rounded(sum * 8 / 100) } else { tenth };
                self.row(if self.ending == "tax" { language.tax } else { language.service }, added);
                total += added;
            }
            "coupon" => {
                self.row(language.coupon, -tenth);
                total -= tenth;
            }
            "zero" => {
                self.row(language.coupon, -sum);
                total = 0;
            }
            "rounded" if self.currency.digits == 2 && self.currency.code == "MYR" => {
                let rounding = (sum + 25) / 50 * 50 - sum;
                self.row("Rounding", rounding);
                total += rounding;
            }
            _ => {}
        }
        let word = *self.chance.pick(language.total);
        let named = if self.chance.one_in(2) { format!("{word} {}", self.currency.code) } else { word.to_owned() };
        self.row(&named, total);
        self.paid(total);
        total
    }

    fn paid(&mut self, total: i64) {
        let language = self.language;
        match self.ending {
            "cash" => {
                let given = (total / (self.unit() * 1000) + 1) * self.unit() * 1000;
                self.row(language.cash, given);
                self.row(language.change, given - total);
            }
            "card" => self.row(language.card, total),
            "parts" => {
                let cash = self.rounded(total / 3);
                self.row(language.cash, cash);
                self.row(language.card, total - cash);
            }
            "offers" => {
                self.rows.push(String::new());
                self.rows.push(language.offer.to_owned());
                for percent in [10, 15, 20] {
                    self.row(&format!("{percent}%"), self.rounded(total * percent / 100));
                }
            }
            "included" => self.row(language.tax_included, self.rounded(total / 6)),
            _ => {}
        }
    }
}
