-- Double-entry books: what went out of and into every account, what it may owe, and every order with its outcome.

create table accounts (
    id          integer primary key,
    debits      bigint not null default 0 check (debits >= 0),
    credits     bigint not null default 0 check (credits >= 0),
    debit_limit bigint check (debit_limit >= 0),  -- null: may owe without limit
    constraint within_limit check (debit_limit is null or debits - credits <= debit_limit)
) with (fillfactor = 40);  -- room on the page for the next version of a row, so that no index entry changes with a balance

-- No foreign keys: every way of applying orders below locks both accounts first, so it knows that they exist.
create table transfers (
    id             uuid primary key,
    debit_account  integer not null,
    credit_account integer not null,
    amount         bigint not null check (amount > 0),
    result         smallint not null,  -- 0 settled, 1 refused: exceeds the debtor's limit
    recorded_at    timestamptz not null default now(),
    check (debit_account <> credit_account)
);

-- One order. 0 settled, 1 refused for its limit, 2 already done, 3 the id belongs to another order, 4 unknown account.
-- The two accounts are locked in the order of their ids, whoever pays.
create function apply_order(p_id uuid, p_debit integer, p_credit integer, p_amount bigint) returns smallint
language plpgsql as $$
declare
    earlier transfers;
    outcome smallint := 0;
begin
    select * into earlier from transfers where id = p_id;
    if found then
        return case when (earlier.debit_account, earlier.credit_account, earlier.amount) = (p_debit, p_credit, p_amount)
                    then 2 else 3 end;
    end if;
    if p_credit < p_debit then
        perform 1 from accounts where id = p_credit for no key update;
        if not found then return 4; end if;
    end if;
    update accounts set debits = debits + p_amount
        where id = p_debit and (debit_limit is null or debits + p_amount - credits <= debit_limit);
    if not found then
        outcome := 1;
        perform 1 from accounts where id = p_debit;
        if not found then return 4; end if;
    else
        update accounts set credits = credits + p_amount where id = p_credit;
        if not found then
            update accounts set debits = debits - p_amount where id = p_debit;
            return 4;
        end if;
    end if;
    insert into transfers (id, debit_account, credit_account, amount, result)
        values (p_id, p_debit, p_credit, p_amount, outcome);
    return outcome;
end $$;

-- A batch of orders, one after another; an outcome for each, in their order. An id that was used before fails with
-- unique_violation and an unknown account with foreign_key_violation: the caller then sends the orders one by one.
create function apply_orders(ids uuid[], debtors integer[], creditors integer[], amounts bigint[]) returns smallint[]
language plpgsql as $$
declare
    account_ids    integer[];
    owed           bigint[];   -- per locked account: debits less credits
    limits         bigint[];
    paid           bigint[];
    received       bigint[];
    debtor_slots   integer[];  -- per order: the place of its account in the arrays above
    creditor_slots integer[];
    outcomes       smallint[] := array_fill(0::smallint, array[cardinality(ids)]);
    debtor         integer;
    creditor       integer;
    amount         bigint;
    owes           bigint;
begin
    select array_agg(id), array_agg(debits - credits), array_agg(debit_limit)
        into account_ids, owed, limits
        from (select * from accounts where id = any (debtors || creditors) order by id for no key update) locked;
    paid := array_fill(0::bigint, array[cardinality(account_ids)]);
    received := paid;

    with slots as materialized (select id, slot::integer from unnest(account_ids) with ordinality as slots (id, slot))
    select array_agg(d.slot order by o.place), array_agg(c.slot order by o.place)
        into debtor_slots, creditor_slots
        from unnest(debtors, creditors) with ordinality as o (debtor, creditor, place)
        join slots d on d.id = o.debtor
        join slots c on c.id = o.creditor;
    if cardinality(debtor_slots) is distinct from cardinality(ids) then
        raise foreign_key_violation using message = 'an order names an unknown account';
    end if;

    for place in 1 .. cardinality(ids) loop
        debtor := debtor_slots[place];
        amount := amounts[place];
        owes := owed[debtor] + amount;
        if owes > limits[debtor] then  -- null, and so not true, without a limit
            outcomes[place] := 1;
        else
            creditor := creditor_slots[place];
            owed[debtor] := owes;
            paid[debtor] := paid[debtor] + amount;
            owed[creditor] := owed[creditor] - amount;
            received[creditor] := received[creditor] + amount;
        end if;
    end loop;

    insert into transfers (id, debit_account, credit_account, amount, result)
        select * from unnest(ids, debtors, creditors, amounts, outcomes);
    update accounts
        set debits = debits + moved.paid, credits = credits + moved.received
        from unnest(account_ids, paid, received) as moved (id, paid, received)
        where accounts.id = moved.id and (moved.paid > 0 or moved.received > 0);
    return outcomes;
end $$;
