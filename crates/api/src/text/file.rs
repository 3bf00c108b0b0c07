//! Files of orders: JSON lines and CSV, a result for each line.

use super::order::at_line;
use super::{Draft, FieldError, LineError, OrderLine, parse_order, quoted};
use std::io::{self, BufRead, Read};
use union::Charter;

/// The longest line of a file of orders, in bytes.
pub const LINE_BYTES_MAX: usize = 64 << 10;

/// Some programs write it before everything else.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How a file of orders is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An order in JSON on every line; empty lines are passed over.
    JsonLines,
    /// Comma-separated values with a header, see [`OrderLine`]; an order on every line, no line break in a field.
    Csv,
}

impl Format {
    /// The format that a file name ends on: `.jsonl`, `.ndjson`, `.json` or `.csv`.
    pub fn of_file_name(name: &str) -> Option<Format> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(Format::JsonLines),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Reads orders of a member line by line, at most `orders_max`. A line that is wrong is an error in its place and
/// the next line is read; only what leaves no way to go on (input that cannot be read, a CSV header that is wrong,
/// more lines than allowed) ends it.
pub fn read_orders<'a>(
    charter: &'a Charter,
    sender: u16,
    format: Format,
    input: impl BufRead + 'a,
    orders_max: u64,
) -> Box<dyn Iterator<Item = Result<Draft, LineError>> + 'a> {
    let lines = match format {
        Format::JsonLines => json_lines(charter, sender, input),
        Format::Csv => csv_lines(charter, sender, input),
    };
    let mut orders = 0;
    let mut ended = false;
    Box::new(lines.map_while(move |line| {
        if ended {
            return None;
        }
        orders += 1;
        let line = match line {
            Err(Stop::Line(error)) if orders <= orders_max => return Some(Err(error)),
            Ok(draft) if orders <= orders_max => return Some(Ok(draft)),
            Err(Stop::File(error)) => Err(error),
            Ok(Draft { line, .. }) | Err(Stop::Line(LineError { line, .. })) => {
                let problem = format!("more than {orders_max} orders; split the file. Nothing from here on was read");
                Err(at_line(line, None, FieldError::form("line", problem)))
            }
        };
        ended = true;
        Some(line)
    }))
}

/// Whether reading goes on after an error.
enum Stop {
    Line(LineError),
    File(LineError),
}

fn stop(line: u64, problem: impl Into<String>) -> Stop {
    Stop::File(at_line(line, None, FieldError::form("line", problem)))
}

fn too_long() -> FieldError {
    FieldError::form("line", format!("is longer than {LINE_BYTES_MAX} bytes"))
}

type Drafts<'a> = Box<dyn Iterator<Item = Result<Draft, Stop>> + 'a>;

/// A line with its number, from 1.
type Line = (u64, String);

/// The lines of a file that are not empty, without a byte order mark before the first.
fn lines<'a>(mut input: impl BufRead + 'a) -> impl Iterator<Item = Result<Line, Stop>> + 'a {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut line = Vec::new();
            // One byte for the line's end, and one more tells that it is too long.
            let bound = LINE_BYTES_MAX as u64 + 2;
            match (&mut input).take(bound).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(stop(number, format!("cannot be read: {error}")))),
            }
            let ended = line.last() == Some(&b'\n');
            if !ended && line.len() as u64 == bound {
                if let Err(error) = skip_line(&mut input) {
                    return Some(Err(stop(number, format!("cannot be read: {error}"))));
                }
                return Some(Err(Stop::Line(at_line(number, None, too_long()))));
            }
            let Ok(mut text) = String::from_utf8(line) else {
                let error = FieldError::form("line", "is not UTF-8");
                return Some(Err(Stop::Line(at_line(number, None, error))));
            };
            if number == 1 && text.starts_with(BYTE_ORDER_MARK) {
                text.drain(..BYTE_ORDER_MARK.len_utf8());
            }
            if !text.trim().is_empty() {
                return Some(Ok((number, text)));
            }
        }
    })
}

fn json_lines<'a>(charter: &'a Charter, sender: u16, input: impl BufRead + 'a) -> Drafts<'a> {
    Box::new(lines(input).map(move |line| {
        let (number, text) = line?;
        parse_order(charter, sender, number, &text).map_err(Stop::Line)
    }))
}

/// Passes over the rest of a line without keeping it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let (length, done) = end.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
        input.consume(length);
        if done {
            return Ok(());
        }
    }
}

/// The fields of a line of CSV; none if the line ends inside quotes.
fn fields(line: &str) -> Result<Option<csv::StringRecord>, FieldError> {
    let line = line.trim_end_matches(['\n', '\r']);
    // With an end of its own, a line that ends inside quotes shows it in its last field.
    let text = line.as_bytes().chain(&b"\n"[..]);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n')).buffer_capacity(line.len() + 1);
    let mut record = csv::StringRecord::new();
    let read = reader.from_reader(text).read_record(&mut record);
    read.map_err(|error| FieldError::form("line", format!("cannot be read: {error}")))?;
    Ok((!record.iter().any(|field| field.contains('\n'))).then_some(record))
}

/// Passes over the lines up to the end of the quote that line `from` has left open: what stands inside it is no order,
/// however much it looks like one.
fn skip_quote(from: u64, lines: &mut impl Iterator<Item = Result<Line, Stop>>) -> Stop {
    let mut until = from;
    for line in lines {
        match line {
            Ok((number, text)) => {
                until = number;
                if matches!(fields(&format!("\"{text}")), Ok(Some(_))) {
                    break;
                }
            }
            Err(Stop::Line(error)) => until = error.line,
            Err(stop) => return stop,
        }
    }
    let problem = format!(
        "the quote opened in line {from} is not closed before the end of the line; lines {from}-{until} were not read. \
         A record is one line: several lines of text take JSON"
    );
    Stop::Line(at_line(from, None, FieldError::form("line", problem)))
}

fn csv_lines<'a>(charter: &'a Charter, sender: u16, input: impl BufRead + 'a) -> Drafts<'a> {
    let mut lines = lines(input);
    let (number, header) = match lines.next() {
        Some(Ok(line)) => line,
        None => (1, String::new()),
        Some(Err(Stop::Line(error) | Stop::File(error))) => {
            return Box::new(std::iter::once(Err(stop(error.line, not_read(&error.problem)))));
        }
    };
    let columns = match fields(&header) {
        Ok(Some(header)) => check_header(&header),
        Ok(None) => Err("the header has a quote that is not closed".to_owned()),
        Err(error) => Err(error.problem),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err(problem) => return Box::new(std::iter::once(Err(stop(number, not_read(&problem))))),
    };
    Box::new(std::iter::from_fn(move || {
        let (number, text) = match lines.next()? {
            Ok(line) => line,
            Err(stop) => return Some(Err(stop)),
        };
        Some(match fields(&text) {
            Ok(Some(record)) => csv_order(charter, sender, number, &columns, &record).map_err(Stop::Line),
            Ok(None) => Err(skip_quote(number, &mut lines)),
            Err(error) => Err(Stop::Line(at_line(number, None, error))),
        })
    }))
}

fn not_read(problem: &str) -> String {
    format!(
        "{problem}. The file was not read: its first line names the columns, separated by commas; {} are needed, {} are \
         possible",
        REQUIRED.join(","),
        OPTIONAL.join(",")
    )
}

const OPTIONAL: [&str; 19] = [
    "id",
    "return",
    "debtor_participant",
    "creditor_participant",
    "priority",
    "customer",
    "immediate",
    "expires_at",
    "purpose",
    "reference",
    "reason",
    "detail_debtor_name",
    "detail_debtor_account",
    "detail_creditor_name",
    "detail_creditor_account",
    "detail_end_to_end_id",
    "detail_instruction_id",
    "detail_message_id",
    "detail_remittance",
];

const REQUIRED: [&str; 4] = ["creditor", "currency", "amount", "value_date"];

fn check_header(header: &csv::StringRecord) -> Result<Vec<String>, String> {
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    if let Some(separator) = header.get(0).filter(|_| header.len() == 1).and_then(|name| name.find([';', '\t'])) {
        let separator = quoted(&header[0][separator..=separator]);
        return Err(format!("the columns are separated by {separator}, not by commas"));
    }
    for name in header {
        // Setting nothing tells whether there is such a column.
        if let Err(FieldError { problem, .. }) = set_column(&mut OrderLine::default(), name, None) {
            return Err(problem);
        }
        if columns.iter().any(|other| other == name) {
            return Err(format!("the column {name} is there twice"));
        }
        columns.push(name.to_owned());
    }
    match REQUIRED.iter().find(|required| !columns.iter().any(|column| column == **required)) {
        Some(missing) => Err(format!("the header has no column {missing}")),
        None => Ok(columns),
    }
}

fn csv_order(
    charter: &Charter,
    sender: u16,
    line: u64,
    columns: &[String],
    record: &csv::StringRecord,
) -> Result<Draft, LineError> {
    let mut order = OrderLine::default();
    let id_column = columns.iter().position(|column| column == "id");
    let id = id_column.and_then(|at| record.get(at)).filter(|id| !id.is_empty());
    let error = |error| at_line(line, id.map(|id| id.chars().take(36).collect()), error);
    if record.len() != columns.len() {
        let problem = format!("has {} fields, but the header names {}", record.len(), columns.len());
        return Err(error(FieldError::form("line", problem)));
    }
    for (column, cell) in columns.iter().zip(record) {
        if cell.is_empty() && REQUIRED.contains(&column.as_str()) {
            return Err(error(FieldError::form(column, "is missing")));
        }
        set_column(&mut order, column, (!cell.is_empty()).then_some(cell)).map_err(error)?;
    }
    order.read(charter, sender, line)
}

/// Sets what a column stands for; an empty cell leaves the default.
fn set_column(order: &mut OrderLine, column: &str, cell: Option<&str>) -> Result<(), FieldError> {
    let text = cell.map(str::to_owned);
    if let Some(name) = column.strip_prefix("detail_") {
        return set_detail_column(order, column, name, text);
    }
    match column {
        "id" => order.id = text,
        "return" => order.original = text,
        "debtor_participant" => order.debtor_participant = number(column, cell)?,
        "creditor" => order.creditor = text.unwrap_or_default(),
        "creditor_participant" => order.creditor_participant = number(column, cell)?,
        "currency" => order.currency = text.unwrap_or_default(),
        "amount" => order.amount = text.unwrap_or_default(),
        "priority" => order.priority = text,
        "customer" => order.customer = flag(column, cell)?,
        "immediate" => order.immediate = flag(column, cell)?,
        "value_date" => order.value_date = text.unwrap_or_default(),
        "expires_at" => order.expires_at = text,
        "purpose" => order.purpose = text,
        "reference" => order.reference = text,
        "reason" => order.reason = text,
        _ => return Err(unknown_column(column)),
    }
    Ok(())
}

fn set_detail_column(order: &mut OrderLine, column: &str, name: &str, text: Option<String>) -> Result<(), FieldError> {
    let set: fn(&mut keys::Detail, Option<String>) = match name {
        "debtor_name" => |detail, text| detail.debtor_name = text,
        "debtor_account" => |detail, text| detail.debtor_account = text,
        "creditor_name" => |detail, text| detail.creditor_name = text,
        "creditor_account" => |detail, text| detail.creditor_account = text,
        "end_to_end_id" => |detail, text| detail.end_to_end_id = text,
        "instruction_id" => |detail, text| detail.instruction_id = text,
        "message_id" => |detail, text| detail.message_id = text,
        "remittance" => |detail, text| detail.remittance = text.into_iter().collect(),
        _ => return Err(unknown_column(column)),
    };
    if text.is_some() {
        set(order.detail.get_or_insert_default(), text);
    }
    Ok(())
}

fn unknown_column(column: &str) -> FieldError {
    FieldError::form(column, format!("the column {} is not one of an order", quoted(column)))
}

fn number(column: &str, cell: Option<&str>) -> Result<u32, FieldError> {
    let Some(cell) = cell else { return Ok(0) };
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    cell.parse().ok().filter(|_| digits).ok_or_else(|| {
        FieldError::form(column, format!("{} is not a whole number from 0 to {}", quoted(cell), u32::MAX))
    })
}

fn flag(column: &str, cell: Option<&str>) -> Result<bool, FieldError> {
    match cell {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(FieldError::form(column, format!("{} is not true or false", quoted(other)))),
    }
}
