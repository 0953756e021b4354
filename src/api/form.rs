//! Types that are sent as JSON or as HTML forms, and the deserializer of forms.

use serde::de::value::{Error as FormError, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use std::borrow::Cow;

/// A boolean: in JSON `true` or `false`, in a form a checkbox (`on`, or absent).
///
/// ```
/// use latchkey::api::{Flag, from_form};
///
/// #[derive(serde::Deserialize)]
/// struct SignIn {
///     #[serde(default)]
///     remember: Flag,
/// }
///
/// assert!(from_form::<SignIn>(b"remember=on")?.remember.0);
/// assert!(!from_form::<SignIn>(b"")?.remember.0);
/// assert!(serde_json::from_str::<Flag>("\"on\"").is_err());
/// # Ok::<(), serde::de::value::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flag(pub bool);

/// Deserializes an HTML form, or a query.
///
/// ```
/// use latchkey::api::from_form;
///
/// #[derive(serde::Deserialize)]
/// struct Page {
///     cursor: Option<i64>,
/// }
///
/// assert_eq!(from_form::<Page>(b"cursor=17")?.cursor, Some(17));
/// // It may mean either.
/// assert!(from_form::<Page>(b"cursor=17&cursor=18").is_err());
/// # Ok::<(), serde::de::value::Error>(())
/// ```
///
/// # Errors
/// The first field that is missing, repeated, or of another type.
pub fn from_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, FormError> {
    let fields = form_urlencoded::parse(body).map(|(name, value)| (name, Field(value)));
    T::deserialize(MapDeserializer::new(fields))
}

/// The value of a form field: text, parsed as the type that is asked for.
struct Field<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de, FormError> for Field<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! deserialize_numbers {
    ($($name:ident $visit:ident $type:ty;)+) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(FormError::invalid_value(Unexpected::Other("text"), &visitor)),
            }
        })+
    };
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match &*self.0 {
            "true" | "on" | "1" => visitor.visit_bool(true),
            "false" | "off" | "0" | "" => visitor.visit_bool(false),
            _ => Err(FormError::invalid_value(Unexpected::Other("text"), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    deserialize_numbers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i64 visit_i64 i64;
    }

    forward_to_deserialize_any! {
        i8 i16 i32 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A password or a token in a request. `Debug` is redacted.
///
/// ```
/// use latchkey::api::Secret;
///
/// let password = Secret::new("violet kettle".into());
/// assert_eq!(format!("{password:?}"), "[redacted]");
/// assert_eq!(password.expose(), "violet kettle");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps what came from outside, unchecked.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The clear text. The name makes every use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Fields {
        name: String,
        #[serde(default)]
        flag: Flag,
        #[serde(default)]
        secret: Option<Secret>,
        #[serde(default)]
        number: Option<i64>,
    }

    fn form(text: &str) -> Result<Fields, String> {
        from_form(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_form_is_text_that_is_read_as_what_is_asked_for() {
        let fields = form("name=a+b%C3%BC&flag=on&secret=%26&number=-5&other=x").unwrap();
        assert_eq!((fields.name.as_str(), fields.flag, fields.number), ("a bü", Flag(true), Some(-5)));
        assert_eq!(fields.secret.as_ref().map(Secret::expose), Some("&"));
        for (text, flag) in [("true", true), ("1", true), ("false", false), ("off", false), ("0", false), ("", false)] {
            assert_eq!(form(&format!("name=x&flag={text}")).unwrap().flag, Flag(flag), "{text}");
        }
        assert_eq!(form("name=x").unwrap().flag, Flag(false));
    }

    #[test]
    fn a_field_that_is_missing_twice_there_or_of_another_type_is_refused_and_never_repeated() {
        assert!(form("flag=on").unwrap_err().starts_with("missing field `name`"));
        for odd in ["name=x&name=y", "name=x&flag=maybe", "name=x&number=five"] {
            let error = form(odd).unwrap_err();
            assert!(!error.contains("maybe") && !error.contains("five"), "{error}");
        }
    }

    #[test]
    fn json_takes_a_boolean_and_no_text_for_one() {
        let json = |flag: &str| serde_json::from_str::<Fields>(&format!("{{\"name\":\"x\",\"flag\":{flag}}}"));
        assert_eq!(json("true").unwrap().flag, Flag(true));
        for odd in ["\"true\"", "\"on\"", "1", "0", "null", "\"\"", "[]"] {
            assert!(json(odd).is_err(), "{odd}");
        }
    }
}
