//! Writing XML.

use quick_xml::escape::escape;

/// XML that is being written, an element a line.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    text: String,
    open: Vec<&'static str>,
    /// An amount had more digits than a message can say.
    pub is_beyond: bool,
}

/// Digits of an amount in ISO 20022, decimals included.
const AMOUNT_DIGITS_MAX: usize = 18;

impl Xml {
    pub fn new() -> Xml {
        Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), ..Xml::default() }
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n(' ', 2 * self.open.len()));
    }

    /// An element with others in it.
    pub fn within(&mut self, name: &'static str, write: impl FnOnce(&mut Xml)) {
        self.within_namespace(name, None, write);
    }

    /// The same in a namespace of its own.
    pub fn within_namespace(&mut self, name: &'static str, namespace: Option<&str>, write: impl FnOnce(&mut Xml)) {
        self.indent();
        match namespace {
            Some(namespace) => self.text.push_str(&format!("<{name} xmlns=\"{namespace}\">\n")),
            None => self.text.push_str(&format!("<{name}>\n")),
        }
        self.open.push(name);
        write(self);
        self.open.pop();
        self.indent();
        self.text.push_str(&format!("</{name}>\n"));
    }

    /// An element with text in it.
    pub fn text(&mut self, name: &'static str, text: &str) {
        self.indent();
        self.text.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
    }

    /// The same for text that may be absent.
    pub fn optional(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, text);
        }
    }

    /// Text of at most so many characters; the rest is left out.
    pub fn shortened(&mut self, name: &'static str, text: &str, max: usize) {
        let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max).collect();
        self.optional(name, Some(&shown));
    }

    /// An amount that is not negative, in minor units, with its currency.
    pub fn amount(&mut self, name: &'static str, minor: u128, currency: money::Currency) {
        let text = self.decimal(minor, currency.minor_digits());
        self.indent();
        self.text.push_str(&format!("<{name} Ccy=\"{}\">{text}</{name}>\n", currency.code()));
    }

    /// A number of minor units as a decimal.
    pub fn decimal(&mut self, minor: u128, digits: u8) -> String {
        let text = i128::try_from(minor).map(|minor| money::format_amount(minor, digits)).unwrap_or_default();
        let count = text.bytes().filter(u8::is_ascii_digit).count();
        self.is_beyond |= count == 0 || count > AMOUNT_DIGITS_MAX;
        text
    }

    pub fn finish(self) -> String {
        self.text
    }
}
