//! `verify`: one screen when all is well, the block when it is not.

use crate::scene::{Scene, run};

/// First byte of every record in a segment, by the lengths in their headers (see `docs/journal-format.md`).
fn records(content: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 64);
    while at < content.len() {
        starts.push(at);
        let payload = u32::from_le_bytes(content[at + 4..at + 8].try_into().unwrap()) as usize;
        at += 64 + payload.next_multiple_of(8);
    }
    starts
}

#[test]
fn one_screen_says_what_was_proved() {
    let scene = Scene::new();
    let receipts = scene.trade(4);
    let screen = run(&["verify", &scene.arg("union")]).expect(0).out;
    assert!(screen.lines().count() <= 24 && screen.lines().all(|line| line.len() <= 120), "{screen}");
    for words in
        ["Verified", "union       Three", "12; every signature good", "12 orders", "sum to zero", "2 currencies"]
    {
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }
    let json = run(&["verify", &scene.arg("union/data"), "--output=json"]).expect(0).json();
    let state: String = receipts.last().unwrap().state.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((json["verified"].as_bool(), json["state_hash"].as_str()), (Some(true), Some(state.as_str())));
    assert_eq!((&json["blocks"], &json["settled"], &json["entries"]), (&13.into(), &12.into(), &24.into()));
    assert_eq!(json["snapshots"], serde_json::json!([12]));
}

#[test]
fn a_changed_byte_is_found_and_its_block_named() {
    let scene = Scene::new();
    scene.trade(2);
    let (file, good) = scene.segments().pop().unwrap();
    let starts = records(&good);
    assert_eq!(starts.len(), 7, "genesis and six blocks");
    for (height, &start) in starts.iter().enumerate() {
        let end = starts.get(height + 1).copied().unwrap_or(good.len());
        // The record's magic, its hash, its first and its last byte of content.
        for at in [start, start + 30, start + 64, start + 64 + (end - start - 64) / 2, end - 9] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&file, &bad).unwrap();
            let fault = run(&["verify", &scene.arg("union"), "--output=json"]).expect(7).json();
            assert_eq!(fault["verified"], false);
            let place = (fault["block"].as_u64(), fault["offset"].as_u64(), fault["file"].as_str());
            let name = file.file_name().unwrap().to_str();
            assert_eq!(place, (Some(height as u64), Some(start as u64), name), "byte {at}: {fault}");
        }
    }
    let text = run(&["verify", &scene.arg("union")]).expect(7).out;
    assert!(text.contains("FAULT") && text.contains("block       6"), "{text}");
    std::fs::write(&file, &good).unwrap();
    run(&["verify", &scene.arg("union")]).expect(0);
}

/// Whoever makes the checksums right again cannot make the signature right.
#[test]
fn a_forger_who_repairs_the_journal_is_found_by_the_signature() {
    let scene = Scene::new();
    scene.trade(1);
    let reader = journal::Reader::open(scene.path("union/data")).unwrap();
    let mut payloads: Vec<Vec<u8>> = (0..=3).map(|height| reader.block(height).unwrap().payload).collect();
    // The amount in the first order of block 2: state hash, length of no certificate, block header, batch
    // header, then the record.
    let amount = 32 + 4 + 128 + 256 + 48;
    assert_eq!(payloads[2][amount..amount + 8], 2_000_u64.to_le_bytes());
    payloads[2][amount] ^= 1;

    let forged = scene.path("forged");
    let mut journal = journal::Journal::create(&forged, &payloads[0]).unwrap();
    for (height, payload) in payloads.iter().enumerate().skip(1) {
        journal.append(height as u64, &[payload]).unwrap();
    }
    journal.close().unwrap();
    let fault = run(&["verify", &scene.arg("forged"), "--output=json"]).expect(7).json();
    assert_eq!(fault["block"], 2, "{fault}");
    assert!(fault["reason"].as_str().unwrap().contains("signature"), "{fault}");
}

#[test]
fn a_damaged_snapshot_is_a_fault_and_a_wrong_path_is_not() {
    let scene = Scene::new();
    scene.trade(1);
    let snapshot = scene.path("union/data/snapshot-00000000000000000003");
    let good = std::fs::read(&snapshot).unwrap();
    let mut bad = good.clone();
    bad[150] ^= 1;
    std::fs::write(&snapshot, &bad).unwrap();
    let fault = run(&["verify", &scene.arg("union"), "--output=json"]).expect(7).json();
    assert_eq!((fault["file"].as_str(), fault["block"].as_u64()), (Some("snapshot-00000000000000000003"), Some(3)));
    std::fs::write(&snapshot, &good).unwrap();

    run(&["verify", &scene.arg("nowhere")]).expect(1).says(&["nowhere"]);
    run(&["verify", &scene.arg("union/keys")]).expect(1).says(&["holds no journal"]);
}

/// A journal that was cut off at the end of a block, its `head` removed, is good by itself; only who knows the state by
/// another way finds out.
#[test]
fn a_journal_that_was_cut_off_is_told_by_the_state_that_is_expected() {
    let scene = Scene::new();
    let receipts = scene.trade(1);
    let state: String = receipts.last().unwrap().state.iter().map(|byte| format!("{byte:02x}")).collect();
    let union = scene.arg("union");
    let expecting = ["verify", &union, "--expect-state", &state, "--output=json"];
    run(&expecting).expect(0);
    run(&["verify", &union, "--expect-state=12"]).expect(2).says(&["64 hexadecimal digits"]);

    let (file, good) = scene.segments().pop().unwrap();
    let end = records(&good).pop().unwrap();
    std::fs::write(&file, &good[..end]).unwrap();
    std::fs::remove_file(scene.path("union/data/head")).unwrap();
    std::fs::remove_file(scene.path("union/data/snapshot-00000000000000000003")).unwrap();
    run(&["verify", &union]).expect(0);
    let fault = run(&expecting).expect(7).json();
    assert_eq!((fault["verified"].as_bool(), fault["block"].as_u64()), (Some(false), Some(2)), "{fault}");
    assert!(fault["reason"].as_str().unwrap().contains(&state), "{fault}");
}
