//! Turns problems into sentences, whether they come from a call or, after a form was posted without JavaScript, as
//! codes in the address. Only known codes become sentences: no text of the address is ever shown.

use super::address::Address;
use super::connection;
use super::environment::PageEnvironment;
use super::links::query;
use super::text;
use crate::api::json::read_word;
use crate::api::problem::{Code, Problem};

/// The messages of a form: one for the whole form, or one for each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// What is not about a field.
    pub general: Option<String>,
    /// A link behind the general sentence.
    pub link: Option<String>,
    /// The name of a field, and the sentence beside it.
    pub fields: Vec<(String, String)>,
}

impl Notice {
    /// A sentence that is about no field.
    pub fn general(sentence: impl Into<String>) -> Self {
        Self { general: Some(sentence.into()), ..Self::default() }
    }

    /// A sentence about one field.
    pub fn field(field: &str, sentence: impl Into<String>) -> Self {
        Self { fields: vec![(field.to_owned(), sentence.into())], ..Self::default() }
    }

    /// The sentence beside a field.
    pub fn of(&self, field: &str) -> Option<String> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, sentence)| sentence.clone())
    }

    /// The messages in the address of a page, after a redirection from a form.
    pub fn from_query(address: &Address) -> Option<Self> {
        let error = address.parameter(query::ERROR)?;
        let Some(code) = code_of(&error) else { return Some(Self::general(text().problems().unexpected)) };
        // The page itself gives the reason, as far as the server knows it.
        if is_over(code) {
            return None;
        }
        let field = address.parameter(query::FIELD).unwrap_or_default();
        let reason = address.parameter(query::REASON).unwrap_or_default();
        Some(match field_problem(&field, &reason) {
            Some(sentence) if code == Code::ValidationFailed => Self::field(&field, sentence),
            _ if code == Code::UsernameTaken => Self::field("username", text().problem(code)),
            _ => Self::general(text().problem(code)),
        })
    }

    /// The messages in the address of a page that asks for the password, otherwise as [`from_query`](Self::from_query).
    pub fn of_password_page(address: &Address) -> Self {
        if arrived_with(address, Code::InvalidCredentials) {
            return Self::general(text().problems().wrong_password);
        }
        // The page says anyway that it needs the password.
        let says_so = arrived_with(address, Code::ReauthenticationRequired);
        Self::from_query(address).filter(|_| !says_so).unwrap_or_default()
    }

    /// The messages for a problem. A wrong password is shown beside its field.
    pub fn with_password(problem: &Problem, field: &str) -> Self {
        match problem.code {
            Code::InvalidCredentials => Self::field(field, text().problems().wrong_password),
            _ => Self::from(problem),
        }
    }
}

impl From<&Problem> for Notice {
    fn from(problem: &Problem) -> Self {
        let fields: Vec<_> = problem
            .errors
            .iter()
            .filter_map(|e| field_problem(&e.field, &e.code).map(|sentence| (e.field.clone(), sentence)))
            .collect();
        match problem.code {
            Code::UsernameTaken => Self::field("username", text().problem(problem.code)),
            _ if fields.is_empty() => Self { link: problem.public_url.clone(), ..Self::general(sentence(problem)) },
            _ => Self { fields, ..Self::default() },
        }
    }
}

fn field_problem(field: &str, reason: &str) -> Option<String> {
    text().field_problem(field, reason, PageEnvironment::current().password_min)
}

/// The sentence for a problem.
pub fn sentence(problem: &Problem) -> String {
    match (problem.code, problem.retry_after) {
        (Code::RateLimited, Some(seconds)) => text().wait(seconds),
        (Code::ForbiddenOrigin, _) if problem.public_url.is_some() => text().problems().opened_elsewhere.to_owned(),
        (Code::Unavailable, _) if connection::is_offline() => text().problems().offline.to_owned(),
        (Code::ValidationFailed, _) => problem
            .errors
            .iter()
            .find_map(|e| field_problem(&e.field, &e.code))
            .unwrap_or_else(|| text().problem(problem.code).to_owned()),
        _ => text().problem(problem.code).to_owned(),
    }
}

/// Whether the address carries this code.
fn arrived_with(address: &Address, code: Code) -> bool {
    address.parameter(query::ERROR).as_deref().and_then(code_of) == Some(code)
}

/// Whether the address says that the session has ended.
pub fn says_it_is_over(address: &Address) -> bool {
    address.parameter(query::ERROR).as_deref().and_then(code_of).is_some_and(is_over)
}

/// The code of this name.
fn code_of(name: &str) -> Option<Code> {
    read_word(name)
}

/// Whether the code means that the session has ended, so that it cannot be used again.
pub fn is_over(code: Code) -> bool {
    matches!(code, Code::InvalidToken | Code::SessionRevoked | Code::RefreshReused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::FieldError;

    fn query(parameters: &[(&'static str, &str)]) -> Address {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, Some(*value))).collect();
        Address::new(crate::ui::links::with_query("/login", &parameters))
    }

    #[test]
    fn a_code_in_the_address_becomes_its_sentence() {
        let notice = Notice::from_query(&query(&[("error", "invalid_credentials")]));
        assert_eq!(notice, Some(Notice::general(text().problem(Code::InvalidCredentials))));
        assert_eq!(Notice::from_query(&query(&[])), None);
    }

    #[test]
    fn what_is_not_a_code_is_not_shown() {
        let notice = Notice::from_query(&query(&[("error", "<b>Call 555-0100</b>")]));
        assert_eq!(notice, Some(Notice::general(text().problems().unexpected)));
    }

    #[test]
    fn a_refused_field_is_told_beside_it() {
        let address = query(&[("error", "validation_failed"), ("field", "password"), ("reason", "too_short")]);
        let answer = Problem::fields(vec![FieldError {
            field: "password".into(),
            code: "too_short".into(),
            detail: String::new(),
        }]);
        let expected = Notice::field("password", "This is too short. Use at least 15 characters.");
        assert_eq!(Notice::from_query(&address), Some(expected.clone()));
        assert_eq!(Notice::from(&answer), expected);
        assert_eq!(expected.of("password").as_deref(), Some("This is too short. Use at least 15 characters."));
        assert_eq!(expected.of("username"), None);
    }

    #[test]
    fn a_page_that_asks_for_the_password_says_only_what_is_new() {
        let of = |code| Notice::of_password_page(&query(&[("error", code)]));
        assert_eq!(of("invalid_credentials"), Notice::general(text().problems().wrong_password));
        assert_eq!(of("reauthentication_required"), Notice::default());
        assert_eq!(of("unavailable"), Notice::general(text().problem(Code::Unavailable)));
        assert_eq!(Notice::of_password_page(&query(&[])), Notice::default());
    }

    #[test]
    fn a_wrong_password_is_told_beside_its_field_and_anything_else_as_elsewhere() {
        let wrong = Notice::with_password(&Problem::new(Code::InvalidCredentials), "currentPassword");
        assert_eq!(wrong, Notice::field("currentPassword", text().problems().wrong_password));
        let taken = Problem::new(Code::UsernameTaken);
        assert_eq!(Notice::with_password(&taken, "currentPassword"), Notice::from(&taken));
    }

    #[test]
    fn a_taken_name_is_told_beside_the_name() {
        assert!(Notice::from(&Problem::new(Code::UsernameTaken)).of("username").is_some());
    }

    #[test]
    fn waiting_is_told_in_time() {
        let problem = Problem::new(Code::RateLimited).with_retry_after(120);
        assert_eq!(sentence(&problem), "Too many attempts. Try again in 2 minutes.");
    }

    #[test]
    fn a_page_that_was_opened_elsewhere_is_told_where_the_service_is() {
        let problem = Problem::new(Code::ForbiddenOrigin).with_public_url("https://id.example.org");
        let notice = Notice::from(&problem);
        assert_eq!(notice.link.as_deref(), Some("https://id.example.org"));
        assert!(notice.general.unwrap().contains("another address"));
        assert_eq!(Notice::from(&Problem::new(Code::ForbiddenOrigin)).link, None);
    }

    #[test]
    fn codes_read_back_as_they_are_written() {
        assert_eq!(Code::RefreshReused.to_string(), "refresh_reused");
        assert_eq!(code_of("refresh_reused"), Some(Code::RefreshReused));
    }
}
