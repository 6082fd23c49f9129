-- A single statement, so that all tables are read from one snapshot. What a participant has paid
-- is the sum of their transfers, less what the owner has transferred back. Amounts of the bill become thousandths:
-- see bill_amount.rs.
select c.hash, c.owner_id, c.cheque as "cheque: Json<Cheque>", c.confirmed, c.method as "method!: Json<MethodJson>",
       c.last_participant, c.version, c.cheque_version, c.joining_open, c.created_at, c.expires_at,
       c.last_changes as "last_changes: Json<LastChangesJson>",
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'id', p.id, 'name', p.name, 'user_id', p.user_id, 'token_hash', encode(p.token_hash, 'hex'),
               'cash', p.cash, 'transferred', t.transferred, 'last', t.last, 'advance', coalesce(p.advance_thousandths, 10 * p.advance),
               'outside_means', p.outside_means, 'outside_note', p.outside_note,
               'reported_amount', coalesce(p.reported_amount_thousandths, 10 * p.reported_amount),
               'reported_to', p.reported_to, 'reported_note', p.reported_note,
               'reminded_at', floor(extract(epoch from p.reminded_at))::bigint, 'reminded_times', p.reminded_times
           ) order by p.id), '[]')
           from participants p
           cross join lateral (
               select coalesce(sum(coalesce(bill_amount_thousandths, 10 * coalesce(bill_amount, amount))
                              * case when to_participant is not null or to_user = c.owner_id then 1 else -1 end)
                          filter (where state = 'paid'), 0) as transferred,
                      (array_agg(jsonb_build_object(
                          'transfer_id', transfer_id,
                          'amount', coalesce(bill_amount_thousandths, 10 * coalesce(bill_amount, amount)),
                          'transferred', amount, 'to_owner', to_user = c.owner_id, 'to_participant', to_participant,
                          'state', state, 'reason', reason
                      ) order by attempt desc))[1] as last
               from transfers
               where transfers.hash = p.hash and transfers.participant = p.id
           ) t
           where p.hash = c.hash and p.removed_at is null
       ) as "participants!: Json<Vec<ParticipantJson>>",
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'line', l.line, 'participant', l.participant, 'numerator', l.numerator, 'denominator', l.denominator
           )), '[]')
           from claims l
           where l.hash = c.hash
       ) as "claims!: Json<Vec<ClaimJson>>",
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'from', b.payer, 'to', b.receiver, 'transferred', b.transferred, 'cash', b.cash
           )), '[]')
           from (
               select payer, receiver, sum(transferred) as transferred, sum(cash) as cash
               from (
                   select participant as payer, to_participant as receiver,
                          coalesce(bill_amount_thousandths, 10 * coalesce(bill_amount, amount)) as transferred, 0 as cash
                   from transfers
                   where transfers.hash = c.hash and to_participant is not null and state = 'paid'
                   union all
                   select payer, receiver, 0, coalesce(amount_thousandths, 10 * amount) from cash_between
                   where cash_between.hash = c.hash
               ) one
               group by payer, receiver
           ) b
       ) as "between!: Json<Vec<BetweenJson>>",
       array(select g.participant from group_participants g where g.hash = c.hash order by g.participant) as "in_group!",
       (
           select g.name from group_cheques counted join groups g on g.key = counted.key where counted.hash = c.hash
       ) as group_name
from cheques c
where c.hash = any($1)
