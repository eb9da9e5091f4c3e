//! The text of an `.npmrc`, as npm's `ini` reads it.

use super::Env;

/// The settings of a file, in its order.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split(['\r', '\n'])
        .map(str::trim)
        // npm knows no sections: what follows is not its own.
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with([';', '#']))
        .map(|line| {
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            (unquote(key), unquote(value))
        })
}

/// Takes off quotes, or a comment where there are none, and escapes (as npm's `ini` does).
fn unquote(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.into());
        }
    }
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ';' | '#' => break,
            '\\' => match characters.next() {
                Some(next @ ('\\' | ';' | '#')) => out.push(next),
                Some(next) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            _ => out.push(character),
        }
    }
    out.trim().to_owned()
}

/// Expands `${NAME}`, and `${NAME?}` which is empty where it is not set. Other variables that are
/// not set stay as they are.
pub(super) fn expand(text: &str, env: Env) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rest = rest.get(before.len()..).unwrap_or_default();
            break;
        };
        let (name, optional) = match name.strip_suffix('?') {
            Some(name) => (name, true),
            None => (name, false),
        };
        match env(name) {
            Some(value) => out.push_str(&value),
            None if optional => {}
            None => out.push_str(&format!("${{{name}}}")),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        (name == "NPM_TOKEN").then(|| "from-env".to_owned())
    }

    #[test]
    fn variables_are_expanded_in_one_pass() {
        for (text, expanded) in [
            ("a${NPM_TOKEN}b", "afrom-envb"),
            ("${NONE?}a${NONE}", "a${NONE}"),
            ("a${NPM_TOKEN", "a${NPM_TOKEN"),
            ("${a${NPM_TOKEN}", "${a${NPM_TOKEN}"),
        ] {
            assert_eq!(expand(text, &env), expanded, "{text}");
        }
        let endless = "${".repeat(500_000);
        assert_eq!(expand(&endless, &env), endless);
    }
}
