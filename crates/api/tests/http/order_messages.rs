//! What a member was told of an order: the very same messages that its watched folder gets.

use crate::harness::{Server, id, key, noon, order, problem};
use api::iso::{IsoSettings, Notice, OrderOf, Teller, order_messages};
use api::view::{MessageView, OrderMessagesView};
use network::Replay;
use serde_json::{Value, json};
use std::num::NonZeroU64;
use std::sync::Arc;
use union::{Command, Day, Reason};
use uuid::Uuid;

const BRA: u16 = 1;
const CHL: u16 = 2;

fn number(order: u32) -> u128 {
    Uuid::try_parse(&id(order)).unwrap().as_u128()
}

/// Order 1 waits, settles, is asked back and is not given; order 2 settles, is asked back and is given back by order 5. Then the cycle
/// closes, and the day ends.
fn lives() -> Server {
    let server = Server::start();
    let send = |seconds: u64, batch: Vec<u8>| {
        server.clock.set(noon() + seconds * 1_000);
        let receipt = server.client().submit_batch(&batch).unwrap();
        receipt.outcomes.iter().map(|outcome| outcome.outcome.clone()).collect::<Vec<_>>()
    };
    let detail = |number: u32| json!({"id": id(number), "detail": {"end_to_end_id": format!("E{number}"), "remittance": ["<b>invoice</b> & more"]}});
    send(1, server.commands(BRA, 1, &[Command::SetCaps { debit_cap: 1_000, credit_cap: ledger::NO_CAP }]));
    let sent = [
        order("CHL", "USD", "50.00", detail(1)),
        order("CHL", "USD", "5.00", detail(2)),
        order("ARG", "USD", "1.00", json!({"id": id(3)})),
    ];
    assert_eq!(send(2, server.batch(BRA, 2, &sent)), ["queued", "settled", "settled"]);
    let brings = order("BRA", "USD", "100.00", json!({"id": id(4)}));
    assert_eq!(send(3, server.batch(0, 1, &[brings])), ["settled"]);
    let ask = [1, 2].map(|order| Command::RequestReturn { order: number(order), reason: Reason(*b"CUST") });
    assert_eq!(send(4, server.commands(BRA, 3, &ask)), ["done", "done"]);
    let refuse = Command::RefuseReturn { order: number(1), reason: Reason(*b"LEGL") };
    assert_eq!(send(5, server.commands(CHL, 1, &[refuse])), ["done"]);
    let back = order("BRA", "USD", "5.00", json!({"id": id(5), "return": id(2), "reason": "CUST"}));
    assert_eq!(send(6, server.batch(CHL, 2, &[back])), ["settled"]);
    for (member, sequence) in [(0, 2), (BRA, 4), (CHL, 3)] {
        assert_eq!(send(7, server.commands(member, sequence, &[Command::CloseCycle { cycle: 1 }])), ["done"]);
    }
    let tomorrow = Day::parse("2006-01-03").unwrap();
    server.clock.set(server.node.charter().calendar.time_ms(tomorrow, 60));
    server.pass_until(|union| union.today() == tomorrow);
    let height = server.node.peek(union::Union::height);
    while server.node.durable_height() < height {
        std::thread::yield_now();
    }
    server
}

/// All that a watched folder of a member gets, with a report within the day after every block, or without.
fn folder(server: &Server, member: u16, is_reported: bool) -> Vec<Notice> {
    let data = server.directory.path().join("data");
    let mut replay = Replay::open(&data, u64::MAX).unwrap();
    let every = NonZeroU64::new(1).filter(|_| is_reported);
    let own = Some(Arc::new(key(member)));
    let mut teller = Teller::new(&replay, member, IsoSettings::default(), &data, own, every).unwrap();
    let mut notices = Vec::new();
    while let Some(step) = replay.step().unwrap() {
        notices.extend(teller.block(step).unwrap());
    }
    notices
}

fn path(order: u32, member: &str) -> String {
    format!("/v1/orders/{}/messages?member={member}", id(order))
}

fn told(server: &Server, operator: Option<&str>, order: u32, member: &str) -> Vec<MessageView> {
    let client = operator.map_or_else(|| server.client(), |name| server.session(name));
    let view: OrderMessagesView = client.get(&path(order, member)).unwrap();
    assert_eq!((view.order, view.member.as_str(), view.more), (id(order), member, false));
    view.messages
}

#[test]
fn messages_are_those_of_the_watched_folder() {
    let server = lives();
    for (member, code, operator) in [(BRA, "BRA", "mia"), (CHL, "CHL", "max")] {
        let notices = folder(&server, member, false);
        let mut about_orders = 0;
        for number_of in 1..=5 {
            let wanted: Vec<_> = notices.iter().filter(|notice| notice.order == Some(number(number_of))).collect();
            about_orders += wanted.len();
            if wanted.is_empty() {
                continue;
            }
            let found = told(&server, Some(operator), number_of, code);
            assert_eq!(found.len(), wanted.len());
            for (found, Notice { message, .. }) in found.iter().zip(wanted) {
                assert_eq!((&found.id, &found.text), (&message.id, &message.text));
                assert_eq!(found.kind, message.kind.name());
                assert!(found.id.starts_with(&format!("B{:012}-", found.height)), "{}", found.id);
            }
        }
        // Of the others each is about accounts, or about a leg.
        let others: Vec<_> = notices.iter().filter(|notice| notice.order.is_none()).collect();
        assert_eq!(about_orders + others.len(), notices.len());
        let of_an_order = |text: &str| (1..=5).any(|order| text.contains(&format!("<UETR>{}</UETR>", id(order))));
        assert!(others.iter().all(|notice| ["camt.053", "pacs.009"].contains(&notice.message.kind.name())));
        assert!(notices.iter().any(|notice| notice.order.is_some() && of_an_order(&notice.message.text)));

        // Reports within the day change no identifier and no text of another message.
        let mut reported = folder(&server, member, true);
        assert!(reported.len() > notices.len());
        reported.retain(|notice| notice.message.kind.name() != "camt.052");
        assert_eq!(reported, notices);
    }
}

/// Every step of an order's life, and nothing of another's.
#[test]
fn what_happened_to_an_order_is_told_in_order() {
    let server = lives();
    let happened = |order: u32| -> Vec<String> {
        let view: Value = server.client().get(&format!("/v1/orders/{}/events", id(order))).unwrap();
        assert_eq!((&view["order"], &view["more"]), (&json!(id(order)), &json!(false)));
        let events = view["events"].as_array().unwrap();
        let heights: Vec<u64> = events.iter().map(|event| event["height"].as_u64().unwrap()).collect();
        assert!(heights.is_sorted() && events[0]["time"].as_str().unwrap().starts_with("2006-01-02T"), "{view}");
        let text = |event: &Value, key| event[key].as_str().unwrap_or_default().to_owned();
        events
            .iter()
            .map(|event| [text(event, "event"), text(event, "status"), text(event, "reason")].join(" "))
            .collect()
    };
    let booked = ["transfer  ", "transfer  "];
    let asked = "return_request asked CUST";
    let first =
        [&["order queued AM04", "order settled "], &booked[..], &[asked, "return_request refused LEGL"]].concat();
    assert_eq!(happened(1), first);
    assert_eq!(happened(2), [&["order settled "], &booked[..], &[asked, "returned  "]].concat());
    assert_eq!(happened(5), [&["order settled "], &booked[..]].concat());
    assert_eq!(problem(server.client().get::<Value>(&format!("/v1/orders/{}/events", id(9)))).status, 404);
}

#[test]
fn an_order_is_told_from_its_first_status_to_the_answer() {
    let server = lives();
    let kinds = |order, member| -> Vec<String> {
        told(&server, None, order, member).into_iter().map(|message| message.kind).collect()
    };
    let booked = ["camt.054", "camt.054"];
    assert_eq!(kinds(1, "BRA"), [&["pacs.002", "pacs.002"], &booked[..], &["camt.029"]].concat());
    assert_eq!(kinds(1, "CHL"), [&booked[..], &["camt.056"]].concat());
    assert_eq!(kinds(2, "BRA"), [&["pacs.002"], &booked[..], &["camt.029"]].concat());
    assert_eq!(kinds(5, "CHL"), [&["pacs.002"], &booked[..]].concat());
    assert_eq!(kinds(5, "BRA"), booked);
    let statuses = told(&server, None, 1, "BRA");
    assert!(statuses[0].text.contains("<TxSts>ACSP</TxSts>") && statuses[1].text.contains("<TxSts>ACSC</TxSts>"));
    assert_eq!(statuses[0].height + 1, statuses[1].height);

    // No more than so many, nor of what was told of the identifier before the order was taken.
    let data = server.directory.path().join("data");
    let find = |from_height, limit| {
        let of = OrderOf { member: BRA, order: number(1), from_height };
        let (messages, more) = order_messages(&data, of, IsoSettings::default(), None, u64::MAX, limit).unwrap();
        (messages.len(), more)
    };
    assert_eq!([find(1, 5), find(1, 4), find(1, 0)], [(5, false), (4, true), (0, true)]);
    assert_eq!(find(statuses[1].height, 100), (4, false));
}

#[test]
fn customer_detail_is_for_the_members_own_operators() {
    let server = lives();
    let texts = |operator: Option<&str>, member| -> String {
        told(&server, operator, 1, member).into_iter().map(|message| message.text).collect()
    };
    for (member, own, other) in [("BRA", "vera", "max"), ("CHL", "max", "vera")] {
        let read = texts(Some(own), member);
        assert!(read.contains("E1") && read.contains("&lt;b&gt;invoice&lt;/b&gt; &amp; more"), "{read}");
        for operator in [None, Some(other)] {
            let read = texts(operator, member);
            assert!(!read.contains(">E1<") && !read.contains("invoice"), "{operator:?}: {read}");
        }
    }
    // Who pays, where nobody is named.
    let paying: OrderMessagesView = server.client().get(&format!("/v1/orders/{}/messages", id(1))).unwrap();
    assert_eq!(paying.member, "BRA");
    let refused = |path: &str| problem(server.client().get::<OrderMessagesView>(path));
    let other = refused(&path(1, "ARG"));
    assert_eq!((other.status, other.field.as_deref()), (404, Some("member")), "{other}");
    assert!(other.detail.contains("between BRA and CHL"), "{other}");
    assert_eq!([refused(&path(1, "XYZ")).status, refused(&path(9, "BRA")).status], [404, 404]);
    assert_eq!(refused("/v1/orders/7/messages").status, 400);
}
