-- reach: how many accounts stolen money could have reached in hops_max hops; without the bound a machine cannot hold the rows
with recursive reached(pocket, since, hops) as (
    select payee, event, 1 from moves semi join roots using (event)
    union
    select m.payee, m.event, r.hops + 1
    from reached r join moves m on m.payer = r.pocket and m.event > r.since
    where r.hops < $hops_max
)
select count(distinct pocket) from reached
