//! Published rates, and what currencies and the settlement asset are worth by them.
//!
//! Each member publishes those of its own currency, in units of account. Where the charter names a publisher, it alone publishes, for
//! every member's currency and every currency of the basket; with a basket, in units of its reference currency.

use crate::basket::{in_units, price_of};
use crate::calendar::Day;
use crate::event::{Event, Field, Rejection};
use crate::reason::Reason;
use crate::rows::Rates;
use crate::state::Union;
use bytemuck::Zeroable;
use money::{Currency, Rate, Rounding};

/// What a member publishes for a currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication {
    /// ISO 4217 number; 0 for the member's own.
    pub currency: u16,
    pub from_day: u32,
    pub buying: (u64, u64),
    pub selling: (u64, u64),
}

impl Union {
    /// A member publishes the two rates of a currency, for today or a later day.
    pub(crate) fn publish_rates(&mut self, sender: u16, published: Publication) -> Result<(), Rejection> {
        let reject = |field, text| Err(Rejection::new(Reason::NARR, field, text));
        let Publication { from_day, buying, selling, .. } = published;
        let at = self.place_to_publish(sender, published.currency)?;
        let (Ok(buying), Ok(selling)) = (Rate::new(buying.0, buying.1), Rate::new(selling.0, selling.1)) else {
            return reject(Field::Rate, "a rate has a zero in it");
        };
        if buying > selling {
            return reject(Field::Rate, "the buying rate is above the selling rate");
        }
        if Day(from_day) < self.clock.today {
            return reject(Field::FromDay, "rates are not changed for days that are past");
        }
        if Day(from_day) > self.clock.today.after_days(self.charter.days_ahead) {
            return reject(Field::FromDay, "the day is too far ahead");
        }
        let (in_force, to_come) = (self.rates.get(at), self.rates.get(at + 1));
        if Day(from_day) == self.clock.today && in_force.is_published() {
            return reject(Field::FromDay, "rates are in force today already; publish for a later day");
        }
        if to_come.is_published() && to_come.from_day != from_day {
            return reject(Field::FromDay, "rates for another day are still to come; publish these once it has begun");
        }
        let next = u32::from(Day(from_day) > self.clock.today);
        *self.rates.get_mut(at + next) = Rates::new(buying, selling, from_day);
        self.events.push(Event::SettingsChanged { member: sender });
        Ok(())
    }

    /// Where the rates go that a member publishes for a currency.
    fn place_to_publish(&self, sender: u16, number: u16) -> Result<u32, Rejection> {
        let own = self.charter.members[usize::from(sender)].currency;
        let currency = if number == 0 { Ok(own) } else { Currency::from_numeric(number) };
        let refused = |reason, text| Err(Rejection::new(reason, Field::Currency, text));
        let Ok(currency) = currency else {
            return refused(Reason::AM03, "not an ISO 4217 currency with minor units");
        };
        match self.charter.publisher {
            Some(publisher) if publisher != sender => {
                return Err(Rejection::new(
                    Reason::AG01,
                    Field::Record,
                    "the charter names another member that publishes rates",
                ));
            }
            None if currency != own => {
                return refused(Reason::AM03, "a member publishes the rates of its own currency");
            }
            _ => {}
        }
        if currency == self.charter.unit_of_account {
            return refused(Reason::NARR, "the currency is the unit of account: it has no rate");
        }
        if self.charter.basket.as_ref().is_some_and(|basket| basket.reference == currency) {
            return refused(Reason::NARR, "the currency is the one that rates are in: its own is one");
        }
        let none =
            Rejection::new(Reason::AM03, Field::Currency, "the currency is neither a member's nor in the basket");
        self.place_of_rates(currency, &[sender]).ok_or(none)
    }

    /// A day has begun: the rates published for it replace the old ones.
    pub(crate) fn put_rates_in_force(&mut self) {
        for at in (0..self.rates.len()).step_by(2) {
            let next = *self.rates.get(at + 1);
            if next.is_published() && Day(next.from_day) <= self.clock.today {
                *self.rates.get_mut(at) = next;
                *self.rates.get_mut(at + 1) = Rates::zeroed();
            }
        }
    }

    /// Where a currency's rates are: with the basket's, or else with a member's whose own it is, `preferred` ones first.
    fn place_of_rates(&self, currency: Currency, preferred: &[u16]) -> Option<u32> {
        let basket = self.charter.basket_currencies();
        if let Some(at) = basket.iter().position(|of_basket| of_basket.currency == currency) {
            return Some(2 * at as u32);
        }
        let is_own = |member: &u16| self.charter.members[usize::from(*member)].currency == currency;
        // A sole publisher's rates for a currency are in one place.
        let preferred = preferred.iter().copied().filter(|_| self.charter.publisher.is_none());
        let member = preferred.chain(0..self.charter.members.len() as u16).find(is_own)?;
        Some(self.place_of_member_rates(member))
    }

    /// Where the rates of a member's own currency are: behind those of the basket's, two rows each.
    pub(crate) fn place_of_member_rates(&self, member: u16) -> u32 {
        2 * (self.charter.basket_currencies().len() as u32 + u32::from(member))
    }

    /// What a creditor gets for a unit of a currency, and what a debtor gives, in units of account: by the rates of the first
    /// of these members whose own it is, or else of the first of all members.
    ///
    /// With a basket both are rounded to a price, against whoever is converted for.
    ///
    /// # Errors
    ///
    /// Where nobody publishes the currency's rates, or nobody has.
    pub(crate) fn unit_rates(&self, currency: Currency, preferred: &[u16]) -> Result<(Rate, Rate), Rejection> {
        let reject = |text| Rejection::new(Reason::AM03, Field::Currency, text);
        let is_own = |member: &u16| self.charter.members[usize::from(*member)].currency == currency;
        if !preferred.iter().any(is_own) && !(0..self.charter.members.len() as u16).any(|member| is_own(&member)) {
            return Err(reject("the currency is not that of a member or the unit of account"));
        }
        let at = self.place_of_rates(currency, preferred).expect("it is a member's");
        let published = self.rates.get(at).rates().ok_or(reject("no rates are published for the currency today"));
        let Some(basket) = &self.charter.basket else { return published };
        let (buying, selling) = if basket.reference == currency { (Rate::ONE, Rate::ONE) } else { published? };
        let value = self.basket_value().ok_or(reject("the rates of a currency in the basket are not published yet"))?;
        let out_of_range = || reject("the rates of the currency and the basket are too far apart");
        let buying = in_units(buying, value, Rounding::Down).ok_or_else(out_of_range)?;
        Ok((buying, in_units(selling, value, Rounding::Up).ok_or_else(out_of_range)?))
    }

    /// What a unit of account that is a basket is worth, in millionths of a millionth of a unit of the reference currency: by the mean of
    /// the rates in force. `None` without a basket, and while the rates of one of its currencies are missing.
    pub fn basket_value(&self) -> Option<u64> {
        self.charter.basket.as_ref()?.value(|currency| self.price(currency))
    }

    /// A currency's price in the reference currency.
    fn price(&self, currency: Currency) -> Option<Rate> {
        if self.charter.basket.as_ref()?.reference == currency {
            return Some(Rate::ONE);
        }
        let (buying, selling) = self.rates.get(self.place_of_rates(currency, &[])?).rates()?;
        price_of(buying, selling)
    }

    /// Units of the settlement asset that pay one unit of account: fixed by the charter, or by the basket's value and the rates in
    /// force. `None` while those are missing.
    pub fn asset_per_unit(&self) -> Option<Rate> {
        if self.charter.basket.is_none() {
            return Some(self.charter.asset_per_unit);
        }
        let price = self.price(self.charter.settlement_asset)?;
        Rate::new(self.basket_value()?, price.convert(crate::basket::PRICE_ONE, 0, 0, Rounding::HalfEven).ok()?).ok()
    }

    /// What of an amount a leg can call for, in minor units of the unit of account and of the settlement asset; `None` for nothing.
    ///
    /// At one to one a leg is a whole number of minor units of the coarser of the two. At another rate what is to be paid is rounded half
    /// to even to a minor unit of the asset, and a leg is for at most 64 bits of minor units.
    pub(crate) fn leg_amounts(&self, amount: u128) -> Option<(u128, u128)> {
        let unit_digits = self.charter.unit_of_account.minor_digits();
        let asset_digits = self.charter.settlement_asset.minor_digits();
        let rate = self.asset_per_unit()?;
        let (unit_amount, asset_amount) = if rate != Rate::ONE {
            let unit_amount = u64::try_from(amount).unwrap_or(u64::MAX);
            let asset_amount = rate.convert(unit_amount, unit_digits, asset_digits, Rounding::HalfEven).ok()?;
            (unit_amount.into(), asset_amount.into())
        } else if asset_digits >= unit_digits {
            (amount, amount.checked_mul(10_u128.pow(u32::from(asset_digits - unit_digits)))?)
        } else {
            let unit = 10_u128.pow(u32::from(unit_digits - asset_digits));
            (amount / unit * unit, amount / unit)
        };
        (asset_amount > 0).then_some((unit_amount, asset_amount))
    }
}
