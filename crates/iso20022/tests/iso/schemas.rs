//! The tables agree with the official schemas, element by element, in every version.

use crate::official::{schema, shared};
use iso20022::{Check, Content, Edition, Kind, Level, VERSIONS};
use roxmltree::{Document, Node};

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// A schema of ISO 20022: named types only, a sequence or a choice in each, attributes on amounts.
struct Schema<'a> {
    identifier: &'a str,
    document: &'a Document<'a>,
}

struct Child {
    name: String,
    type_name: String,
    min: u8,
    max: u8,
}

impl<'a> Schema<'a> {
    fn named(&self, kind: &str, name: &str) -> Node<'_, '_> {
        let mut found = self
            .document
            .root_element()
            .children()
            .filter(|node| node.has_tag_name((XS, kind)) && node.attribute("name") == Some(name));
        found.next().unwrap_or_else(|| panic!("{} has no {kind} {name}", self.identifier))
    }

    fn children(&self, type_name: &str) -> (bool, Vec<Child>) {
        let complex = self.named("complexType", type_name);
        let is_choice = complex.children().any(|node| node.has_tag_name((XS, "choice")));
        let number = |text: Option<&str>| match text {
            None => 1,
            Some("unbounded") => 0,
            Some(text) => text.parse().expect("a number of occurrences"),
        };
        let elements = complex.descendants().filter(|node| node.has_tag_name((XS, "element")));
        let child = |node: Node<'_, '_>| Child {
            name: node.attribute("name").expect("a named element").to_owned(),
            type_name: node.attribute("type").expect("a named type").to_owned(),
            min: number(node.attribute("minOccurs")),
            max: number(node.attribute("maxOccurs")),
        };
        (is_choice, elements.map(child).collect())
    }

    /// Compares a level with a type, and what is in it. Returns how many elements were compared.
    fn compare(&self, path: &str, level: &Level, edition: Edition, type_name: &str) -> usize {
        let (is_choice, official) = self.children(type_name);
        assert_eq!(level.is_choice, is_choice, "{} {path}: choice or sequence", self.identifier);
        let ours: Vec<_> = level.elements.iter().filter(|element| element.is_in(edition)).collect();
        let names = |name: &str, min: u8, max: u8| format!("{name} {min}..{max}");
        let ours_text: Vec<_> = ours.iter().map(|element| names(element.name, element.min, element.max)).collect();
        let official_text: Vec<_> = official.iter().map(|child| names(&child.name, child.min, child.max)).collect();
        assert_eq!(ours_text, official_text, "{} {path}", self.identifier);
        let mut compared = ours.len();
        for (element, child) in ours.iter().zip(&official) {
            let path = format!("{path}/{}", element.name);
            match &element.content {
                Content::Level(level) => compared += self.compare(&path, level, edition, &child.type_name),
                Content::Text(check) => self.compare_text(&path, *check, &child.type_name),
                Content::Amount => {
                    assert!(child.type_name.contains("CurrencyAndAmount"), "{path}: {}", child.type_name)
                }
                Content::Ignored | Content::Refused(..) => {}
            }
        }
        compared
    }

    fn compare_text(&self, path: &str, check: Check, type_name: &str) {
        let simple = self.named("simpleType", type_name);
        let facet = |name: &str| {
            simple.descendants().find(|node| node.has_tag_name((XS, name))).and_then(|node| node.attribute("value"))
        };
        let codes = || {
            let values = simple.descendants().filter(|node| node.has_tag_name((XS, "enumeration")));
            values.map(|node| node.attribute("value").expect("a value").to_owned()).collect::<Vec<_>>()
        };
        let wrong = || panic!("{} {path}: {check:?} is not {type_name}", self.identifier);
        let has_pattern = |part: &str| facet("pattern").is_some_and(|pattern| pattern.contains(part));
        match check {
            Check::Text(max) | Check::Identifier(max) => {
                assert_eq!(facet("maxLength"), Some(max.to_string().as_str()), "{} {path}", self.identifier)
            }
            Check::Code => assert_eq!(facet("maxLength"), Some("4"), "{} {path}", self.identifier),
            Check::OneOf(known) if type_name.contains("Indicator") => assert_eq!(known, ["true", "false", "1", "0"]),
            Check::OneOf(known) => {
                let (mut known, mut codes) = (known.to_vec(), codes());
                known.sort_unstable();
                codes.sort_unstable();
                assert_eq!(known, codes, "{} {path}", self.identifier);
            }
            Check::Bic if has_pattern("[A-Z0-9]{4,4}[A-Z]{2,2}") => {}
            Check::Lei if has_pattern("[A-Z0-9]{18,18}[0-9]{2,2}") => {}
            Check::Iban if has_pattern("[A-Z]{2,2}[0-9]{2,2}") => {}
            Check::Uetr if has_pattern("-4[a-f0-9]{3}-[89ab]") => {}
            Check::Count if has_pattern("[0-9]{1,15}") => {}
            Check::Date if type_name == "ISODate" => {}
            Check::DateTime if type_name.starts_with("ISO") && type_name.ends_with("DateTime") => {}
            Check::Time if type_name == "ISOTime" => {}
            Check::Decimal if type_name == "DecimalNumber" => {}
            _ => wrong(),
        }
    }
}

#[test]
fn tables_are_those_of_the_official_schemas() {
    if shared("xsd").is_none() {
        return;
    }
    let mut compared = 0;
    for (kind, edition, identifier) in VERSIONS.iter().filter(|(kind, _, _)| kind.is_inbound()) {
        let text = schema(identifier).unwrap_or_else(|| panic!("no schema of {identifier}"));
        let document = Document::parse(&text).unwrap();
        let schema = Schema { identifier, document: &document };
        let top = document.root_element().children().find(|node| node.has_tag_name((XS, "element"))).unwrap();
        let type_name = top.attribute("type").unwrap();
        compared += match iso20022::message(*kind) {
            None => {
                assert_eq!((*kind, top.attribute("name")), (Kind::Head001, Some("AppHdr")));
                schema.compare("AppHdr", iso20022::header(), *edition, type_name)
            }
            Some(message) => {
                let (_, roots) = schema.children(type_name);
                assert_eq!(roots.len(), 1);
                assert_eq!(roots[0].name, message.root, "{identifier}");
                schema.compare(message.root, message.level, *edition, &roots[0].type_name)
            }
        };
    }
    assert!(compared > 1_500, "only {compared} elements were compared");
}

/// A table without a row for an element would refuse it: this shows that the comparison sees that.
#[test]
fn a_table_that_differs_is_found() {
    let text = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:complexType name="T"><xs:sequence>
        <xs:element name="MsgId" type="X"/></xs:sequence></xs:complexType></xs:schema>"#;
    let document = Document::parse(text).unwrap();
    let schema = Schema { identifier: "test", document: &document };
    let compare = || schema.compare("AppHdr", iso20022::header(), Edition::E2019, "T");
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err());
}
