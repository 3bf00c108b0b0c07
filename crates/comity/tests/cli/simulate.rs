//! `comity simulate`: trade in, figures, a page and Parquet files out. And `comity init --preset`.

use crate::scene::run;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::{self, File};

const TRADE: &str = "exporter,importer,year,usd_million\nAAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\n";

#[test]
fn figures_a_page_and_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("trade.csv"), TRADE).unwrap();
    let asked =
        ["simulate", "--trade", &path("trade.csv"), "--year", "2006", "--orders", "300", "--members", "AAA,BBB,CCC"];
    let ask = |more: &[&str]| run(&[&asked[..], more].concat());
    let one = ask(&["--charter", "epu-1950", "--output", "json"]).expect(0).json();
    assert_eq!(one["gross"], 18_000_000_000_u64);
    // A owns 60 and B and C owe 30 each.
    assert_eq!(
        (one["gross_major"].as_str(), one["multilateral_net_ratio"].as_f64()),
        (Some("180000000.00"), Some(0.333333))
    );
    assert_eq!(one["members"].as_array().map(Vec::len), Some(3));

    let two = ask(&[
        "--charter",
        "acu",
        "--compare",
        "keynes-1943",
        "--html",
        &path("page.html"),
        "--parquet",
        &path("sheets"),
        "--output",
        "json",
    ]);
    let two = two.expect(0).json();
    assert_eq!((two[0]["charter"].as_str(), two[1]["charter"].as_str()), (Some("acu"), Some("keynes-1943")));
    let page = fs::read_to_string(path("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("keynes-1943") && page.contains("default-src 'none'"));
    assert!(!page.contains("://") && !page.contains("src="), "it asks for nothing from elsewhere");
    for (name, rows) in [("cycles", 6 + 12), ("positions", 3 * (6 + 12)), ("members", 6)] {
        let file =
            SerializedFileReader::new(File::open(path("sheets").to_owned() + &format!("/{name}.parquet")).unwrap())
                .unwrap();
        assert_eq!(file.metadata().file_metadata().num_rows(), rows, "{name}");
    }
    let text = ask(&["--compare", "keynes-1943", "--shock", "stops:BBB@2006-02-01"]).expect(0).out;
    assert!(text.contains("BBB stops paying on 2006-02-01") && text.contains("asset/settled"), "{text}");

    let many = ask(&["--runs", "6", "--output", "json"]).expect(0).json();
    assert_eq!(many["runs"], 6);
    ask(&["--charter", "keynes"]).expect(2).says(&["keynes-1943"]);
    ask(&["--shock", "floods:AAA@2006-01-01"]).expect(2).says(&["stops:CODE@DAY"]);
    let other = run(&["simulate", "--trade", &path("trade.csv"), "--year", "2007"]).expect(1);
    other.says(&["no trade of 2007"]);
    let presets = run(&["simulate", "--presets"]).expect(0).out;
    assert_eq!(presets.lines().count(), 13, "{presets}");
}

/// A charter that `init` wrote by a preset can be simulated, too.
#[test]
fn a_union_by_a_preset() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let members = ["--member=AAA:Bank of A:EUR", "--member=BBB:Bank of B:USD"];
    let init = ["init", &path("union"), "--name=By preset", "--preset", "keynes-1943"];
    run(&[&init[..], &members].concat()).expect(2).says(&["credit.formula"]);
    let turnover = ["--turnover=AAA=1000", "--turnover=BBB=4000"];
    run(&[&init[..], &members, &turnover].concat()).expect(0);
    let charter = fs::read_to_string(path("union/charter.toml")).unwrap();
    let charter = union::Charter::parse(&charter).unwrap();
    assert_eq!(charter.members.iter().map(|member| member.quota).collect::<Vec<_>>(), [75_000, 300_000]);
    fs::write(path("trade.csv"), TRADE).unwrap();
    let asked = [
        "simulate",
        "--trade",
        &path("trade.csv"),
        "--year=2006",
        "--members=AAA,BBB",
        "--orders=100",
        "--output=json",
    ];
    let charter = ["--charter", &path("union/charter.toml")];
    assert_eq!(run(&[&asked[..], &charter].concat()).expect(0).json()["charter"], "charter");
    run(&["init", &path("other"), "--name=x", "--preset", "none", members[0], members[1]])
        .expect(2)
        .says(&["epu-1950"]);
}
