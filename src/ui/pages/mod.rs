//! The pages, one to a file; [`signed_in`] is what stands around those of somebody who is signed in.

pub mod account;
pub mod activity;
pub mod devices;
pub mod entrance;
pub mod home;
pub mod missing;
pub mod reauthenticate;
pub mod signed_in;
pub mod signed_in_page;
