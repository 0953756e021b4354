//! Who may create an account.

use super::session::text_enum;

text_enum! {
    /// Who may create an account.
    ///
    /// ```
    /// use latchkey::domain::registration::Registration;
    ///
    /// assert_eq!(Registration::from_text("invite"), Some(Registration::Invite));
    /// assert_eq!(Registration::Closed.as_str(), "closed");
    /// ```
    Registration {
        /// Anybody.
        Open = "open",
        /// Whoever has an invitation, and the operator, with a command.
        Invite = "invite",
        /// Only the operator, with a command.
        Closed = "closed",
    }
}
