//! Transfers between institutions (pacs.009) a second, on one core: parsed, checked and turned into orders.
//!
//! `cargo run --release -p bench-iso20022`: a file of business messages is made in memory, each with a header and one
//! transaction as CBPR+ has them (BICs, UETR, instruction and end-to-end identifiers, accounts, text), and read as a member's gateway
//! reads it. Then the same with many transactions in a message. Sealing customer detail and signing, which come after, are
//! not in it. `--stream-bytes 1000000000` reads a stream of that length instead, which is made as it is read, and says how much memory
//! the process took at most.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use iso20022::{Directory, Incoming, Limits, Messages, Reader, Request};
use std::fmt::Write as _;
use std::io::Read;
use std::time::Instant;
use union::{Charter, Day};

#[derive(Debug, Parser)]
struct Arguments {
    /// Messages, or transactions where they come in one message.
    #[arg(long, default_value_t = 500_000)]
    transfers: u64,
    /// Read a stream of at least so many bytes instead
    #[arg(long, value_name = "BYTES")]
    stream_bytes: Option<u64>,
}

fn charter() -> Result<Charter> {
    let mut text = "name = \"Bench\"\nprotocol = 1\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n\
        [calendar]\nutc_offset_minutes = 0\ncustomer_cut_off = \"18:00\"\ninterbank_cut_off = \"18:00\"\ndays_ahead = 10\n\
        [cycle]\nfirst_day = \"2026-01-01\"\nmonths = 1\nclose = \"20:00\"\n\
        [queue]\ndiscipline = \"bypass-fifo\"\nattempts = 10\nopen_orders_max = 1000\ndays_waiting = 5\ndays_remembered = 30\n"
        .to_owned();
    for (number, (code, currency)) in (1u8..).zip([("ARG", "ARS"), ("BRA", "BRL")]) {
        let keys = keys::MemberKey::from_seed([number; 32]).public();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (signing, sealing) = (hex(&keys.signing), hex(&keys.sealing));
        write!(
            text,
            "[[members]]\ncode = \"{code}\"\nname = \"{code}\"\ncurrency = \"{currency}\"\nsigning_key = \"{signing}\"\n\
             sealing_key = \"{sealing}\"\nweekend = []\n"
        )?;
    }
    Charter::parse(&text).context("the benchmark's charter")
}

fn agent(name: &str, bic: &str) -> String {
    format!("<{name}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{name}>\n")
}

fn transaction(number: u64) -> String {
    format!(
        "<CdtTrfTxInf>\n<PmtId><InstrId>INSTR{number}</InstrId><EndToEndId>E2E{number}</EndToEndId>\
         <UETR>{:08x}-2682-4291-ad67-{number:012x}</UETR></PmtId>\n<PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>\n\
         <IntrBkSttlmAmt Ccy=\"USD\">{}.{:02}</IntrBkSttlmAmt>\n<IntrBkSttlmDt>2026-01-05</IntrBkSttlmDt>\n\
         <SttlmPrty>NORM</SttlmPrty>\n{}{}{}<DbtrAcct><Id><Othr><Id>10002000{number}</Id></Othr></Id></DbtrAcct>\n{}\
         <CdtrAcct><Id><Othr><Id>30004000{number}</Id></Othr></Id></CdtrAcct>\n<Purp><Cd>GDDS</Cd></Purp>\n\
         <RmtInf><Ustrd>settlement of trade {number}</Ustrd></RmtInf>\n</CdtTrfTxInf>\n",
        number as u32,
        number % 100_000 + 1,
        number % 100,
        agent("InstgAgt", "FICTARBAXXX"),
        agent("InstdAgt", "FICTBRSPXXX"),
        agent("Dbtr", "FICTARBAXXX"),
        agent("Cdtr", "FICTBRSPXXX"),
    )
}

fn group(message: u64, transactions: u64) -> String {
    format!(
        "<GrpHdr><MsgId>MSG{message}</MsgId><CreDtTm>2026-01-05T10:00:00+00:00</CreDtTm><NbOfTxs>{transactions}</NbOfTxs>\
         <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\n"
    )
}

const DOCUMENT: &str = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08\"><FICdtTrf>\n";

/// A business message with one transaction.
fn message(number: u64) -> String {
    format!(
        "<Message>\n<AppHdr xmlns=\"urn:iso:std:iso:20022:tech:xsd:head.001.001.02\">\n<Fr><FIId>{}</FIId></Fr>\n\
         <To><FIId>{}</FIId></To>\n<BizMsgIdr>MSG{number}</BizMsgIdr><MsgDefIdr>pacs.009.001.08</MsgDefIdr>\
         <BizSvc>swift.cbprplus.02</BizSvc><CreDt>2026-01-05T10:00:00+00:00</CreDt>\n</AppHdr>\n{DOCUMENT}{}{}</FICdtTrf></Document>\n</Message>\n",
        "<FinInstnId><BICFI>FICTARBAXXX</BICFI></FinInstnId>",
        "<FinInstnId><BICFI>FICTBRSPXXX</BICFI></FinInstnId>",
        group(number, 1),
        transaction(number)
    )
}

/// Reads everything, and returns how many orders it was.
fn orders(reader: Reader<'_>, input: impl Read) -> Result<u64> {
    let mut messages = Messages::new(input, Limits::FILE, Some(reader));
    let (mut orders, mut sum) = (0, 0u64);
    while let Some(incoming) = messages.next()? {
        match incoming {
            Incoming::Message(_) => {}
            Incoming::End(head) => ensure!(head.faults.is_empty(), "{:?}", head.faults),
            Incoming::Transaction(transaction) => match transaction.request {
                Ok(Request::Pay { payment, .. }) => {
                    orders += 1;
                    sum = sum.wrapping_add(payment.amount);
                }
                other => anyhow::bail!("{other:?}"),
            },
        }
    }
    ensure!(sum > 0 || orders == 0, "amounts were read");
    Ok(orders)
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let charter = charter()?;
    let directory = Directory::new(&charter, [("ARG", "FICTARBA"), ("BRA", "FICTBRSP")])?;
    let reader = Reader { charter: &charter, directory: &directory, member: 0, today: Day::parse("2026-01-05")? };
    if let Some(bytes) = arguments.stream_bytes {
        return read_stream(reader, bytes);
    }
    let count = arguments.transfers;

    let mut one_each = "<File>\n".to_owned();
    (0..count).for_each(|number| one_each.push_str(&message(number)));
    one_each.push_str("</File>\n");
    measure("a message each, with header", &one_each, reader, count)?;
    drop(one_each);

    let mut together = format!("{DOCUMENT}{}", group(0, count));
    (0..count).for_each(|number| together.push_str(&transaction(number)));
    together.push_str("</FICdtTrf></Document>\n");
    measure("all in one message", &together, reader, count)?;
    drop(together);

    Ok(())
}

/// A file of messages that nobody ever has as a whole.
struct Stream {
    /// Bytes that are yet to be begun.
    left: u64,
    /// Messages so far.
    number: u64,
    text: Vec<u8>,
    /// What of the text was read.
    read: usize,
    bytes: u64,
}

impl Read for &mut Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.text.len() && self.left > 0 {
            self.text = message(self.number).into_bytes();
            self.read = 0;
            self.number += 1;
            self.left = self.left.saturating_sub(self.text.len() as u64);
            self.bytes += self.text.len() as u64;
        }
        let length = (self.text.len() - self.read).min(into.len());
        into[..length].copy_from_slice(&self.text[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

fn read_stream(reader: Reader<'_>, bytes: u64) -> Result<()> {
    let mut stream = Stream { left: bytes, number: 0, text: Vec::new(), read: 0, bytes: 0 };
    let (started, processor) = (Instant::now(), processor_seconds()?);
    let read = orders(reader, &mut stream)?;
    let (seconds, processor) = (started.elapsed().as_secs_f64(), processor_seconds()? - processor);
    ensure!(read == stream.number, "{read} of {} were read", stream.number);
    println!(
        "a stream of {} bytes, {read} messages: {seconds:.1} s, {processor:.1} s of processor time with making it; at most {} kB of memory",
        stream.bytes,
        most_resident_kb()?
    );
    Ok(())
}

fn measure(what: &str, text: &str, reader: Reader<'_>, count: u64) -> Result<()> {
    let (started, processor) = (Instant::now(), processor_seconds()?);
    let read = orders(reader, text.as_bytes())?;
    let (seconds, processor) = (started.elapsed().as_secs_f64(), processor_seconds()? - processor);
    ensure!(read == count, "{read} of {count} were read");
    let bytes = text.len() as u64 / count;
    // On a machine that is shared, the time on the processor says more than the time that went by.
    let (rate, on_processor) = (count as f64 / seconds, count as f64 / processor);
    println!("{what}: {rate:.0} a second, {on_processor:.0} a second of processor time ({count} of {bytes} bytes)");
    Ok(())
}

/// Seconds that this thread has been on a processor.
fn processor_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("no figure")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// The most memory of this process that was resident at once.
fn most_resident_kb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
    line.split_whitespace().nth(1).context("no figure")?.parse().context("not a figure")
}
