//! What an extractor needs of the server, known before the first request.

use std::any::{TypeId, type_name};

/// What the extractors of one function need ([`FromContext::requires`](crate::FromContext::requires)).
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// Types that must have been given to `.state(..)`.
    pub(crate) states: Vec<(TypeId, &'static str)>,
    /// Whether the server must have a login.
    pub(crate) login: bool,
    /// The provider that the login must be with.
    pub(crate) provider: Option<(TypeId, &'static str)>,
    /// Whether the function writes to the client's log.
    pub(crate) logs: bool,
    /// Whether the function asks questions.
    pub(crate) asks: bool,
    /// Whether the function says when its call becomes a task.
    pub(crate) task: bool,
    /// Whether the function tells of changes.
    pub(crate) changes: bool,
}

impl Requirements {
    /// Needs all that others need, too.
    pub(crate) fn add(&mut self, others: Self) {
        let Self { states, login, provider, logs, asks, task, changes } = others;
        self.states.extend(states);
        self.login |= login;
        self.provider = self.provider.or(provider);
        self.logs |= logs;
        self.asks |= asks;
        self.task |= task;
        self.changes |= changes;
    }

    /// A value of this type must have been given to [`McpServer::state`](crate::McpServer::state).
    pub fn state<T: 'static>(&mut self) -> &mut Self {
        self.states.push((TypeId::of::<T>(), type_name::<T>()));
        self
    }

    /// The server must have a login ([`McpServer::auth`](crate::McpServer::auth)).
    pub const fn login(&mut self) -> &mut Self {
        self.login = true;
        self
    }

    /// The server's login must be with this provider.
    pub fn provider<P: 'static>(&mut self) -> &mut Self {
        self.login = true;
        self.provider = Some((TypeId::of::<P>(), type_name::<P>()));
        self
    }
}
