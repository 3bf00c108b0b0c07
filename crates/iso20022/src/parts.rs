//! Reading XML in one pass and in bounded memory: headers, groups and transactions, one after the other.

use crate::bounded::Bounded;
use crate::edition::{Edition, Kind, NAMESPACE, identify, inbound_identifiers};
use crate::fault::{Fault, quoted};
use crate::grammar::{Content, Element, Level, Message, Progress};
use crate::namespaces::Namespaces;
use crate::record::{Node, Record, TOP};
use crate::table;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::fmt::Display;
use std::io::Read;
use std::sync::Arc;
use union::Reason;

/// Bounds of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one tag, text, comment or processing instruction.
    pub piece_bytes: usize,
    /// Elements in each other.
    pub depth: usize,
    /// Elements of one header, group or transaction, those that are passed over included.
    pub elements: usize,
    /// Bytes of input; what is longer is refused when reading comes there.
    pub bytes: u64,
}

impl Limits {
    /// For input of any length, such as a file.
    pub const FILE: Limits = Limits { piece_bytes: 64 << 10, depth: 64, elements: 10_000, bytes: u64::MAX };
}

/// A document begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which message it is; `None` for one that is not read here.
    pub message: Option<(Kind, Edition)>,
    /// What its namespace says that it is.
    pub identifier: String,
    /// Line on which it begins.
    pub line: u64,
}

/// A piece of input that means something.
#[derive(Debug)]
pub enum Part<'a> {
    /// A business application header; it belongs to the document that follows.
    Header(&'a Record),
    /// A document begins.
    Begin(Opened),
    /// What holds for all its transactions.
    Group(&'a Record),
    /// A transaction.
    Transaction(&'a Record),
    /// The document ends; with what was wrong around groups and transactions.
    End(Vec<Fault>),
}

/// The parts of XML input.
#[derive(Debug)]
pub struct Parts<R> {
    xml: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    namespaces: Namespaces,
    limits: Limits,
    document: Option<Document>,
    /// What is wrong with a document that was passed over: it ends with the next part.
    passed_over: Option<Fault>,
    record: Record,
    has_document: bool,
    has_ended: bool,
}

/// The document that is being read.
#[derive(Debug)]
struct Document {
    namespace: Arc<str>,
    edition: Edition,
    message: &'static Message,
    has_root: bool,
    /// How far its levels have been read: `Document`, the message, a container.
    levels: Vec<(&'static str, Progress)>,
    faults: Vec<Fault>,
}

/// What is done with an element directly in a document.
enum Role {
    Root,
    Container(&'static Element),
    Record(&'static Element),
    Skip,
}

enum Token {
    Start { name: String, namespace: Option<String> },
    End,
    Eof,
}

/// A fault is kept this often; what comes after is the same again, as a rule.
const FAULTS_MAX: usize = 100;

impl<R: Read> Parts<R> {
    /// Begins to read.
    pub fn new(input: R, limits: Limits) -> Parts<R> {
        let mut xml = Reader::from_reader(Bounded::new(input, limits.piece_bytes));
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Parts {
            xml,
            buffer: Vec::new(),
            limits,
            namespaces: Namespaces::default(),
            document: None,
            passed_over: None,
            record: Record::default(),
            has_document: false,
            has_ended: false,
        }
    }

    /// The line that reading has come to.
    pub fn line(&mut self) -> u64 {
        self.xml.get_mut().line()
    }

    /// The next part; `None` at the end.
    ///
    /// # Errors
    ///
    /// A [`Fault`] that leaves no way to go on: input that is no XML, or not XML that is read here. Nothing follows it.
    #[allow(clippy::should_implement_trait, reason = "what it returns borrows from it")]
    pub fn next(&mut self) -> Result<Option<Part<'_>>, Fault> {
        if self.has_ended {
            return Ok(None);
        }
        match self.advance() {
            Ok(Some(Found::Header)) => Ok(Some(Part::Header(&self.record))),
            Ok(Some(Found::Begin(opened))) => Ok(Some(Part::Begin(opened))),
            Ok(Some(Found::Group)) => Ok(Some(Part::Group(&self.record))),
            Ok(Some(Found::Transaction)) => Ok(Some(Part::Transaction(&self.record))),
            Ok(Some(Found::End(faults))) => Ok(Some(Part::End(faults))),
            Ok(None) => {
                self.has_ended = true;
                if self.has_document {
                    return Ok(None);
                }
                let problem = "there is no element Document of a namespace of ISO 20022 in it";
                Err(Fault::structure(self.line(), "Document", problem))
            }
            Err(fault) => {
                self.has_ended = true;
                Err(fault)
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Found>, Fault> {
        loop {
            if let Some(fault) = self.passed_over.take() {
                return Ok(Some(Found::End(vec![fault])));
            }
            if self.document.is_some() {
                return self.in_document().map(Some);
            }
            match self.token()? {
                Token::Eof => return Ok(None),
                Token::End => {}
                Token::Start { name, namespace } => {
                    let Some(identifier) = namespace.as_deref().and_then(|name| name.strip_prefix(NAMESPACE)) else {
                        continue;
                    };
                    if name == "AppHdr" {
                        self.read_header(namespace.as_deref().unwrap_or_default(), identifier)?;
                        return Ok(Some(Found::Header));
                    }
                    if name == "Document" {
                        return self.open(identifier.to_owned()).map(|opened| Some(Found::Begin(opened)));
                    }
                }
            }
        }
    }

    fn read_header(&mut self, namespace: &str, identifier: &str) -> Result<(), Fault> {
        let line = self.line();
        self.record.clear("AppHdr", line);
        let known = identify(identifier).filter(|(kind, _)| *kind == Kind::Head001);
        let Some((_, edition)) = known else {
            let problem =
                format!("the header {} is not one that is read here: head.001.001.01 to .04 are", quoted(identifier));
            self.record.faults.push(Fault::structure(self.record.line, "AppHdr", problem));
            return self.skip();
        };
        self.read_record(namespace, edition, table::header())
    }

    fn open(&mut self, identifier: String) -> Result<Opened, Fault> {
        self.has_document = true;
        let line = self.line();
        let known = identify(&identifier).and_then(|(kind, edition)| Some((kind, edition, table::message(kind)?)));
        match known {
            Some((kind, edition, message)) => {
                self.document = Some(Document {
                    namespace: format!("{NAMESPACE}{identifier}").into(),
                    edition,
                    message,
                    has_root: false,
                    levels: Vec::new(),
                    faults: Vec::new(),
                });
                Ok(Opened { message: Some((kind, edition)), identifier, line })
            }
            None => {
                let problem = format!(
                    "{} is not a message that is read here; those are {}",
                    quoted(&identifier),
                    inbound_identifiers()
                );
                self.passed_over = Some(Fault::structure(line, "Document", problem));
                self.skip()?;
                Ok(Opened { message: None, identifier, line })
            }
        }
    }

    /// Goes on in the document that is open.
    fn in_document(&mut self) -> Result<Found, Fault> {
        loop {
            match self.token()? {
                Token::Eof => {
                    return Err(Fault::structure(self.line(), "Document", "the input ends inside the document"));
                }
                Token::End => {
                    let line = self.line();
                    let document = self.document.as_mut().expect("it is open");
                    let Some((name, progress)) = document.levels.pop() else {
                        let mut document = self.document.take().expect("it is open");
                        if !document.has_root {
                            let problem = format!("{} is missing", document.message.root);
                            document.faults.push(Fault::structure(line, "Document", problem));
                        }
                        return Ok(Found::End(document.faults));
                    };
                    if let Some(missing) = progress.end(document.edition) {
                        let path = document.path(Some(name));
                        document.fault(Fault::structure(line, path, format!("{missing} is missing")));
                    }
                }
                Token::Start { name, namespace } => {
                    let line = self.line();
                    let document = self.document.as_mut().expect("it is open");
                    match document.role(&name, namespace.as_deref(), line) {
                        Role::Root => {
                            let message = document.message;
                            document.levels.push((message.root, Progress::new(message.level)));
                        }
                        Role::Container(element) => {
                            let Content::Level(level) = element.content else {
                                unreachable!("a container has a level")
                            };
                            document.levels.push((element.name, Progress::new(level)));
                        }
                        Role::Record(element) => {
                            let Content::Level(level) = element.content else { unreachable!("a record has a level") };
                            let base = document.path(Some(element.name));
                            let (namespace, edition) = (document.namespace.clone(), document.edition);
                            let is_group = element.name == document.message.group && document.levels.len() == 1;
                            self.record.clear(&base, line);
                            self.read_record(&namespace, edition, level)?;
                            return Ok(if is_group { Found::Group } else { Found::Transaction });
                        }
                        Role::Skip => self.skip()?,
                    }
                }
            }
        }
    }

    /// Passes over the element that has just begun.
    fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.namespaces.depth() - 1;
        let mut elements = 0;
        while self.namespaces.depth() > outside {
            if let Token::Eof = self.token()? {
                return Err(Fault::structure(self.line(), "Document", "the input ends inside an element"));
            }
            elements += 1;
            // Documents that are not read may be of any length; what is passed over inside one may not.
            if self.document.is_some() && elements > 2 * self.limits.elements {
                return Err(self.too_many());
            }
        }
        Ok(())
    }

    fn too_many(&mut self) -> Fault {
        let problem = format!("a transaction has more than {} elements", self.limits.elements);
        Fault::structure(self.line(), "Document", problem)
    }

    /// The next start or end of an element; text around is passed over.
    fn token(&mut self) -> Result<Token, Fault> {
        loop {
            self.buffer.clear();
            self.xml.get_mut().begin_piece();
            let event = match self.xml.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(unreadable(self.xml.get_mut().line(), &error)),
            };
            match event {
                Event::Start(start) => {
                    if let Err(error) = self.namespaces.begin(&start) {
                        return Err(unreadable(self.xml.get_mut().line(), &error));
                    }
                    let namespace = self.namespaces.of(start.name()).map(str::to_owned);
                    let name = start.local_name().as_ref().to_owned();
                    if self.namespaces.depth() > self.limits.depth {
                        let problem = format!("elements are more than {} deep in each other", self.limits.depth);
                        return Err(Fault::structure(self.line(), name, problem));
                    }
                    self.check_length()?;
                    return Ok(Token::Start { name, namespace });
                }
                Event::End(_) => {
                    self.namespaces.end();
                    return Ok(Token::End);
                }
                Event::Eof => return Ok(Token::Eof),
                event => {
                    if let Err(problem) = check_outside(&event) {
                        return Err(Fault::structure(self.line(), "Document", problem));
                    }
                }
            }
        }
    }

    fn check_length(&mut self) -> Result<(), Fault> {
        if self.xml.buffer_position() <= self.limits.bytes {
            return Ok(());
        }
        let problem = format!("the input is longer than {} bytes", self.limits.bytes);
        Err(Fault::structure(self.line(), "Document", problem))
    }

    /// Reads the element that has just begun into the record. The loop that everything of a transaction goes through.
    fn read_record(&mut self, namespace: &str, edition: Edition, level: &'static Level) -> Result<(), Fault> {
        let mut frames: Vec<Frame> = vec![Frame { node: TOP, progress: Some(Progress::new(level)) }];
        let mut elements = 0;
        // Depth of an element that is passed over, counted from it.
        let mut passing = 0usize;
        loop {
            self.buffer.clear();
            self.xml.get_mut().begin_piece();
            let event = match self.xml.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(unreadable(self.xml.get_mut().line(), &error)),
            };
            match event {
                Event::Start(start) => {
                    elements += 1;
                    if let Err(error) = self.namespaces.begin(&start) {
                        return Err(unreadable(self.xml.get_mut().line(), &error));
                    }
                    if self.namespaces.depth() > self.limits.depth {
                        let problem = format!("elements are more than {} deep in each other", self.limits.depth);
                        return Err(Fault::structure(self.xml.get_mut().line(), &*self.record.base, problem));
                    }
                    if elements > self.limits.elements {
                        return Err(self.too_many());
                    }
                    if passing > 0 {
                        passing += 1;
                        continue;
                    }
                    let is_own = self.namespaces.of(start.name()) == Some(namespace);
                    let xml = &mut self.xml;
                    if !begin_element(&mut self.record, &mut frames, &start, is_own, edition, || xml.get_mut().line()) {
                        passing = 1;
                    }
                }
                Event::End(_) => {
                    self.namespaces.end();
                    if passing > 0 {
                        passing -= 1;
                        continue;
                    }
                    let line = self.xml.get_mut().line();
                    end_element(&mut self.record, &mut frames, edition, line);
                    if frames.is_empty() {
                        break;
                    }
                }
                Event::Text(text) if passing == 0 => {
                    // What XML calls the end of a line is a line feed, however it is written.
                    let xml = &mut self.xml;
                    add_text(&mut self.record, &frames, &text.xml10_content(), || xml.get_mut().line());
                }
                Event::CData(text) if passing == 0 => {
                    let xml = &mut self.xml;
                    add_text(&mut self.record, &frames, &text.xml10_content(), || xml.get_mut().line());
                }
                Event::GeneralRef(reference) => {
                    let mut bytes = [0; 4];
                    let text = match resolve(&reference, &mut bytes) {
                        Ok(text) => text,
                        Err(problem) => {
                            return Err(Fault::structure(self.xml.get_mut().line(), &*self.record.base, problem));
                        }
                    };
                    if passing == 0 {
                        let xml = &mut self.xml;
                        add_text(&mut self.record, &frames, text, || xml.get_mut().line());
                    }
                }
                Event::Eof => {
                    let problem = "the input ends inside it";
                    return Err(Fault::structure(self.xml.get_mut().line(), &*self.record.base, problem));
                }
                event => {
                    if let Err(problem) = check_outside(&event) {
                        return Err(Fault::structure(self.xml.get_mut().line(), &*self.record.base, problem));
                    }
                }
            }
        }
        self.check_length()
    }
}

enum Found {
    Header,
    Begin(Opened),
    Group,
    Transaction,
    End(Vec<Fault>),
}

/// An element of a record that is open.
struct Frame {
    node: u32,
    /// How far its children were read; `None` for one that holds text.
    progress: Option<Progress>,
}

impl Document {
    fn path(&self, last: Option<&str>) -> String {
        let mut path = "Document".to_owned();
        for (name, _) in &self.levels {
            path.push('/');
            path.push_str(name);
        }
        if let Some(last) = last {
            path.push('/');
            path.push_str(last);
        }
        path
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    fn role(&mut self, name: &str, namespace: Option<&str>, line: u64) -> Role {
        if namespace != Some(&self.namespace) {
            let path = self.path(Some(name));
            self.fault(Fault::structure(line, path, other_namespace(namespace)));
            return Role::Skip;
        }
        let edition = self.edition;
        let Some((_, progress)) = self.levels.last_mut() else {
            if name == self.message.root && !self.has_root {
                self.has_root = true;
                return Role::Root;
            }
            let problem = format!("a document of this message holds one {} and nothing else", self.message.root);
            let path = self.path(Some(name));
            self.fault(Fault::structure(line, path, problem));
            return Role::Skip;
        };
        let (element, misplaced) = progress.child(name, edition);
        if let Some(misplaced) = misplaced {
            let path = self.path(Some(name));
            self.fault(Fault::structure(line, path, misplaced.text()));
        }
        let Some(element) = element else { return Role::Skip };
        let is_in_container = self.levels.len() == 2;
        let message = self.message;
        match &element.content {
            Content::Refused(reason, why) => {
                let path = self.path(Some(name));
                self.fault(Fault::rule(line, path, *reason, *why));
                Role::Skip
            }
            Content::Level(_) if !is_in_container && message.container == Some(element.name) => {
                Role::Container(element)
            }
            Content::Level(_) => Role::Record(element),
            _ => Role::Skip,
        }
    }
}

fn other_namespace(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("is of the namespace {}, not of its document's", quoted(namespace)),
        None => "is of no namespace, but its document is".to_owned(),
    }
}

/// Whether the element is read, rather than passed over.
fn begin_element(
    record: &mut Record,
    frames: &mut Vec<Frame>,
    start: &BytesStart<'_>,
    is_own: bool,
    edition: Edition,
    mut line: impl FnMut() -> u64,
) -> bool {
    let local = start.local_name();
    let name: &str = local.as_ref();
    let frame = frames.last_mut().expect("a record's own element is open");
    let parent = frame.node;
    if !is_own {
        fault(record, parent, name, line(), "is not of its document's namespace".to_owned());
        return false;
    }
    let Some(progress) = &mut frame.progress else {
        fault(record, parent, name, line(), "stands where text is to be".to_owned());
        return false;
    };
    let (element, misplaced) = progress.child(name, edition);
    if let Some(misplaced) = misplaced {
        fault(record, parent, name, line(), misplaced.text());
    }
    let Some(element) = element else { return false };
    let node = record.nodes.len() as u32;
    let text = record.text.len() as u32;
    let mut currency = text..text;
    let progress = match &element.content {
        Content::Ignored => return false,
        Content::Refused(reason, why) => {
            let path = path_of(record, parent, name);
            push(record, Fault::rule(line(), path, *reason, *why));
            return false;
        }
        Content::Level(level) => Some(Progress::new(level)),
        Content::Text(_) | Content::Amount => None,
    };
    if !start.attributes_raw().is_empty() || matches!(element.content, Content::Amount) {
        match read_currency(start, matches!(element.content, Content::Amount)) {
            Ok(Some(code)) => {
                record.text.push_str(&code);
                currency.end = record.text.len() as u32;
            }
            Ok(None) => {}
            Err(problem) => fault(record, parent, name, line(), problem),
        }
    }
    let text = record.text.len() as u32;
    // Its line is known when it ends.
    record.nodes.push(Node { element, line: 0, parent, end: node + 1, text: text..text, currency });
    frames.push(Frame { node, progress });
    true
}

/// The attribute `Ccy`; attributes of XML itself and of XML Schema say nothing here.
fn read_currency(start: &BytesStart<'_>, is_amount: bool) -> Result<Option<String>, String> {
    let mut code = None;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("an attribute cannot be read: {error}"))?;
        let key: &str = attribute.key.as_ref();
        match key {
            "Ccy" if is_amount => code = Some(attribute.value.into_owned()),
            "xmlns" => {}
            key if key.starts_with("xmlns:") || key.starts_with("xsi:") || key.starts_with("xml:") => {}
            key => return Err(format!("has an attribute {} that it cannot have", quoted(key))),
        }
    }
    match code {
        None if is_amount => Err("has no currency; write it as the attribute Ccy".to_owned()),
        code => Ok(code),
    }
}

fn end_element(record: &mut Record, frames: &mut Vec<Frame>, edition: Edition, line: u64) {
    let frame = frames.pop().expect("an element is open");
    if let Some(progress) = &frame.progress
        && let Some(missing) = progress.end(edition)
    {
        let one_of = if progress.level.is_choice { " or another one in its place" } else { "" };
        let path = record.at(frame.node).path();
        push(record, Fault::structure(line, path, format!("{missing}{one_of} is missing")));
    }
    if frame.node == TOP {
        return;
    }
    let end = record.nodes.len() as u32;
    let text_end = record.text.len() as u32;
    let node = &mut record.nodes[frame.node as usize];
    node.end = end;
    node.line = line;
    if frame.progress.is_some() {
        return;
    }
    node.text.end = text_end;
    let range = node.text.start as usize..node.text.end as usize;
    let check = match node.element.content {
        Content::Text(check) => check,
        _ => crate::check::Check::Decimal,
    };
    let text = &record.text[range.clone()];
    let wrong = match check.read(text) {
        Ok(read) => {
            let from = read.as_ptr() as usize - text.as_ptr() as usize;
            node.text = (range.start + from) as u32..(range.start + from + read.len()) as u32;
            None
        }
        Err(wrong) => Some(wrong),
    };
    if let Some((reason, problem)) = wrong {
        let path = record.at(frame.node).path();
        push(record, Fault { reason, ..Fault::structure(line, path, problem) });
    }
}

fn add_text(record: &mut Record, frames: &[Frame], text: &str, line: impl FnOnce() -> u64) {
    let frame = frames.last().expect("a record's own element is open");
    if frame.progress.is_none() {
        record.text.push_str(text);
    } else if !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        let path = record.at(frame.node).path();
        push(record, Fault::structure(line(), path, "has text between its elements"));
    }
}

fn path_of(record: &Record, parent: u32, name: &str) -> String {
    format!("{}/{name}", record.at(parent).path())
}

fn fault(record: &mut Record, parent: u32, name: &str, line: u64, problem: String) {
    let path = path_of(record, parent, name);
    push(record, Fault::structure(line, path, problem));
}

fn push(record: &mut Record, fault: Fault) {
    if record.faults.len() < FAULTS_MAX {
        record.faults.push(fault);
    }
}

/// What is neither element nor text: no document type and no entities of one's own, since they can make much of little.
fn check_outside(event: &Event<'_>) -> Result<(), String> {
    match event {
        Event::DocType(_) => {
            Err("has a document type; ISO 20022 messages have none, and entities are not expanded".to_owned())
        }
        Event::Decl(declaration) => match declaration.encoding() {
            Some(Ok(encoding))
                if !encoding.eq_ignore_ascii_case("utf-8") && !encoding.eq_ignore_ascii_case("us-ascii") =>
            {
                Err(format!("is encoded in {}; write it in UTF-8", quoted(&encoding)))
            }
            _ => Ok(()),
        },
        Event::GeneralRef(reference) => resolve(reference, &mut [0; 4]).map(|_| ()),
        _ => Ok(()),
    }
}

/// A character reference, or one of the five entities of XML itself.
fn resolve<'b>(reference: &quick_xml::events::BytesRef<'_>, bytes: &'b mut [u8; 4]) -> Result<&'b str, String> {
    let name: &str = reference;
    let character = match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character).filter(|character| is_xml_character(*character)),
        Ok(None) => match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        },
        Err(_) => None,
    };
    let character =
        character.ok_or_else(|| format!("refers to {}, which is no character and no entity of XML", quoted(name)))?;
    Ok(character.encode_utf8(bytes))
}

/// Production 2 of XML 1.0.
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn unreadable(line: u64, error: &dyn Display) -> Fault {
    Fault {
        reason: Reason::FF01,
        ..Fault::structure(line, "Document", format!("is not XML that can be read: {error}"))
    }
}
