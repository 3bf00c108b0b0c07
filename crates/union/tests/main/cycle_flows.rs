//! What members paid each other in a cycle is what the cycle closed with.

use crate::chain::replay;
use crate::drafts::{MEMBERS, steps, terms};
use crate::properties::run;
use proptest::prelude::*;
use union::{CycleFlows, CycleStatus, Union};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The flows of every cycle, from genesis or from a state within one, sum and net to the figures that it closed with; those of the
    /// open one are the books'. No state has those of a cycle that closed before it.
    #[test]
    fn flows_add_up_to_what_a_cycle_closed_with(
        terms in terms(),
        steps in steps(120),
        per_block in 1..12_usize,
        cut in any::<prop::sample::Index>(),
    ) {
        let (chain, ..) = run(&terms, &steps, per_block, &[0]);
        let cycles = chain.union.cycles();
        let cut = cut.index(chain.blocks.len() + 1);
        let mut union = Union::new(terms.charter(), 0);
        replay(&mut union, &chain.blocks[..cut]);
        let begun: Vec<_> = (1..=cycles.len() as u32).map(|number| CycleFlows::new(&union, number)).collect();
        let ended = union.open_cycle_row().number as usize - 1;
        let rest = replay(&mut union, &chain.blocks[cut..]);
        for (at, (row, begun)) in cycles.iter().zip(begun).enumerate() {
            prop_assert_eq!(begun.is_none(), at < ended);
            let Some(mut flows) = begun else { continue };
            let closed = rest.iter().find_map(|applied| flows.block(applied));
            prop_assert_eq!(closed.is_none(), row.status() == CycleStatus::Open);
            prop_assert_eq!(closed.is_some_and(|closed| flows.add_up_to(&closed)), closed.is_some());
            let flows = flows.finish();
            if closed.is_none() {
                prop_assert!(flows.bilateral_positions().eq(union.open_flows().bilateral_positions()));
                continue;
            }
            let (mut gross, mut bilateral, mut net) = (0, 0, [0_i128; MEMBERS as usize]);
            for pair in flows.bilateral_positions() {
                gross += pair.owed_by_first + pair.owed_by_second;
                bilateral += pair.net().unsigned_abs();
                net[pair.first] += pair.net();
                net[pair.second] -= pair.net();
            }
            let left = net.iter().filter(|&&net| net > 0).sum::<i128>() as u128;
            prop_assert_eq!((gross, bilateral, left), (row.gross, row.bilateral_net, row.multilateral_net));
        }
    }
}
