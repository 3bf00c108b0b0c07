//! A Parquet file written row by row, a bounded number of rows at a time in memory.

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{BoolType, DataType};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that are gathered before they are written: some megabytes.
const ROWS_MAX: usize = 16_384;

/// A value in a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Nothing, in an optional column.
    Null,
    /// `binary (UTF8)`.
    Text(String),
    /// `fixed_len_byte_array(16) (DECIMAL(38,0))`: minor units.
    Amount(i128),
    /// `int64`.
    Number(u64),
    /// `int32 (DATE)`: days from 1970.
    Day(u32),
    /// `int64 (TIMESTAMP(MILLIS, true))`: Unix milliseconds.
    Instant(u64),
    /// `boolean`.
    Flag(bool),
}

/// Text that may be absent; empty is absent.
pub fn text_or_null(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) }
}

/// A Parquet file that is being written. It has its name only once it is [finished](Sheet::finish).
pub struct Sheet {
    writer: SerializedFileWriter<File>,
    path: PathBuf,
    /// By column.
    cells: Vec<Vec<Cell>>,
    rows: u64,
}

impl Sheet {
    /// Begins `directory/name.parquet` with a schema in Parquet's own notation.
    pub fn create(directory: &Path, name: &str, schema: &str) -> Result<Sheet> {
        let schema = Arc::new(parse_message_type(&format!("message {name} {{ {schema} }}"))?);
        let columns = schema.get_fields().len();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("comity {}", env!("CARGO_PKG_VERSION")))
            .build();
        let path = directory.join(format!("{name}.parquet"));
        let file = File::options().write(true).create_new(true).open(unfinished(&path))?;
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        Ok(Sheet { writer, path, cells: vec![Vec::new(); columns], rows: 0 })
    }

    /// Adds a row, one cell for each column of the schema.
    pub fn row<const N: usize>(&mut self, row: [Cell; N]) -> Result<()> {
        assert_eq!(N, self.cells.len(), "a row of {} has a cell for each column", self.path.display());
        for (column, cell) in self.cells.iter_mut().zip(row) {
            column.push(cell);
        }
        self.rows += 1;
        if self.cells[0].len() == ROWS_MAX { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for cells in &mut self.cells {
            let mut column = group.next_column()?.expect("the schema has as many columns");
            write_column(column.untyped(), &std::mem::take(cells))?;
            column.close()?;
        }
        group.close().map(drop)
    }

    /// Writes what is left, makes it durable, gives the file its name, and returns the number of rows.
    pub fn finish(mut self) -> Result<u64> {
        if !self.cells[0].is_empty() {
            self.write_group()?;
        }
        self.writer.into_inner()?.sync_all()?;
        std::fs::rename(unfinished(&self.path), &self.path)?;
        Ok(self.rows)
    }
}

/// Takes away `directory/name.parquet`, finished or not.
pub fn remove(directory: &Path, name: &str) -> std::io::Result<()> {
    let path = directory.join(format!("{name}.parquet"));
    for path in [unfinished(&path), path] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("parquet.unfinished")
}

fn write_column(column: &mut ColumnWriter<'_>, cells: &[Cell]) -> Result<()> {
    match column {
        ColumnWriter::BoolColumnWriter(writer) => write_cells::<BoolType>(writer, cells, |cell| match cell {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        }),
        ColumnWriter::Int32ColumnWriter(writer) => write_cells::<Int32Type>(writer, cells, |cell| match cell {
            Cell::Day(day) => i32::try_from(*day).ok(),
            _ => None,
        }),
        ColumnWriter::Int64ColumnWriter(writer) => write_cells::<Int64Type>(writer, cells, |cell| match cell {
            Cell::Number(number) | Cell::Instant(number) => i64::try_from(*number).ok(),
            _ => None,
        }),
        ColumnWriter::ByteArrayColumnWriter(writer) => write_cells::<ByteArrayType>(writer, cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        ColumnWriter::FixedLenByteArrayColumnWriter(writer) => {
            write_cells::<FixedLenByteArrayType>(writer, cells, |cell| match cell {
                Cell::Amount(amount) => Some(FixedLenByteArray::from(amount.to_be_bytes().to_vec())),
                _ => None,
            })
        }
        _ => unreachable!("the schemas here have no such column"),
    }
}

/// Writes the cells of a column; `value` is `None` for a cell of another type or out of range.
fn write_cells<T: DataType>(
    writer: &mut parquet::column::writer::ColumnWriterImpl<'_, T>,
    cells: &[Cell],
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<()> {
    let optional = writer.get_descriptor().max_def_level() > 0;
    let mut values = Vec::with_capacity(cells.len());
    let mut present = Vec::with_capacity(cells.len());
    for cell in cells {
        present.push(i16::from(!matches!(cell, Cell::Null)));
        if matches!(cell, Cell::Null) && optional {
            continue;
        }
        let name = writer.get_descriptor().name();
        values.push(value(cell).ok_or_else(|| ParquetError::General(format!("{cell:?} does not fit column {name}")))?);
    }
    writer.write_batch(&values, optional.then_some(present.as_slice()), None)?;
    Ok(())
}
