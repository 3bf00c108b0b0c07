//! Set-off notices: for each obligation what is set off of it and what remains.

use super::obligations::Obligations;
use super::unfinished::Unfinished;
use crate::exit::{Failure, Result};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Rows of a row group.
const ROWS_MAX: usize = 1 << 18;

const SCHEMA: &str = "message notices {
    required binary id (UTF8);
    required int64 setoff (INTEGER(64, true));
    required int64 remaining (INTEGER(64, true));
}";

/// An obligation's notice.
struct Notice<'a> {
    id: &'a str,
    set_off: u64,
    remaining: u64,
}

/// Writes a notice for each obligation, in their order: Parquet if the name ends in `.parquet`, CSV otherwise.
pub fn write(
    path: &Path,
    obligations: &Obligations,
    owed: &[clearing::set_off::Obligation],
    set_off: &[u64],
) -> Result<()> {
    let notices = obligations.ids.iter().zip(owed).zip(set_off).map(|((id, obligation), &set_off)| Notice {
        id,
        set_off,
        remaining: obligation.amount - set_off,
    });
    let mut file = Unfinished::create(path)?;
    if is_parquet(path) {
        write_parquet(&mut file.writer, notices)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    } else {
        write_csv(&mut file.writer, notices)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    }
    file.finish()
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

fn write_csv<'a>(out: impl Write, notices: impl Iterator<Item = Notice<'a>>) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["id", "setoff", "remaining"])?;
    for notice in notices {
        writer.serialize((notice.id, notice.set_off, notice.remaining))?;
    }
    writer.flush()?;
    Ok(())
}

fn write_parquet<'a>(
    out: impl Write + Send,
    mut notices: impl Iterator<Item = Notice<'a>>,
) -> std::result::Result<(), ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("comity {}", env!("CARGO_PKG_VERSION")));
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties.build()))?;
    loop {
        let (mut ids, mut set_off, mut remaining) = (Vec::new(), Vec::new(), Vec::new());
        for notice in notices.by_ref().take(ROWS_MAX) {
            ids.push(ByteArray::from(notice.id));
            set_off.push(i64::try_from(notice.set_off).expect("amounts are at most 10^18"));
            remaining.push(i64::try_from(notice.remaining).expect("amounts are at most 10^18"));
        }
        if ids.is_empty() {
            writer.close()?;
            return Ok(());
        }
        let mut group = writer.next_row_group()?;
        let mut column = group.next_column()?.expect("the schema has three columns");
        column.typed::<ByteArrayType>().write_batch(&ids, None, None)?;
        column.close()?;
        for numbers in [&set_off, &remaining] {
            let mut column = group.next_column()?.expect("the schema has three columns");
            column.typed::<Int64Type>().write_batch(numbers, None, None)?;
            column.close()?;
        }
        group.close()?;
    }
}
