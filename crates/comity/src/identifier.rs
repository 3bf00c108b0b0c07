//! What identifies a participant: a BIC (ISO 9362) or an LEI (ISO 17442).

/// Takes a BIC of 8 or 11 characters or an LEI of 20 whose check digits are right.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let is_code = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match text.len() {
        _ if !is_code => Err("a BIC or LEI has capital letters A to Z and digits only"),
        8 | 11 if text.bytes().skip(4).take(2).all(|byte| byte.is_ascii_uppercase()) => Ok(text.to_owned()),
        8 | 11 => Err("a BIC has a country's two letters at its fifth and sixth place"),
        20 if !text.bytes().skip(18).all(|byte| byte.is_ascii_digit()) => Err("an LEI ends with two check digits"),
        20 if mod_97(text) != 1 => Err("the check digits of this LEI are wrong; compare it with where it comes from"),
        20 => Ok(text.to_owned()),
        _ => Err("a BIC has 8 or 11 characters, an LEI 20"),
    }
}

/// ISO 7064 MOD 97-10: the remainder of the number that the text is once A is written as 10, up to Z as 35.
fn mod_97(text: &str) -> u32 {
    let digits = text.chars().filter_map(|character| character.to_digit(36));
    digits.fold(0, |rest, digit| (rest * if digit < 10 { 10 } else { 100 } + digit) % 97)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The LEI of the Global Legal Entity Identifier Foundation.
    const GLEIF: &str = "506700GE1G29325QX363";

    #[test]
    fn what_is_a_bic_or_an_lei_is_taken() {
        for good in ["FICTBRAS", "FICTBRASXXX", "1234DE00", GLEIF] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_is_not_is_refused_and_the_text_says_why() {
        let table = [
            ("", "8 or 11"),
            ("FICTBRA", "8 or 11"),
            ("FICTBRASXX", "8 or 11"),
            ("fictbras", "capital"),
            ("FICT BRA", "capital"),
            ("FICTBRÁ", "capital"),
            ("FICT12AS", "country"),
            ("506700GE1G29325QX36A", "two check digits"),
            ("506700GE1G29325QX364", "are wrong"),
        ];
        for (bad, why) in table {
            assert!(parse(bad).is_err_and(|text| text.contains(why)), "{bad}");
        }
    }

    /// A digit in a letter's place also shifts what is before it, and then the remainder may be the same by chance.
    #[test]
    fn every_wrong_digit_or_letter_is_found() {
        for at in 0..GLEIF.len() {
            let mut wrong: Vec<char> = GLEIF.chars().collect();
            let others = if wrong[at].is_ascii_digit() { '0'..='9' } else { 'A'..='Z' };
            for other in others {
                wrong[at] = other;
                let wrong: String = wrong.iter().collect();
                assert_eq!(parse(&wrong).is_ok(), wrong == GLEIF, "{wrong}");
            }
        }
    }
}
