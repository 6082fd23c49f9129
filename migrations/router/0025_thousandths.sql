-- Amounts of bills have up to three decimals. Their columns stay hundredths, which the previous release reads and writes. Only
-- an amount with a third decimal also has a value in `..._thousandths`: the whole amount, which counts then.
--
-- The constraints let a replica of the previous release, which does not know these columns, change no such amount: its
-- hundredths would not be those of the thousandths any more.

alter table participants
    add column advance_thousandths         bigint,
    add column reported_amount_thousandths bigint,
    add constraint participants_advance_same check
        (advance_thousandths is null or (advance_thousandths / 10 = advance and advance_thousandths % 10 <> 0)),
    add constraint participants_reported_amount_same check (reported_amount_thousandths is null or (
        reported_amount is not null and reported_amount_thousandths / 10 = reported_amount
        and reported_amount_thousandths % 10 <> 0
    )),
    drop constraint participants_reported_amount_positive,
    add constraint participants_reported_amount_positive check
        (coalesce(reported_amount_thousandths, reported_amount) > 0);

alter table transfers
    add column bill_amount_thousandths bigint,
    add constraint transfers_bill_amount_same check (bill_amount_thousandths is null or (
        bill_amount is not null and bill_amount_thousandths / 10 = bill_amount and bill_amount_thousandths % 10 <> 0
    )),
    drop constraint transfers_bill_amount_positive,
    add constraint transfers_bill_amount_positive check (coalesce(bill_amount_thousandths, bill_amount) > 0);

alter table cash_between
    add column amount_thousandths bigint,
    add constraint cash_between_amount_same check
        (amount_thousandths is null or (amount_thousandths / 10 = amount and amount_thousandths % 10 <> 0));

alter table group_expenses
    add column amount_thousandths bigint,
    add constraint group_expenses_amount_same check
        (amount_thousandths is null or (amount_thousandths / 10 = amount and amount_thousandths % 10 <> 0)),
    drop constraint group_expenses_amount_positive,
    add constraint group_expenses_amount_positive check (coalesce(amount_thousandths, amount) > 0);

alter table group_settlements
    add column amount_thousandths bigint,
    add constraint group_settlements_amount_same check
        (amount_thousandths is null or (amount_thousandths / 10 = amount and amount_thousandths % 10 <> 0)),
    drop constraint group_settlements_amount_positive,
    add constraint group_settlements_amount_positive check (coalesce(amount_thousandths, amount) > 0),
    -- Accounts have hundredths.
    add constraint group_settlements_transfer_in_hundredths check (from_user is null or amount_thousandths is null);
