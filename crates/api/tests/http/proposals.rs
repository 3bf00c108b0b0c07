//! Proposals over HTTP: prepared, approved, voted on, decided; and what is said where they cannot be.

use crate::harness::{Server, charter, hex, key, noon, problem};
use api::ProposeRequest;
use api::client::Client;
use api::view::{OutcomeView, ProposalView};
use serde_json::{Value, json};
use union::{Ballot, Command, Decision, Motion, NO_MEMBER, ProposalStatus};

const HOUR_MS: u64 = 3_600_000;

/// The charter with one rule changed.
fn amended(days_waiting: u32) -> String {
    charter().text().replace("days_waiting = 5", &format!("days_waiting = {days_waiting}"))
}

fn deadline() -> String {
    api::text::time_text(noon() + HOUR_MS)
}

fn amend(days_waiting: u32) -> ProposeRequest {
    let text = Some(amended(days_waiting));
    ProposeRequest { kind: "amend".into(), deadline: deadline(), text, ..ProposeRequest::default() }
}

fn about(kind: &str, subject: &str) -> ProposeRequest {
    let subject = Some(subject.to_owned());
    ProposeRequest { kind: kind.into(), subject, deadline: deadline(), ..ProposeRequest::default() }
}

fn propose(client: &Client, request: &ProposeRequest) -> Result<OutcomeView, api::client::ClientError> {
    client.post("/v1/proposals", request)
}

fn proposal(server: &Server, number: u32) -> ProposalView {
    server.client().get(&format!("/v1/proposals/{number}")).unwrap()
}

fn vote(server: &Server, member: u16, proposal: u32) {
    let next = server.node.peek(|union| union.sequence(member)) + 1;
    let vote = Command::Vote { proposal, ballot: Ballot::Agree };
    let receipt = server.client().submit_batch(&server.commands(member, next, &[vote])).unwrap();
    assert_eq!(receipt.outcomes[0].outcome, "done", "{:?}", receipt.outcomes);
}

#[test]
fn a_rule_changes_by_proposal_second_person_and_votes() {
    let server = Server::start();
    let mia = server.session("mia");
    assert_eq!(problem(propose(&server.session("vera"), &amend(6))).status, 403);
    let prepared = propose(&mia, &amend(6)).unwrap();
    assert_eq!(prepared.outcome, "awaiting_approval");
    let waiting: Value = server.session("carl").get("/v1/approvals").unwrap();
    let shown = &waiting["approvals"][0];
    assert_eq!(
        (&shown["what"]["kind"], &shown["text"]),
        (&json!("amend"), &json!(amended(6))),
        "what is agreed to is seen"
    );
    let none: Value = server.client().get("/v1/proposals").unwrap();
    assert_eq!(none, json!({"proposals": [], "next": null}), "nothing is signed before that");
    let made = server.approve(&prepared).unwrap();
    assert_eq!((made.outcome.as_str(), made.proposal, made.already_done), ("done", Some(1), false));

    let open = proposal(&server, 1);
    let missing = ["ARG", "BRA", "CHL", "PRY"].map(str::to_owned);
    assert_eq!((open.status.as_str(), open.needed, open.electorate, &open.not_voted[..]), ("open", 3, 4, &missing[..]));
    assert_eq!(server.client().proposal_text(1).unwrap(), amended(6));
    let ready: Value = server.client().get("/ready").unwrap();
    assert_eq!(ready["proposals_to_vote_on"], json!([1]));

    let ballot = json!({"command": "vote", "proposal": 1, "ballot": "agree"});
    let prepared = mia.submit_command(&ballot).unwrap();
    let waiting: Value = server.session("carl").get("/v1/approvals").unwrap();
    let shown = &waiting["approvals"][0];
    assert_eq!((&shown["what"], &shown["proposal"]["kind"]), (&ballot, &json!("amend")), "and what is voted on");
    assert_eq!(server.approve(&prepared).unwrap().outcome, "done");
    for member in [0, 3] {
        vote(&server, member, 1);
    }
    let open = proposal(&server, 1);
    assert_eq!((open.agreed.join(","), open.not_voted), ("ARG,BRA,PRY".to_owned(), vec!["CHL".to_owned()]));
    let metrics = String::from_utf8(server.client().get_bytes("/metrics").unwrap()).unwrap();
    assert!(metrics.contains("comity_proposals_to_vote_on 1\n"), "Chile's key is held here too: {metrics}");

    server.clock.set(noon() + 2 * HOUR_MS);
    server.pass_until(|union| union.proposals()[0].status() == ProposalStatus::InForce);
    let enacted = proposal(&server, 1);
    assert_eq!(enacted.in_force_height.map(|height| height % 16), Some(0), "at the first block of an epoch");
    let client = server.client();
    assert_eq!(
        (client.charter().unwrap(), client.founding_charter().unwrap()),
        (amended(6), charter().text().to_owned())
    );
    let signatures = String::from_utf8(client.get_bytes("/v1/charter/founding/signatures").unwrap()).unwrap();
    assert_eq!(union::Signatures::parse(&signatures).unwrap().unsigned(&charter()), None, "all founders signed");
    assert_eq!(client.proposal_text(1).unwrap(), amended(6), "what is in force is kept");
    let history: Value = client.get("/v1/charter/history").unwrap();
    let texts = history["charters"].as_array().unwrap();
    assert_eq!((texts.len(), &texts[0]["from_height"], &texts[0]["proposer"]), (2, &json!(0), &Value::Null));
    assert_eq!((&texts[1]["from_height"], &texts[1]["proposer"]), (&json!(enacted.in_force_height), &json!("BRA")));
    assert_eq!(texts[1]["hash"], json!(enacted.text_hash));
    let union = client.union().unwrap();
    assert_eq!((union.hash, Some(union.charter)), (hex(&charter().hash()), enacted.text_hash), "the identity stays");
}

/// As where somebody was faster: the text named another number, so the proposal stands without it, and follows.
#[test]
fn a_draft_is_completed_and_nothing_is_proposed_twice() {
    let server = Server::start();
    let text = amended(7);
    let text_hash = union::Charter::parse(&text).unwrap().text_hash();
    let motion = Motion {
        kind: Decision::Amend,
        subject: NO_MEMBER,
        deadline_ms: noon() + HOUR_MS,
        from_day: 0,
        protocol: 0,
        text_bytes: text.len() as u32,
        text_hash,
        accession: [0; 64],
    };
    let (charter, key) = (charter(), key(1));
    let signer = api::sign::BatchSigner::new(&charter, 1, &key).unwrap();
    let mut records = vec![api::sign::BatchSigner::command(1, &Command::Propose(motion))];
    records.extend(api::sign::text_parts(2, text.as_bytes(), 0));
    let batch = signer.sign(records, 1).unwrap().remove(0).bytes;
    let receipt = server.client().submit_batch(&batch).unwrap();
    assert_eq!(
        (receipt.outcomes[0].outcome.as_str(), receipt.outcomes[1].field.as_deref()),
        ("done", Some("proposal"))
    );
    let draft = proposal(&server, 1);
    assert_eq!((draft.status.as_str(), draft.text_received), ("draft", Some(0)));
    assert_eq!(problem(server.client().proposal_text(1)).status, 404, "not before it is complete");

    let mia = server.session("mia");
    let completed = server.approve(&propose(&mia, &amend(7)).unwrap()).unwrap();
    assert_eq!((completed.proposal, proposal(&server, 1).status.as_str()), (Some(1), "open"));
    // As after a crash between the union's answer and the note that it was made.
    let again = server.approve(&propose(&mia, &amend(7)).unwrap()).unwrap();
    assert_eq!((again.proposal, again.already_done), (Some(1), true));
    assert_eq!(server.node.peek(|union| union.proposals().len()), 1);
    // Another one while this one is not decided is refused by the union, in its words.
    let refused = problem(server.approve(&propose(&mia, &amend(8)).unwrap()));
    assert_eq!((refused.status, refused.field.as_deref()), (422, Some("proposal")));
}

/// Two members propose at the same moment: whoever is second gets another number than its text was signed for.
#[test]
fn members_that_propose_at_once_each_get_their_text_through() {
    let server = Server::start();
    let (mia, max) = (server.session("mia"), server.session("max"));
    let (carl, cora) = (server.session("carl"), server.session("cora"));
    for round in 0..6 {
        let prepared = [propose(&mia, &amend(10 + round)).unwrap(), propose(&max, &amend(20 + round)).unwrap()];
        let made = std::thread::scope(|scope| {
            let both = [(&carl, &prepared[0]), (&cora, &prepared[1])].map(|(client, prepared)| {
                let path = format!("/v1/approvals/{}/approve", prepared.approval.as_deref().unwrap());
                scope.spawn(move || client.post::<OutcomeView>(&path, &json!({})).unwrap())
            });
            both.map(|thread| thread.join().unwrap())
        });
        for ((outcome, days_waiting), member) in made.iter().zip([10 + round, 20 + round]).zip([1, 2]) {
            let number = outcome.proposal.unwrap();
            assert_eq!(proposal(&server, number).status, "open", "{outcome:?}");
            assert_eq!(server.client().proposal_text(number).unwrap(), amended(days_waiting));
            let next = server.node.peek(|union| union.sequence(member)) + 1;
            let withdraw = [Command::WithdrawProposal { proposal: number }];
            assert_eq!(
                server.client().submit_batch(&server.commands(member, next, &withdraw)).unwrap().outcomes[0].outcome,
                "done"
            );
        }
    }
}

#[test]
fn what_cannot_be_proposed_troubles_no_second_person() {
    let server = Server::start();
    let mia = server.session("mia");
    let with = |change: &dyn Fn(&mut ProposeRequest)| {
        let mut request = amend(6);
        change(&mut request);
        request
    };
    let newcomer = format!("{}[[members]]\ncode = \"URY\"\n", charter().text());
    let table: Vec<(ProposeRequest, &str, &str)> = vec![
        (with(&|it| it.text = Some("name = 1".into())), "text", "name"),
        (with(&|it| it.text = Some(charter().text().into())), "text", "the one that is in force"),
        (with(&|it| it.text = Some(newcomer.clone())), "text", "missing field"),
        (with(&|it| it.text = None), "text", "the whole new text"),
        (with(&|it| it.kind = "suspend".into()), "text", "the whole new text"),
        (with(&|it| it.kind = "rename".into()), "kind", "amend, admit"),
        (with(&|it| it.kind = "admit".into()), "text", "adds one member"),
        (with(&|it| it.deadline = "tomorrow".into()), "deadline", "tomorrow"),
        (with(&|it| it.accession = Some("00".into())), "accession", "128 hexadecimal digits"),
        (about("expel", "URY"), "subject", "URY"),
    ];
    for (request, field, words) in table {
        let refused = problem(propose(&mia, &request));
        assert_eq!((refused.status, refused.field.as_deref()), (422, Some(field)), "{refused}");
        assert!(refused.detail.contains(words), "{refused}");
    }
    for body in [r#"{"kind": "amend", "deadline": "", "texts": ""}"#, "[]"] {
        let posted = mia.post_bytes("/v1/proposals", "application/json", None, body.as_bytes());
        assert_eq!(problem(posted).status, 400, "{body}");
    }
    let long = format!("{{\"kind\": \"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(problem(mia.post_bytes("/v1/proposals", "application/json", None, long.as_bytes())).status, 413);
    for command in [
        json!({"command": "proposal_text", "proposal": 1, "at_byte": 0}),
        json!({"command": "propose", "kind": "amend", "deadline": deadline(), "text_bytes": 9, "text_hash": "ab".repeat(32)}),
    ] {
        let refused = problem(mia.submit_command(&command));
        assert!(refused.status == 422 && refused.detail.contains("/v1/proposals"), "{refused}");
    }
    let waiting: Value = server.session("carl").get("/v1/approvals").unwrap();
    assert_eq!(waiting["approvals"], json!([]));
}

#[test]
fn proposals_are_listed_newest_first_and_a_text_that_was_not_carried_is_gone() {
    let server = Server::start();
    let client = server.client();
    let expel = |member| {
        let motion = Motion {
            kind: Decision::Suspend,
            subject: 3,
            deadline_ms: noon() + HOUR_MS,
            from_day: 0,
            protocol: 0,
            text_bytes: 0,
            text_hash: [0; 32],
            accession: [0; 64],
        };
        server.commands(member, 1, &[Command::Propose(motion)])
    };
    assert_eq!(client.submit_batch(&expel(0)).unwrap().outcomes[0].outcome, "done");
    assert_eq!(client.submit_batch(&expel(3)).unwrap().outcomes[0].outcome, "done");
    let mia = server.session("mia");
    server.approve(&propose(&mia, &amend(6)).unwrap()).unwrap();
    let withdraw = mia.submit_command(&json!({"command": "withdraw_proposal", "proposal": 3})).unwrap();
    assert_eq!(server.approve(&withdraw).unwrap().outcome, "done");

    let numbers = |path: &str| -> (Vec<u64>, Value) {
        let view: Value = client.get(path).unwrap();
        let proposals = view["proposals"].as_array().unwrap();
        (proposals.iter().map(|proposal| proposal["number"].as_u64().unwrap()).collect(), view["next"].clone())
    };
    assert_eq!(numbers("/v1/proposals"), (vec![3, 2, 1], Value::Null));
    assert_eq!(numbers("/v1/proposals?limit=2"), (vec![3, 2], json!(1)));
    assert_eq!(numbers("/v1/proposals?limit=2&cursor=1"), (vec![1], Value::Null));
    assert_eq!(numbers("/v1/proposals?status=open&limit=1"), (vec![2], json!(1)));
    assert_eq!(numbers("/v1/proposals?status=in%20force"), (vec![], Value::Null));
    let wrong = problem(client.get::<Value>("/v1/proposals?status=passed"));
    assert!(wrong.status == 400 && wrong.detail.contains("carried"), "{wrong}");
    assert_eq!(problem(client.proposal_text(3)).status, 410);
    assert_eq!(problem(client.proposal_text(1)).status, 404);
    assert_eq!(problem(client.get::<Value>("/v1/proposals/4")).status, 404);
    assert_eq!(problem(client.get::<Value>("/v1/proposals/0")).status, 404);
    assert_eq!(proposal(&server, 1).electorate, 3, "who it is about has no vote");
}

#[test]
fn a_key_to_come_is_shown_and_counts_from_its_height() {
    let server = Server::start();
    let new = keys::MemberKey::from_seed([77; 32]);
    let message = union::key_proof_message(&charter().hash(), 1, union::KeyKind::Signing, &new.public().signing);
    let command = json!({"command": "replace_key", "kind": "signing", "key": hex(&new.public().signing), "proof": hex(&new.sign(&message).unwrap())});
    let prepared = server.session("mia").submit_command(&command).unwrap();
    let waiting: Value = server.session("carl").get("/v1/approvals").unwrap();
    assert_eq!(waiting["approvals"][0]["what"], command);
    assert_eq!(server.approve(&prepared).unwrap().outcome, "done");
    let member = server.client().member("BRA").unwrap().member;
    let come = member.keys_to_come;
    // The clock stands, and blocks come by themselves until it counts: what is seen may be past that already.
    if let [to_come] = come.as_slice() {
        assert_eq!(
            (to_come.kind.as_str(), to_come.key.as_ref(), to_come.from_height),
            ("signing", Some(&hex(&new.public().signing)), 32)
        );
        assert_eq!(member.signing_key, Some(hex(&key(1).public().signing)));
    }
    server.pass_until(|union| union.height() >= 32);
    let member = server.client().member("BRA").unwrap().member;
    assert_eq!((member.signing_key, member.keys_to_come), (Some(hex(&new.public().signing)), vec![]));
    // The node holds the old key: what it signs does not count any more, and it says so.
    let order = crate::harness::order("ARG", "USD", "1.00", json!({"id": crate::harness::id(1)}));
    let refused = problem(server.session("mia").submit_orders(&order, "k"));
    assert!(refused.detail.contains("key"), "{refused}");
}

#[test]
fn an_upgrade_that_this_software_does_not_know_is_told_before_it_comes() {
    let server = Server::start();
    let upgrade = Motion {
        kind: Decision::Upgrade,
        subject: NO_MEMBER,
        deadline_ms: noon() + HOUR_MS,
        from_day: union::Day::parse("2006-01-04").unwrap().0,
        protocol: 2,
        text_bytes: 0,
        text_hash: [0; 32],
        accession: [0; 64],
    };
    let agree = Command::Vote { proposal: 1, ballot: Ballot::Agree };
    server.client().submit_batch(&server.commands(0, 1, &[Command::Propose(upgrade), agree])).unwrap();
    for member in [2, 3] {
        vote(&server, member, 1);
    }
    let alerts = || -> Value { server.client().get::<Value>("/ready").unwrap()["alerts"].clone() };
    assert_eq!(alerts(), json!([]), "it may yet be rejected");
    server.clock.set(noon() + 2 * HOUR_MS);
    server.pass_until(|union| union.proposals()[0].status() == ProposalStatus::Carried);
    server.pass_until(|union| union.height() > 0 && union.time_ms() >= noon() + 2 * HOUR_MS);
    let told = alerts();
    let text = told[0].as_str().unwrap();
    assert!(text.contains("version 2") && text.contains("2006-01-04") && text.contains("later release"), "{text}");
    let metrics = String::from_utf8(server.client().get_bytes("/metrics").unwrap()).unwrap();
    assert!(metrics.contains("comity_protocol_unknown 2\n") && metrics.contains("comity_protocol 1\n"), "{metrics}");
}
