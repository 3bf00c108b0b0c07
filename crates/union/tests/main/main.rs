//! The union from the outside: blocks in, outcomes and books out.
//!
//! Every test applies signed batches to a real [`union::Union`] by way of [`scene::Scene`], which checks after
//! each block that the books sum to zero and that every limit holds. Outcomes are compared as short
//! words: `settled`, `queued AM04`, `rejected AM01 amount`.

mod acceptance;
mod bad_batches;
mod bad_blocks;
mod bad_charters;
mod bad_orders;
mod basket;
mod business_days;
mod chain;
mod confirmation_orders;
mod conversion;
mod credit;
mod cycle;
mod cycle_flows;
mod defaults;
mod drafts;
mod forgetting;
mod founding;
mod governed;
mod limits;
mod membership;
mod named_states;
mod order_life;
mod order_proofs;
mod properties;
mod queue;
mod return_requests;
mod returns;
mod runs;
mod scene;
mod shadow;
mod statements;
mod upgrade;
mod votes;
