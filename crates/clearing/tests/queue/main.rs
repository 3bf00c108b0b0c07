//! Queue settlement, judged by an independent checker and by trying every subset.

mod brute_force;
mod by_hand;
mod checker;
mod extremes;
mod instances;
