//! Support for the tests: actors, servers, databases, networks.

mod actor;
mod app;
mod authenticator;
mod databases;
mod network;
mod program;
mod tokens;
mod tunnel;
mod wire;

pub(crate) use actor::{Anonymous, DEVICE, FIREFOX, REFRESH, Reply, SignedIn};
pub(crate) use app::{TestApp, TestAppBuilder};
pub(crate) use authenticator::{Authenticator, STEP};
pub(crate) use databases::{Backend, postgres_server};
pub(crate) use network::{Fate, Network};
pub(crate) use program::Program;
pub(crate) use tokens::{part, signed};
pub(crate) use tunnel::Tunnel;
pub(crate) use wire::Wire;

/// A password that satisfies every rule.
pub(crate) const PASSWORD: &str = "violet kettle under snowfall";

/// Defines tests that run on both databases.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestAppBuilder) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn story($app: TestAppBuilder) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    story(TestApp::on(Backend::Sqlite)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    story(TestApp::on(Backend::Postgres)).await;
                }
            }
        )*
    };
}
pub(crate) use on_both_databases;
