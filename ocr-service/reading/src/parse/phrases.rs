//! The words by which rows are classified, in Russian, English and German.

/// What a phrase says about its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Payable,
    Total,
    Sum,
    Sub,
    Quantity,
    /// The number of lines: `Posten: 11`, `Item(s) : 4`.
    Lines,
    Tax,
    Includes,
    Excludes,
    Service,
    Discount,
    Tip,
    Round,
    Cash,
    Change,
    Card,
    Guest,
    TaxTable,
    /// `Suggested tip`: amounts that are offered, not owed.
    Suggestion,
    Info,
}

/// The phrases of each sign, separated by bars.
pub(crate) const PHRASES: [(Sign, &str); 20] = [
    (
        Sign::Payable,
        "итого к оплате|к оплате|сумма к оплате|всего к оплате|grand total|nett total|net total|total payable|\
         total amount payable|amount payable|payable amount|total due|amount due|balance due|total rounded|rounded total|\
         total amt rounded|total after rounding|total after rounding adj|total amount due|nett amount|net payable|\
         zu zahlen|zu zahlender betrag|endbetrag|gesamtbetrag|zahlbetrag|rechnungsbetrag|jumlah perlu dibayar|total to pay|\
         nett amt|amt due|final total|total rm rounded",
    ),
    (
        Sign::Total,
        "итого|итог|итого сумма|total|ttl|t0tal|summe|gesamt|gesamtsumme|jumlah|jumlah besar|total amount|total sales|\
         bill total|order total|total rm|total amt|invoice total|summe eur|итоговая сумма|total eur|takeout total|eat in total|total incl|\
         total sale|gesamt eur|betrag eur|bayaran|jumlah rm",
    ),
    (Sign::Sum, "всего|сумма заказов|сумма заказа|сумма счета|сумма|betrag|amount|amt|стоимость"),
    (
        Sign::Sub,
        "subtotal|sub total|sub ttl|подытог|подитог|промежуточный итог|zwischensumme|total before|sub-total|sub total incl gst|\
         netto|net sales|item total|items total|food total|warenwert|nettosumme|netto summe|nett sales",
    ),
    (
        Sign::Quantity,
        "qty|quantity|qtys|items|item count|item|pcs|anzahl|artikel|позиций|блюд|товаров|posten|количество|кол-во|item(s)|unit",
    ),
    (
        Sign::Lines,
        "posten|item(s)|items|item count|main item count|no. of items|no of items|no. qtys|anzahl artikel|artikel|qty|qty(s)|\
         number of items|total item(s)|количество позиций|всего позиций|наименований|позиций|anzahl|item total qty|pcs",
    ),
    (
        Sign::Tax,
        "gst|sst|tax|vat|ндс|mwst|ust|mehrwertsteuer|cukai|service tax|sales tax|svc tax|total gst|total tax|в т.ч. ндс|\
         в том числе ндс|сумма ндс|gst amount|gst amt|g.s.t|add gst|tax total|govt tax|taxes|налог|steuer|st 6%|sst 6%",
    ),
    (Sign::Includes, "incl|inclusive|includes|included|inc|including|inkl|включая|вкл|в т.ч|в том числе|enthalten"),
    (Sign::Excludes, "excl|exclusive|excluding|exc|excl.|before|without|без|exkl|ex gst|exclude"),
    (
        Sign::Service,
        "service charge|service chrg|service chg|svc chg|srv chg|serv chg|srv chrg|s/charge|svc charge|ser charge|svr chg|\
         обслуживание|за обслуживание|сервисный сбор|сервис|надбавка|наценка|bedienung|service|servis|service charges|\
         serv charge|serv. charge|caj perkhidmatan|s.charge|сервисный сбор|доставка|delivery fee|packaging",
    ),
    (
        Sign::Discount,
        "discount|disc|скидка|скидки|rabatt|nachlass|discounts|saving|savings|voucher|coupon|gutschein|member discount|\
         бонусы|баллы|списано|списание бонусов|бонусами|оплата бонусами|promo|spec disc|less|preisvorteil|coupon rabatt|\
         сумма скидки|ttl disc|item disc|bill discount|personalrabatt|sofortrabatt|aktionsrabatt|treuerabatt",
    ),
    (Sign::Tip, "чаевые|tip|tips|gratuity|trinkgeld"),
    (
        Sign::Round,
        "rounding|round|rnd|rounding adj|rounding adjustment|round adj|round amt|округление|rundung|rounded|r.adj|rounding adj.|\
         bill rounding|cash rounding|auto round|pembundaran|pelarasan",
    ),
    (
        Sign::Cash,
        "cash|cash received|cash tendered|tendered|tender|payment|paid|amount paid|amt paid|наличные|наличными|получено|\
         внесено|bar|bargeld|gegeben|tunai|received|paid amount|amount tendered|нал|gegeben bar|bar eur|наличный расчет|cash rm|\
         betrag bar|gegeben eur|оплата|оплачено|сумма оплаты",
    ),
    (
        Sign::Change,
        "change|change due|сдача|rückgeld|ruckgeld|zurück|zuruck|baki|change rm|balance|wechselgeld|rueckgeld|c hange",
    ),
    (
        Sign::Card,
        "visa|mastercard|master card|credit card|credit|debit|card|карта|картой|безналичными|безналичный|безналичные|безнал|\
         ec-cash|ec-karte|ec karte|eccash|girocard|kartenzahlung|kreditkarte|kredit|mastercard kontaktlos|электронными|рубли|сбп|\
         e-wallet|ewallet|grabpay|boost|touch n go|tng|amex|maestro|debit card|банковская карта|банк карта|карты|карточка|gegeben ec-karte|\
         visa card|kartenzahlung eur|master|bank card|credit c|vpay|mydebit|дебет|кредит",
    ),
    (Sign::Guest, "гость|guest|гостя|gast"),
    (
        Sign::Suggestion,
        "suggested tip|suggested gratuity|suggested tips|tip suggestion|tip suggestions|tip guide|gratuity guide|tip calculator|\
         suggested|рекомендуемые чаевые|варианты чаевых|trinkgeldempfehlung|trinkgeld vorschlag",
    ),
    (
        Sign::TaxTable,
        "taxable amt|taxable amount|gst taxable|gst summary|tax summary|gst analysis|sst summary|gst breakdown|mwst netto|mehrwertst ohne|netto mwst|mwst% mwst|\
         summary of gst|steuer netto|netto steuer|mehrwertsteuer netto|gst summery|tax code|mwst-satz|gst rate|netto ust|brutto",
    ),
    (
        Sign::Info,
        "стол|официант|кассир|чек|заказ|инн|открыт|дата|тел|телефон|зал|смена|пречек|касса|счет|место|сотрудник|гостей|закрыт|печать|\
         отпечатано|invoice|tel|fax|gst id|gst reg|gst no|date|table|cashier|bill no|bill|receipt|order|pax|time|doc no|ref|\
         steuernummer|filiale|terminal|datum|uhrzeit|ust-id|beleg|bon|member|points|punkte|vielen dank|thank you|goods sold|www|\
         company|reg no|phone|hotline|co reg|lot|jalan|no|receipt no|document|terminal-id|ta-nr|bnr|trans|transaction|server|closed|\
         pos|staff|salesperson|till|фн|фд|фп|сайт|адрес|спасибо|кассовый|рн|зн|сно|приход|код|обслуживал|auth|approval|telefon|str|\
         straße|uhr|markt|kasse|bediener|es bediente|tse|signatur|seriennummer|beleg-nr|trace|kundenbeleg|karte|karten|pan|vu-nr",
    ),
];
