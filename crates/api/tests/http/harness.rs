//! A union of four members with a real server on a port of its own, in a temporary directory, on a clock that stands.

use api::client::{Client, ClientError};
use api::sign::BatchSigner;
use api::view::OutcomeView;
use api::{Api, Bounds, HeldMember, Operator, Problem, Role, Settings, Tls};
use keys::MemberKey;
use network::{Clock, Node, Options};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use union::{Charter, Command, Day, Founding};

pub const MEMBERS: [(&str, &str); 4] = [("ARG", "ARS"), ("BRA", "BRL"), ("CHL", "CLP"), ("PRY", "PYG")];

/// Where operators of the node see the console, as far as passkeys are concerned.
pub const ORIGIN: &str = "https://comity.example.org:7443";

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn key(member: u16) -> MemberKey {
    MemberKey::from_seed([member as u8 + 1; 32])
}

pub fn operator_key(name: &str) -> MemberKey {
    let mut seed = [0xee; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    MemberKey::from_seed(seed)
}

pub fn charter() -> Charter {
    let mut text = "name = \"Test union\"\nprotocol = 1\nepoch_blocks = 16\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n\
        [calendar]\nutc_offset_minutes = -180\ncustomer_cut_off = \"16:00\"\ninterbank_cut_off = \"17:30\"\ndays_ahead = 10\n\
        [cycle]\nfirst_day = \"2006-01-01\"\nmonths = 4\nclose = \"18:00\"\n\
        [queue]\ndiscipline = \"optimiser\"\nattempts = 1000\nopen_orders_max = 1000\ndays_waiting = 5\n"
        .to_owned();
    for (number, (code, currency)) in MEMBERS.into_iter().enumerate() {
        let keys = key(number as u16).public();
        text += &format!(
            "[[members]]\ncode = \"{code}\"\nname = \"Central Bank {code}\"\ncurrency = \"{currency}\"\nsigning_key = \"{}\"\n\
             sealing_key = \"{}\"\nweekend = [\"saturday\", \"sunday\"]\n",
            hex(&keys.signing),
            hex(&keys.sealing)
        );
    }
    Charter::parse(&text).unwrap()
}

/// People at the node, which holds the keys of Brazil and Chile.
pub fn people() -> Vec<Operator> {
    let person = |name: &str, member: &str, role| {
        let key = operator_key(name).public().signing;
        Operator { name: name.to_owned(), member: member.to_owned(), role, key: Some(key), passkeys: vec![] }
    };
    vec![
        person("vera", "BRA", Role::Viewer),
        person("mia", "BRA", Role::Maker),
        person("carl", "BRA", Role::Checker),
        person("chad", "BRA", Role::Checker),
        person("max", "CHL", Role::Maker),
        person("cora", "CHL", Role::Checker),
    ]
}

/// Noon of 2 January 2006, a Monday, on the union's clock.
pub fn noon() -> u64 {
    charter().calendar.time_ms(Day::parse("2006-01-02").unwrap(), 12 * 3_600)
}

type Served = JoinHandle<Result<(), network::NodeError>>;

pub struct Server {
    pub directory: TempDir,
    pub clock: Arc<Clock>,
    pub node: Arc<Node>,
    pub address: SocketAddr,
    people: Vec<Operator>,
    tls: Option<Tls>,
    bounds: Bounds,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    served: Option<Served>,
}

impl Server {
    pub fn start() -> Server {
        Server::with(people(), Bounds::default())
    }

    pub fn with(people: Vec<Operator>, bounds: Bounds) -> Server {
        Server::under(charter(), people, bounds)
    }

    /// A union under another charter of the same members.
    pub fn under(charter: Charter, people: Vec<Operator>, bounds: Bounds) -> Server {
        Server::found(charter, people, bounds, None)
    }

    pub fn with_tls(people: Vec<Operator>, bounds: Bounds, tls: Option<Tls>) -> Server {
        Server::found(charter(), people, bounds, tls)
    }

    fn found(charter: Charter, people: Vec<Operator>, bounds: Bounds, tls: Option<Tls>) -> Server {
        let directory = TempDir::new().unwrap();
        let founding = Founding::signed_by(charter, |member, message| key(member).sign(message).unwrap()).unwrap();
        Node::found(&directory.path().join("data"), &founding).unwrap();
        let clock = Arc::new(Clock::standing_at(noon()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (node, address, stop, served) = serve(&runtime, &directory, &clock, people.clone(), tls.clone(), bounds);
        Server { directory, clock, node, address, people, tls, bounds, runtime, stop: Some(stop), served: Some(served) }
    }

    /// Stops in order, and closes the node.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
            self.runtime.block_on(self.served.take().unwrap()).unwrap().unwrap();
        }
    }

    /// Stops and starts again on the same directory; operators may have changed meanwhile.
    pub fn restart(&mut self, change: impl FnOnce(&mut Vec<Operator>)) {
        self.stop();
        change(&mut self.people);
        let (node, address, stop, served) =
            serve(&self.runtime, &self.directory, &self.clock, self.people.clone(), self.tls.clone(), self.bounds);
        (self.node, self.address, self.stop, self.served) = (node, address, Some(stop), Some(served));
    }

    pub fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address))
    }

    pub fn session(&self, name: &str) -> Client {
        let mut client = self.client();
        client.log_in(name, &operator_key(name)).unwrap();
        client
    }

    /// A signed batch of order lines of a member whose key is not at the node.
    pub fn batch(&self, member: u16, sequence: u64, orders: &[Value]) -> Vec<u8> {
        let (charter, key) = (self.node.charter(), key(member));
        let signer = BatchSigner::new(&charter, member, &key).unwrap();
        let records = orders.iter().zip(1..).map(|(order, line)| {
            let draft = api::text::parse_order(&charter, member, line, &order.to_string()).unwrap();
            signer.seal(&draft).unwrap()
        });
        signer.sign(records.collect(), sequence).unwrap().remove(0).bytes
    }

    /// A signed batch of commands.
    pub fn commands(&self, member: u16, sequence: u64, commands: &[Command]) -> Vec<u8> {
        let (charter, key) = (self.node.charter(), key(member));
        let signer = BatchSigner::new(&charter, member, &key).unwrap();
        let records = commands.iter().zip(1..).map(|(command, line)| BatchSigner::command(line, command));
        signer.sign(records.collect(), sequence).unwrap().remove(0).bytes
    }

    /// Lets blocks come until the union is as it is to be.
    pub fn pass_until(&self, is_so: impl Fn(&union::Union) -> bool) {
        while !self.node.peek(&is_so) {
            // Busy now, or made without being asked: it is looked at again.
            let _ = self.node.pass_time();
            std::thread::yield_now();
        }
    }

    /// A checker of Brazil agrees to what mia has prepared.
    pub fn approve(&self, prepared: &OutcomeView) -> Result<OutcomeView, ClientError> {
        let approval = prepared.approval.as_deref().expect("it waits for a second person");
        self.session("carl").post(&format!("/v1/approvals/{approval}/approve"), &json!({}))
    }

    pub fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory.path().join("api/audit.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Opens the stream of events.
    pub fn events(&self, last_event_id: Option<&str>) -> Events {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let resume = last_event_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        write!(stream, "GET /v1/events HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{resume}\r\n").unwrap();
        let mut events = Events(BufReader::new(stream));
        let status = events.line();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        events
    }

    /// The status of an answer that need not end.
    pub fn raw_head(&self, head: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "{head}\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line")
    }

    /// The whole answer to a request without a body.
    pub fn raw_text(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "{head}\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request as bytes, for what no client would send; returns status and body.
    pub fn raw(&self, head: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "{head}\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(!head.to_lowercase().contains("access-control-allow"), "no other origin is ever allowed");
        (status, body.to_owned())
    }
}

fn serve(
    runtime: &Runtime,
    directory: &TempDir,
    clock: &Arc<Clock>,
    operators: Vec<Operator>,
    tls: Option<Tls>,
    bounds: Bounds,
) -> (Arc<Node>, SocketAddr, oneshot::Sender<()>, Served) {
    let (node, _) = Node::open(&directory.path().join("data"), clock.clone(), Options::default()).unwrap();
    let node = Arc::new(node);
    let held =
        |code: &str, member| HeldMember { code: code.into(), key: key(member), four_eyes_from: "1000.00".into() };
    let settings = Settings {
        directory: directory.path().join("api"),
        member: None,
        members: vec![held("BRA", 1), held("CHL", 2)],
        operators,
        passkey_origin: Some(ORIGIN.parse().unwrap()),
        iso: api::iso::IsoSettings::default(),
        tls,
        bounds,
    };
    let api = Api::new(node.clone(), settings).unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = runtime.spawn(api::serve(listener, api, async {
        let _ = stopped.await;
    }));
    (node, address, stop, served)
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// A stream of server-sent events.
pub struct Events(BufReader<TcpStream>);

impl Events {
    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("an event comes in time");
        assert!(read > 0, "the stream ended");
        line.trim_end().to_owned()
    }

    /// The next event: id, kind, data.
    pub fn next(&mut self) -> (String, String, Value) {
        let (mut id, mut kind) = (String::new(), String::new());
        loop {
            let line = self.line();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.to_owned();
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (id, kind, serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
            }
        }
    }

    /// Reads on until the server ends the stream.
    pub fn until_end(mut self) {
        let mut line = String::new();
        while self.0.read_line(&mut line).expect("the stream ends in time") > 0 {}
    }
}

/// An order line; fields given override or add.
pub fn order(creditor: &str, currency: &str, amount: &str, more: Value) -> Value {
    let mut order = json!({"creditor": creditor, "currency": currency, "amount": amount, "value_date": "2006-01-02"});
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        order[key] = value;
    }
    order
}

/// A UUID out of a small number.
pub fn id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

pub fn problem<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Problem {
    match result {
        Err(ClientError::Problem(problem)) => *problem,
        other => panic!("not a problem: {other:?}"),
    }
}
