//! The text of an `.npmrc`, as npm's `ini` reads it.

/// The settings of a file, in its order.
pub fn lines(text: &str) -> impl Iterator<Item = (String, String)> {
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
