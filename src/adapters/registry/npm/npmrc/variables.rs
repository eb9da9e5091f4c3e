//! Variables in the text of an `.npmrc`.

use super::Env;

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
