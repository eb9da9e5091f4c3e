//! The JSON of lockfiles, in types of our own: no value trees.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::LockfileError;
use crate::core::json::objects_only;

objects_only!(Head<'a>);

/// Reads the whole of `bytes` as a `T`. `serde_json` refuses to nest deeper than
/// 127 levels, so that recursion over a `T` is bounded.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, LockfileError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
        match error.classify() {
            Category::Data => LockfileError::Malformed { line, column, detail },
            Category::Syntax | Category::Eof | Category::Io => {
                LockfileError::NotJson { line, column, detail }
            }
        }
    })
}

/// What decides how to read the rest.
#[derive(serde::Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Head<'a> {
    #[serde(borrow, rename = "lockfileVersion")]
    version: Option<&'a RawValue>,
    /// Whether there is a section `packages`.
    pub(super) packages: Option<IgnoredAny>,
}

impl Head<'_> {
    /// The version, if it is one that we read.
    pub(super) fn version(&self) -> Result<u32, LockfileError> {
        let text = self.version.ok_or(LockfileError::NotALockfile)?.get();
        match text {
            "1" => Ok(1),
            "2" => Ok(2),
            "3" => Ok(3),
            other => Err(LockfileError::UnsupportedVersion(other.chars().take(16).collect())),
        }
    }
}

/// An object as a list, so that a key that is there twice is seen: JSON parsers differ in which
/// one they take, and the build must not install the other. Keys have at most `MAX` bytes.
#[derive(Debug)]
pub(super) struct Pairs<T, const MAX: usize>(pub(super) Vec<(String, T)>);

impl<T, const MAX: usize> Default for Pairs<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Pairs<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T, const MAX: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Entries<T, MAX> {
            type Value = Pairs<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key.len() > MAX {
                        let text = format!("a key of {} bytes, more than {MAX}", key.len());
                        return Err(A::Error::custom(text));
                    }
                    pairs.push((key, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A text; `null` and `false`, which npm 5 wrote for "none", are none.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maybe;

        impl Visitor<'_> for Maybe {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(Some(text.to_owned())))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Text, E> {
                if value {
                    return Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self));
                }
                Ok(Text(None))
            }
        }

        deserializer.deserialize_any(Maybe)
    }
}

/// Whether `bundleDependencies` names anything: a list of names, or `true` for all of them.
#[derive(Debug, Default)]
pub(super) struct Bundles(pub(super) bool);

impl<'de> Deserialize<'de> for Bundles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Bundles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names or a boolean")
            }

            fn visit_bool<E: serde::de::Error>(self, all: bool) -> Result<Bundles, E> {
                Ok(Bundles(all))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Bundles, E> {
                Ok(Bundles(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Bundles, A::Error> {
                let mut any = false;
                while names.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Bundles(any))
            }
        }

        deserializer.deserialize_any(Names)
    }
}
