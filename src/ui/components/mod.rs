//! The components of pages, one in each file.
#![expect(missing_docs, reason = "an argument of a component becomes a field; the component says what it is")]

pub mod brand;
pub mod confirm_dialog;
pub mod credentials_form;
pub mod device_icon;
pub mod device_row;
pub mod dialog;
pub mod dialogs;
pub mod farewell_note;
pub mod field;
pub mod frame;
pub mod gate;
pub mod heading;
pub mod message;
pub mod password_dialog;
pub mod post_form;
pub mod preferences_form;
pub mod relative_time;
pub mod rename_form;
pub mod sign_out_form;
pub mod strength_meter;
pub mod ways_to_sign_in;
