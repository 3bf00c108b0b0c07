//! Minimum-cost flows: every solution is checked by what proves it, and every refusal by a slow search.

use clearing::flow::{Arc, FlowError, Network, Solution, Solver, minimum_cost};
use proptest::prelude::*;

/// Panics unless the flow is one of this network, and the potentials prove that none costs less.
fn check(network: &Network, solution: &Solution) {
    let mut left = network.supplies.clone();
    left.resize(network.nodes as usize, 0);
    assert_eq!(solution.flows.len(), network.arcs.len());
    for (arc, &flow) in network.arcs.iter().zip(&solution.flows) {
        let (tail, head) = (arc.tail as usize, arc.head as usize);
        assert!(flow <= arc.capacity, "{arc:?} carries {flow}");
        left[tail] -= i128::from(flow);
        left[head] += i128::from(flow);
        let reduced = arc.cost + solution.potentials[tail] - solution.potentials[head];
        assert!(reduced >= 0 || flow == arc.capacity, "{arc:?} carries {flow} at {reduced}");
        assert!(reduced <= 0 || flow == 0, "{arc:?} carries {flow} at {reduced}");
    }
    assert!(left.iter().all(|&left| left == 0), "nothing is left anywhere: {left:?}");
}

fn cost(network: &Network, solution: &Solution) -> i128 {
    network.arcs.iter().zip(&solution.flows).map(|(arc, &flow)| i128::from(arc.cost) * i128::from(flow)).sum()
}

/// Whether the supplies can be routed at all: augmenting paths, one after the other.
fn is_feasible(network: &Network) -> bool {
    let nodes = network.nodes as usize;
    let mut left = network.supplies.clone();
    left.resize(nodes, 0);
    let mut flows = vec![0_u64; network.arcs.len()];
    loop {
        let mut came_by: Vec<Option<(usize, bool)>> = vec![None; nodes];
        let mut reached: Vec<usize> = (0..nodes).filter(|&node| left[node] > 0).take(1).collect();
        let Some(&start) = reached.first() else { return left.iter().all(|&left| left == 0) };
        let mut is_reached = vec![false; nodes];
        is_reached[start] = true;
        let mut at = 0;
        while at < reached.len() {
            let node = reached[at];
            at += 1;
            for (number, arc) in network.arcs.iter().enumerate() {
                let (tail, head) = (arc.tail as usize, arc.head as usize);
                for (from, to, room) in [(tail, head, arc.capacity - flows[number]), (head, tail, flows[number])] {
                    if from == node && room > 0 && !is_reached[to] {
                        is_reached[to] = true;
                        came_by[to] = Some((number, to == head));
                        reached.push(to);
                    }
                }
            }
        }
        let Some(&end) = reached.iter().find(|&&node| left[node] < 0) else { return false };
        let mut path = Vec::new();
        let mut node = end;
        while let Some((number, forward)) = came_by[node] {
            path.push((number, forward));
            let arc = network.arcs[number];
            node = if forward { arc.tail } else { arc.head } as usize;
        }
        let room = |&(number, forward): &(usize, bool)| {
            if forward { network.arcs[number].capacity - flows[number] } else { flows[number] }
        };
        let amount = path.iter().map(room).map(i128::from).min().unwrap().min(left[start]).min(-left[end]);
        left[start] -= amount;
        left[end] += amount;
        for (number, forward) in path {
            if forward {
                flows[number] += amount as u64;
            } else {
                flows[number] -= amount as u64;
            }
        }
    }
}

fn arcs(nodes: u32, most: usize) -> impl Strategy<Value = Vec<Arc>> {
    let capacity = prop_oneof![0..10_u64, 0..1_000_000_u64, Just(Network::CAPACITY_MAX), Just(1 << 40)];
    let cost = prop_oneof![Just(-1_i64), -5..6_i64, -1_000_000..1_000_000_i64];
    let arc = (0..nodes, 0..nodes, capacity, cost);
    proptest::collection::vec(arc.prop_map(|(tail, head, capacity, cost)| Arc { tail, head, capacity, cost }), 0..most)
}

fn network() -> impl Strategy<Value = Network> {
    (1..9_u32).prop_flat_map(|nodes| {
        let supplies = proptest::collection::vec(-20..21_i128, nodes as usize);
        (Just(nodes), arcs(nodes, 24), prop::option::of(supplies)).prop_map(|(nodes, arcs, supplies)| {
            let mut supplies = supplies.unwrap_or_default();
            if let Some((last, others)) = supplies.split_last_mut() {
                *last = -others.iter().sum::<i128>(); // what one node sends another needs
            }
            Network { nodes, supplies, arcs }
        })
    })
}

/// A network in which a few nodes have most of the arcs, with amounts of very different size.
fn scale_free(nodes: u32, arcs: usize, seed: u64) -> Network {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    // The lower of several drawn numbers is a hub.
    let node = |next: &mut dyn FnMut() -> u64| {
        let bound = next() % u64::from(nodes) + 1;
        (next() % bound) as u32
    };
    let arcs = (0..arcs).map(|_| {
        let (tail, head) = (node(&mut next), node(&mut next));
        let size = next() % 30;
        Arc { tail, head, capacity: next() % (1 << size) + 1, cost: -1 }
    });
    Network { nodes, supplies: Vec::new(), arcs: arcs.collect() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_solution_is_proved_and_a_refusal_is_right(network in network()) {
        match minimum_cost(&network) {
            Ok(solution) => check(&network, &solution),
            Err(FlowError::Infeasible { .. }) => prop_assert!(!is_feasible(&network)),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn any_start_leads_to_a_solution(
        network in network(),
        flows in proptest::collection::vec(any::<u64>(), 0..30),
        potentials in proptest::collection::vec(any::<i64>(), 0..10),
    ) {
        let scratch = minimum_cost(&network);
        let started = Solver::from_solution(&network, &Solution { flows, potentials }).and_then(|mut solver| {
            solver.solve()?;
            Ok(solver.solution())
        });
        match (scratch, started) {
            (Ok(scratch), Ok(started)) => {
                check(&network, &started);
                prop_assert_eq!(cost(&network, &scratch), cost(&network, &started));
            }
            (scratch, started) => {
                let is_infeasible = |result| matches!(result, Err(FlowError::Infeasible { .. }));
                prop_assert!(is_infeasible(scratch) && is_infeasible(started));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Small networks of any shape, with supplies that can be routed at some times and not at others.
    #[test]
    fn after_any_changes_it_is_as_from_nothing(
        mut network in network(),
        changes in proptest::collection::vec((any::<u32>(), 0..40_u64), 1..30),
        at_once in 1..6_usize,
    ) {
        prop_assume!(!network.arcs.is_empty());
        let mut solver = Solver::new(&network).unwrap();
        for changes in changes.chunks(at_once) {
            for &(arc, capacity) in changes {
                let arc = arc % network.arcs.len() as u32;
                network.arcs[arc as usize].capacity = capacity;
                solver.set_capacity(arc, capacity).unwrap();
            }
            match (solver.solve(), minimum_cost(&network)) {
                (Ok(()), Ok(expected)) => {
                    check(&network, &solver.solution());
                    prop_assert_eq!(cost(&network, &solver.solution()), cost(&network, &expected));
                }
                (again, nothing) => {
                    prop_assert!(matches!(again, Err(FlowError::Infeasible { .. })), "{:?}", again);
                    prop_assert!(matches!(nothing, Err(FlowError::Infeasible { .. })), "{:?}", nothing);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Large enough for searches over the whole graph and for those from both sides.
    #[test]
    fn after_changes_it_is_as_good_as_from_nothing(
        seed in any::<u64>(),
        nodes in 100..400_u32,
        changes in proptest::collection::vec((any::<u32>(), 0..1_000_000_u64), 1..60),
        added in proptest::collection::vec((any::<u32>(), any::<u32>(), 1..1_000_000_u64), 0..20),
    ) {
        let mut network = scale_free(nodes, nodes as usize * 6, seed);
        let mut solver = Solver::new(&network).unwrap();
        solver.solve().unwrap();
        check(&network, &solver.solution());
        for changes in changes.chunks(7) {
            for &(arc, capacity) in changes {
                let arc = arc % network.arcs.len() as u32;
                network.arcs[arc as usize].capacity = capacity;
                solver.set_capacity(arc, capacity).unwrap();
            }
            solver.solve().unwrap();
            check(&network, &solver.solution());
        }
        for added in added.chunks(5) {
            for &(tail, head, capacity) in added {
                let arc = Arc { tail: tail % nodes, head: head % nodes, capacity, cost: -1 };
                prop_assert_eq!(solver.add_arc(arc), Ok(network.arcs.len() as u32));
                network.arcs.push(arc);
            }
            solver.solve().unwrap();
            check(&network, &solver.solution());
        }
        prop_assert_eq!(cost(&network, &solver.solution()), cost(&network, &minimum_cost(&network).unwrap()));
        let mut resumed = Solver::from_solution(&network, &solver.solution()).unwrap();
        resumed.solve().unwrap();
        prop_assert_eq!(resumed.solution().flows, solver.solution().flows, "an optimum stays where it is");
    }
}

/// The last searches of a solution from nothing are from both sides where there are many nodes.
#[test]
fn a_large_network() {
    let network = scale_free(20_000, 120_000, 7);
    let solution = minimum_cost(&network).unwrap();
    check(&network, &solution);
    assert_eq!(solution, minimum_cost(&network).unwrap(), "the same again");
}

#[test]
fn long_rings() {
    for (nodes, chords) in [(30_000_u32, 0), (30_000, 7)] {
        let mut arcs: Vec<Arc> = (0..nodes)
            .map(|tail| Arc { tail, head: (tail + 1) % nodes, capacity: 5 + u64::from(tail % 3), cost: -1 })
            .collect();
        for chord in 0..chords {
            let tail = chord * (nodes / chords);
            arcs.push(Arc { tail: tail + nodes / 9, head: tail, capacity: 2, cost: -1 });
        }
        let network = Network { nodes, supplies: Vec::new(), arcs };
        check(&network, &minimum_cost(&network).unwrap());
    }
}

#[test]
fn what_cannot_be_solved_is_refused() {
    let arc = Arc { tail: 0, head: 1, capacity: 1, cost: 1 };
    let network = |arcs: Vec<Arc>, supplies: Vec<i128>| Network { nodes: 2, supplies, arcs };
    let refusal = |network: &Network| minimum_cost(network).unwrap_err();
    assert_eq!(
        refusal(&network(vec![arc, Arc { head: 2, ..arc }], vec![])),
        FlowError::Node { arc: 1, node: 2, nodes: 2 }
    );
    let capacity = Network::CAPACITY_MAX + 1;
    assert_eq!(refusal(&network(vec![Arc { capacity, ..arc }], vec![])), FlowError::Capacity { arc: 0, capacity });
    assert!(matches!(
        refusal(&network(vec![Arc { cost: i64::MIN, ..arc }], vec![])),
        FlowError::Cost { arc: 0, cost: i64::MIN, .. }
    ));
    assert!(matches!(refusal(&network(vec![Arc { cost: i64::MAX, ..arc }], vec![])), FlowError::Cost { .. }));
    assert_eq!(refusal(&network(vec![], vec![1])), FlowError::Supplies { supplies: 1, nodes: 2 });
    assert_eq!(refusal(&network(vec![], vec![i128::MIN, 0])), FlowError::Overflow { node: 0 });
    assert_eq!(refusal(&network(vec![arc], vec![2, -2])), FlowError::Infeasible { node: 0, amount: 1 });
    assert_eq!(refusal(&network(vec![arc], vec![0, -2])), FlowError::Infeasible { node: 1, amount: -2 });
    let mut solver = Solver::new(&network(vec![arc], vec![])).unwrap();
    assert_eq!(solver.add_arc(Arc { tail: 5, ..arc }), Err(FlowError::Node { arc: 1, node: 5, nodes: 2 }));
    assert_eq!(solver.set_capacity(0, capacity), Err(FlowError::Capacity { arc: 0, capacity }));
    solver.solve().unwrap();
    assert_eq!(solver.solution().flows, [0]);
}

#[test]
fn the_ends_of_the_range() {
    let full = Network::CAPACITY_MAX;
    let arc = |tail, head, cost| Arc { tail, head, capacity: full, cost };
    // Parallel arcs that carry more than 64 bits in all, there and back.
    let arcs = vec![arc(0, 1, -1), arc(0, 1, -1), arc(0, 1, -1), arc(1, 0, -1), arc(1, 0, 0), arc(0, 0, -1)];
    let network = Network { nodes: 2, supplies: Vec::new(), arcs };
    let solution = minimum_cost(&network).unwrap();
    check(&network, &solution);
    assert_eq!(cost(&network, &solution), -4 * i128::from(full));
    // Nothing at all.
    assert_eq!(minimum_cost(&Network::default()), Ok(Solution::default()));
}
