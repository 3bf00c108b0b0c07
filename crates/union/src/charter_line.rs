//! In which line of a charter a key stands, for whoever has to mend it.

use toml::de::{DeTable, DeValue};

/// The line, from 1, in which the key with this path stands, or the nearest table around it that is there.
pub(crate) fn line_of(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let root = DeValue::Table(table.into_inner());
    let mut value = &root;
    let mut at_byte = None;
    for segment in path.split('.') {
        let (name, numbers) = segment.split_once('[').map_or((segment, ""), |(name, rest)| (name, rest));
        let DeValue::Table(table) = value else { break };
        let Some((key, found)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        at_byte = Some(key.span().start);
        value = found.get_ref();
        if let Ok(number) = numbers.trim_end_matches(']').parse::<usize>()
            && let DeValue::Array(items) = value
            && let Some(item) = items.get(number)
        {
            at_byte = Some(item.span().start);
            value = item.get_ref();
        }
    }
    at_byte.map(|at| text[..at].matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn lines_by_hand() {
        let text = "name = 'x'\n[cycle]\ndays = 1\n\n[[members]]\ncode = 'A'\n\n[[members]]\ncode = 'B'\nquota = '1'\n";
        for (path, line) in [
            ("name", Some(1)),
            ("cycle", Some(2)),
            ("cycle.days", Some(3)),
            ("cycle.months", Some(2)),
            ("members[0].code", Some(6)),
            ("members[1].quota", Some(10)),
            ("members[1].none", Some(8)),
            ("members", Some(5)),
            ("none", None),
            ("", None),
        ] {
            assert_eq!(line_of(text, path), line, "{path}");
        }
    }
}
