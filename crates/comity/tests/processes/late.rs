//! A member's node that comes late begins with a checkpoint that another member made, as docs/operation.md says.

use crate::honest::started_with;
use processes::{Group, Signing};
use serde_json::Value;
use std::fs;
use union::{Command, Reason};
use uuid::Uuid;

fn pays(group: &Group, signing: &mut Signing<'_>, through: usize) -> u64 {
    let (_, batch) = signing.next(1).unwrap();
    let receipt = group.client(through).submit_batch(&batch).unwrap();
    assert!(receipt.outcomes[0].is_taken(), "{receipt:?}");
    receipt.height
}

#[test]
fn a_late_node_begins_with_a_checkpoint_and_is_needed() {
    let group = started_with(&[0, 1, 2], &["--epoch-blocks=16"]);
    let mut signing = Signing::new(&group, 0);
    let (first, batch) = signing.next(1).unwrap();
    assert!(group.client(0).submit_batch(&batch).unwrap().outcomes[0].is_taken());
    // An order a block: two epochs, and the blocks that certify the end of the second.
    while pays(&group, &mut signing, 0) < 2 * 16 + 4 {}

    let home = |node: usize| group.home(node).to_str().unwrap().to_owned();
    let file = group.home(0).with_file_name("union.checkpoint");
    let written = group.run(&["checkpoint", &home(0), "--out", file.to_str().unwrap()]).unwrap();
    let begins = written["height"].as_u64().unwrap();
    assert_eq!((begins + 1) % 16, 0, "{written}");

    // The fourth member's machine is new: its node is set up from the founding charter, its key, and the file.
    let (late, founding) = (group.home(3).with_file_name("late"), group.home(0).with_file_name("charter.toml"));
    let key = group.home(3).join("keys/node.key");
    let [founding, late, key, file] = [&founding, &late, &key, &file].map(|path| path.to_str().unwrap());
    let peer = format!("--peer=ARG={}", group.node_address(0));
    let init = ["init", late, "--charter", founding, "--member=CHL", "--node-key", key, &peer, "--checkpoint", file];
    let changed = format!("{file}.changed");
    let mut bytes = fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&changed, bytes).unwrap();
    let refused = group.run(&[&init[..init.len() - 1], &[&*changed]].concat()).unwrap_err().to_string();
    assert!(refused.contains("union.checkpoint.changed"), "{refused}");
    group.run(&init).unwrap();
    // Where the links of this test lead, its first configuration says.
    fs::remove_dir_all(group.home(3).join("data")).unwrap();
    fs::rename(format!("{late}/data"), group.home(3).join("data")).unwrap();
    group.start(3).unwrap();
    group.wait_until_ready(3).unwrap();

    // With another node down, three are a quorum only with it.
    group.kill(1).unwrap();
    let height = pays(&group, &mut signing, 3);
    // The first order is from before its journal: what happens to it is told all the same.
    let creditor = group.client(3).order(&first[0]).unwrap().creditor;
    let order = Uuid::parse_str(&first[0]).unwrap().as_u128();
    let asks = signing.command(&Command::RequestReturn { order, reason: Reason::CUST }).unwrap();
    assert_eq!(group.client(3).submit_batch(&asks).unwrap().outcomes[0].outcome, "done");
    let block = |height: u64| group.client(3).get::<Value>(&format!("/v1/blocks/{height}"));
    assert_eq!(block(begins + 1).unwrap()["height"], begins + 1);
    let earlier = block(begins).unwrap_err().to_string();
    assert!(earlier.contains("begins after block"), "{earlier}");
    group.stop_all().unwrap();
    let told = group.home(3).with_file_name("told");
    let export = ["iso", "export", &home(3), "--member", &creditor, "--out", told.to_str().unwrap()];
    assert_eq!(group.run(&export).unwrap()["messages"]["camt.056"], 1);
    let verified = group.run(&["verify", &home(3)]).unwrap();
    assert_eq!(verified["begins"], begins, "{verified}");
    assert!(verified["certified"].as_u64().unwrap() >= height, "{verified}");
}
