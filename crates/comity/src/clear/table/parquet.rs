//! Parquet: text, and whole numbers as text, a bounded number of rows at a time.

use super::{COLUMNS_MAX, Place, places};
use crate::exit::{Failure, Result};
use indicatif::ProgressBar;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

/// Rows that are decoded at once.
const ROWS_MAX: usize = 16_384;

/// The values of a column as they are stored.
enum Values {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// What they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Text,
    Signed,
    Unsigned,
}

/// Reads all rows.
pub fn read(
    path: &Path,
    file: File,
    columns: &[&str],
    bar: &ProgressBar,
    mut each: impl FnMut(Place<'_>, &[&str]) -> Result<()>,
) -> Result<()> {
    let failed = |error: ParquetError| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let reader = SerializedFileReader::new(file).map_err(failed)?;
    let metadata = reader.metadata();
    bar.set_length(metadata.file_metadata().num_rows().max(0).unsigned_abs());
    let schema = metadata.file_metadata().schema_descr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let places = places(path, columns, &names)?;
    let mut sources = Vec::new();
    for &at in &places {
        let source = Source::new(&schema.column(at)).map_err(|found| {
            let text = format!("{}: the column {} is {found}; needed is text or", path.display(), names[at]);
            Failure::failed(format!("{text} whole numbers (DECIMAL without decimals included)"))
        })?;
        sources.push(source);
    }

    let mut number = 0;
    for group in 0..metadata.num_row_groups() {
        let group = reader.get_row_group(group).map_err(failed)?;
        let mut readers = Vec::new();
        for &at in &places {
            readers.push(group.get_column_reader(at).map_err(failed)?);
        }
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let rows = left.min(ROWS_MAX);
            for ((source, reader), column) in sources.iter_mut().zip(&mut readers).zip(columns) {
                source.fill(reader, rows).map_err(|error| match error {
                    Unread::Null(at) => Place { file: path, unit: "row", number: number + at as u64 + 1 }
                        .failure(column, "it is missing"),
                    Unread::Damaged(error) => failed(error),
                })?;
            }
            for row in 0..rows {
                number += 1;
                let place = Place { file: path, unit: "row", number };
                let mut cells = [""; COLUMNS_MAX];
                for ((cell, source), column) in cells.iter_mut().zip(&mut sources).zip(columns) {
                    *cell = source.text(row).map_err(|problem| place.failure(column, problem))?;
                }
                each(place, &cells[..columns.len()])?;
            }
            bar.inc(rows as u64);
            left -= rows;
        }
    }
    Ok(())
}

/// A column of the file.
struct Source {
    values: Values,
    meaning: Meaning,
    /// One for each row of a column that may have nulls.
    present: Vec<i16>,
    /// A number as text.
    text: String,
}

/// Why there are no values.
enum Unread {
    /// There is a null in this row of those that were asked for.
    Null(usize),
    Damaged(ParquetError),
}

impl Source {
    /// Fails with what the column is where that is neither text nor whole numbers.
    fn new(column: &ColumnDescriptor) -> std::result::Result<Self, String> {
        let physical = column.physical_type();
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        let described = || match logical {
            Some(logical) => format!("{physical} ({logical:?})"),
            None => format!("{physical} ({converted})"),
        };
        let is_decimal = converted == ConvertedType::DECIMAL || matches!(logical, Some(LogicalType::Decimal(_)));
        if column.max_rep_level() > 0 || (is_decimal && column.type_scale() != 0) {
            return Err(described());
        }
        let is_number = is_decimal
            || match logical {
                Some(LogicalType::Integer(_)) => true,
                Some(_) => false,
                None => !matches!(
                    converted,
                    ConvertedType::DATE
                        | ConvertedType::TIME_MILLIS
                        | ConvertedType::TIME_MICROS
                        | ConvertedType::TIMESTAMP_MILLIS
                        | ConvertedType::TIMESTAMP_MICROS
                ),
            };
        let is_unsigned = matches!(
            converted,
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
        ) || matches!(logical, Some(LogicalType::Integer(integer)) if !integer.is_signed);
        let (values, meaning) = match physical {
            Type::BYTE_ARRAY if is_decimal => (Values::Bytes(Vec::new()), Meaning::Signed),
            Type::BYTE_ARRAY => (Values::Bytes(Vec::new()), Meaning::Text),
            Type::FIXED_LEN_BYTE_ARRAY if is_decimal => (Values::Fixed(Vec::new()), Meaning::Signed),
            Type::INT32 if is_number => (Values::Int32(Vec::new()), Meaning::Signed),
            Type::INT64 if is_number => (Values::Int64(Vec::new()), Meaning::Signed),
            _ => return Err(described()),
        };
        let meaning = if is_unsigned { Meaning::Unsigned } else { meaning };
        Ok(Source { values, meaning, present: Vec::new(), text: String::new() })
    }

    /// Reads the next `rows` values.
    fn fill(&mut self, reader: &mut ColumnReader, rows: usize) -> std::result::Result<(), Unread> {
        let present = &mut self.present;
        match (&mut self.values, reader) {
            (Values::Int32(values), ColumnReader::Int32ColumnReader(reader)) => fill(reader, values, present, rows),
            (Values::Int64(values), ColumnReader::Int64ColumnReader(reader)) => fill(reader, values, present, rows),
            (Values::Bytes(values), ColumnReader::ByteArrayColumnReader(reader)) => fill(reader, values, present, rows),
            (Values::Fixed(values), ColumnReader::FixedLenByteArrayColumnReader(reader)) => {
                fill(reader, values, present, rows)
            }
            _ => Err(Unread::Damaged(ParquetError::General("a row group has another type than the schema".to_owned()))),
        }
    }

    /// A value as text.
    fn text(&mut self, row: usize) -> std::result::Result<&str, &'static str> {
        self.text.clear();
        let unsigned = self.meaning == Meaning::Unsigned;
        let written = match &self.values {
            Values::Bytes(values) if self.meaning == Meaning::Text => {
                return std::str::from_utf8(values[row].data()).map_err(|_| "it is not UTF-8");
            }
            Values::Bytes(values) => write!(self.text, "{}", integer(values[row].data())?),
            Values::Fixed(values) => write!(self.text, "{}", integer(values[row].data())?),
            Values::Int32(values) if unsigned => write!(self.text, "{}", values[row] as u32),
            Values::Int32(values) => write!(self.text, "{}", values[row]),
            Values::Int64(values) if unsigned => write!(self.text, "{}", values[row] as u64),
            Values::Int64(values) => write!(self.text, "{}", values[row]),
        };
        written.expect("a string takes all that is written");
        Ok(&self.text)
    }
}

fn fill<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    values: &mut Vec<T::T>,
    present: &mut Vec<i16>,
    rows: usize,
) -> std::result::Result<(), Unread> {
    values.clear();
    present.clear();
    let (read, _, _) = reader.read_records(rows, Some(present), None, values).map_err(Unread::Damaged)?;
    if values.len() == rows {
        return Ok(());
    }
    match present.iter().position(|&present| present == 0) {
        Some(at) => Err(Unread::Null(at)),
        None => Err(Unread::Damaged(ParquetError::General(format!("a column ends {} rows early", rows - read)))),
    }
}

/// A big-endian integer in two's complement.
fn integer(bytes: &[u8]) -> std::result::Result<i128, &'static str> {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let (spare, kept) = bytes.split_at(bytes.len().saturating_sub(16));
    if spare.iter().any(|&byte| byte != fill) {
        return Err("the number is beyond 128 bits");
    }
    let mut wide = [fill; 16];
    wide[16 - kept.len()..].copy_from_slice(kept);
    let number = i128::from_be_bytes(wide);
    if (number < 0) == negative { Ok(number) } else { Err("the number is beyond 128 bits") }
}
