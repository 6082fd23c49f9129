select (select count(*) from (select from outbox_scheduled limit 10000) as counted),
       (
           select count(*)
           from (select from dead_letters where state = 'open' and direction = 'outgoing' limit 10000) as counted
       ),
       coalesce((select n_dead_tup from pg_stat_user_tables where relid = 'outbox'::regclass), 0),
       outbox_oldest_snapshot_seconds()
