//! `/token`: codes and refresh tokens for access tokens (RFC 6749 §4.1.3, §6).

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::client_auth::{Authenticated, authenticate};
use super::form::{self, required};
use super::oauth_error::{OAuthError, json_response};
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::{Grant, RefreshToken};
use crate::auth::reason::Reason;
use crate::auth::request::params::Params;
use crate::auth::request::scope::Scopes;
use crate::auth::tokens::codes::{OpenCode, Presented, RedeemError};
use crate::auth::tokens::refresh_tokens::Use;

pub(super) async fn token(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match try_token(&server, source, &headers, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn try_token(
    server: &Arc<AuthorizationServer>,
    source: Option<Source>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, OAuthError> {
    let params = form::read(headers, body)?;
    let grant_type = required(&params, "grant_type")?;
    if !matches!(grant_type, "authorization_code" | "refresh_token") {
        Reason::RequestInvalid.log();
        return Err(OAuthError::new(
            Reason::RequestInvalid,
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "grant_type must be authorization_code or refresh_token",
        ));
    }
    let caller = authenticate(server, &params, source).await?;
    if params.get("resource").is_some_and(|resource| !server.urls.accepts_resource(resource)) {
        return Err(OAuthError::invalid_target());
    }
    if grant_type == "authorization_code" {
        exchange_code(server, caller, &params).await
    } else {
        refresh(server, &caller, &params).await
    }
}

/// A task of its own: a client that hangs up stops nothing half-way, and may come again with the code.
async fn exchange_code(
    server: &Arc<AuthorizationServer>,
    caller: Authenticated,
    params: &Params,
) -> Result<Response, OAuthError> {
    let (code, verifier) = (required(params, "code")?.to_owned(), required(params, "code_verifier")?.to_owned());
    let redirect_uri = params.get("redirect_uri").map(str::to_owned);
    let (sender, receiver) = oneshot::channel();
    let server = server.clone();
    tokio::spawn(async move {
        let redirect_uri = redirect_uri.as_deref();
        let presented = Presented { client: &caller.client, code: &code, redirect_uri, verifier: &verifier };
        let open = match open(&server, &caller, &presented).await {
            Ok(open) => open,
            Err(error) => {
                let _ = sender.send(Err(error));
                return;
            }
        };
        let result = redeem(&server, &presented, &open).await;
        let redeemed = result.is_ok();
        if sender.send(result).is_err() && redeemed {
            server.codes.reopen(&open).await;
        }
    });
    receiver.await.unwrap_or_else(|error| Err(OAuthError::internal(&error)))
}

/// The code, if it is the caller's, whose proof is then spent. So it is for a used code of the caller's, which ends a
/// grant.
async fn open(
    server: &AuthorizationServer,
    caller: &Authenticated,
    presented: &Presented<'_>,
) -> Result<OpenCode, OAuthError> {
    let opened = server.codes.open(presented).await;
    match &opened {
        Ok(open) => caller.spend(server, open.grant()).await?,
        Err(RedeemError::Used(grant)) => caller.spend(server, grant).await?,
        Err(_) => {}
    }
    match opened {
        Ok(open) => Ok(open),
        Err(error) => Err(not_redeemed(server, error).await),
    }
}

/// Everything that is written here may be written twice, and the code is spent last: before that, a failure leaves it
/// as it was.
async fn redeem(
    server: &AuthorizationServer,
    presented: &Presented<'_>,
    code: &OpenCode,
) -> Result<Response, OAuthError> {
    let (id, may_refresh) = (code.grant(), presented.client.may_refresh());
    let lost = |error| OAuthError::no_grant(id, error);
    let live = server.logins.grants.load(id).await.map_err(lost)?;
    let grant = live.seen();
    let (expires_at, idle) = rest(server, may_refresh);
    let mut refresh_token = None;
    if may_refresh {
        let token = server.refresh_tokens.first(presented.code);
        let first = RefreshToken { grant: id.clone(), index: 0 };
        server.refresh_tokens.put(&token, &first, idle).await?;
        refresh_token = Some(token);
    }
    let kept = server.logins.grants.update(&live, |grant| {
        grant.expires_at = expires_at;
        Continue::<(), ()>(())
    });
    let _: ControlFlow<(), ()> = kept.await.map_err(lost)?;
    let granted = Granted { scopes: grant.scopes.clone(), as_asked: code.scopes_as_asked() };
    let answer = answer(server, id, &grant, &granted, refresh_token.as_deref())?;
    match server.codes.spend(code).await {
        Ok(()) => Ok(answer),
        Err(error) => Err(not_redeemed(server, error).await),
    }
}

async fn not_redeemed(server: &AuthorizationServer, error: RedeemError) -> OAuthError {
    let (grant, reason) = match &error {
        RedeemError::Unknown => return OAuthError::invalid_grant(Reason::CodeUnknown, error.to_string()),
        RedeemError::Foreign(grant) => (grant, Reason::CodeForeign),
        RedeemError::Verifier(grant) => (grant, Reason::PkceMismatch),
        RedeemError::Used(grant) => match server.logins.grants.end(grant, Reason::CodeUsed).await {
            Ok(_) => (grant, Reason::CodeUsed),
            Err(error) => return OAuthError::no_grant(grant, error.into()),
        },
        RedeemError::Store(error) => return error.into(),
    };
    OAuthError::invalid_grant_of(grant, reason, error.to_string())
}

async fn refresh(
    server: &AuthorizationServer,
    caller: &Authenticated,
    params: &Params,
) -> Result<Response, OAuthError> {
    let client_id = &*caller.client.client_id;
    let presented = required(params, "refresh_token")?;
    let unknown = || {
        OAuthError::invalid_grant(Reason::RefreshTokenUnknown, "the refresh token is unknown, or its login has ended")
    };
    let known = server.refresh_tokens.find(presented).await?.ok_or_else(unknown)?;
    let lost = |error| OAuthError::no_grant(&known.grant, error);
    let live = server.logins.grants.load(&known.grant).await.map_err(lost)?;
    let grant = server.logins.grants.reload(&live).await.map_err(lost)?;
    if grant.client_id != client_id {
        return Err(OAuthError::invalid_grant_of(
            &known.grant,
            Reason::RefreshTokenForeign,
            "the refresh token was issued to another client",
        ));
    }
    let granted = narrowed(&known.grant, &grant.scopes, params.get("scope"))?;
    caller.spend(server, &known.grant).await?;
    if Use::of(known.index, grant.used) == Use::Reuse {
        return reused(server, &known.grant).await;
    }
    server.admit_refresh(&known.grant)?;
    // Before the chain moves: while the provider is away, the same token must go on working.
    server.logins.fresh(&live).await.map_err(|trouble| OAuthError::no_upstream(&known.grant, &trouble))?;
    let (expires_at, idle) = rest(server, true);
    let successor = server.refresh_tokens.successor(presented);
    let next = RefreshToken { grant: known.grant.clone(), index: known.index.saturating_add(1) };
    server.refresh_tokens.put(&successor, &next, idle).await?;
    let moved = server.logins.grants.update(&live, |grant| {
        if Use::of(known.index, grant.used) == Use::Reuse {
            return Break(());
        }
        grant.used = Some(known.index);
        grant.expires_at = expires_at;
        Continue(())
    });
    if moved.await.map_err(lost)?.is_break() {
        return reused(server, &known.grant).await;
    }
    server.clients.keep_used(client_id).await?;
    answer(server, &known.grant, &live.seen(), &granted, Some(&successor))
}

/// Two hold the chain, and nobody knows which of them is the thief.
async fn reused(server: &AuthorizationServer, id: &GrantId) -> Result<Response, OAuthError> {
    let ended = server.logins.grants.end(id, Reason::RefreshTokenReused).await;
    ended.map_err(|error| OAuthError::no_grant(id, error.into()))?;
    let description = "the refresh token was used before: log in again";
    Err(OAuthError::invalid_grant_of(id, Reason::RefreshTokenReused, description))
}

/// When a grant ends that is used now, and how long that is: it outlives its access token in any case.
fn rest(server: &AuthorizationServer, refreshes: bool) -> (u64, Duration) {
    let idle = if refreshes { server.refresh_token_idle_lifetime } else { Duration::ZERO };
    let idle = idle.max(server.access_token_lifetime);
    (server.logins.clock.unix().saturating_add(idle.as_secs()), idle)
}

/// The scopes of an access token.
struct Granted {
    scopes: Scopes,
    /// Whether they are exactly those that were asked for.
    as_asked: bool,
}

/// The scopes of the new access token: those asked for that were granted (RFC 6749 §6). Scopes that this server never
/// knew were left out when they were first asked for, and are again.
fn narrowed(id: &GrantId, granted: &Scopes, asked: Option<&str>) -> Result<Granted, OAuthError> {
    let wrong = |description: String| {
        Reason::RequestInvalid.log_for(id);
        OAuthError::new(Reason::RequestInvalid, StatusCode::BAD_REQUEST, "invalid_scope", description)
    };
    let asked = Scopes::parse(asked.unwrap_or_default()).map_err(|error| wrong(error.to_string()))?;
    if asked.is_empty() || granted.is_empty() {
        return Ok(Granted { scopes: granted.clone(), as_asked: asked.is_empty() });
    }
    let both = granted.intersection(&asked);
    if both.is_empty() {
        return Err(wrong("none of the scopes was granted".to_owned()));
    }
    Ok(Granted { as_asked: both == asked, scopes: both })
}

/// The token answer (RFC 6749 §5.1).
fn answer(
    server: &AuthorizationServer,
    id: &GrantId,
    grant: &Grant,
    granted: &Granted,
    refresh_token: Option<&str>,
) -> Result<Response, OAuthError> {
    let lifetime = lifetime(server, grant);
    let access_token = server.access_tokens.issue(id, grant, &granted.scopes, lifetime);
    let access_token = access_token.ok_or_else(|| OAuthError::internal(&"no access token could be made"))?;
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
    });
    if let Some(refresh_token) = refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    // Where the provider does not say what its user permitted, a scope is granted on trust. A client that was told of it
    // holds it for settled: the TypeScript SDK (2.4) then answers a challenge for that very scope with a refresh, and
    // its user is never asked. So it is told no more than it has to be.
    if !granted.as_asked && !granted.scopes.is_empty() {
        body["scope"] = json!(granted.scopes);
    }
    Ok(json_response(StatusCode::OK, &body))
}

/// The provider's lifetimes do not matter to ours, as long as its tokens can be refreshed.
fn lifetime(server: &AuthorizationServer, grant: &Grant) -> Duration {
    match (&grant.upstream.refresh_token, grant.upstream.expires_at) {
        (None, Some(end)) => {
            let rest = Duration::from_secs(end.saturating_sub(server.logins.clock.unix()));
            server.access_token_lifetime.min(rest)
        }
        _ => server.access_token_lifetime,
    }
}
