//! A set-off that is found again after changes, from where it was.

use super::error::SetOffError;
use super::model::{Model, in_words_of_set_off};
use super::obligation::{AMOUNT_MAX, Obligation};
use super::result::{SetOff, Start};
use super::terms::Terms;
use crate::flow::Solver;

/// Obligations, terms, and the largest set-off of them so far.
#[derive(Clone, Debug)]
pub struct Clearing {
    parties: u32,
    obligations: Vec<Obligation>,
    terms: Terms,
    model: Model,
    solver: Solver,
    /// A change was made that the network cannot take in place; it is laid out anew before the next solution.
    is_outdated: bool,
}

impl Clearing {
    /// Takes in obligations among parties numbered below `parties`. More parties than owe anything now leave room for
    /// those that come later.
    ///
    /// # Errors
    ///
    /// Where an obligation or a term makes no sense; see [`SetOffError`].
    pub fn new(parties: u32, obligations: Vec<Obligation>, terms: Terms) -> Result<Self, SetOffError> {
        Self::open(parties, obligations, terms, None)
    }

    /// As [`new`](Self::new), starting from an earlier set-off of obligations like these. The result is as large as
    /// without it and is found sooner, the less has changed.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn resume(parties: u32, obligations: Vec<Obligation>, terms: Terms, start: Start) -> Result<Self, SetOffError> {
        Self::open(parties, obligations, terms, Some(start))
    }

    fn open(
        parties: u32,
        obligations: Vec<Obligation>,
        terms: Terms,
        start: Option<Start>,
    ) -> Result<Self, SetOffError> {
        let (model, network) = Model::new(parties, &obligations, &terms)?;
        let solver = match start {
            None => Solver::new(&network),
            Some(start) => Solver::from_solution(&network, &model.start(&network, start)),
        };
        let solver = solver.map_err(|error| in_words_of_set_off(error, &terms, parties))?;
        Ok(Clearing { parties, obligations, terms, model, solver, is_outdated: false })
    }

    /// Finds the largest set-off, from the last one where there is one.
    ///
    /// # Errors
    ///
    /// Where amounts or ages are beyond what can be weighed exactly; see [`SetOffError`].
    pub fn solve(&mut self) -> Result<SetOff, SetOffError> {
        if self.is_outdated {
            let start = self.model.start_from(self.solver.solution());
            let (model, network) = Model::new(self.parties, &self.obligations, &self.terms)?;
            let start = model.start(&network, start);
            let solver = Solver::from_solution(&network, &start);
            self.solver = solver.map_err(|error| in_words_of_set_off(error, &self.terms, self.parties))?;
            self.model = model;
            self.is_outdated = false;
        }
        self.solve_network()?;
        Ok(self.model.set_off(&self.obligations, &self.terms, self.solver.solution()))
    }

    fn solve_network(&mut self) -> Result<(), SetOffError> {
        self.solver.solve().map_err(|error| in_words_of_set_off(error, &self.terms, self.parties))
    }

    /// The obligations as they are now.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// The terms, with an age for each obligation where they have ages.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Gives an obligation another amount, zero where it was paid. The next [`solve`](Self::solve) takes it into account.
    ///
    /// # Errors
    ///
    /// Where there is no such obligation, or the amount is beyond [`AMOUNT_MAX`].
    pub fn set_amount(&mut self, obligation: u32, amount: u64) -> Result<(), SetOffError> {
        let at = obligation as usize;
        let obligations = self.obligations.len();
        let Some(changed) = self.obligations.get_mut(at) else {
            return Err(SetOffError::Obligation { obligation, obligations });
        };
        if amount > AMOUNT_MAX {
            return Err(SetOffError::Amount { obligation: at, amount });
        }
        changed.amount = amount;
        if self.model.is_limited(changed) {
            self.is_outdated = true;
        } else if !self.is_outdated {
            self.solver.set_capacity(self.model.arc_number(at), self.model.capacity(at, amount))?;
        }
        Ok(())
    }

    /// Adds an obligation, and returns its index. `age` counts where the terms have ages.
    ///
    /// # Errors
    ///
    /// Where the obligation makes no sense, there are too many, or its age cannot be weighed; nothing is added then.
    pub fn add(&mut self, obligation: Obligation, age: u32) -> Result<u32, SetOffError> {
        let at = self.obligations.len();
        obligation.validate(at, self.parties)?;
        Model::ensure_room(self.parties, at + 1)?;
        let mut base = self.model.base();
        if !self.terms.ages.is_empty() {
            self.terms.ages.push(age);
            base = self.terms.weight_base(self.parties).inspect_err(|_| self.terms.ages.truncate(at))?;
        }
        if self.is_outdated || self.model.is_limited(&obligation) || base > self.model.base() {
            self.is_outdated = true;
        } else {
            let added = self.solver.add_arc(self.model.arc(at, &obligation, &self.terms));
            if let Err(error) = added {
                self.terms.ages.truncate(at);
                return Err(in_words_of_set_off(error, &self.terms, self.parties));
            }
        }
        self.obligations.push(obligation);
        Ok(at as u32)
    }

    /// How much more could be set off with one more unit of liquidity; `None` without liquidity in the terms. Solves
    /// again from the solution there is, and the next [`solve`](Self::solve) does so, too.
    ///
    /// The price of liquidity in the dual is an upper bound: it may be that of the last unit rather than of the next
    /// one, and these differ where the last unit used up what a path of obligations had.
    ///
    /// # Errors
    ///
    /// As [`solve`](Self::solve).
    pub fn one_more(&mut self) -> Result<Option<u128>, SetOffError> {
        let (Some(liquidity), Some(arc)) = (self.terms.liquidity, self.model.lending()) else { return Ok(None) };
        let cleared = self.solve()?.cleared;
        self.solver.set_capacity(arc, liquidity + 1)?;
        let with_one_more = self.solve().map(|set_off| set_off.cleared);
        self.solver.set_capacity(arc, liquidity)?;
        Ok(Some(with_one_more? - cleared))
    }
}
