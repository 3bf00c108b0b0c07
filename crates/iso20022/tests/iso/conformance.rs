//! The conformance page says what the tables say.

use iso20022::{Content, Edition, Kind, Level, VERSIONS};

const PAGE: &str = include_str!("../../../../docs/iso20022.md");

/// Paths of what is used, and of what is refused, in a level and those in it. Agents and the like are used as a whole.
fn collect(level: &Level, path: &str, around: &str, used: &mut Vec<String>, refused: &mut Vec<String>) {
    for element in level.elements {
        let first = Edition::ALL.into_iter().find(|edition| element.is_in(*edition)).unwrap();
        let since = if first == Edition::E2019 { around.to_owned() } else { format!(" ({first})") };
        let name = format!("{path}{}", element.name);
        let entry = format!("`{name}`{since}");
        let list = match &element.content {
            Content::Ignored => continue,
            Content::Refused(..) => &mut *refused,
            Content::Text(_) | Content::Amount => &mut *used,
            Content::Level(level) if is_whole(element.name, level) => &mut *used,
            Content::Level(level) => {
                collect(level, &format!("{name}/"), &since, used, refused);
                continue;
            }
        };
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
}

/// What is explained once for all messages: agents, accounts, parties.
fn is_whole(name: &str, level: &Level) -> bool {
    level.elements.iter().any(|element| matches!(element.name, "FinInstnId" | "Pty" | "Prxy" | "CtctDtls"))
        || name == "FIId"
}

fn section(kind: Kind) -> String {
    let identifiers: Vec<_> =
        VERSIONS.iter().filter(|(of, _, _)| *of == kind).map(|(_, _, id)| format!("`{id}`")).collect();
    let (mut used, mut refused) = (Vec::new(), Vec::new());
    match iso20022::message(kind) {
        Some(message) => collect(message.level, "", "", &mut used, &mut refused),
        None => collect(iso20022::header(), "", "", &mut used, &mut refused),
    }
    let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!(
        "### {}\n\nVersions: {}.\n\nUsed: {}.\n\nRefused: {}.\n",
        kind.name(),
        identifiers.join(", "),
        list(&used),
        list(&refused)
    )
}

#[test]
fn the_page_says_what_the_tables_say() {
    use Kind::*;
    for kind in [Head001, Pacs008, Pacs009, Pacs004, Camt056, Camt029, Pacs028, Camt050] {
        let section = section(kind);
        assert!(PAGE.contains(&section), "docs/iso20022.md has to say:\n\n{section}");
    }
    for (_, _, identifier) in VERSIONS {
        assert!(PAGE.contains(&format!("`{identifier}`")), "{identifier}");
    }
}
