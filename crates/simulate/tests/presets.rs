//! Every preset makes a charter, and says what its source says: figures that a person can check by hand.

use ledger::NO_CAP;
use simulate::preset::{CharterMember, PRESETS, QuotaSource, charter_text, preset};
use union::{AboveQuota, Algorithm, ChargedSide, ChargedTo, Charter, CreditKind, CycleLength, LossSharing};

const YEARS_MAX: usize = 5;

/// Members with so much turnover in each year that a formula asks for, in hundreds of units.
fn charter(name: &str, codes: &[&str], quotas: QuotaSource) -> Charter {
    let preset = preset(name).expect("a preset");
    let years: usize = preset
        .text
        .lines()
        .find_map(|line| line.strip_prefix("years = "))
        .map_or(0, |years| years.parse().expect("a number"));
    assert!(years <= YEARS_MAX);
    let member = |(number, code): (usize, &&str)| {
        let key = keys::MemberKey::from_seed([number as u8 + 1; 32]).public();
        let hex = |bytes: [u8; 32]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        CharterMember {
            code: (*code).to_owned(),
            name: (*code).to_owned(),
            currency: "USD".to_owned(),
            signing_key: hex(key.signing),
            sealing_key: hex(key.sealing),
            node_key: None,
            // 1000, 2000, ... for the first member, 2000, 4000, ... for the second.
            turnover: (1..=years).map(|year| (1_000 * year * (number + 1)).to_string()).collect(),
        }
    };
    let members: Vec<_> = codes.iter().enumerate().map(member).collect();
    let text = charter_text(preset.text, name, "2006-01-01", &members, quotas).expect("a preset is TOML");
    Charter::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

const EPU: [&str; 15] =
    ["BEL", "DNK", "DEU", "FRA", "GRC", "ISL", "ITA", "NLD", "NOR", "AUT", "PRT", "SWE", "CHE", "TUR", "GBR"];

/// In millions.
fn epu_quotas(name: &str) -> Vec<u64> {
    charter(name, &EPU, QuotaSource::Table).members.iter().map(|member| member.quota / 100_000_000).collect()
}

/// Gold for whole percents of the quota on either side, for a quota of a hundred.
fn gold(name: &str, percents: &[i128]) -> Vec<i128> {
    let charter = charter(name, &EPU, QuotaSource::Table);
    percents.iter().map(|&percent| charter.settlement.settled(percent * 100, 10_000)).collect()
}

#[test]
fn every_preset_makes_a_charter_and_names_what_is_assumed() {
    assert_eq!(PRESETS.len(), 13);
    for preset in PRESETS {
        charter(preset.name, &["AGENT", "ARG", "BRA", "CHL"], QuotaSource::Formula);
        assert!(preset.text.starts_with("# "), "{} says what it is", preset.name);
        assert!(preset.text.contains("ssumption"), "{} says what is assumed", preset.name);
        assert!(preset.text.lines().all(|line| line.len() <= 140), "{}", preset.name);
        for table in ["[calendar]", "[queue]"] {
            let line = preset.text.lines().find(|line| line.starts_with(table)).expect("the table");
            assert!(line.contains('#'), "{}: {line} says where it is from", preset.name);
        }
    }
    assert_eq!(preset("keynes"), None);
}

#[test]
fn quotas_of_the_payments_union() {
    let (original, of_1954, of_1955) = (epu_quotas("epu-1950"), epu_quotas("epu-1954"), epu_quotas("epu-1955"));
    assert_eq!(original.iter().sum::<u64>(), 3_950);
    assert_eq!((original[0], original[14]), (360, 1_060));
    assert_eq!(of_1954.iter().sum::<u64>(), 4_986);
    assert!(of_1954.iter().zip(&of_1955).all(|(before, after)| 2 * before == *after), "twice");
    assert_eq!(epu_quotas("epu-1952"), original);
}

/// A debtor's gold at each boundary of the slices, and above the quota; then a creditor's.
#[test]
fn slices_of_the_payments_union() {
    // 0, 20 % of 20, + 40 % of 20, + 60 % of 20, + 80 % of 20, then all of 50.
    let debtor = [-20, -40, -60, -80, -100, -150];
    assert_eq!(gold("epu-1950", &debtor), [0, -400, -1_200, -2_400, -4_000, -9_000]);
    assert_eq!(gold("epu-1950", &[20, 60, 100, 150]), [0, 2_000, 4_000, 6_500]);
    // 0, 20 % of 10, + 30 % of 20, + 40 % of 20, + 50 % of 20, + 70 % of 20.
    let revised = [-10, -20, -40, -60, -80, -100];
    assert_eq!(gold("epu-1952", &revised), [0, -200, -800, -1_600, -2_600, -4_000]);
    assert_eq!(gold("epu-1952", &[20, 100]), [0, 4_000]);
    assert_eq!(gold("epu-1954", &[-30, -100, -110, 30, 100]), [-1_500, -5_000, -6_000, 1_500, 5_000]);
    assert_eq!(gold("epu-1955", &[-20, -100, -110, 20, 100]), [-1_500, -7_500, -8_500, 1_500, 7_500]);
    for name in ["epu-1950", "epu-1952", "epu-1954", "epu-1955"] {
        let charter = charter(name, &EPU, QuotaSource::Table);
        assert_eq!((charter.credit.above_quota, charter.cycle_length), (AboveQuota::Settle, CycleLength::Months(1)));
        assert_eq!(charter.members[0].debit_cap, NO_CAP, "the quota is no cap");
    }
}

/// Half of the average of five years, three quarters of that of three; charges at the corners, on either side alike.
#[test]
fn keynes() {
    // The averages of 1000 .. 5000 and of 1000 .. 3000.
    let draft = charter("keynes-1941", &["ARG", "BRA"], QuotaSource::Formula);
    assert_eq!([draft.members[0].quota, draft.members[1].quota], [150_000, 300_000]);
    let white_paper = charter("keynes-1943", &["ARG", "BRA"], QuotaSource::Formula);
    assert_eq!([white_paper.members[0].quota, white_paper.members[1].quota], [150_000, 300_000]);
    for charter in [draft, white_paper] {
        assert_eq!(charter.members[0].debit_cap, 150_000, "no more than the quota is overdrawn");
        assert_eq!(charter.settlement.settled(-150_000, 150_000), 0, "nothing is settled in an asset");
        for (percent, yearly) in [(25, 0), (50, 25), (75, 75), (100, 125)] {
            // In hundredths of a percent of the quota: 1 % of what is above a quarter and 1 % of what is above half.
            for side in [-1, 1] {
                let balance = side * percent * 1_000_000;
                let due = |charge: &union::Charge| charge.due(charge.base(balance, 100_000_000) * 365, 365);
                let sum: u128 = charter.charges.charges.iter().map(due).sum();
                assert_eq!(sum, yearly * 10_000, "{percent} percent of the quota");
            }
        }
        assert!(
            charter
                .charges
                .charges
                .iter()
                .all(|charge| charge.side == ChargedSide::Both && charge.to == ChargedTo::Charges)
        );
    }
}

#[test]
fn regional_unions() {
    let of = |name| charter(name, &["ARG", "BRA", "AGENT"], QuotaSource::Formula);
    let (aladi, sucre, sml, acu) = (of("aladi"), of("sucre"), of("sml"), of("acu"));
    let lengths = [&aladi, &sucre, &sml, &acu].map(|charter| charter.cycle_length);
    assert_eq!(lengths, [CycleLength::Months(4), CycleLength::Months(6), CycleLength::Days(1), CycleLength::Months(2)]);
    for charter in [&aladi, &sucre, &sml, &acu] {
        assert_eq!(charter.settlement.settled(-12_345, 100), -12_345, "all is paid");
    }
    assert_eq!([&aladi, &sml].map(|charter| charter.credit.kind), [CreditKind::Bilateral; 2]);
    assert_eq!((aladi.credit.line(0, 1), sml.credit.line(0, 1)), (NO_CAP, 12_000_000_000));
    assert_eq!(aladi.default.expect("a rule").instalments, 4);
    assert_eq!(acu.default.expect("a rule").deadline_days, 4);
    assert_eq!((sucre.members[0].quota, sucre.members[0].debit_cap), (10_000, 10_000), "a tenth of a thousand");
    let reserve = sucre.default.expect("a rule");
    assert_eq!((reserve.reserves_first, reserve.loss), (true, LossSharing::Equal));
}

#[test]
fn payment_systems_and_circles() {
    let papss = charter("papss", &["ARG", "BRA", "AGENT"], QuotaSource::Formula);
    assert_eq!(papss.members.iter().map(|member| member.debit_cap).collect::<Vec<_>>(), [0, 0, NO_CAP]);
    assert_eq!((papss.credit.kind, papss.settlement.settled(500, 0)), (CreditKind::Prefunded, 0));
    let cls = charter("cls-like", &["ARG", "BRA"], QuotaSource::Formula);
    assert_eq!((cls.members[0].debit_cap, cls.settlement.settled(-7, 1)), (1_000, -7));
    assert!(matches!(cls.queue.discipline, Algorithm::Optimiser { .. }) && cls.queue.settles_together());
    let circle = charter("mutual-credit", &["ARG", "BRA"], QuotaSource::Formula);
    assert_eq!((circle.members[1].quota, circle.settlement.settled(-7, 1), circle.exit.cycles), (20_000, 0, 12));
    assert!(circle.charges.charges.is_empty());
}

/// A charter is written with the comments of its rules, and other members in the place of those that it had.
#[test]
fn a_charter_keeps_what_its_rules_say() {
    let first = charter("keynes-1943", &["ARG", "BRA"], QuotaSource::Formula);
    assert!(first.text().contains("no overdraft beyond the quota"));
    let members: Vec<_> = first
        .members
        .iter()
        .map(|member| CharterMember {
            code: member.code.clone(),
            name: "another".to_owned(),
            currency: "EUR".to_owned(),
            signing_key: member.signing_key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
            sealing_key: member.sealing_key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
            node_key: None,
            turnover: Vec::new(),
        })
        .collect();
    let text = charter_text(first.text(), "again", "2007-01-01", &members[..2], QuotaSource::Formula).unwrap();
    let again = Charter::parse(&text).expect("a charter");
    assert_eq!((again.members, again.name.as_str()), (first.members, "again"), "who is there stays as it was");
}
