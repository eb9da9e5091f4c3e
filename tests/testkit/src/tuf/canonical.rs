//! Canonical JSON as TUF signs it: sorted keys, no white space, two escapes.

use serde_json::Value;

/// The canonical form of a value without fractions.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut out = String::new();
    write(value, &mut out);
    out.into_bytes()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            list('{', '}', members, out, |(name, value), out| {
                string(name, out);
                out.push(':');
                write(value, out);
            });
        }
        Value::Array(items) => list('[', ']', items, out, write),
        Value::String(text) => string(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn list<T>(
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut item: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (at, it) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item(it, out);
    }
    out.push(close);
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(&text.replace('\\', "\\\\").replace('"', "\\\""));
    out.push('"');
}
