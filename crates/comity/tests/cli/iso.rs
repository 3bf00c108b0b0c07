//! ISO 20022: a folder of messages goes in, a cycle closes, and what comes out agrees with the books to the last minor unit.

use crate::iso_messages::{
    Message, NAMES, Transfer, cancellation, cents, document, drop_in, give_back, liquidity, messages, question,
    refusal, texts, transfers, uetr,
};
use crate::scene::{Run, Scene, file_names, run};
use crate::serving::{NOON, Serving};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BRAZIL: &str = "<BICFI>FICTBRSPXXX</BICFI>";
const CHILE: &str = "<ClrSysMmbId><MmbId>CHL</MmbId></ClrSysMmbId>";
const BANCO: &str = "<BICFI>BANCBRSP</BICFI>";

fn transfer<'a>(number: u32, amount: &'a str, to: &'a str) -> Transfer<'a> {
    Transfer { number, amount, to, customer: false }
}

/// Watches a member's folder until everything that is there is done.
fn watch(scene: &Scene, node: &Serving, member: &str) -> Run {
    let folder = scene.arg(&format!("folder-{member}"));
    let (union, names) = (scene.arg("union"), scene.arg("names.toml"));
    node.run_as(
        scene,
        member,
        &["iso", "watch", &folder, "--data", &union, "--names", &names, "--once", "--output=json"],
    )
}

fn of_kind<'a>(messages: &'a [Message], kind: &str) -> Vec<&'a Message> {
    messages.iter().filter(|message| message.kind == kind).collect()
}

/// Entries of notifications or statements: account, order and signed cents.
fn entries(message: &str) -> Vec<(String, String, i128)> {
    let document = roxmltree::Document::parse(message).unwrap();
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let found = node.descendants().find(|child| child.tag_name().name() == name);
        found.and_then(|child| child.text()).unwrap_or_default().to_owned()
    };
    let mut entries = Vec::new();
    for entry in document.descendants().filter(|node| node.tag_name().name() == "Ntry") {
        let account =
            text(entry.parent().unwrap().children().find(|node| node.tag_name().name() == "Acct").unwrap(), "Id");
        let account = if account.trim().is_empty() {
            let othr = entry.parent().unwrap().descendants().find(|node| node.tag_name().name() == "Othr").unwrap();
            text(othr, "Id")
        } else {
            account
        };
        let sign = if text(entry, "CdtDbtInd") == "DBIT" { -1 } else { 1 };
        entries.push((account, text(entry, "NtryRef"), sign * cents(&text(entry, "Amt"))));
    }
    entries
}

#[test]
fn a_folder_of_messages_agrees_with_the_books() {
    let scene = Scene::new();
    std::fs::write(scene.path("names.toml"), NAMES).unwrap();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    node.run_as(&scene, "BRA", &["set", "participant", "7", "--identifier=BANCBRSP", "--name=Banco Sete"]).expect(0);
    node.run_as(&scene, "ARG", &["set", "caps", "--debit-cap=1000", "--credit-cap=none"]).expect(0);

    let customers = [Transfer { number: 1, amount: "100.50", to: BANCO, customer: true }];
    let institutions = [
        transfer(2, "10.25", BRAZIL),
        transfer(3, "20.00", CHILE),
        transfer(4, "5000", BRAZIL),
        transfer(5, "1.00", "<BICFI>NOBODEFF</BICFI>"),
        transfer(2, "10.25", BRAZIL),
    ];
    drop_in(
        &scene,
        "folder-ARG",
        &[
            ("1-customers.xml", &transfers("M1", &customers)),
            ("2-institutions.xml", &transfers("M2", &institutions)),
            ("3-bomb.xml", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"),
            ("4-settled.xml", &format!("<File>{}{}</File>", cancellation("CXL-1", 1), cancellation("CXL-3", 2))),
            ("5-queued.xml", &cancellation("CXL-2", 4)),
            ("6-question.xml", &question("ASK-1", 3)),
            ("7-liquidity.xml", &liquidity("LIQ-1", "7.77")),
            ("8-no-liquidity.xml", &liquidity("LIQ-2", "100000")),
            ("9-sum.xml", &transfers("M3", &[transfer(6, "1.00", BRAZIL)]).replace("<NbOfTxs>1", "<NbOfTxs>2")),
            ("unfinished.xml.part", "<"),
        ],
    );
    let report = watch(&scene, &node, "ARG").expect(0).json();
    assert_eq!((&report["files"], &report["rejected"]), (&json!(9), &json!(2)), "{report}");
    assert_eq!(file_names(&scene.path("folder-ARG/inbox")), ["unfinished.xml.part"]);
    let rejected = file_names(&scene.path("folder-ARG/rejected"));
    assert_eq!(rejected, ["3-bomb.xml", "3-bomb.xml.reason.txt", "9-sum.xml", "9-sum.xml.reason.txt"]);
    let reason = std::fs::read_to_string(scene.path("folder-ARG/rejected/3-bomb.xml.reason.txt")).unwrap();
    assert!(reason.contains("line 1") && reason.contains("document type"), "{reason}");

    // Nothing changes when it is looked at again.
    let before = file_names(&scene.path("folder-ARG/outbox"));
    watch(&scene, &node, "ARG").expect(0);
    assert_eq!(file_names(&scene.path("folder-ARG/outbox")), before);

    // Every order has a status, with its identifiers and the reason.
    let out = messages(&scene.path("folder-ARG/outbox"));
    let statuses = of_kind(&out, "pacs.002");
    let status_of = |number: u32, status: &str, reason: &str| {
        let is_it = |message: &&&Message| {
            texts(&message.text, "OrgnlUETR").contains(&uetr(number))
                && texts(&message.text, "TxSts").contains(&status.to_owned())
                && (reason.is_empty() || texts(&message.text, "Cd").contains(&reason.to_owned()))
        };
        statuses.iter().filter(is_it).count()
    };
    assert_eq!(status_of(1, "ACSC", ""), 1);
    assert_eq!(status_of(3, "ACSC", ""), 2, "when it settled, and when it was asked for");
    assert_eq!((status_of(4, "ACSP", "AM04"), status_of(4, "CANC", "CUST")), (1, 1));
    assert_eq!((status_of(5, "RJCT", "RC04"), status_of(2, "RJCT", "DUPL")), (1, 1));
    let rejected = statuses.iter().find(|message| !texts(&message.text, "GrpSts").is_empty()).unwrap();
    assert_eq!(
        (texts(&rejected.text, "OrgnlMsgId"), texts(&rejected.text, "Cd")),
        (vec!["M3".to_owned()], vec!["AM18".to_owned()])
    );
    let settled = statuses.iter().find(|message| texts(&message.text, "OrgnlUETR") == [uetr(1)]).unwrap();
    assert_eq!(texts(&settled.text, "OrgnlInstrId"), ["I1"]);
    assert_eq!(texts(&settled.text, "OrgnlEndToEndId"), ["E1"]);
    assert_eq!(
        (texts(&settled.text, "OrgnlMsgId"), texts(&settled.text, "OrgnlMsgNmId")),
        (vec!["M1".to_owned()], vec!["pacs.008.001.08".to_owned()])
    );
    assert_eq!(of_kind(&out, "admi.002").len(), 1, "the bomb");
    assert_eq!(of_kind(&out, "admi.007").len(), 8);
    let receipts: Vec<_> = of_kind(&out, "camt.025").iter().map(|message| texts(&message.text, "StsCd")).collect();
    assert_eq!(receipts.concat().len(), 2);
    assert!(
        receipts.concat().contains(&"ACSC".to_owned()) && receipts.concat().contains(&"AM04".to_owned()),
        "{receipts:?}"
    );
    let answers: Vec<_> = of_kind(&out, "camt.029").iter().flat_map(|message| texts(&message.text, "Conf")).collect();
    let count = |answer: &str| answers.iter().filter(|given| *given == answer).count();
    assert_eq!((answers.len(), count("PDCR"), count("CNCL")), (3, 2, 1));
    // The other member is asked for what is settled; one it gives back as a new entry, the other it keeps.
    watch(&scene, &node, "BRA").expect(0);
    let asked = messages(&scene.path("folder-BRA/outbox"));
    let asked: Vec<_> = of_kind(&asked, "camt.056").iter().flat_map(|asked| texts(&asked.text, "OrgnlUETR")).collect();
    assert_eq!(asked, [uetr(1), uetr(2)]);
    drop_in(
        &scene,
        "folder-BRA",
        &[
            ("again.xml", &give_back("RTR-2", 1, "100.50")),
            ("no.xml", &refusal("NO-1", 2)),
            ("nobody-asked.xml", &refusal("NO-2", 3)),
            ("return.xml", &give_back("RTR-1", 1, "100.50")),
        ],
    );
    watch(&scene, &node, "BRA").expect(0);
    watch(&scene, &node, "ARG").expect(0);
    let out = messages(&scene.path("folder-ARG/outbox"));
    let answer_to = |number: u32| {
        let answers =
            of_kind(&out, "camt.029").into_iter().filter(move |a| texts(&a.text, "OrgnlUETR") == [uetr(number)]);
        answers.flat_map(|answer| texts(&answer.text, "Conf")).collect::<Vec<_>>()
    };
    assert_eq!((answer_to(1), answer_to(2)), (vec!["PDCR".into(), "CNCL".into()], vec!["PDCR".into(), "RJCR".into()]));
    let kept = of_kind(&out, "camt.029").into_iter().find(|answer| texts(&answer.text, "Conf") == ["RJCR"]).unwrap();
    assert_eq!((texts(&kept.text, "Cd"), texts(&kept.text, "OrgnlInstrId")), (vec!["LEGL".into()], vec!["I2".into()]));
    let brazil = messages(&scene.path("folder-BRA/outbox"));
    let rejected = of_kind(&brazil, "admi.002");
    assert_eq!((rejected.len(), texts(&rejected[0].text, "Ref")), (1, vec!["NO-2".to_owned()]));

    // A cycle closes.
    node.run_as(&scene, "ARG", &["cycle", "close", "1"]).expect(0);
    node.run_as(&scene, "BRA", &["cycle", "close", "1"]).expect(0);
    let mut positions = BTreeMap::new();
    for member in ["ARG", "BRA", "CHL"] {
        watch(&scene, &node, member).expect(0);
        let outbox = messages(&scene.path(&format!("folder-{member}/outbox")));
        reconcile(&node, member, &outbox);
        let legs: i128 =
            of_kind(&outbox, "pacs.009").iter().map(|leg| cents(&texts(&leg.text, "IntrBkSttlmAmt")[0])).sum();
        positions.insert(member, legs);
    }
    // 10.25 + 7.77 to Brazil, 20 to Chile, and 100.50 went there and back.
    assert_eq!(positions, BTreeMap::from([("ARG", 3_802), ("BRA", 1_802), ("CHL", 2_000)]));

    // What the receiving member's hub sees of the customer payment, and of the return.
    let brazil = messages(&scene.path("folder-BRA/outbox"));
    let of_customer = of_kind(&brazil, "camt.054").into_iter().find(|message| message.text.contains("wool 1")).unwrap();
    assert_eq!(texts(&of_customer.text, "UETR"), [uetr(1)]);
    assert_eq!(texts(&of_customer.text, "Nm")[..3], ["Three", "Ana", "Bia"]);
    let again =
        of_kind(&brazil, "pacs.002").into_iter().find(|message| texts(&message.text, "TxSts") == ["RJCT"]).unwrap();
    assert!(texts(&again.text, "Cd").contains(&"ARDT".to_owned()), "{}", again.text);
}

/// What a member's messages say, and what the node says.
fn reconcile(node: &Serving, member: &str, outbox: &[Message]) {
    let statement = node.run(&["statement", "--member", member, "--cycle=1", "--output=json"]).expect(0).json();
    let mut booked: Vec<(String, String, i128)> = Vec::new();
    let mut balances: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    for account in statement["accounts"].as_array().unwrap() {
        let name = match account["account"].as_str().unwrap() {
            "position" => format!("{member}-POSITION"),
            _ => format!(
                "{member}-{}-{}",
                account["participant"].as_u64().unwrap_or(0),
                account["opening"]["currency"].as_str().unwrap()
            ),
        };
        let minor = |value: &Value| value["minor"].as_str().unwrap().parse::<i128>().unwrap();
        balances.insert(name.clone(), (minor(&account["opening"]), minor(&account["closing"])));
        for entry in account["entries"].as_array().unwrap() {
            let order = entry["order"].as_str().unwrap_or_default().replace('-', "");
            booked.push((name.clone(), order, minor(entry)));
        }
    }
    booked.sort();
    let mut notified: Vec<_> = of_kind(outbox, "camt.054").iter().flat_map(|message| entries(&message.text)).collect();
    notified.sort();
    assert_eq!(notified, booked, "{member}: every booking is notified, once");
    let statements = of_kind(outbox, "camt.053");
    assert_eq!(statements.len(), 1);
    let mut stated = entries(&statements[0].text);
    stated.sort();
    assert_eq!(stated, booked, "{member}: the statement has every booking");
    let document = roxmltree::Document::parse(&statements[0].text).unwrap();
    for stmt in document.descendants().filter(|node| node.tag_name().name() == "Stmt") {
        let child = |node: roxmltree::Node<'_, '_>, name: &str| {
            let found = node
                .descendants()
                .find(|child| child.tag_name().name() == name && child.text().is_some_and(|t| !t.trim().is_empty()));
            found.and_then(|child| child.text()).unwrap_or_default().to_owned()
        };
        let othr = stmt.descendants().find(|node| node.tag_name().name() == "Othr").unwrap();
        let account = child(othr, "Id");
        let balance = |code: &str| {
            let mut all = stmt.children().filter(|node| node.tag_name().name() == "Bal");
            let found = all.find(|balance| child(*balance, "Cd") == code).unwrap();
            let sign = if child(found, "CdtDbtInd") == "DBIT" { -1 } else { 1 };
            sign * cents(&child(found, "Amt"))
        };
        let sum: i128 = stated.iter().filter(|(of, _, _)| *of == account).map(|(_, _, amount)| amount).sum();
        assert_eq!(balance("OPBD") + sum, balance("CLBD"), "{account}");
        assert_eq!(balances[&account], (balance("OPBD"), balance("CLBD")), "{account}");
    }
}

/// camt.052 while the day goes on, camt.053 when it is over: opening and entries make closing, and one day goes on where the other ended.
#[test]
fn a_day_is_reported_and_then_stated() {
    let scene = Scene::new();
    std::fs::write(scene.path("names.toml"), NAMES).unwrap();
    let folder = scene.path("folder-ARG");
    let watch = |node: &Serving| {
        let (at, union, names) = (scene.arg("folder-ARG"), scene.arg("union"), scene.arg("names.toml"));
        let arguments = ["iso", "watch", &at, "--data", &union, "--names", &names, "--intraday-minutes=60", "--once"];
        node.run_as(&scene, "ARG", &arguments).expect(0);
        messages(&folder.join("outbox"))
    };
    let monday = Serving::start(&scene, &["--rehearse-from", NOON]);
    drop_in(&scene, "folder-ARG", &[("a.xml", &transfers("M1", &[transfer(1, "5.00", BRAZIL)]))]);
    assert_eq!(of_kind(&watch(&monday), "camt.052").len(), 0, "an hour has not passed");
    monday.stop(nix::sys::signal::Signal::SIGTERM);

    let later = Serving::start(&scene, &["--rehearse-from", "2026-11-23T13:30:00Z"]);
    drop_in(&scene, "folder-ARG", &[("b.xml", &transfers("M2", &[transfer(2, "6.00", BRAZIL)]))]);
    let out = watch(&later);
    let reports = of_kind(&out, "camt.052");
    assert_eq!((reports.len(), of_kind(&out, "camt.053").len()), (1, 0));
    assert!(reports[0].text.contains("ITBD"), "{}", reports[0].text);

    // The node tells of one order what the folder got of it, under the same names, reports within the day or not.
    let (id, told) = (uetr(2), scene.arg("told"));
    let listed = later.run(&["orders", "messages", &id, "--member=ARG", "--out", &told]).expect(0).out;
    let names = file_names(&scene.path("told"));
    assert_eq!(of_kind(&messages(&scene.path("told")), "pacs.002").len(), 1);
    assert_eq!((names.len(), listed.lines().count()), (3, 1 + 3), "{listed}");
    assert!(names.iter().all(|name| folder.join("outbox").join(name).exists()), "{names:?}");
    let other = later.run(&["orders", "messages", &id, "--member=CHL"]).expect(4);
    other.says(&["between ARG and BRA"]);
    later.stop(nix::sys::signal::Signal::SIGTERM);

    let tuesday = Serving::start(&scene, &["--rehearse-from", "2026-11-24T12:00:00Z"]);
    let third = transfers("M3", &[transfer(3, "7.00", BRAZIL)]).replace("2026-11-23</", "2026-11-24</");
    drop_in(&scene, "folder-ARG", &[("c.xml", &third)]);
    let out = watch(&tuesday);
    let statements = of_kind(&out, "camt.053");
    assert_eq!(statements.len(), 1);
    let sum = |message: &Message, account: &str| -> i128 {
        let of_account = entries(&message.text).into_iter().filter(|(of, ..)| of == account);
        of_account.map(|(_, _, cents)| cents).sum()
    };
    assert_eq!(sum(statements[0], "ARG-POSITION"), -1_100);
    assert_eq!(texts(&statements[0].text, "FrDtTm")[0], "2026-11-23T00:00:00Z");
    assert!(texts(&statements[0].text, "Cd").contains(&"CLBD".to_owned()));
    // Once, however often one looks.
    assert_eq!(of_kind(&watch(&tuesday), "camt.053").len(), 1);
}

#[test]
fn import_answers_beside_and_does_nothing_twice() {
    let scene = Scene::new();
    std::fs::write(scene.path("names.toml"), NAMES).unwrap();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    std::fs::create_dir(scene.path("files")).unwrap();
    std::fs::write(
        scene.path("files/a.xml"),
        transfers("M1", &[transfer(1, "5.00", BRAZIL), transfer(2, "6.00", CHILE)]),
    )
    .unwrap();
    std::fs::write(scene.path("files/b.xml"), transfers("M2", &[transfer(1, "5.00", BRAZIL)])).unwrap();
    let (files, names) = (scene.arg("files"), scene.arg("names.toml"));
    let import = |out: &str| {
        node.run_as(
            &scene,
            "ARG",
            &["iso", "import", &files, "--out", &scene.arg(out), "--names", &names, "--output=json"],
        )
    };
    let report = import("out").expect(3).json();
    assert_eq!(report["outcomes"], json!({"settled": 2, "rejected": 1}), "{report}");
    let answers = messages(&scene.path("out"));
    let codes: Vec<_> = answers.iter().flat_map(|message| texts(&message.text, "TxSts")).collect();
    assert_eq!(codes.iter().filter(|code| *code == "ACSC").count(), 2, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "RJCT").count(), 1, "the UETR of another message");
    // The same files again: nothing moves, and the answers say that they are duplicates.
    import("again").expect(3);
    let answers = messages(&scene.path("again"));
    let of_first = answers.iter().find(|message| texts(&message.text, "OrgnlMsgId")[0] == "M1").unwrap();
    assert_eq!(texts(&of_first.text, "TxSts"), ["ACSC", "ACSC"]);
    assert_eq!(texts(&of_first.text, "Cd"), ["DUPL", "DUPL"]);
    let positions = node.run(&["positions", "--member=ARG", "--output=json"]).expect(0).json();
    assert_eq!(positions["positions"][0]["balance"]["minor"], "-1100", "{positions}");

    // The same out of the journal, without the node.
    let union = scene.arg("union");
    let key = scene.arg("union/keys/BRA.key");
    run(&["iso", "export", &union, "--member=BRA", "--out", &scene.arg("export"), "--key", &key, "--names", &names])
        .expect(0);
    let exported = messages(&scene.path("export"));
    let credit = of_kind(&exported, "camt.054");
    assert!(credit.iter().any(|message| texts(&message.text, "EndToEndId") == ["E1"]), "customer detail is opened");
    run(&["iso", "export", &union, "--member=BRA", "--out", &scene.arg("cycle"), "--cycle=1"]).expect(0);
    let reports = messages(&scene.path("cycle"));
    assert_eq!((reports.len(), reports[0].kind.as_str()), (1, "camt.052"), "the cycle is not over");
    assert!(reports[0].text.contains("ITBD"));
}

#[test]
fn files_are_signed_where_that_is_asked_for() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    drop_in(
        &scene,
        "folder-ARG",
        &[(
            "unsigned.xml",
            &transfers("M1", &[transfer(1, "5.00", CHILE)])
                .replace("<BICFI>FICTARBAXXX</BICFI>", "<ClrSysMmbId><MmbId>ARG</MmbId></ClrSysMmbId>"),
        )],
    );
    let good = transfers("M2", &[transfer(2, "6.00", CHILE)])
        .replace("<BICFI>FICTARBAXXX</BICFI>", "<ClrSysMmbId><MmbId>ARG</MmbId></ClrSysMmbId>");
    std::fs::write(scene.path("signed.xml"), &good).unwrap();
    let key = scene.arg("union/keys/ARG.key");
    let signed = run(&["iso", "sign", &scene.arg("signed.xml"), "--key", &key, "--output=json"]).expect(0).json();
    let names = format!("[iso20022]\nsigners = [\"{}\"]\n", signed["key"].as_str().unwrap());
    std::fs::write(scene.path("names.toml"), names).unwrap();
    let inbox = scene.path("folder-ARG/inbox");
    for name in ["signed.xml.sig", "signed.xml"] {
        std::fs::copy(scene.path(name), inbox.join(name)).unwrap();
    }
    std::fs::copy(scene.path("signed.xml.sig"), inbox.join("changed.xml.sig")).unwrap();
    std::fs::write(inbox.join("changed.xml"), good.replace("6.00", "6.01")).unwrap();
    watch(&scene, &node, "ARG").expect(0);
    let rejected = file_names(&scene.path("folder-ARG/rejected"));
    let expected =
        ["changed.xml", "changed.xml.reason.txt", "changed.xml.sig", "unsigned.xml", "unsigned.xml.reason.txt"];
    assert_eq!(rejected, expected);
    let reason = std::fs::read_to_string(scene.path("folder-ARG/rejected/changed.xml.reason.txt")).unwrap();
    assert!(reason.contains("DS0H") && reason.contains("is not a signature of one of the signers"), "{reason}");
    assert_eq!(file_names(&scene.path("folder-ARG/archive")), ["signed.xml", "signed.xml.sig"]);
}

/// Where the charter asks for it, and the member names nobody else, its own key has to have signed.
#[test]
fn files_are_signed_where_the_charter_asks() {
    let scene = Scene::new();
    let (charter, signatures) = (scene.path("charter.toml"), scene.path("charter.signatures.toml"));
    let text = std::fs::read_to_string(scene.path("union/charter.toml")).unwrap();
    std::fs::write(&charter, text.replacen("[calendar]", "signed_messages = true\n\n[calendar]", 1)).unwrap();
    for code in ["ARG", "BRA", "CHL"] {
        let key = scene.arg(&format!("union/keys/{code}.key"));
        run(&["charter", "sign", charter.to_str().unwrap(), "--key", &key]).expect(0);
    }
    assert!(signatures.exists());
    std::fs::rename(scene.path("union"), scene.path("before")).unwrap();
    run(&["init", &scene.arg("union"), "--charter", charter.to_str().unwrap()]).expect(0);
    std::fs::rename(scene.path("before/keys"), scene.path("union/keys")).unwrap();
    std::fs::write(scene.path("names.toml"), "[iso20022]\n").unwrap();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);

    let file = |number| {
        let text = transfers(&format!("M{number}"), &[transfer(number, "5.00", CHILE)]);
        text.replace("<BICFI>FICTARBAXXX</BICFI>", "<ClrSysMmbId><MmbId>ARG</MmbId></ClrSysMmbId>")
    };
    drop_in(&scene, "folder-ARG", &[("unsigned.xml", &file(1))]);
    for (name, number, signer) in [("by-another.xml", 2, "BRA"), ("signed.xml", 3, "ARG")] {
        std::fs::write(scene.path(name), file(number)).unwrap();
        let key = scene.arg(&format!("union/keys/{signer}.key"));
        run(&["iso", "sign", &scene.arg(name), "--key", &key]).expect(0);
        for name in [format!("{name}.sig"), name.to_owned()] {
            std::fs::copy(scene.path(&name), scene.path("folder-ARG/inbox").join(&name)).unwrap();
        }
    }
    watch(&scene, &node, "ARG").expect(0);
    let reason =
        |name: &str| std::fs::read_to_string(scene.path(&format!("folder-ARG/rejected/{name}.reason.txt"))).unwrap();
    assert!(reason("unsigned.xml").contains("have to be signed"), "{}", reason("unsigned.xml"));
    assert!(reason("by-another.xml").contains("one of the signers"), "{}", reason("by-another.xml"));
    assert_eq!(file_names(&scene.path("folder-ARG/archive")), ["signed.xml", "signed.xml.sig"]);
}

/// A crash leaves what the folder had begun: whatever that is, it is finished once.
#[test]
fn a_folder_goes_on_where_it_was_left() {
    let scene = Scene::new();
    std::fs::write(scene.path("names.toml"), NAMES).unwrap();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    drop_in(&scene, "folder-ARG", &[("a.xml", &transfers("M1", &[transfer(1, "5.00", BRAZIL)]))]);
    watch(&scene, &node, "ARG").expect(0);
    let folder = scene.path("folder-ARG");
    let first = file_names(&folder.join("outbox"));

    // The orders were sent, and nothing else was done: claimed, no answer, no cursor. What was half written is there too.
    std::fs::rename(folder.join("archive/a.xml"), folder.join("work/claimed/a.xml")).unwrap();
    for name in &first {
        std::fs::remove_file(folder.join("outbox").join(name)).unwrap();
    }
    std::fs::remove_file(folder.join("work/cursor")).unwrap();
    std::fs::create_dir_all(folder.join("work/new-block-1/outbox")).unwrap();
    std::fs::write(folder.join("work/new-block-1/outbox/half.xml"), "<").unwrap();
    watch(&scene, &node, "ARG").expect(0);
    let out = messages(&folder.join("outbox"));
    assert_eq!(out.len(), first.len(), "the same messages, each once");
    let statuses: Vec<_> = of_kind(&out, "pacs.002").iter().flat_map(|message| texts(&message.text, "TxSts")).collect();
    assert_eq!(statuses, ["ACSC"], "what was taken before the crash is no duplicate");
    assert_eq!(file_names(&folder.join("archive")), ["a.xml"]);

    // It was decided, and half of it moved.
    let moved = folder.join("outbox").join(file_names(&folder.join("outbox")).remove(0));
    let ready = folder.join("work/ready-file-b.xml");
    std::fs::create_dir_all(ready.join("outbox")).unwrap();
    std::fs::create_dir_all(ready.join("rejected")).unwrap();
    std::fs::write(ready.join("outbox/late.admi.007.xml"), std::fs::read(&moved).unwrap()).unwrap();
    std::fs::write(ready.join("plan.json"), json!({"claimed": ["b.xml", "archive"], "height": null}).to_string())
        .unwrap();
    std::fs::write(folder.join("work/claimed/b.xml"), "<x/>").unwrap();
    watch(&scene, &node, "ARG").expect(0);
    assert_eq!(file_names(&folder.join("archive")), ["a.xml", "b.xml"]);
    assert!(folder.join("outbox/late.admi.007.xml").is_file());
    assert_eq!(file_names(&folder.join("work")), ["claimed", "cursor", "lock"]);
    let positions = node.run(&["positions", "--member=ARG", "--output=json"]).expect(0).json();
    assert_eq!(positions["positions"][0]["balance"]["minor"], "-500", "paid once: {positions}");
}

#[test]
fn a_file_is_validated_for_an_integrator() {
    let scene = Scene::new();
    let good = transfers("M1", &[transfer(1, "5.00", BRAZIL)]);
    std::fs::write(scene.path("good.xml"), &good).unwrap();
    let validate = |more: &[&str]| run(&[&["iso", "validate"], more].concat());
    assert!(validate(&[&scene.arg("good.xml")]).expect(0).out.contains("good"));
    let bad = good.replace("5.00", "5.001").replace("<BICFI>FICTARBAXXX", "<BICFI>FICTARB").replace(">CLRG<", ">INDA<");
    std::fs::write(scene.path("bad.xml"), &bad).unwrap();
    let told = validate(&[&scene.arg("bad.xml"), "--output=json"]).expect(4).json();
    let faults = told["files"][0]["faults"].as_array().unwrap();
    let codes: Vec<_> = faults.iter().map(|fault| fault["reason"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 3, "{told}");
    assert!(["AM12", "RC01", "AG03"].iter().all(|code| codes.contains(code)), "{told}");
    assert!(faults.iter().all(|fault| fault["line"].as_u64().unwrap() > 0));

    let schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/iso20022/xsd");
    if !schemas.is_dir() {
        eprintln!("SKIPPED: {} is not here, so no official schema was asked", schemas.display());
        return;
    }
    let schemas = schemas.to_str().unwrap();
    let unknown = document("pacs.008.001.02", "<x/>");
    std::fs::write(scene.path("unknown.xml"), unknown).unwrap();
    validate(&[&scene.arg("good.xml"), "--schema", schemas]).expect(0);
    let told = validate(&[&scene.arg("bad.xml"), "--schema", schemas, "--output=json"]).expect(4).json();
    let by_schema: Vec<_> = told["files"][0]["faults"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fault| fault["breach"] == "schema")
        .cloned()
        .collect();
    assert!(!by_schema.is_empty() && by_schema[0]["line"].as_u64().unwrap() > 1, "the BIC: {told}");
    validate(&[&scene.arg("unknown.xml"), "--schema", schemas]).expect(4);
}
