//! Refusals of a provider's own routes.

/// Logs that a route of the provider's own ([`Provider::routes`](super::Provider::routes)) refused a request, as the login
/// does for its endpoints: at the level `info` under the target `dari::auth`, and, with the feature `metrics`, in
/// `dari_refusals_total`. The code must stay the same from version to version, since operators build on it.
///
/// ```
/// use dari::auth::log_refusal;
///
/// fn is_signed(message: &[u8]) -> bool {
///     let signed = message.starts_with(b"signed");
///     if !signed {
///         log_refusal("message_not_signed");
///     }
///     signed
/// }
/// ```
pub fn log_refusal(reason: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("dari_refusals_total", "reason" => reason).increment(1);
    tracing::info!(target: "dari::auth", reason, "refused");
}
