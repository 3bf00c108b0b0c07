//! Upgrades: a later version of the rules from a height that was voted, and older software that stops there.

use crate::scene::{A, B, C, Scene};
use crate::votes::{all_agree, motion, terms, up_to};
use union::{Block, BlockError, Command, Decision, Motion};

#[test]
fn older_software_stops_where_the_rules_change_and_says_so() {
    let mut scene = Scene::new(terms(3));
    scene.union.know_protocols_up_to(2);
    let upgrade = Motion { protocol: 2, ..motion(&scene, Decision::Upgrade) };
    assert_eq!(scene.send(B, &[Command::Propose(upgrade)]), ["done"]);
    all_agree(&mut scene, 1, &[A, B, C]);
    scene.clock("2006-01-02 11:30");
    let height = scene.union.proposals()[0].in_force_height;
    up_to(&mut scene, height - 1);

    let mut older = scene.union.clone();
    older.know_protocols_up_to(1);
    let block = Block::new(height, older.time_ms(), older.parent(), 0, older.state(), Vec::new());
    let before = older.state();
    let error = older.apply(&block).unwrap_err();
    assert_eq!(error, BlockError::Protocol { height, needed: 2, known: 1 });
    assert!(error.to_string().contains("install a later release"), "{error}");
    assert_eq!((older.height(), older.state()), (height - 1, before), "nothing of it was applied");

    up_to(&mut scene, height);
    assert_eq!(scene.union.protocol(), 2);
    // Later, too: a node that starts again does not go on by the old rules.
    older = scene.union.clone();
    older.know_protocols_up_to(1);
    let block = Block::new(height + 1, older.time_ms(), older.parent(), 0, older.state(), Vec::new());
    assert_eq!(older.apply(&block).unwrap_err(), BlockError::Protocol { height: height + 1, needed: 2, known: 1 });
}
