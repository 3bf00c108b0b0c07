//! `clear`: files of obligations in, notices and a certificate out, and the certificate checked.

use crate::scene::{Run, command, file_names, finish};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const TRIANGLE: &str = "id,debtor,creditor,amount\n1,A,B,1\n2,B,A,1\n3,B,C,1\n4,C,A,1\n";

/// A directory to work in.
struct Desk(TempDir);

impl Desk {
    fn with(files: &[(&str, &str)]) -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        for (name, content) in files {
            desk.write(name, content);
        }
        desk
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `comity clear` in this directory.
    fn clear(&self, arguments: &[&str]) -> Run {
        finish(command(&[&["clear"], arguments].concat()).current_dir(self.0.path()))
    }
}

#[test]
fn the_triangle_goes_before_the_pair() {
    let desk = Desk::with(&[("triangle.csv", TRIANGLE)]);
    let report = desk.clear(&["triangle.csv", "--output=json"]).expect(0).json();
    assert!(report["seconds"].as_f64().unwrap() >= 0.0);
    for (key, value) in [
        ("total", json!(4)),
        ("cleared", json!(3)),
        ("remaining", json!(1)),
        ("obligations", json!(4)),
        ("parties", json!(3)),
        ("components", json!(1)),
        ("notices", json!("triangle.notices.csv")),
        ("certificate", json!("triangle.certificate")),
    ] {
        assert_eq!(report[key], value, "{key}: {report:#}");
    }
    assert_eq!(desk.read("triangle.notices.csv"), "id,setoff,remaining\n1,1,0\n2,0,1\n3,1,0\n4,1,0\n");
    assert_eq!(file_names(desk.0.path()), ["triangle.certificate", "triangle.csv", "triangle.notices.csv"]);

    let text = desk.clear(&["triangle.csv"]).expect(0).out;
    for words in ["cleared", "75.00 %", "25.00 %", "triangle.notices.csv", "triangle.certificate"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let checked = desk.clear(&["--check", "triangle.certificate", "triangle.csv", "--output=json"]).expect(0).json();
    assert_eq!((&checked["verified"], &checked["cleared"]), (&json!(true), &json!(3)));
    assert!(desk.clear(&["--check", "triangle.certificate", "triangle.csv"]).expect(0).out.starts_with("Proved: "));
}

#[test]
fn results_go_where_they_are_told_to() {
    let desk = Desk::with(&[("triangle.csv", TRIANGLE)]);
    std::fs::create_dir(desk.path("out")).unwrap();
    let report = desk.clear(&["triangle.csv", "--notices=out/n.csv", "--output=json"]).expect(0).json();
    assert_eq!(report["certificate"], "out/n.certificate");
    assert_eq!(file_names(&desk.path("out")), ["n.certificate", "n.csv"]);
    desk.clear(&["triangle.csv", "--notices=out/n.parquet", "--certificate=proof"]).expect(0);
    assert_eq!(file_names(desk.0.path()), ["out", "proof", "triangle.csv"]);
    let rows = SerializedFileReader::new(File::open(desk.path("out/n.parquet")).unwrap()).unwrap();
    let rows: Vec<Vec<Field>> = rows
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().into_columns().into_iter().map(|(_, field)| field).collect())
        .collect();
    assert_eq!(rows[1], [Field::Str("2".into()), Field::Long(0), Field::Long(1)]);
    assert_eq!(rows.len(), 4);

    desk.clear(&["triangle.csv", "--notices=./triangle.csv"]).expect(2).says(&["overwrite"]);
    desk.clear(&["triangle.csv", "--notices=a", "--certificate=a"]).expect(2).says(&["same file"]);
    desk.clear(&["triangle.csv", "--notices=nowhere/n.csv"]).expect(1).says(&["nowhere"]);
    assert_eq!(desk.read("triangle.csv"), TRIANGLE);
    assert_eq!(file_names(desk.0.path()), ["out", "proof", "triangle.csv"]);
}

/// A file that is not what it should be, and what is said of it.
#[test]
fn a_table_of_bad_files() {
    let row = |row: &str| format!("id,debtor,creditor,amount\n1,A,B,5\n{row}\n3,B,A,5\n");
    let long = "x".repeat(70_000);
    let table: Vec<(String, &[&str])> = vec![
        (String::new(), &["is empty", "id,debtor,creditor,amount"]),
        ("id,debtor,creditor,amount\n".into(), &["no obligations"]),
        ("1,A,B,5\n".into(), &["no column id"]),
        ("id;debtor;creditor;amount\n1;A;B;5\n".into(), &["no column id", "id;debtor"]),
        ("id,debtor,amount\n1,A,5\n".into(), &["no column creditor"]),
        ("id,id,debtor,creditor,amount\n".into(), &["id is there twice"]),
        (row("2,A,B"), &["line 3", "3 fields", "names 4"]),
        (row("2,A,B,5,6"), &["line 3", "5 fields"]),
        (row("2,A,B,"), &["line 3, amount", "missing", "from 1 to 1000000000000000000"]),
        (row("2,A,B,0"), &["line 3, amount", "zero"]),
        (row("2,A,B,-5"), &["line 3, amount", "\"-5\" is negative"]),
        (row("2,A,B,5.00"), &["line 3, amount", "has decimals"]),
        (row("2,A,B,5e3"), &["line 3, amount", "no number"]),
        (row("2,A,B,+5"), &["line 3, amount", "no number"]),
        (row("2,A,B, 5"), &["line 3, amount", "no number"]),
        (row("2,A,B,1000000000000000001"), &["line 3, amount", "too large"]),
        (row("2,A,B,99999999999999999999999999"), &["line 3, amount", "too large"]),
        (row("2,A,A,5"), &["line 3, creditor", "\"2\"", "\"A\" to itself"]),
        (row("2,,A,5"), &["line 3, debtor", "missing"]),
        (row("2,A,\u{85},5"), &["line 3, creditor", "control characters"]),
        (row("2,A\tB,A,5"), &["line 3, debtor", "control characters"]),
        (row(&format!("{},A,B,5", &long[..257])), &["line 3, id", "257 bytes"]),
        (row(&format!("2,{long},B,5")), &["line 3", "longer"]),
        (row("1,A,B,5"), &["id \"1\"", "obligations 1 and 2"]),
        (row("\"2,A,B,5"), &["line 3", "quote is not closed"]),
    ];
    let desk = Desk::with(&[]);
    for (content, words) in table {
        desk.write("bad.csv", &content);
        desk.clear(&["bad.csv"]).expect(1).says(&["bad.csv"]).says(words);
        assert_eq!(file_names(desk.0.path()), ["bad.csv"], "{words:?} left something behind");
    }
    std::fs::write(desk.path("bad.csv"), b"id,debtor,creditor,amount\n1,\xe9,B,5\n").unwrap();
    desk.clear(&["bad.csv"]).expect(1).says(&["line 2", "UTF-8"]);
    desk.clear(&["nowhere.csv"]).expect(1).says(&["nowhere.csv"]);
    desk.clear(&[".", "--notices=n.csv"]).expect(1).says(&["not a regular file"]);
}

#[test]
fn files_as_spreadsheets_write_them() {
    let content = "\u{feff}note,amount,id,creditor,debtor\r\n\"a, b\",7,\"1,5\",\"B \"\"x\"\"\",A\r\n\r\n,7,2,A,\"B \"\"x\"\"\"\r\n";
    let desk = Desk::with(&[("book.csv", content)]);
    let report = desk.clear(&["book.csv", "--output=json"]).expect(0).json();
    assert_eq!((&report["cleared"], &report["parties"]), (&json!(14), &json!(2)));
    assert_eq!(desk.read("book.notices.csv"), "id,setoff,remaining\n\"1,5\",7,0\n2,7,0\n");
    desk.clear(&["--check=book.certificate", "book.csv"]).expect(0);
}

#[test]
fn sums_beyond_64_bits() {
    let mut content = "id,debtor,creditor,amount\n".to_owned();
    for id in 0..40 {
        content += &format!("{id},{},1000000000000000000\n", ["A,B", "B,A"][id % 2]);
    }
    let desk = Desk::with(&[("large.csv", &content)]);
    let out = desk.clear(&["large.csv", "--output=json"]).expect(0).out;
    for sum in ["\"total\": 40000000000000000000,", "\"cleared\": 40000000000000000000,", "\"remaining\": 0,"] {
        assert!(out.contains(sum), "{out}");
    }
    desk.clear(&["--check=large.certificate", "large.csv"]).expect(0);
}

/// Terms, and what they come to on a triangle with a pair over 10 each.
#[test]
fn terms() {
    let ten = "id,debtor,creditor,amount,days\n1,A,B,10,0\n2,B,A,10,90\n3,B,C,10,0\n4,C,A,10,0\n";
    let desk = Desk::with(&[
        ("ten.csv", ten),
        ("maxima.csv", "party,maximum\nC,2\n"),
        ("limits.csv", "debtor,creditor,limit\nB,A,4\n"),
        ("kept.csv", "id\n3\n"),
    ]);
    let table: [(&[&str], u64, &str); 7] = [
        (&[], 30, "10 0 10 10"),
        (&["--maximum", "B=7"], 21, "7 0 7 7"),
        (&["--maxima", "maxima.csv"], 22, "10 8 2 2"),
        (&["--limits", "limits.csv"], 24, "10 6 4 4"),
        (&["--keep", "4"], 20, "10 10 0 0"),
        (&["--keep-file", "kept.csv"], 20, "10 10 0 0"),
        (&["--oldest-first", "days"], 30, "10 0 10 10"),
    ];
    for (terms, cleared, expected) in table {
        let report = desk.clear(&[terms, &["ten.csv", "--output=json"]].concat()).expect(0).json();
        assert_eq!(report["cleared"], cleared, "{terms:?}");
        let notices = desk.read("ten.notices.csv");
        let set_off: Vec<&str> = notices.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
        assert_eq!(set_off.join(" "), expected, "{terms:?}");
        desk.clear(&["--check=ten.certificate", "ten.csv"]).expect(0);
    }
    for (terms, words) in [
        (["--maximum", "Z=7"], ["--maximum", "\"Z\""]),
        (["--maximum", "Z"], ["--maximum", "PARTY=AMOUNT"]),
        (["--maximum", "A=1.5"], ["--maximum", "decimals"]),
        (["--keep", "9"], ["--keep", "\"9\""]),
        (["--liquidity=-1", "--output=text"], ["--liquidity", "negative"]),
    ] {
        desk.clear(&[&terms[..], &["ten.csv"]].concat()).expect(2).says(&words);
    }
    desk.clear(&["ten.csv", "--oldest-first=id2"]).expect(1).says(&["no column id2"]);
    desk.write("maxima.csv", "party,maximum\nC,2\nC,3\n");
    desk.clear(&["ten.csv", "--maxima=maxima.csv"]).expect(1).says(&["maxima.csv, line 3", "another maximum"]);
    desk.clear(&["ten.csv", "--maximum=A=1", "--limits=limits.csv"]).expect(2).says(&["--limits"]);
}

#[test]
fn liquidity_and_one_more_unit_of_it() {
    let desk = Desk::with(&[("chain.csv", "id,debtor,creditor,amount\n1,A,B,10\n2,B,C,10\n")]);
    let report = desk.clear(&["chain.csv", "--liquidity=4", "--output=json"]).expect(0).json();
    assert_eq!(report["cleared"], 8);
    assert_eq!(report["liquidity"], json!({"most": 4, "lent": 4, "one_more": 2}));
    let certificate = desk.read("chain.certificate");
    let loans: Vec<&str> = certificate.lines().filter(|line| line.ends_with("\t4") || line.ends_with("\t-4")).collect();
    assert!(loans.iter().any(|line| line.starts_with("A\t") && line.ends_with("\t4")), "{certificate}");
    assert!(loans.iter().any(|line| line.starts_with("C\t") && line.ends_with("\t-4")), "{certificate}");
    desk.clear(&["--check=chain.certificate", "chain.csv"]).expect(0);
}

/// A certificate with something changed, and what is said of it.
#[test]
fn certificates_that_prove_nothing() {
    let desk = Desk::with(&[("a.csv", TRIANGLE), ("b.csv", &TRIANGLE.replace("4,C,A,1", "4,C,A,2"))]);
    desk.clear(&["a.csv"]).expect(0);
    let good = desk.read("a.certificate");
    let set_off =
        |id: &str, is: &str, becomes: &str| good.replace(&format!("\n{id}\t{is}\n"), &format!("\n{id}\t{becomes}\n"));
    let potential = good.lines().find(|line| line.starts_with("C\t")).unwrap();
    let table: Vec<(String, i32, &[&str])> = vec![
        (set_off("3", "1", "2"), 7, &["obligation \"3\"", "2 of 1"]),
        (set_off("3", "1", "0"), 7, &["party \"B\"", "of what it owes"]),
        (
            good.replace("\n1\t1\n2\t0\n3\t1\n4\t1\n", "\n1\t1\n2\t1\n3\t0\n4\t0\n")
                .replace("cleared\t3", "cleared\t2"),
            7,
            &["not be the largest", "counts 2", "obligation \""],
        ),
        (good.replace("cleared\t3", "cleared\t4"), 7, &["4 of 4", "in fact it is 3 of 4"]),
        (good.replace(potential, "C\t77\t0"), 7, &["not be the largest", "obligation \"4\""]),
        (good.replace(potential, "D\t0\t0"), 7, &["obligation \"3\"", "party \"C\"", "no potential"]),
        (good.replace(potential, "A\t0\t0"), 7, &["party \"A\" twice"]),
        (good.replace("\n3\t1\n", "\n5\t1\n"), 7, &["another obligation in the place of \"3\""]),
        (good.replace("kept\t0\n", "kept\t1\n3\n"), 7, &["\"3\" must not be touched"]),
        (good.replace("maxima\t0\n", "maxima\t1\nB\t0\t1\n"), 7, &["party \"B\"", "maximum is 0"]),
        (good.replace("maxima\t0\n", "maxima\t1\nZ\t0\t1\n"), 7, &["\"Z\"", "no potential"]),
        (good.replace("limits\t0\n", "limits\t1\nB\tA\t0\t1\n"), 7, &["\"B\" owes \"A\"", "allowed is 0"]),
        (good.replace("weight\t1\n", "weight\t1\tdays\n"), 1, &["no column days"]),
        (good.replace("obligations\t4", "obligations\t5"), 1, &["changed, line", "should follow"]),
        (good[..good.len() - 4].to_owned(), 1, &["should follow"]),
        (good[..good.len() - 1].to_owned(), 1, &["cut off"]),
        (good.replace("obligations\t4", "obligations\t3"), 1, &["should have ended"]),
        ("{}".to_owned(), 1, &["line 1", "cut off"]),
        (String::new(), 1, &["line 1", "should follow"]),
    ];
    for (changed, code, words) in table {
        assert_ne!(changed, good, "{words:?}");
        desk.write("changed", &changed);
        let run = desk.clear(&["--check=changed", "a.csv"]).expect(code);
        let said = format!("{}{}", run.out, run.err);
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
    let other = desk.clear(&["--check=a.certificate", "b.csv", "--output=json"]).expect(7).json();
    assert_eq!(other["verified"], false);
    assert!(other["reason"].as_str().unwrap().contains("another file"), "{other}");
    desk.clear(&["--check=a.certificate", "a.csv", "--liquidity=5"]).expect(2).says(&["--check"]);
}

#[test]
fn from_an_earlier_certificate() {
    let desk = Desk::with(&[("a.csv", TRIANGLE)]);
    desk.clear(&["a.csv"]).expect(0);
    // Another order, another amount, one less, one more, and a new party.
    desk.write("b.csv", "id,debtor,creditor,amount\n4,C,A,3\n3,B,C,4\n1,A,B,5\n9,A,D,7\n8,D,A,1\n");
    let fresh = desk.clear(&["b.csv", "--output=json"]).expect(0).json();
    let from = desk.clear(&["b.csv", "--from=a.certificate", "--notices=f.csv", "--output=json"]).expect(0).json();
    assert_eq!((&from["cleared"], &from["cleared"]), (&fresh["cleared"], &json!(11)));
    desk.clear(&["--check=f.certificate", "b.csv"]).expect(0);
    desk.clear(&["b.csv", "--from=a.csv"]).expect(1).says(&["a.csv, line 1", "no set-off certificate"]);
}

fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, File>, values: &[T::T], present: Option<&[i16]>) {
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, present, None).unwrap();
    column.close().unwrap();
}

/// The triangle as Parquet with these types of `id`, `debtor`, `creditor` and `amount`.
fn write_parquet(path: &Path, schema: &str, each: impl Fn(&mut SerializedRowGroupWriter<'_, File>)) {
    let schema = Arc::new(parse_message_type(&format!("message obligations {{ {schema} }}")).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    each(&mut group);
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_with_numbers_text_and_decimals() {
    let desk = Desk::with(&[]);
    let debtors = ["A", "B", "B", "C"].map(ByteArray::from);
    let creditors = ["B", "A", "C", "A"].map(ByteArray::from);
    let amounts = [1, 1, 1, 1_i128].map(|amount| FixedLenByteArray::from(amount.to_be_bytes().to_vec()));
    let text = "required int64 id; required binary debtor (UTF8); optional binary creditor (UTF8);
        required fixed_len_byte_array(16) amount (DECIMAL(38,0));";
    write_parquet(&desk.path("text.parquet"), text, |group| {
        column::<Int64Type>(group, &[10, 20, 30, 40], None);
        column::<ByteArrayType>(group, &debtors, None);
        column::<ByteArrayType>(group, &creditors, Some(&[1, 1, 1, 1]));
        column::<FixedLenByteArrayType>(group, &amounts, None);
    });
    let report = desk.clear(&["text.parquet", "--output=json"]).expect(0).json();
    assert_eq!((&report["cleared"], &report["parties"]), (&json!(3), &json!(3)));
    assert_eq!(desk.read("text.notices.csv"), "id,setoff,remaining\n10,1,0\n20,0,1\n30,1,0\n40,1,0\n");
    desk.clear(&["--check=text.certificate", "text.parquet"]).expect(0);

    let numbers = |amount: &str, file: &str, amounts: &[i64], present: Option<&[i16]>| {
        let schema = format!("required int64 id; required int64 debtor; required int64 creditor; {amount};");
        write_parquet(&desk.path(file), &schema, |group| {
            column::<Int64Type>(group, &[1, 2, 3, 4], None);
            column::<Int64Type>(group, &[7, -8, -8, 9], None);
            column::<Int64Type>(group, &[-8, 7, 9, 7], None);
            column::<Int64Type>(group, amounts, present);
        });
        desk.clear(&[file])
    };
    numbers("required int64 amount", "numbers.parquet", &[1; 4], None).expect(0);
    numbers("required int64 amount (DECIMAL(18,0))", "decimal.parquet", &[1; 4], None).expect(0);
    numbers("required int64 amount (INTEGER(64,false))", "unsigned.parquet", &[1, 1, 1, -1], None).expect(1).says(&[
        "row 4, amount",
        "18446744073709551615",
        "too large",
    ]);
    numbers("required int64 amount", "negative.parquet", &[1, 1, -5, 1], None)
        .expect(1)
        .says(&["row 3, amount", "negative"]);
    numbers("optional int64 amount", "null.parquet", &[1, 1, 1], Some(&[1, 0, 1, 1]))
        .expect(1)
        .says(&["row 2, amount", "missing"]);
    numbers("required int64 amount (DECIMAL(18,2))", "scale.parquet", &[1; 4], None)
        .expect(1)
        .says(&["column amount", "whole numbers"]);
    numbers("required int64 amounts", "name.parquet", &[1; 4], None).expect(1).says(&["no column amount"]);
    std::fs::write(desk.path("cut.parquet"), b"PAR1 and no more").unwrap();
    desk.clear(&["cut.parquet"]).expect(1).says(&["cut.parquet"]);
}

/// The data lies beside the repository and is not part of it; without it this test says so and passes.
#[test]
fn known_answers() {
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/obligations"));
    let desk = Desk::with(&[]);
    for (name, total, cleared) in
        [("net-500.csv", 1_083_458_544_u64, 190_888_770_u64), ("net-5000.csv", 12_104_199_605, 2_402_999_902)]
    {
        let path = directory.join(name);
        if !path.exists() {
            println!("SKIPPED: no obligations at {}", path.display());
            return;
        }
        let path = path.to_str().unwrap();
        let report = desk.clear(&[path, "--output=json"]).expect(0).json();
        assert_eq!((report["total"].as_u64(), report["cleared"].as_u64()), (Some(total), Some(cleared)));
        desk.clear(&["--check", report["certificate"].as_str().unwrap(), path]).expect(0);
    }
}
