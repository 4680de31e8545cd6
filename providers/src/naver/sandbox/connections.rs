//! "Connected services": where a user disconnects the application, which is told of it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::Utc;

use super::pages::{self, Disconnected, Lang};
use super::params::Params;
use super::profile;
use super::state::{Shared, first, same};
use super::{CLIENT_ID, CLIENT_SECRET, PASSWORD};
use crate::naver::unlink::UnlinkKey;

/// The page, and its form.
pub(super) async fn page(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let user = params.form("id").unwrap_or_default().trim();
    let outcome = params.form("password").map(|password| match same(password, PASSWORD) {
        false => Disconnected::Wrong,
        true if disconnect(&shared, user) => Disconnected::Done,
        true => Disconnected::Nothing,
    });
    pages::connections(Lang::of(&params), user, outcome)
}

/// Ends all that a user had with the application; gives whether there was anything.
pub(super) fn disconnect(shared: &Shared, user: &str) -> bool {
    let mut state = shared.lock();
    let was_connected = state.unlink(user);
    if let Some(url) = state.quirks.unlink_webhook.clone().filter(|_| was_connected) {
        let key = UnlinkKey::new(CLIENT_ID, &CLIENT_SECRET.into());
        let form = key.write(&profile::id(user), first(&state.random()), Utc::now().timestamp());
        shared.runtime.spawn(tell(url, form));
    }
    was_connected
}

/// Tells the application, once, as Naver does.
async fn tell(url: String, form: [(&'static str, String); 4]) {
    let told = async {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        client.post(url).form(&form).send().await
    };
    match told.await {
        Ok(response) => tracing::info!(status = response.status().as_u16(), "told the unlink webhook"),
        Err(error) => tracing::warn!(%error, "the unlink webhook cannot be told"),
    }
}
