//! Whether functions get the tokens that they ask for, which depends on how their callers log in.

use std::any::TypeId;
use std::borrow::Cow;

use crate::extract::Requirements;

/// What is known of the callers' tokens before there is a caller.
pub(super) struct CallerLogin {
    /// The provider that they are of, where one is named.
    pub(super) provider: Option<(TypeId, &'static str)>,
    /// Whether there are any.
    pub(super) exists: bool,
    /// Why there are none, and what mends it.
    pub(super) missing: &'static str,
}

impl CallerLogin {
    /// What a function wants of it in vain.
    pub(super) fn lacks(
        &self,
        what: &str,
        requirements: &Requirements,
        scopes: &[Cow<'static, str>],
    ) -> Option<String> {
        let missing = self.missing;
        if !self.exists {
            return if requirements.login {
                Some(format!("{what} takes an `AccessToken`, but {missing}"))
            } else if !scopes.is_empty() {
                Some(format!("{what} asks for scopes, but {missing}"))
            } else {
                None
            };
        }
        let (wanted, wanted_name) = requirements.provider?;
        match self.provider {
            Some((type_id, _)) if type_id == wanted => None,
            Some((_, other)) => {
                Some(format!("{what} takes an `AccessToken<{wanted_name}>`, but the server logs in with `{other}`"))
            }
            None => Some(format!(
                "{what} takes an `AccessToken<{wanted_name}>`, but the server has no provider: add `.auth(..)`"
            )),
        }
    }
}
