//! The JSON of lockfiles, in types of our own: no value trees.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::PackageLockError;
use crate::core::json::objects_only;

objects_only!(LockfileHead<'a>);

/// Reads the whole of `bytes` as a `T`. `serde_json` refuses to nest deeper than
/// 127 levels, so that recursion over a `T` is bounded.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, PackageLockError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = without_place(&error);
        match error.classify() {
            Category::Data => PackageLockError::Malformed { line, column, detail },
            Category::Syntax | Category::Eof | Category::Io => {
                PackageLockError::NotJson { line, column, detail }
            }
        }
    })
}

/// What an error says, without the place.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The fields that decide how to read the rest.
#[derive(serde::Deserialize)]
#[serde(remote = "Self")]
pub(super) struct LockfileHead<'a> {
    #[serde(borrow, rename = "lockfileVersion")]
    version: Option<&'a RawValue>,
    /// Whether there is a section `packages`.
    pub(super) packages: Option<IgnoredAny>,
    /// Whether there is a section `dependencies`.
    pub(super) dependencies: Option<IgnoredAny>,
}

impl LockfileHead<'_> {
    /// The version, if it is one that we read.
    pub(super) fn version(&self) -> Result<u32, PackageLockError> {
        let text = match (self.version, &self.dependencies, &self.packages) {
            (Some(version), ..) => version.get(),
            (None, Some(_), None) => return Err(PackageLockError::OldShrinkwrap),
            // npm takes `packages` where it is there, whatever the version.
            (None, ..) => return Err(PackageLockError::NotALockfile),
        };
        match text {
            "1" => Ok(1),
            "2" => Ok(2),
            "3" => Ok(3),
            "4" => Ok(4),
            other => Err(PackageLockError::UnsupportedVersion(other.chars().take(16).collect())),
        }
    }
}

/// An object as a list, so that a key that is there twice is seen: JSON parsers differ in which
/// one they take, and the build must not install the other. Keys have at most `MAX` bytes.
#[derive(Debug)]
pub(super) struct Object<'a, T, const MAX: usize>(pub(super) Vec<(ObjectKey<'a>, T)>);

/// A key of an object.
#[derive(Debug)]
pub(super) struct ObjectKey<'a> {
    pub(super) name: String,
    /// As it is written in the file: a part of the text, so that [`Lines`] finds its line.
    written: &'a str,
}

/// The lines of a text, for keys in their order.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, line: 1 }
    }

    /// The line on which a key of the text stands. Each line is counted once: this key must come after
    /// those that were asked for before.
    pub(super) fn of(&mut self, key: &ObjectKey<'a>) -> usize {
        let from = key.written.as_ptr().addr().saturating_sub(self.rest.as_ptr().addr());
        if let Some((before, rest)) = self.rest.split_at_checked(from) {
            self.line =
                before.iter().filter(|byte| **byte == b'\n').count().saturating_add(self.line);
            self.rest = rest;
        }
        self.line
    }
}

impl<T, const MAX: usize> Default for Object<'_, T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Object<'a, T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T, const MAX: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Entries<T, MAX> {
            type Value = Object<'de, T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(raw) = map.next_key::<&RawValue>()? {
                    let written = raw.get();
                    // The place would be that in the key.
                    let name: String = serde_json::from_str(written)
                        .map_err(|error| A::Error::custom(without_place(&error)))?;
                    if name.len() > MAX {
                        let text = format!("a key of {} bytes, more than {MAX}", name.len());
                        return Err(A::Error::custom(text));
                    }
                    pairs.push((ObjectKey { name, written }, map.next_value()?));
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A text. An empty one, `null` and `false` count as missing, as npm reads them: npm 5 wrote `false` for
/// "none".
#[derive(Debug, Default)]
pub(super) struct JsonText(pub(super) Option<String>);

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maybe;

        impl Visitor<'_> for Maybe {
            type Value = JsonText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<JsonText, E> {
                Ok(JsonText(Some(text.to_owned()).filter(|text| !text.is_empty())))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<JsonText, E> {
                Ok(JsonText(None))
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<JsonText, E> {
                if value {
                    return Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self));
                }
                Ok(JsonText(None))
            }
        }

        deserializer.deserialize_any(Maybe)
    }
}

/// `bundleDependencies`: a list of names, or `true` for all that the package depends on.
#[derive(Debug, Default)]
pub(super) enum Bundles {
    #[default]
    None,
    All,
    Names(Vec<String>),
}

impl<'de> Deserialize<'de> for Bundles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Bundles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names or a boolean")
            }

            fn visit_bool<E: serde::de::Error>(self, all: bool) -> Result<Bundles, E> {
                Ok(if all { Bundles::All } else { Bundles::None })
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Bundles, E> {
                Ok(Bundles::None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bundles, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Bundles::Names(names))
            }
        }

        deserializer.deserialize_any(Names)
    }
}

/// What a package depends on: names, and the range or address for each. A value that is not a text is
/// ignored.
#[derive(Debug, Default)]
pub(super) struct Specs(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Specs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Specs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names and ranges")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Specs, E> {
                Ok(Specs::default())
            }

            fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Specs, E> {
                Ok(Specs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Specs, A::Error> {
                let mut specs = Vec::new();
                while let Some((name, spec)) = map.next_entry::<String, JsonText>()? {
                    specs.push((name, spec.0.unwrap_or_default()));
                }
                Ok(Specs(specs))
            }
        }

        deserializer.deserialize_any(Object)
    }
}

/// Whether JavaScript would take a value for true.
#[derive(Debug, Default)]
pub(super) struct Truthy(pub(super) bool);

impl<'de> Deserialize<'de> for Truthy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(match value {
            serde_json::Value::Null => false,
            serde_json::Value::Bool(value) => value,
            serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
            serde_json::Value::String(text) => !text.is_empty(),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => true,
        }))
    }
}

/// The keys that we do not read. Those that begin with `_` are npm's own names inside: npm takes
/// `_resolved` for an address where there is no `resolved`, and never writes it.
#[derive(Debug)]
pub(super) struct NoInnerKeys;

impl<'de> Deserialize<'de> for NoInnerKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = NoInnerKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NoInnerKeys, A::Error> {
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    if key.starts_with('_') {
                        let text = format!("key {key:?}, which npm reads and never writes");
                        return Err(A::Error::custom(text));
                    }
                }
                Ok(NoInnerKeys)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}
