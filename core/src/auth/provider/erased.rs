//! [`Provider`] without its associated type, so that the login can hold any.

use std::any::{TypeId, type_name};
use std::borrow::Cow;

use axum::Router;
use http::StatusCode;

use super::{BoxFuture, IdentifyError, Identity, Provider, ProviderConfig, TokenCall, UpstreamError, UpstreamTokens};
use crate::auth::Sessions;

/// What the login uses of a [`Provider`].
pub(crate) trait AnyProvider: Send + Sync {
    fn config(&self) -> &ProviderConfig;
    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>>;
    fn read_token_response(&self, status: StatusCode, body: &[u8]) -> Result<UpstreamTokens, UpstreamError>;
    fn extra_token_params(&self, call: TokenCall<'_>) -> Vec<(Cow<'static, str>, String)>;
    fn revoke<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<(), UpstreamError>>;
    fn routes(&self, sessions: Sessions) -> Router;
    fn describe_withdrawal(&self, language: &str) -> Option<String>;
    fn describe_scope(&self, scope: &str, language: &str) -> Option<String>;
    /// The provider's type, to which `AccessToken<P>` must agree.
    fn type_of(&self) -> (TypeId, &'static str);
}

impl<P: Provider> AnyProvider for P {
    fn config(&self) -> &ProviderConfig {
        Provider::config(self)
    }

    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Provider::identify(self, tokens)
    }

    fn read_token_response(&self, status: StatusCode, body: &[u8]) -> Result<UpstreamTokens, UpstreamError> {
        Provider::read_token_response(self, status, body)
    }

    fn extra_token_params(&self, call: TokenCall<'_>) -> Vec<(Cow<'static, str>, String)> {
        Provider::extra_token_params(self, call)
    }

    fn revoke<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Provider::revoke(self, tokens)
    }

    fn routes(&self, sessions: Sessions) -> Router {
        Provider::routes(self, sessions)
    }

    fn describe_withdrawal(&self, language: &str) -> Option<String> {
        Provider::describe_withdrawal(self, language)
    }

    fn describe_scope(&self, scope: &str, language: &str) -> Option<String> {
        Provider::describe_scope(self, scope, language)
    }

    fn type_of(&self) -> (TypeId, &'static str) {
        (TypeId::of::<P>(), type_name::<P>())
    }
}
