-- A single statement, so that all tables are read from one snapshot. A participant's latest transfer determines the
-- state of their payment.
select c.hash, c.owner_id, c.cheque as "cheque: Json<Cheque>", c.confirmed, c.method as "method!: Json<MethodJson>",
       c.last_participant, c.version, c.created_at, c.expires_at,
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'id', p.id, 'name', p.name, 'user_id', p.user_id, 'token_hash', encode(p.token_hash, 'hex'),
               'cash', p.cash, 'transfer_id', t.transfer_id, 'breakdown', t.breakdown, 'state', t.state,
               'reason', t.reason
           ) order by p.id), '[]')
           from participants p
           left join lateral (
               select * from transfers
               where transfers.hash = p.hash and transfers.participant = p.id
               order by attempt desc limit 1
           ) t on true
           where p.hash = c.hash
       ) as "participants!: Json<Vec<ParticipantJson>>",
       (
           select coalesce(jsonb_agg(jsonb_build_object(
               'line', l.line, 'participant', l.participant, 'numerator', l.numerator, 'denominator', l.denominator
           )), '[]')
           from claims l
           where l.hash = c.hash
       ) as "claims!: Json<Vec<ClaimJson>>"
from cheques c
where c.hash = any($1)
