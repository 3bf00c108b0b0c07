//! Transfers between institutions (pacs.009) a second, on one core: parsed, checked and turned into orders.
//!
//! `cargo run --release -p bench-iso20022`: a file of business messages is made in memory, each with a header and one
//! transaction as CBPR+ has them (BICs, UETR, instruction and end-to-end identifiers, accounts, text), and read as a member's gateway
//! reads it. Then the same with many transactions in a message. Sealing customer detail and signing, which come after, are
//! not in it. `--file-bytes` writes a file of that size, reads it in a stream, and says how much memory that took.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use iso20022::{Directory, Incoming, Limits, Messages, Reader, Request};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::time::Instant;
use union::{Charter, Day};

#[derive(Debug, Parser)]
struct Arguments {
    /// Messages, or transactions where they come in one message.
    #[arg(long, default_value_t = 500_000)]
    transfers: u64,
    /// Also write a file of at least this many bytes and read it
    #[arg(long, default_value_t = 0)]
    file_bytes: u64,
    /// Where that file is kept for a while.
    #[arg(long, default_value = ".")]
    dir: std::path::PathBuf,
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
fn orders(reader: Reader<'_>, input: impl BufRead) -> Result<u64> {
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

    if arguments.file_bytes > 0 {
        let path = arguments.dir.join("bench-iso20022.xml");
        let written = write_file(&path, arguments.file_bytes)?;
        let before = resident_kb()?;
        let started = Instant::now();
        let read = orders(reader, BufReader::new(File::open(&path)?))?;
        let seconds = started.elapsed().as_secs_f64();
        ensure!(read == written, "{read} of {written} were read");
        let bytes = std::fs::metadata(&path)?.len();
        std::fs::remove_file(&path)?;
        println!(
            "a file of {bytes} bytes: {read} orders in {seconds:.1} s; memory grew by {} kB",
            resident_kb()?.saturating_sub(before)
        );
    }
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

fn write_file(path: &std::path::Path, bytes: u64) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"<File>\n")?;
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let text = message(number);
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        number += 1;
    }
    file.write_all(b"</File>\n")?;
    file.flush()?;
    Ok(number)
}

/// Seconds that this thread has been on a processor.
fn processor_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("no figure")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Resident memory of this process.
fn resident_kb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().nth(1).context("no figure")?.parse().context("not a figure")
}
