//! Reads JSON in the browser: the browser parses it, and serde reads the resulting objects. serde_json would be a tenth
//! of the code that every page loads, mostly for error messages and for printing fractions, which we do not have.

use js_sys::{Array, JSON, Reflect};
use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt::{self, Display};
use wasm_bindgen::{JsCast, JsValue};

/// Parses `text`; `None` if it is not JSON of this type.
///
/// ```
/// use latchkey::api::json::read;
///
/// assert_eq!(read("[1, 2]"), Some(vec![1, 2]));
/// assert_eq!(read::<Vec<i64>>("<!DOCTYPE html>"), None);
/// ```
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    if cfg!(target_family = "wasm") {
        T::deserialize(Value(JSON::parse(text).ok()?)).ok()
    } else {
        // Tests run without a browser.
        serde_json::from_str(text).ok()
    }
}

/// Parses a single word, such as a code; `None` if it is not one of the type's words.
///
/// ```
/// use latchkey::api::json::read_word;
/// use latchkey::api::problem::Code;
///
/// assert_eq!(read_word("not_found"), Some(Code::NotFound));
/// assert_eq!(read_word::<Code>("no such code"), None);
/// ```
pub fn read_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<Unreadable>::new(word)).ok()
}

/// The JSON does not have the expected form. It carries no details: the server always sends the expected form, so
/// something else has answered.
#[derive(Debug)]
struct Unreadable;

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

// serde's default constructors of these errors format messages.
impl Error for Unreadable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// A JSON value, as a JavaScript value.
struct Value(JsValue);

impl<'de> Deserializer<'de> for Value {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let Self(value) = self;
        if let Some(text) = value.as_string() {
            visitor.visit_string(text)
        } else if let Some(number) = value.as_f64() {
            whole(number).ok_or(Unreadable).and_then(|number| visitor.visit_i64(number))
        } else if let Some(flag) = value.as_bool() {
            visitor.visit_bool(flag)
        } else if let Some(array) = value.dyn_ref::<Array>() {
            visitor.visit_seq(Items { array, next: 0 })
        } else {
            visitor.visit_unit()
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_map(Fields { object: self.0, names: fields.iter(), value: JsValue::UNDEFINED })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let name: StringDeserializer<Unreadable> = self.0.as_string().ok_or(Unreadable)?.into_deserializer();
        visitor.visit_enum(name)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what has no fraction and is in a double's exact range fits")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

struct Items<'a> {
    array: &'a Array,
    next: u32,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        if self.next == self.array.length() {
            return Ok(None);
        }
        let item = self.array.get(self.next);
        self.next += 1;
        seed.deserialize(Value(item)).map(Some)
    }
}

/// The fields of an object that the type asks for.
struct Fields {
    object: JsValue,
    names: std::slice::Iter<'static, &'static str>,
    value: JsValue,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        for name in self.names.by_ref() {
            self.value = Reflect::get(&self.object, &(*name).into()).map_err(|_| Unreadable)?;
            if !self.value.is_undefined() {
                return seed.deserialize(StrDeserializer::new(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unreadable> {
        seed.deserialize(Value(std::mem::take(&mut self.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Code;

    #[test]
    fn a_word_is_read_if_it_is_one_that_is_known() {
        assert_eq!(read_word("refresh_reused"), Some(Code::RefreshReused));
        assert_eq!(read_word::<Code>("RefreshReused"), None);
    }

    #[test]
    fn a_number_is_whole_and_exact_or_none() {
        assert_eq!(whole(1_800_000_000_123.0), Some(1_800_000_000_123));
        assert_eq!(whole(-1.0), Some(-1));
        for odd in [0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(whole(odd), None, "{odd}");
        }
    }
}
