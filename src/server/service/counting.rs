//! What the metrics learn of use cases.

use super::{ServiceError, Services};
use crate::server::metrics::{Metrics, RefreshResult, SignInResult};
use crate::server::password::HashError;
use crate::server::ports::{Connections, StoreError};
use std::time::Duration;

impl Services {
    /// What this server counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts an attempt to sign in, and returns its result.
    ///
    /// # Errors
    /// The same.
    pub fn count_sign_in<T>(&self, result: Result<T, ServiceError>) -> Result<T, ServiceError> {
        // One whose second factor is asked for has no result yet.
        if !matches!(result, Err(ServiceError::SecondFactorRequired(_))) {
            self.metrics.signed_in(sign_in_result(&result));
        }
        result
    }

    /// Counts an attempt to create an account, and returns its result.
    ///
    /// # Errors
    /// The same.
    pub fn count_sign_up<T>(&self, result: Result<T, ServiceError>) -> Result<T, ServiceError> {
        self.metrics.signed_up(sign_in_result(&result));
        result
    }

    /// Counts a refresh that failed before the rule was asked, or because it could not be.
    pub(super) fn count_failed_refresh(&self, error: &ServiceError) {
        self.metrics.refreshed(match error {
            ServiceError::RateLimited { .. } => RefreshResult::Limited,
            ServiceError::InvalidToken => RefreshResult::Invalid,
            _ => RefreshResult::Failed,
        });
    }

    /// Counts users and living sessions, for the metrics.
    ///
    /// # Errors
    /// When the store does not answer; the metrics keep the last numbers.
    pub async fn count_population(&self) -> Result<(), StoreError> {
        let population = self.store.population(self.now()).await?;
        self.metrics.population(population.users, population.sessions);
        Ok(())
    }

    /// The connections to the database.
    pub fn database_connections(&self) -> Connections {
        self.store.connections()
    }

    /// When the next key is due to sign access tokens, in milliseconds since the epoch; `None` if keys are not rotated.
    pub fn key_due(&self) -> Option<i64> {
        let every = self.settings.tokens.key_rotation;
        let since = self.access.ring().signing(self.now()).ok()?.active_at();
        (every > Duration::ZERO).then(|| (since + every).as_millis())
    }
}

fn sign_in_result<T>(result: &Result<T, ServiceError>) -> SignInResult {
    match result {
        Ok(_) => SignInResult::Succeeded,
        Err(ServiceError::RateLimited { .. }) => SignInResult::Limited,
        Err(ServiceError::Hash(HashError::Busy)) => SignInResult::Busy,
        Err(error) if error.is_ours() => SignInResult::Failed,
        Err(_) => SignInResult::Refused,
    }
}
