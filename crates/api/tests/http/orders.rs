//! Orders of operators: identifiers, lists, sending again.

use crate::harness::{Server, id, order, problem};
use api::OrdersView;
use api::client::query;
use serde_json::{Value, json};

#[test]
fn the_same_key_gives_the_same_orders_even_after_a_restart() {
    let mut server = Server::start();
    let orders = json!([
        order("ARG", "USD", "1.00", json!({"detail": {"debtor_name": "Ana"}})),
        order("CHL", "USD", "2.00", json!({"detail": {"debtor_name": "Bea"}})),
    ]);
    let first = server.session("mia").submit_orders(&orders, "key-1").unwrap();
    assert!(first.orders.iter().all(|outcome| outcome.outcome == "settled" && !outcome.already_done));
    let height = server.client().union().unwrap().height;
    for _ in 0..2 {
        let again = server.session("mia").submit_orders(&orders, "key-1").unwrap();
        assert!(again.orders.iter().all(|outcome| outcome.outcome == "settled" && outcome.already_done), "{again:?}");
        let ids = |view: &api::PaymentsView| view.orders.iter().map(|order| order.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&again), ids(&first));
        server.restart(|_| {});
    }
    assert!(server.client().union().unwrap().height > height);
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "-3.00", "paid once");

    // The key with other content is not the same order.
    let other = json!([order("ARG", "USD", "1.01", json!({}))]);
    let refused = server.session("mia").submit_orders(&other, "key-1").unwrap();
    assert_eq!((refused.orders[0].outcome.as_str(), refused.orders[0].reason.as_deref()), ("rejected", Some("DUPL")));
    // Another key is another order; another member's same key as well.
    let another = server.session("mia").submit_orders(&other, "key-2").unwrap();
    let of_chile = server.session("max").submit_orders(&other, "key-1").unwrap();
    assert_eq!((another.orders[0].outcome.as_str(), of_chile.orders[0].outcome.as_str()), ("settled", "settled"));
    assert_ne!(another.orders[0].id, of_chile.orders[0].id);

    let without =
        server.session("mia").post_bytes("/v1/orders", "application/json", None, other[0].to_string().as_bytes());
    let without = problem(without);
    assert_eq!((without.status, without.field.as_deref()), (422, Some("id")));
    let odd = server.session("mia").post_bytes(
        "/v1/orders",
        "application/json",
        Some("a b"),
        other[0].to_string().as_bytes(),
    );
    assert_eq!(problem(odd).field.as_deref(), Some("idempotency-key"));
}

#[test]
fn a_signed_batch_that_is_sent_again_gets_its_first_receipt() {
    let mut server = Server::start();
    let batch = server.batch(0, 1, &[order("BRA", "USD", "1.00", json!({"id": id(1)}))]);
    let client = server.client();
    let first = client.submit_batch(&batch).unwrap();
    assert_eq!(client.submit_batch(&batch).unwrap(), first);
    // Sent by many at once, all get the same receipt.
    let batch = server.batch(0, 2, &[order("BRA", "USD", "1.00", json!({"id": id(2)}))]);
    let receipts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| server.client().submit_batch(&batch).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    // Another batch with a sequence that was used is refused, and says what to do.
    let other = server.batch(0, 1, &[order("BRA", "USD", "7.00", json!({"id": id(3)}))]);
    let refused = problem(client.submit_batch(&other));
    assert_eq!(
        (refused.status, refused.field.as_deref(), refused.reason.as_deref()),
        (409, Some("sequence"), Some("DUPL"))
    );
    assert!(refused.detail.contains("ask for its orders"), "{refused}");
    // So is one that leaves out a sequence.
    let later = server.batch(0, 4, &[order("BRA", "USD", "7.00", json!({"id": id(3)}))]);
    let refused = problem(client.submit_batch(&later));
    assert_eq!((refused.status, refused.field.as_deref(), refused.reason.as_deref()), (409, Some("sequence"), None));
    assert!(refused.detail.contains("4 of member 0 does not follow 2"), "{refused}");
    // After a restart the receipt is forgotten, but not the order.
    server.restart(|_| {});
    assert_eq!(problem(server.client().submit_batch(&batch)).status, 409);
    assert_eq!(server.client().order(&id(2)).unwrap().status, "settled");
}

/// Batches that the member signs elsewhere use sequences too; the node signs anew when it was overtaken.
#[test]
fn the_node_and_the_member_itself_may_sign_at_once() {
    let server = Server::start();
    let taken = std::thread::scope(|scope| {
        let own = scope.spawn(|| {
            let client = server.client();
            (0..20u32)
                .filter(|n| {
                    let next = client.member("BRA").unwrap().next_sequence;
                    let batch = server.batch(1, next, &[order("ARG", "USD", "1", json!({"id": id(100 + n)}))]);
                    client.submit_batch(&batch).is_ok()
                })
                .count()
        });
        let mia = server.session("mia");
        for n in 0..20 {
            let view = mia.submit_orders(&order("ARG", "USD", "1", json!({})), &format!("k{n}")).unwrap();
            assert_eq!(view.orders[0].outcome, "settled");
        }
        own.join().unwrap()
    });
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], format!("-{}.00", 20 + taken));
}

#[test]
fn many_orders_come_as_a_list_as_lines_or_as_csv() {
    let server = Server::start();
    let mia = server.session("mia");
    let lines =
        format!("{}\n{{\"amount\"\n{}\n", order("ARG", "USD", "1", json!({})), order("ARG", "USD", "2", json!({})));
    let read: api::PaymentsView = serde_json::from_slice(
        &mia.post_bytes("/v1/orders", "application/x-ndjson", Some("l"), lines.as_bytes()).unwrap(),
    )
    .unwrap();
    let said: Vec<_> = read.orders.iter().map(|o| (o.line, o.outcome.as_str())).collect();
    assert_eq!(said, [(1, "settled"), (2, "rejected"), (3, "settled")]);
    let csv = "creditor,currency,amount,value_date\nARG,USD,1.00,2006-01-02\nARG,USD,1.000,2006-01-02\n";
    let read: api::PaymentsView =
        serde_json::from_slice(&mia.post_bytes("/v1/orders", "text/csv", Some("c"), csv.as_bytes()).unwrap()).unwrap();
    assert_eq!((read.orders[0].outcome.as_str(), read.orders[1].field.as_deref()), ("settled", Some("amount")));

    let many: Vec<_> = (0..8_190).map(|n| order("ARG", "USD", "0.01", json!({"id": id(1_000 + n)}))).collect();
    let taken = mia.submit_orders(&many, "many").unwrap();
    assert!(taken.orders.len() == 8_190 && taken.orders.iter().all(|order| order.outcome == "settled"));
    let more: Vec<_> = (0..8_191).map(|_| order("ARG", "USD", "0.01", json!({}))).collect();
    assert_eq!(problem(mia.submit_orders(&more, "more")).status, 413);
}

#[test]
fn lists_are_paged_without_loss() {
    let server = Server::start();
    let client = server.client();
    let later: Vec<_> =
        (0..25).map(|n| order("BRA", "USD", "1", json!({"id": id(n + 1), "value_date": "2006-01-04"}))).collect();
    let now: Vec<_> =
        (0..40).map(|n| order(["BRA", "CHL"][n as usize % 2], "USD", "1", json!({"id": id(n + 100)}))).collect();
    client.submit_batch(&server.batch(0, 1, &later)).unwrap();
    client.submit_batch(&server.batch(0, 2, &now)).unwrap();
    let all = |parameters: &[(&str, &str)]| {
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut parameters = parameters.to_vec();
            if let Some(cursor) = &cursor {
                parameters.push(("cursor", cursor));
            }
            let page: OrdersView = client.get(&query("/v1/orders", &parameters)).unwrap();
            ids.extend(page.orders.into_iter().map(|order| order.id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => return ids,
            }
        }
    };
    let ids = all(&[("limit", "7")]);
    assert_eq!(ids.len(), 65);
    let mut distinct = ids.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 65);
    assert_eq!(
        (ids[0].as_str(), ids[25].as_str()),
        (id(1).as_str(), id(139).as_str()),
        "open by entry, then ended, latest first"
    );
    assert_eq!(all(&[("status", "queued"), ("limit", "10")]).len(), 25);
    assert_eq!(all(&[("status", "settled"), ("member", "CHL"), ("limit", "3")]).len(), 20);
    assert_eq!(all(&[("status", "settled"), ("member", "PRY")]).len(), 0);
    for (parameters, field) in
        [("status=gone", "status"), ("cursor=7", "cursor"), ("limit=x", "query"), ("page=1", "query")]
    {
        assert_eq!(problem(client.get::<Value>(&format!("/v1/orders?{parameters}"))).field.as_deref(), Some(field));
    }
    let queue: Value = client.get("/v1/queue?member=ARG").unwrap();
    assert_eq!(queue["length"], 0, "what waits for its value date is not in the queue");
}

#[test]
fn an_order_for_a_later_day_says_what_it_waits_for() {
    let server = Server::start();
    let later = order("BRA", "USD", "1", json!({"id": id(1), "value_date": "2006-01-04"}));
    let receipt = server.client().submit_batch(&server.batch(0, 1, &[later])).unwrap();
    let words = Some("waits for its value date 2006-01-04");
    assert_eq!((receipt.outcomes[0].outcome.as_str(), receipt.outcomes[0].text.as_deref()), ("queued", words));
    let shown = server.client().order(&id(1)).unwrap();
    assert_eq!((shown.status.as_str(), shown.meaning.as_deref()), ("queued", words));
}

/// Where rates differ, the union's own accounts hold what the members' balances lack to zero; and the open cycle has
/// its figures before it closes.
#[test]
fn what_settled_is_seen_at_once_and_sums_to_zero() {
    let server = Server::start();
    let client = server.client();
    let from_day = union::Day::parse("2006-01-02").unwrap().0;
    let rates = union::Command::PublishRates { currency: 0, from_day, buying: (33, 100), selling: (34, 100) };
    assert_eq!(client.submit_batch(&server.commands(0, 1, &[rates])).unwrap().outcomes[0].outcome, "done");
    let orders =
        [order("BRA", "ARS", "10.01", json!({"id": id(1)})), order("CHL", "USD", "2.00", json!({"id": id(2)}))];
    let receipt = client.submit_batch(&server.batch(0, 2, &orders)).unwrap();
    assert!(receipt.outcomes.iter().all(|outcome| outcome.outcome == "settled"), "{receipt:?}");
    client.submit_batch(&server.batch(1, 1, &[order("ARG", "USD", "1.00", json!({"id": id(3)}))])).unwrap();

    let table: Value = client.get("/v1/positions").unwrap();
    let minor = |of: &Value| of["minor"].as_str().unwrap().parse::<i128>().unwrap();
    let members: i128 = table["positions"].as_array().unwrap().iter().map(|row| minor(&row["balance"])).sum();
    let (exchange, rounding) =
        (minor(&table["union_accounts"]["exchange"]), minor(&table["union_accounts"]["rounding"]));
    assert!(exchange != 0 && members + exchange + rounding == 0, "{table}");

    let cycle: Value = client.get("/v1/cycles/1").unwrap();
    assert_eq!((&cycle["status"], &cycle["settled_orders"]), (&json!("open"), &json!(3)));
    // Argentina owes 10.01 x 0.33 = 3.30, what Brazil is paid, to Brazil, which owes it 1.00; and 2.00 to Chile.
    let [gross, bilateral, multilateral] = ["gross", "bilateral_net", "multilateral_net"].map(|key| minor(&cycle[key]));
    assert_eq!((gross - bilateral, bilateral - multilateral), (200, 0), "{cycle}");
    assert_eq!(gross, 300 + 330, "{cycle}");
    let listed: Value = client.get("/v1/cycles").unwrap();
    assert_eq!(listed["cycles"][0]["gross"], cycle["gross"]);
}

/// What settles is counted on the day on which it settles, at each of its sides; a new day begins at nought.
#[test]
fn today_s_flow_is_told_by_currency() {
    let server = Server::start();
    let client = server.client();
    let from_day = union::Day::parse("2006-01-02").unwrap().0;
    let rates = union::Command::PublishRates { currency: 0, from_day, buying: (33, 100), selling: (34, 100) };
    client.submit_batch(&server.commands(0, 1, &[rates])).unwrap();
    let told = |code: &str| -> Value { client.get(&format!("/v1/members/{code}/today")).unwrap() };
    let settled = |orders: u32, currency: &str, amount: &str, minor: &str| json!({"orders": orders, "currency": currency, "amount": amount, "minor": minor});
    assert_eq!(told("BRA"), json!({"day": "2006-01-02", "paid": [], "received": []}));

    let orders = [
        order("BRA", "ARS", "10.01", json!({"id": id(1)})),
        order("BRA", "ARS", "0.99", json!({"id": id(2)})),
        order("BRA", "USD", "2.00", json!({"id": id(3)})),
        order("BRA", "USD", "4.00", json!({"id": id(4), "value_date": "2006-01-03"})),
    ];
    client.submit_batch(&server.batch(0, 2, &orders)).unwrap();
    let all = json!([settled(2, "ARS", "11.00", "1100"), settled(1, "USD", "2.00", "200")]);
    assert_eq!(told("BRA"), json!({"day": "2006-01-02", "paid": [], "received": all}));
    assert_eq!(told("ARG"), json!({"day": "2006-01-02", "paid": all, "received": []}));
    client.submit_batch(&server.batch(1, 1, &[order("CHL", "USD", "1.00", json!({"id": id(5)}))])).unwrap();
    assert_eq!(told("BRA")["paid"], json!([settled(1, "USD", "1.00", "100")]));
    assert_eq!(told("BRA")["received"], all);

    server.clock.set(server.node.charter().calendar.time_ms(union::Day::parse("2006-01-03").unwrap(), 60));
    server.pass_until(|union| union.today().to_string() == "2006-01-03");
    let next = json!({"day": "2006-01-03", "paid": [settled(1, "USD", "4.00", "400")], "received": []});
    assert_eq!(told("ARG"), next, "what waited for its day");
    assert_eq!(problem(client.get::<Value>("/v1/members/XXX/today")).status, 404);
}

/// Orders are found by every identifier that the node knows and the asker may see, and by both sides.
#[test]
fn orders_are_found_by_what_they_are_called() {
    let server = Server::start();
    let with = |number: u32, more: Value| {
        let mut all = json!({"id": id(number)});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let detail =
        json!({"debtor_name": "Ana", "end_to_end_id": "E2E 7/ä", "instruction_id": "I-7", "message_id": "M-7"});
    server
        .session("mia")
        .submit_orders(
            &json!([
                order("CHL", "USD", "1.00", with(1, json!({"reference": "first"}))),
                order("ARG", "USD", "2.00", with(2, json!({"reference": "second", "detail": detail}))),
                order("CHL", "USD", "3.00", with(3, json!({"reference": "second"}))),
            ]),
            "key-1",
        )
        .unwrap();
    server.session("max").submit_orders(&json!([order("ARG", "USD", "4.00", with(4, json!({})))]), "key-2").unwrap();

    let found = |client: &api::client::Client, parameters: &[(&str, &str)]| {
        let view: OrdersView = client.get(&query("/v1/orders", parameters)).unwrap();
        assert_eq!(view.next, None);
        let mut numbers: Vec<u32> =
            view.orders.iter().map(|order| u32::from_str_radix(&order.id[..8], 16).unwrap()).collect();
        numbers.sort_unstable();
        numbers
    };
    let nobody = server.client();
    let (mia, max) = (server.session("mia"), server.session("max"));
    for (identifier, numbers) in [
        (id(3), &[3][..]),
        (id(3).to_uppercase(), &[3]),
        (id(3).replace('-', ""), &[3]),
        (id(9), &[]),
        ("first".to_owned(), &[1]),
        ("second".to_owned(), &[2, 3]),
        ("secon".to_owned(), &[]),
        ("First".to_owned(), &[]),
    ] {
        assert_eq!(found(&nobody, &[("identifier", &identifier)]), numbers, "{identifier}");
    }
    for identifier in ["E2E 7/ä", "I-7", "M-7"] {
        assert_eq!(found(&mia, &[("identifier", identifier)]), [2], "{identifier}: an operator of the debtor's");
        assert_eq!(found(&max, &[("identifier", identifier)]), [0; 0], "{identifier}: of another member's");
        assert_eq!(found(&nobody, &[("identifier", identifier)]), [0; 0], "{identifier}: nobody's");
    }

    for (parameters, numbers) in [
        (&[("member", "BRA"), ("counterparty", "CHL")][..], &[1, 3][..]),
        (&[("member", "CHL"), ("counterparty", "BRA")], &[1, 3]),
        (&[("counterparty", "ARG")], &[2, 4]),
        (&[("member", "BRA"), ("counterparty", "PRY")], &[]),
        (&[("member", "CHL"), ("identifier", "second")], &[3]),
        (&[("status", "queued"), ("identifier", "second")], &[]),
    ] {
        assert_eq!(found(&nobody, parameters), numbers, "{parameters:?}");
    }
    let by_id = id(3);
    assert_eq!(found(&nobody, &[("member", "ARG"), ("identifier", &by_id)]), [0; 0], "it is not Argentina's");

    // Page by page: what is looked through is bounded, and a page may be empty.
    let mut path = "/v1/orders?identifier=first&limit=1".to_owned();
    let (mut pages, mut ids) = (0, Vec::new());
    loop {
        let view: OrdersView = nobody.get(&path).unwrap();
        pages += 1;
        ids.extend(view.orders.into_iter().map(|order| order.id));
        let Some(next) = view.next else { break };
        path = format!("/v1/orders?identifier=first&limit=1&cursor={next}");
    }
    assert_eq!((pages >= 4, ids), (true, vec![id(1)]));
    for (parameter, value) in [("identifier", String::new()), ("identifier", "x".repeat(145))] {
        let refused = problem(nobody.get::<OrdersView>(&format!("/v1/orders?{parameter}={value}")));
        assert_eq!((refused.status, refused.field.as_deref()), (400, Some("identifier")));
    }
}
