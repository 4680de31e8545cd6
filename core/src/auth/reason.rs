//! Why something was refused, in codes that stay the same, for logs and metrics.
//!
//! A *refusal* is an answer that somebody got; a *failure* is what went wrong behind it, which may be behind many answers
//! or none; and an *end* is that of a login. With the feature `metrics` each is counted, by its code:
//! `dari_refusals_total`, `dari_failures_total` and `dari_grants_ended_total`.

/// A reason code. The names are part of what operators build on: add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    GrantEnded,
    ScopeMissing,
    ProviderAway,
    ProviderRejected,
    ProviderRefusesClient,
    ProviderDenied,
    IdentityRejected,
    IdentityChanged,
    StoreAway,
    StoreBroken,
    RegistrationInvalid,
    RequestInvalid,
    RegistrationsFull,
    LoginsFull,
    GrantsFull,
    RateLimited,
    ClientUnknown,
    ClientDocumentAway,
    ClientDocumentInvalid,
    ClientAssertionInvalid,
    ClientAssertionUsed,
    RedirectUriInvalid,
    ResourceForeign,
    FormInvalid,
    FormUsed,
    BrowserForeign,
    ConsentDenied,
    StateUnknown,
    CodeUnknown,
    CodeUsed,
    CodeForeign,
    PkceMismatch,
    RefreshTokenUnknown,
    RefreshTokenForeign,
    RefreshTokenReused,
    TokenForeign,
    Revoked,
    ConsentWithdrawn,
    ProviderNotRevoked,
    PermissionMissing,
    PermissionRefused,
    Internal,
}

impl Reason {
    /// The code.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::GrantEnded => "grant_ended",
            Self::ScopeMissing => "scope_missing",
            Self::ProviderAway => "provider_away",
            Self::ProviderRejected => "provider_rejected_grant",
            Self::ProviderRefusesClient => "provider_refuses_client",
            Self::ProviderDenied => "provider_denied",
            Self::IdentityRejected => "identity_rejected",
            Self::IdentityChanged => "identity_changed",
            Self::StoreAway => "store_away",
            Self::StoreBroken => "store_broken",
            Self::RegistrationInvalid => "registration_invalid",
            Self::RequestInvalid => "request_invalid",
            Self::RegistrationsFull => "registrations_full",
            Self::LoginsFull => "logins_full",
            Self::GrantsFull => "grants_full",
            Self::RateLimited => "rate_limited",
            Self::ClientUnknown => "client_unknown",
            Self::ClientDocumentAway => "client_document_away",
            Self::ClientDocumentInvalid => "client_document_invalid",
            Self::ClientAssertionInvalid => "client_assertion_invalid",
            Self::ClientAssertionUsed => "client_assertion_used",
            Self::RedirectUriInvalid => "redirect_uri_invalid",
            Self::ResourceForeign => "resource_foreign",
            Self::FormInvalid => "form_invalid",
            Self::FormUsed => "form_used",
            Self::BrowserForeign => "browser_foreign",
            Self::ConsentDenied => "consent_denied",
            Self::StateUnknown => "state_unknown",
            Self::CodeUnknown => "code_unknown",
            Self::CodeUsed => "code_used",
            Self::CodeForeign => "code_foreign",
            Self::PkceMismatch => "pkce_mismatch",
            Self::RefreshTokenUnknown => "refresh_token_unknown",
            Self::RefreshTokenForeign => "refresh_token_foreign",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::TokenForeign => "token_foreign",
            Self::Revoked => "revoked",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ProviderNotRevoked => "provider_not_revoked",
            Self::PermissionMissing => "permission_missing",
            Self::PermissionRefused => "permission_refused",
            Self::Internal => "internal",
        }
    }

    /// Logs a refusal.
    pub(crate) fn log(self) {
        self.count("dari_refusals_total");
        tracing::info!(target: "dari::auth", reason = self.as_str(), "refused");
    }

    /// Logs a refusal that concerns a grant.
    pub(crate) fn log_for(self, grant: &dyn std::fmt::Display) {
        self.count("dari_refusals_total");
        tracing::info!(target: "dari::auth", reason = self.as_str(), grant = %grant, "refused");
    }

    /// Logs a refusal, with the grant where one is known.
    pub(crate) fn log_of(self, grant: Option<&dyn std::fmt::Display>) {
        match grant {
            Some(grant) => self.log_for(grant),
            None => self.log(),
        }
    }

    /// Logs that a grant has ended, and for which reason.
    pub(crate) fn log_end(self, grant: &dyn std::fmt::Display) {
        self.count("dari_grants_ended_total");
        tracing::info!(target: "dari::auth", reason = self.as_str(), grant = %grant, "grant ended");
    }

    /// Logs a failure that the operator should see, with its cause. The cause must hold no secret.
    pub(crate) fn log_failure(self, cause: &dyn std::fmt::Display) {
        self.count("dari_failures_total");
        tracing::error!(target: "dari::auth", reason = self.as_str(), %cause, "failed");
    }

    /// Counts it, for whichever recorder the application installed.
    #[cfg(feature = "metrics")]
    fn count(self, counter: &'static str) {
        metrics::counter!(counter, "reason" => self.as_str()).increment(1);
    }

    #[cfg(not(feature = "metrics"))]
    #[expect(clippy::unused_self, reason = "the same call as with metrics")]
    fn count(self, _counter: &'static str) {}
}
