//! Simulations over HTTP: what the simulator says, bounded, for operators only.

use crate::harness::{Server, operator_key, people, problem};
use api::Bounds;
use api::client::Client;
use api::view::{SimulationView, SpreadsView};
use serde_json::{Value, json};
use simulate::preset::{PRESETS, preset};
use simulate::simulation::monte_carlo::monte_carlo;
use simulate::simulation::{Setup, simulate};
use simulate::trade::Trade;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const RING: &str = "exporter,importer,year,usd_million\nBBB,AAA,2006,90\nCCC,BBB,2006,60\nAAA,CCC,2006,45\n";

fn request(more: Value) -> Value {
    let mut request = json!({"trade": RING, "years": [2006], "charters": [{"name": "aladi"}], "orders": 300});
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        request[key] = value;
    }
    request
}

fn post(client: &Client, more: Value) -> Result<Value, api::client::ClientError> {
    client.post("/v1/simulations", &request(more))
}

#[test]
fn the_answer_is_what_the_simulator_says() {
    let server = Server::start();
    let client = server.session("vera");
    let text = preset("keynes-1943").unwrap().text;
    let charters = json!([{"name": "aladi"}, {"name": "epu-1950"}, {"name": "ours", "text": text}]);
    let answer = post(&client, json!({"charters": charters, "seed": 7})).unwrap();

    let trade = Trade::read(RING.as_bytes()).unwrap();
    let members = ["AAA", "BBB", "CCC"].map(str::to_owned);
    let expected = [("aladi", "aladi"), ("epu-1950", "epu-1950"), ("ours", "keynes-1943")].map(|(rules_name, of)| {
        let rules = preset(of).unwrap().text;
        let (years, members, orders, seed) = (&[2006], &members, 300, 7);
        let (shocks, deposit_percent) = (&[], 5);
        let setup = Setup { rules_name, rules, trade: &trade, years, members, orders, seed, shocks, deposit_percent };
        serde_json::to_value(simulate(&setup, |_| {}).unwrap()).unwrap()
    });
    assert_eq!(answer, json!({"simulations": expected, "spreads": []}));
    assert_eq!(answer["simulations"][0]["gross_major"], "195000000.00");
    assert_eq!(answer["simulations"][0]["multilateral_net_major"], "45000000.00");

    // The document says the form of it, field by field.
    for one in answer["simulations"].as_array().unwrap() {
        let view: SimulationView = serde_json::from_value(one.clone()).unwrap();
        assert_eq!(serde_json::to_value(view).unwrap(), *one);
    }
}

/// What the library says for the same, and what goes wrong in it is told in words.
#[test]
fn years_shocks_and_seeds() {
    let server = Server::start();
    let client = server.session("vera");
    let trade_text = format!("{RING}{}", RING.lines().skip(1).collect::<Vec<_>>().join("\n").replace("2006", "2007"));
    let written = ["stops:AAA@2006-03-01", "leaves:BBB@2007-02-01", "rate:CCC:30@2006-06-01"];
    let more = json!({"trade": trade_text, "years": [2006, 2007], "shocks": written, "seed": 3, "runs": 4});
    let answer = post(&client, more).unwrap();

    let trade = Trade::read(trade_text.as_bytes()).unwrap();
    let shocks = written.map(|text| text.parse().unwrap());
    let members = ["AAA", "BBB", "CCC"].map(str::to_owned);
    let (rules_name, rules, years) = ("aladi", preset("aladi").unwrap().text, &[2006, 2007]);
    let (members, orders, seed, shocks, deposit_percent) = (&members, 300, 3, &shocks, 5);
    let setup = Setup { rules_name, rules, trade: &trade, years, members, orders, seed, shocks, deposit_percent };
    let one = simulate(&setup, |_| {}).unwrap();
    let many = monte_carlo(&setup, 4, || {}).unwrap();
    assert_eq!(answer, json!({"simulations": [one], "spreads": [many]}));
    let report = &answer["simulations"][0];
    assert_eq!(report["years"], json!([2006, 2007]));
    assert_eq!(report["shocks"].as_array().unwrap().len(), 3, "{report}");
    let spreads: SpreadsView = serde_json::from_value(answer["spreads"][0].clone()).unwrap();
    assert_eq!(spreads.runs, 4);
    assert!(spreads.settled_in_asset.least <= spreads.settled_in_asset.most);
}

#[test]
fn presets_are_told_to_everybody() {
    let presets: Value = Server::start().client().get("/v1/presets").unwrap();
    let presets = presets["presets"].as_array().unwrap();
    assert_eq!(presets.len(), PRESETS.len());
    assert_eq!(presets[0]["name"], "keynes-1941");
    assert!(presets.iter().all(|preset| preset["about"].as_str().is_some_and(|about| about.len() > 20)), "{presets:?}");
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let server = Server::start();
    assert_eq!(problem(post(&server.client(), json!({}))).status, 401);
    let client = server.session("vera");
    let charters = |count| json!({"charters": vec![json!({"name": "acu"}); count]});
    let no_rules = json!({"charters": [{"name": "ours", "text": "name = "}]});
    for (more, status, field, said) in [
        (json!({"orders": 0}), 400, "orders", "1 to 100000"),
        (json!({"orders": 100_001}), 400, "orders", "1 to 100000"),
        (json!({"deposit_percent": 1_001}), 400, "deposit_percent", "0 to 1000"),
        (charters(0), 400, "charters", "1 to 16"),
        (charters(17), 400, "charters", "1 to 16"),
        (json!({"charters": [{"name": "bretton-woods"}]}), 400, "charters", "presets are keynes-1941"),
        (json!({"shock": []}), 400, "body", "unknown field"),
        (json!({"years": []}), 400, "years", "1 to 20"),
        (json!({"years": (1990..=2010).collect::<Vec<_>>()}), 400, "years", "1 to 20"),
        (json!({"runs": 0}), 400, "runs", "1 to 200"),
        (json!({"runs": 201}), 400, "runs", "1 to 200"),
        (json!({"runs": 21, "orders": 100_000}), 400, "runs", "2100000 orders"),
        (json!({"shocks": ["burns:AAA@2006-05-01"]}), 400, "shocks", "stops:CODE@DAY"),
        (json!({"shocks": vec!["stops:AAA@2006-05-01"; 33]}), 400, "shocks", "at most 32"),
        (json!({"shocks": ["stops:XXX@2006-05-01"]}), 422, "charters", "XXX, which is not a member"),
        (json!({"years": [2006, 2006]}), 422, "charters", "ascending order"),
        (json!({"trade": "a,b\n1,2\n"}), 422, "trade", "missing field"),
        (json!({"trade": RING.replace("90", "9e9")}), 422, "trade", "line 2"),
        (json!({"years": [2005]}), 422, "charters", "2 to 100"),
        (json!({"members": ["AAA", "XXX"]}), 422, "charters", "no trade of XXX"),
        (json!({"members": ["AAA"]}), 422, "charters", "2 to 100"),
        (no_rules, 422, "charters", "ours: the rules"),
    ] {
        let found = problem(post(&client, more.clone()));
        assert_eq!((found.status, found.field.as_deref()), (status, Some(field)), "{more}: {found}");
        assert!(found.detail.contains(said), "{more}: {found}");
    }
    let long = "x".repeat(9 << 20);
    assert_eq!(problem(post(&client, json!({"trade": long}))).status, 413);
    assert!(post(&client, json!({"members": ["AAA", "BBB"]})).is_ok(), "and what can, is");
}

/// The largest figures and the oddest charters are answered, one way or the other.
#[test]
fn nothing_that_is_asked_for_makes_the_simulator_fail() {
    let server = Server::start();
    let client = server.session("vera");
    let large = RING.replace(",90", ",1000000000").replace(",60", ",1000000000");
    let cycle = preset("acu").unwrap().text.replace("[cycle]", "[cycle]\nmonths = 0");
    let presets = PRESETS.iter().map(|preset| json!({"name": preset.name}));
    for charter in presets.chain([json!({"name": "", "text": ""}), json!({"name": "x\n\"y\"", "text": cycle})]) {
        for trade in [&large, &RING.replace("AAA", "\u{1F4A9}\\"), &RING.replace("AAA", &"A".repeat(1_000))] {
            match post(&client, json!({"trade": trade, "charters": [charter]})) {
                Ok(_) => {}
                refused => assert_eq!(problem(refused).status, 422, "{charter}"),
            }
        }
    }
}

/// Rules and figures beyond what can be counted, or held.
#[test]
fn what_is_too_much_is_refused() {
    let server = Server::start();
    let client = server.session("vera");
    let keynes = preset("keynes-1943").unwrap().text;
    let years = keynes.lines().map(|line| if line.starts_with("years") { "years = 4294967295" } else { line });
    let years: Vec<&str> = years.collect();
    assert_ne!(years.join("\n"), keynes.trim_end());
    let long = format!("{keynes}{}", "#\n".repeat(1 << 20));
    let basket = preset("acu").unwrap().text.replacen("\"USD\"", "\"XDR\"", 1)
        + "\n[rates]\npublisher = \"AAA\"\n[basket]\nreference = \"USD\"\nvalue = \"1\"\n[[basket.currencies]]\n\
           currency = \"USD\"\nweight_percent = \"50\"\nbase_rate = \"1\"\n[[basket.currencies]]\ncurrency = \"EUR\"\n\
           weight_percent = \"50\"\nbase_rate = \"1000000000\"\n";
    let sellers: String = (0..19).map(|number| format!("S{number:02},AAA,2006,1000000000\n")).collect();
    let imports = format!("exporter,importer,year,usd_million\n{sellers}");
    for (more, said) in [
        (json!({"charters": [{"name": "x", "text": years.join("\n")}]}), "at most 10 years"),
        (json!({"charters": [{"name": "x", "text": long}]}), "are longer than"),
        (json!({"charters": [{"name": "x", "text": basket}]}), "no value"),
        (json!({"charters": [{"name": "papss"}], "trade": imports, "deposit_percent": 1_000}), "too large"),
    ] {
        let problem = problem(post(&client, more));
        assert!(problem.status == 422 && problem.detail.contains(said), "{problem:?}");
    }
    // The first year that there is.
    let first = json!({"trade": RING.replace("2006", "1970"), "years": [1970], "orders": 10_000});
    assert!(post(&client, first).is_ok());
}

/// One at a time: a second is told so, and what nobody waits for ends by itself.
#[test]
fn a_simulation_stops_when_its_client_goes_away() {
    let server = Server::with(people(), Bounds { simulations: 1, ..Bounds::default() });
    let mut client = server.client();
    let token = client.log_in("vera", &operator_key("vera")).unwrap().token.unwrap();
    let many = json!({"orders": 100_000, "charters": vec![json!({"name": "cls-like"}); 16]});
    let body = request(many).to_string();
    let begin = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(
            stream,
            "POST /v1/simulations HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        stream
    };
    let is_answered = |stream: &mut TcpStream| stream.read(&mut [0; 1]).is_ok();
    let mut stream = begin();
    let begun = Instant::now();
    let busy = loop {
        match post(&client, json!({})) {
            Ok(_) => assert!(begun.elapsed() < Duration::from_secs(20), "the long one has begun"),
            refused => break problem(refused),
        }
        // It may have come while a short one was under way.
        if is_answered(&mut stream) {
            stream = begin();
        }
    };
    assert_eq!((busy.status, busy.is_busy()), (503, true));
    assert!(!is_answered(&mut stream), "the long one is under way");
    drop(stream);
    let gone = Instant::now();
    while post(&client, json!({})).is_err() {
        assert!(gone.elapsed() < Duration::from_secs(20), "the long one was stopped");
        std::thread::yield_now();
    }
}
