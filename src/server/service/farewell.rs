//! The reason that the sign-in page shows to a browser whose session has ended.

use super::identity::PresentedToken;
use super::{ServiceError, Services};
use crate::domain::activity::Kind;
use crate::domain::farewell::{Farewell, Why, may_know_device};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::EventPage;
use crate::server::token::refresh;

/// How many of the user's newest events are searched for the one that ended the session.
const EVENTS: u32 = 200;

impl Services {
    /// The reason why the session of this refresh token has ended. `None` if the token is not ours, and while the
    /// session is alive.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn farewell(&self, shown: &PresentedToken) -> Result<Option<Farewell>, ServiceError> {
        // An expired token is accepted here.
        let claims = match self.read_refresh_as_of(shown.token.expose(), Timestamp::default()).await {
            Err(ServiceError::InvalidToken) => return Ok(None),
            result => result?,
        };
        let now = self.now();
        let Some(session) = self.store.session(&claims.sid).await? else {
            let why = if now.as_secs() < claims.exp { Why::Gone } else { Why::Expired };
            return Ok(Some(Farewell::new(why, None)));
        };
        if session.token_transport() != shown.transport || !refresh::belongs(&claims, &session, &self.access.ring()) {
            return Ok(None);
        }
        let Some(farewell) = Farewell::of(&session, now) else { return Ok(None) };
        if !farewell.is_of_another_device() || !may_know_device(&session, claims.generation) {
            return Ok(Some(farewell));
        }
        self.with_device(farewell, &session).await.map(Some)
    }

    /// Adds the device that ended the session, if the event is still among the newest.
    async fn with_device(&self, mut farewell: Farewell, session: &Session) -> Result<Farewell, ServiceError> {
        let page = EventPage { kinds: None, before: None, limit: EVENTS };
        let events = self.store.activity(&session.user_id, page).await?;
        let ended = |kind| matches!(kind, Kind::SessionEnded);
        if let Some(event) =
            events.into_iter().find(|event| ended(event.kind) && event.sid.as_ref() == Some(&session.id))
        {
            (farewell.browser, farewell.os) = (event.browser, event.os);
        }
        Ok(farewell)
    }
}
