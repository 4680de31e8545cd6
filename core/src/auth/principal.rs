//! Who is calling.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The caller of an authenticated request.
///
/// Cheap to clone. What is behind the login (the grant with its upstream tokens) rides along unseen.
#[derive(Clone)]
pub struct Principal(Arc<Inner>);

struct Inner {
    subject: Box<str>,
    client_id: Box<str>,
    scopes: Box<[Box<str>]>,
    login: Option<Arc<dyn Any + Send + Sync>>,
}

impl Principal {
    /// A caller: the user's id at this server, the MCP client that acts for them, and the scopes it was granted.
    #[must_use]
    pub fn new(
        subject: impl Into<Box<str>>,
        client_id: impl Into<Box<str>>,
        scopes: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Self {
        Self(Arc::new(Inner {
            subject: subject.into(),
            client_id: client_id.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
            login: None,
        }))
    }

    /// The same caller with what is behind the login, for the extractors that know its type.
    #[cfg_attr(not(feature = "auth"), expect(dead_code, reason = "only a login has something behind it"))]
    pub(crate) fn with_login<T: Any + Send + Sync>(
        subject: impl Into<Box<str>>,
        client_id: impl Into<Box<str>>,
        scopes: impl IntoIterator<Item = impl Into<Box<str>>>,
        login: Arc<T>,
    ) -> Self {
        Self(Arc::new(Inner {
            subject: subject.into(),
            client_id: client_id.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
            login: Some(login),
        }))
    }

    /// The user's id at this server (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The MCP client that acts for the user (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// The granted scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(AsRef::as_ref)
    }

    /// Whether this scope was granted.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// What is behind the login, if it is of this type.
    #[cfg_attr(not(feature = "auth"), expect(dead_code, reason = "only a login has something behind it"))]
    pub(crate) fn login<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.0.login.clone()?.downcast().ok()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.0.subject)
            .field("client_id", &self.0.client_id)
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}
