//! What comes: votes that are wanted, epochs, an upgrade that this software does not know.

use super::Findings;
use crate::node_file::NodeFile;
use api::view::OutlookView;
use union::Union;

/// What the journal says about this node and its members; `key` is the node's, among several.
pub fn look(findings: &mut Findings, file: &NodeFile, union: &Union, key: Option<[u8; 32]>) {
    let own = file.node.iter().map(|place| &place.member);
    let codes = file.members.iter().map(|held| &held.code).chain(own);
    let members: Vec<u16> = codes.filter_map(|code| union.charter().member(code)).collect();
    let votes = key.map(|key| {
        let rosters = union.rosters();
        [rosters.current(), rosters.next()].map(|roster| roster.nodes().contains(&key))
    });
    let outlook = OutlookView::new(union, &members, votes);
    let epoch = format!("epoch {} ends with block {}", outlook.epoch, outlook.epoch_ends);
    match (outlook.votes, outlook.votes_next) {
        (Some(true), Some(true)) => findings.ok("epoch", format!("{epoch}; this node votes in it and in the next")),
        (Some(false), Some(true)) => findings.ok("epoch", format!("{epoch}; from then on this node votes")),
        (Some(true), _) => {
            let advice = "nothing, if its member leaves or has given it another key; else ask the other members";
            findings.warning("epoch", format!("{epoch}; this node votes in it and no longer"), advice);
        }
        (Some(false), _) => {
            let advice = "nothing, if it stands by or its member is not admitted yet; else `comity members CODE` says which key counts";
            findings.warning("epoch", format!("{epoch}; this node follows without a vote"), advice);
        }
        (None, _) => findings.ok("epoch", epoch),
    }
    match outlook.proposals_to_vote_on.as_slice() {
        [] => findings.ok("votes", "no proposal waits for the vote of a member of this node"),
        numbers => {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            let text = format!("proposals that wait for the vote of a member of this node: {}", numbers.join(", "));
            findings.warning("votes", text, "`comity proposals NUMBER` shows one, `comity vote` votes");
        }
    }
    let known = format!(
        "version {} of the rules is in force; this software knows up to {}",
        outlook.protocol, outlook.protocol_known
    );
    match (outlook.protocol_unknown, outlook.alerts.first()) {
        (Some(_), Some(alert)) => {
            findings.wrong("rules", alert.clone(), "install a later release and start the node again")
        }
        _ => findings.ok("rules", known),
    }
}
