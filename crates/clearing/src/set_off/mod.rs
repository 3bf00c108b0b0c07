//! The largest set-off and its certificate.
