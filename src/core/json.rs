//! Reads JSON from outside more strictly than derived types do.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::de::{
    Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
    value::MapAccessDeserializer,
};

/// Makes derived types readable from objects only. Derived types would also accept a list of their fields'
/// values, and other readers would not. The types have `#[serde(remote = "Self")]`, so that deriving does
/// not implement the trait: this macro does. `both` implements writing as well.
macro_rules! objects_only {
    ($($name:ident $(<$life:lifetime>)?),+) => {$(
        impl<'de $(: $life, $life)?> serde::Deserialize<'de> for $name $(<$life>)? {
            fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                struct Fields<T>(std::marker::PhantomData<T>);

                impl<'de $(: $life, $life)?> serde::de::Visitor<'de>
                    for Fields<$name $(<$life>)?>
                {
                    type Value = $name $(<$life>)?;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<Self::Value, A::Error> {
                        $name::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                json.deserialize_map(Fields(std::marker::PhantomData::<Self>))
            }
        }
    )+};
    (both $($name:ident),+) => {
        $crate::core::json::objects_only!($($name),+);
        $(
            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
                    $name::serialize(self, json)
                }
            }
        )+
    };
}
pub(crate) use objects_only;

/// An object of which no key is there twice, for `deserialize_with`: readers differ in which of
/// the two they take.
pub(super) fn distinct<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    json: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    struct Members<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, T>()? {
                if members.contains_key(&key) {
                    return Err(A::Error::custom(format!("{REPEATED}{key:?}")));
                }
                members.insert(key, value);
            }
            Ok(members)
        }
    }

    json.deserialize_map(Members(PhantomData))
}

/// Whether some JSON has an object in which a key is there twice: readers differ in which of the two
/// they take. What is not JSON has none; whoever parses it says so.
pub(super) fn repeated_key(json: &[u8]) -> Option<String> {
    let error = serde_json::from_slice::<Distinct>(json).err()?;
    let message = error.to_string();
    Some(message.split_once(REPEATED)?.1.split_once(" at line").map_or("", |(key, _)| key).into())
}

const REPEATED: &str = "duplicate field ";

/// Any JSON of which no object has a key twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self, A::Error> {
        distinct::<_, Self>(MapAccessDeserializer::new(map)).map(|_| self)
    }
}

/// Reads at most `MAX + 1` items of a list, so that callers can tell an overlong list without the memory
/// for it. For `deserialize_with`. `null` is an empty list.
pub(super) fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MAX: usize>(
    json: D,
) -> Result<Vec<T>, D::Error> {
    struct Few<T, const MAX: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Few<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while items.len() <= MAX {
                let Some(item) = list.next_element()? else { return Ok(items) };
                items.push(item);
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(items)
        }
    }

    json.deserialize_any(Few::<T, MAX>(PhantomData))
}

/// An upper bound on the values in some JSON: one more than its commas, brackets and braces, also those in
/// texts. A value takes a byte or two of JSON, and up to some hundred bytes of memory.
pub(super) fn values(json: &[u8]) -> usize {
    // The compiler makes vector instructions of a sum of bytes. A sum over 255 of them does not overflow.
    let marks = |part: &[u8]| -> u8 {
        part.iter().map(|byte| u8::from(matches!(byte, b',' | b'[' | b'{'))).sum()
    };
    json.chunks(255).map(|part| usize::from(marks(part))).sum::<usize>().saturating_add(1)
}

/// Bytes of the longest text in some JSON, escapes as they are written.
pub(super) fn longest_text(json: &[u8]) -> usize {
    let (mut longest, mut start, mut escaped) = (0, None, false);
    for (at, byte) in json.iter().enumerate() {
        match (start, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(from), b'"') => {
                longest = longest.max(at.saturating_sub(from).saturating_sub(1));
                start = None;
            }
            (None, b'"') => start = Some(at),
            _ => {}
        }
    }
    // A text that never ends is one too.
    start.map_or(longest, |from| longest.max(json.len().saturating_sub(from).saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(remote = "Self")]
    struct Borrowing<'a> {
        text: &'a str,
        #[serde(default, deserialize_with = "distinct")]
        members: BTreeMap<String, u32>,
    }

    objects_only!(Borrowing<'a>);

    #[test]
    fn a_list_is_no_object_and_a_key_is_there_once() {
        let read = |text: &'static str| {
            serde_json::from_str::<Borrowing<'_>>(text).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"text":"a"}"#), Ok(Borrowing { text: "a", members: [].into() }));
        let members = [("a".to_owned(), 1), ("b".to_owned(), 2)].into();
        let text = r#"{"text":"","members":{"a":1,"b":2}}"#;
        assert_eq!(read(text), Ok(Borrowing { text: "", members }));
        for (text, why) in [
            (r#"["a",{}]"#, "invalid type: sequence, expected an object"),
            (r#""a""#, "expected an object"),
            (r#"{"text":"a","text":"a"}"#, "duplicate field `text`"),
            (r#"{"text":"a","members":{"a":1,"\u0061":1}}"#, r#"duplicate field "a""#),
            (r#"{"text":"a","members":[["a",1]]}"#, "expected an object"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_found_however_deep_it_is() {
        for json in ["{}", "1", "[1,-2,1.5,true,null]", r#"{"a":{"a":[{"a":1},{"a":2}]}}"#, "[", ""]
        {
            assert_eq!(repeated_key(json.as_bytes()), None, "{json}");
        }
        for json in [r#"{"a":1,"a":1}"#, r#"{"b":[{"c":{"a":1,"\u0061":2}}]}"#] {
            assert_eq!(repeated_key(json.as_bytes()).as_deref(), Some(r#""a""#), "{json}");
        }
    }

    #[test]
    fn of_many_items_one_more_than_few_is_read() {
        let read = |json: &str| {
            few::<_, u32, 2>(&mut serde_json::Deserializer::from_str(json)).map_err(|_| ())
        };
        assert_eq!(read("null"), Ok(vec![]));
        assert_eq!(read("[1,2]"), Ok(vec![1, 2]));
        assert_eq!(read("[1,2,3]"), Ok(vec![1, 2, 3]));
        assert_eq!(read(r#"[1,2,3,"four",[5]]"#), Ok(vec![1, 2, 3]));
        for other in ["1", "{}", r#"[1,"two"]"#, "[1,2,3,"] {
            assert_eq!(read(other), Err(()), "{other}");
        }
    }

    #[test]
    fn values_are_counted_from_above() {
        for (json, count) in [("1", 1), ("[1,2]", 3), (r#"{"a":[],"b":","}"#, 5), ("[[[", 4)] {
            assert_eq!(values(json.as_bytes()), count, "{json}");
        }
        for many in [254, 255, 256, 1000] {
            assert_eq!(values(&vec![b','; many]), many + 1);
        }
    }

    #[test]
    fn the_longest_text_is_found_behind_escapes() {
        for (json, longest) in [
            ("", 0),
            ("[1,2]", 0),
            (r#"{"a":"bc"}"#, 2),
            (r#"["a\"b\\","c"]"#, 6),
            (r#"["a","bcd"#, 3),
        ] {
            assert_eq!(longest_text(json.as_bytes()), longest, "{json}");
        }
    }
}
