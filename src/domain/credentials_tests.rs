use super::*;

fn name(typed: &str) -> Result<String, UsernameError> {
    Username::new(typed).map(|name| name.0)
}

#[test]
fn names_that_differ_by_case_or_form_are_the_same() {
    assert_eq!(name("Zoë").unwrap(), name("zoe\u{308}").unwrap());
    assert_eq!(name("ALICE@example.org").unwrap(), "alice@example.org");
    // Full-width forms map to ASCII (RFC 8265 section 3.3.2).
    assert_eq!(name("ａｄａ").unwrap(), "ada");
}

/// Those of the planes in which there are any.
fn every_character() -> impl Iterator<Item = char> {
    (0..=0x3_ffff).chain(0xe_0000..=0xe_0fff).filter_map(char::from_u32)
}

#[test]
fn a_name_is_the_same_when_it_is_typed_as_it_is_shown() {
    for c in every_character() {
        for typed in [format!("{c}{c}"), format!("a{c}\u{301}")] {
            if let Ok(name) = Username::new(&typed) {
                assert_eq!(Username::new(name.as_str()).as_ref(), Ok(&name), "{typed:?}");
                assert_eq!(Username::stored_forms(&typed), [name], "{typed:?}");
            }
        }
    }
}

#[test]
fn white_space_around_a_name_is_none_of_it() {
    for typed in ["ada ", " ada", "ada\u{a0}", "\u{3000}ada\t", "ada\r\n"] {
        assert_eq!(name(typed).unwrap(), "ada", "{typed:?}");
    }
    assert_eq!(name("  a  "), Err(UsernameError::TooShort));
    assert_eq!(name("   "), Err(UsernameError::TooShort));
}

#[test]
fn a_name_that_changes_when_it_is_prepared_again_is_refused_and_found_if_it_was_stored_before() {
    // Cherokee: the small letters are younger than the preparation's Unicode.
    let (typed, stored) = ("\u{13a4}\u{13a5}", "\u{ab74}\u{ab75}");
    assert_eq!(name(typed), Err(UsernameError::Characters));
    assert_eq!(name(stored), Err(UsernameError::Characters));
    for typed in [typed, stored, "\u{13a4}\u{13a5} ", "\u{13a4}\u{ab75}"] {
        assert_eq!(Username::stored_forms(typed), [Username::stored(stored.into())], "{typed:?}");
        assert_eq!(Username::counted_as(typed), stored);
    }
    for never in ["", "a", "two words", "nul\0", &"x".repeat(65)] {
        assert_eq!(Username::stored_forms(never), [], "{never:?}");
    }
}

#[test]
fn a_name_that_shows_nothing_or_piles_up_marks_is_refused() {
    for bad in ["\u{301}\u{302}", &format!("a{}", "\u{301}".repeat(20))] {
        assert_eq!(name(bad), Err(UsernameError::Characters), "{bad:?}");
    }
}

#[test]
fn names_are_bounded_and_made_of_identifier_characters() {
    assert_eq!(name("a"), Err(UsernameError::TooShort));
    assert_eq!(name(""), Err(UsernameError::TooShort));
    assert_eq!(name(&"a".repeat(65)), Err(UsernameError::TooLong));
    assert_eq!(name(&"a".repeat(100_000)), Err(UsernameError::TooLong));
    assert!(name(&"a".repeat(64)).is_ok());
    for bad in ["two words", "tab\there", "nul\0", "zero\u{200b}width"] {
        assert_eq!(name(bad), Err(UsernameError::Characters), "{bad:?}");
    }
}

fn password(text: &str) -> Result<Password, PasswordError> {
    Password::new(text, 15, &Username::new("margaret").unwrap(), |p| p == "passwordpassword")
}

#[test]
fn a_password_is_measured_in_characters_and_never_trimmed() {
    assert_eq!(password("ééééééé ééééééé").unwrap().expose(), "ééééééé ééééééé");
    assert_eq!(password("  four words of mine  ").unwrap().expose(), "  four words of mine  ");
    assert_eq!(password("fourteen chars"), Err(PasswordError::TooShort { least: 15 }));
    assert!(password(&"é".repeat(1024)).is_ok());
    assert_eq!(password(&"é".repeat(1025)), Err(PasswordError::TooLong));
    assert_eq!(password(&"🐘".repeat(1024)).map(|_| ()), Ok(()));
    assert_eq!(password(&"a".repeat(4097)), Err(PasswordError::TooLong));
}

#[test]
fn forms_of_the_same_text_are_the_same_password() {
    assert_eq!(Password::typed("cafe\u{301}"), Password::typed("café"));
}

#[test]
fn common_ones_and_the_own_name_are_refused() {
    assert_eq!(password("passwordpassword"), Err(PasswordError::TooCommon));
    assert_eq!(password("margaretmargaret"), Err(PasswordError::ContainsUsername));
    assert_eq!(password("1234Margaret123"), Err(PasswordError::ContainsUsername));
    assert!(password("margaret rode two horses").is_ok());
    // Eight characters beside the name are enough.
    assert!(password("1234margaret1234").is_ok());
    assert!(Password::new("brief", 1, &Username::new("margaret").unwrap(), |_| false).is_ok());
}

#[test]
fn what_opaque_string_accepts_is_the_same_password_as_ever() {
    use precis_profiles::OpaqueString;
    for c in every_character() {
        for text in [format!("a{c}b"), format!("{c}\u{301}")] {
            if let Ok(before) = OpaqueString::enforce(text.as_str()) {
                assert_eq!(Password::typed(&text).map(|password| password.0), Ok(before.into_owned()), "{text:?}");
            }
        }
    }
}

#[test]
fn what_keyboards_of_today_type_is_accepted_and_what_none_types_is_not() {
    for text in [
        "🤣",
        "🥰",
        "👍🏽",
        "❤\u{fe0f}",
        "👩\u{200d}🚀",
        "🏴\u{e0067}\u{e0062}\u{e007f}",
        "\u{1112}\u{1161}\u{11ab}",
        "\u{f8ff}",
    ] {
        assert!(Password::typed(text).is_ok(), "{text:?}");
    }
    for text in ["\0", "a\tb", "a\nb", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}", "\u{378}", "\u{fffe}", "\u{10ffff}"]
    {
        assert_eq!(Password::typed(text), Err(PasswordError::Characters), "{text:?}");
    }
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", password("violet kettle under snow").unwrap()), "[redacted]");
}
