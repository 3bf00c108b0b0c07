//! The largest set-off: known answers, adversarial shapes, terms, certificates, and what is refused.

mod certificate;
mod check;
mod known_answers;
mod refused;
mod scene;
mod shapes;
mod terms;
