//! From a description to a server: every check, and all mistakes at once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::caller_login::CallerLogin;
use super::{McpServer, Server};
use crate::context::Shared;
use crate::dispatch::{Offer, Registry};
use crate::error::{BuildError, Error};
use crate::extract::Requirements;
use crate::signed::Signer;
use crate::store::Records;
use crate::transport::http::{Access, AllowedHost, Endpoint, Guard, Origin, Routers, routers};

impl McpServer {
    /// Builds the server; `default_url` is where it can be reached if nothing else was said.
    pub(super) fn build_at(mut self, default_url: Option<String>) -> Result<Server, Error> {
        let mut problems = self.check();
        let default_url = self.public_url.take().or(default_url);
        let (access, public_url, session_keys) = self.access(default_url, &mut problems);
        // A login has checked its URL by rules of its own.
        let is_open = matches!(access, Some(Access::Open));
        let origin = public_url
            .as_deref()
            .and_then(|url| if is_open { check_public_url(url, &mut problems) } else { Origin::of(url) });
        let hosts = self.parse_hosts(&mut problems);
        let records = access.as_ref().map_or_else(Records::in_memory, Access::records);
        let registry = self.registry(records, &mut problems);

        let (Some(access), Some(registry), true) = (access, registry, problems.is_empty()) else {
            return Err(BuildError::new(problems).into());
        };
        let mut shared = self.take_shared(&session_keys);
        shared.spent = access.spent();
        let shared = Arc::new(shared);
        let guard = Guard::new(origin.as_ref(), hosts, self.allowed_origins);
        let mcp_url = public_url.map(|url| format!("{}{}", url.trim_end_matches('/'), self.path));
        let endpoint = Arc::new(Endpoint::new(registry, shared, access, guard, &session_keys, self.body_limit));
        let mut routers = routers(&endpoint, &self.path);
        for layer in &self.layers {
            routers = Routers { app: layer(routers.app), well_known: layer(routers.well_known) };
        }
        Ok(Server { routers, path: self.path, is_layered: !self.layers.is_empty(), endpoint, mcp_url })
    }

    /// What the server offers, with every answer that never changes.
    pub(super) fn registry(&mut self, records: Records, problems: &mut Vec<String>) -> Option<Registry> {
        let offer = Offer {
            server: self.info.clone(),
            instructions: self.instructions.take(),
            tools: std::mem::take(&mut self.tools),
            prompts: std::mem::take(&mut self.prompts),
            resources: std::mem::take(&mut self.resources),
            page_size: self.page_size,
            tasks: self.tasks,
            records,
            changes: self.tells_changes,
        };
        let described = Registry::new(offer);
        described.map_err(|error| problems.push(format!("the server cannot be described in JSON: {error}"))).ok()
    }

    /// What all requests share, with what is signed under these keys.
    pub(super) fn take_shared(&mut self, keys: &[[u8; 32]]) -> Shared {
        let mut shared = std::mem::take(&mut self.shared);
        shared.request_states = Signer::new(keys, "request-state");
        shared
    }

    /// The login, the public URL that goes with it, and the keys that sign session ids.
    #[cfg(feature = "auth")]
    fn access(
        &mut self,
        default_url: Option<String>,
        problems: &mut Vec<String>,
    ) -> (Option<Access>, Option<String>, Vec<[u8; 32]>) {
        let Some(proxy) = self.auth.take() else { return (Some(Access::Open), default_url, random_key(problems)) };
        let defaults = crate::auth::Defaults {
            public_url: default_url.clone(),
            mcp_path: &self.path,
            server_name: &self.info.name,
        };
        match proxy.build(defaults) {
            Ok(gate) => {
                let (url, keys) = (gate.public_url().to_owned(), gate.session_keys());
                (Some(Access::Login(gate)), Some(url), keys)
            }
            Err(mistakes) => {
                problems.extend(mistakes.iter().map(ToString::to_string));
                (None, default_url, Vec::new())
            }
        }
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "the same call as with a login")]
    fn access(
        &mut self,
        default_url: Option<String>,
        problems: &mut Vec<String>,
    ) -> (Option<Access>, Option<String>, Vec<[u8; 32]>) {
        (Some(Access::Open), default_url, random_key(problems))
    }

    /// The hosts that were allowed besides the public one.
    fn parse_hosts(&self, problems: &mut Vec<String>) -> Vec<AllowedHost> {
        let parse = |host: &String| {
            AllowedHost::parse(host).or_else(|| {
                problems.push(format!("`.allowed_hosts(..)` holds {host:?}, which is no host: write \"internal\" or \"internal:8080\", without a scheme"));
                None
            })
        };
        self.allowed_hosts.iter().filter_map(parse).collect()
    }

    /// What can be found wrong without building anything, for whom `.auth(..)` logs in.
    pub(super) fn check(&mut self) -> Vec<String> {
        let login = self.login_provider();
        let mut problems = self.check_with(&CallerLogin {
            provider: login,
            exists: login.is_some(),
            missing: "the server has no login: add `.auth(..)`",
        });
        for tool in &self.tools {
            self.check_scopes(&format!("tool `{}`", tool.name()), tool.scopes(), &mut problems);
        }
        for prompt in &self.prompts {
            self.check_scopes(&format!("prompt `{}`", prompt.name()), prompt.scopes(), &mut problems);
        }
        for resource in &self.resources {
            self.check_scopes(&format!("resource `{}`", resource.uri()), resource.scopes(), &mut problems);
        }
        problems
    }

    /// The same for callers who get their tokens another way.
    pub(super) fn check_with(&mut self, login: &CallerLogin) -> Vec<String> {
        let mut problems = std::mem::take(&mut self.problems);
        if self.info.name.trim().is_empty() {
            problems.push("the server has no name: give one to `McpServer::new(..)`".to_owned());
        }
        if !self.path.starts_with('/')
            || self.path.len() < 2
            || self.path.ends_with('/')
            || self.path.contains(['{', '}', '?', '#', '*', ':'])
        {
            problems.push(format!(
                "`.path({:?})` must be a plain path such as \"/mcp\", without a slash at its end",
                self.path
            ));
        }
        if self.body_limit == 0 {
            problems.push("`.body_limit(0)` would refuse every request".to_owned());
        }
        for origin in &self.allowed_origins {
            if Origin::parse(origin).is_none() {
                problems.push(format!("`.allowed_origins(..)` holds {origin:?}, which is no origin: write scheme, host and port only, as in \"https://app.example.com\", and a host of other letters in its xn-- form"));
            }
        }
        if self.page_size == 0 {
            problems.push("`.page_size(0)` would list nothing".to_owned());
        }
        self.check_functions(login, &mut problems);
        problems
    }

    fn check_functions(&self, login: &CallerLogin, problems: &mut Vec<String>) {
        let mut names = HashSet::new();
        for tool in &self.tools {
            let name = tool.name();
            if !names.insert(("tool", name)) {
                problems.push(format!("two tools are named `{name}`: rename one with `#[mcp_tool(name = \"…\")]`"));
            }
            let what = format!("tool `{name}`");
            self.check_function(&what, tool.requirements(), tool.problems(), problems);
            problems.extend(login.lacks(&what, tool.requirements(), tool.scopes()));
        }
        for prompt in &self.prompts {
            let name = prompt.name();
            if !names.insert(("prompt", name)) {
                problems.push(format!("two prompts are named `{name}`: rename one with `#[mcp_prompt(name = \"…\")]`"));
            }
            let what = format!("prompt `{name}`");
            no_task(&what, prompt.requirements(), problems);
            self.check_function(&what, prompt.requirements(), prompt.problems(), problems);
            problems.extend(login.lacks(&what, prompt.requirements(), prompt.scopes()));
        }
        for resource in &self.resources {
            let uri = resource.uri();
            if !names.insert(("resource", uri)) {
                problems.push(format!("two resources are at `{uri}`: a client could read only one of them"));
            }
            let what = format!("resource `{uri}`");
            no_task(&what, resource.requirements(), problems);
            self.check_function(&what, resource.requirements(), resource.problems(), problems);
            problems.extend(login.lacks(&what, resource.requirements(), resource.scopes()));
        }
    }

    fn check_function(&self, what: &str, requirements: &Requirements, mistakes: &[String], problems: &mut Vec<String>) {
        problems.extend(mistakes.iter().map(|mistake| format!("{what}: {mistake}")));
        for (type_id, type_name) in &requirements.states {
            if !self.shared.states.contains(*type_id) {
                problems
                    .push(format!("{what} takes `State<{type_name}>`, but no such value was given: add `.state(..)`"));
            }
        }
    }

    /// Whether the login can grant what a function asks for.
    #[cfg(feature = "auth")]
    fn check_scopes(&self, what: &str, scopes: &[Cow<'static, str>], problems: &mut Vec<String>) {
        let Some(login) = &self.auth else { return };
        problems.extend(scopes.iter().filter(|scope| !login.grants_scope(scope)).map(|scope| {
            format!("{what} asks for the scope `{scope}`, which no client can be granted: add it to `scopes_supported(..)` of the login")
        }));
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, reason = "the same call as with a login")]
    const fn check_scopes(&self, _what: &str, _scopes: &[Cow<'static, str>], _problems: &mut Vec<String>) {}

    #[cfg(feature = "auth")]
    pub(super) fn login_provider(&self) -> Option<(std::any::TypeId, &'static str)> {
        self.auth.as_ref().map(crate::auth::OAuthProxy::provider_type)
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, reason = "the same call as with a login")]
    pub(super) fn login_provider(&self) -> Option<(std::any::TypeId, &'static str)> {
        None
    }
}

/// Only tools are answered with tasks (SEP-2663, Supported Methods).
fn no_task(what: &str, requirements: &Requirements, problems: &mut Vec<String>) {
    if requirements.task {
        problems.push(format!("{what} takes a `Task`, which only a call of a tool can be: take it away"));
    }
}

/// A key that lives as long as the process: session ids of before a restart are then unknown.
pub(super) fn random_key(problems: &mut Vec<String>) -> Vec<[u8; 32]> {
    let mut key = [0; 32];
    if getrandom::fill(&mut key).is_err() {
        problems.push("the system gives no random numbers".to_owned());
    }
    vec![key]
}

/// Where clients reach a server without a login, if that can be.
fn check_public_url(url: &str, problems: &mut Vec<String>) -> Option<Origin> {
    let names_user = || {
        let authority = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        authority.is_some_and(|authority| authority.contains('@'))
    };
    let fault = match Origin::of(url) {
        _ if !url.is_ascii() => "must be ASCII: write the host in its xn-- form, and the path percent-encoded",
        _ if url.contains(['?', '#']) || names_user() => "may have a path, but no user, query or fragment",
        Some(origin) if origin.is_https() || origin.is_loopback() => return Some(origin),
        Some(_) => "must be https: plain http is for loopback only",
        None => "is no URL such as \"https://mcp.example.com\"",
    };
    problems.push(format!("the public URL {url:?} {fault}"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_one_that_clients_can_use() {
        for (url, fault) in [
            ("https://mcp.example.com", None),
            ("https://mcp.example.com:8443/base/@me/", None),
            ("http://127.0.0.1:8000", None),
            ("http://[::1]", None),
            ("http://mcp.example.com", Some("must be https")),
            ("http://127.1", Some("is no URL")),
            ("ftp://mcp.example.com", Some("is no URL")),
            ("mcp.example.com", Some("is no URL")),
            ("https://mcp.example.com ", Some("is no URL")),
            ("https://user@mcp.example.com", Some("no user")),
            ("https://mcp.example.com/?", Some("no user, query")),
            ("https://mcp.example.com#", Some("query or fragment")),
            ("https://한국.kr", Some("xn--")),
        ] {
            let mut problems = Vec::new();
            let origin = check_public_url(url, &mut problems);
            assert_eq!(origin.is_some(), fault.is_none(), "{url}: {problems:?}");
            assert_eq!(problems.len(), fault.iter().len(), "{url}: {problems:?}");
            assert!(fault.is_none_or(|fault| problems[0].contains(fault)), "{url}: {problems:?}");
        }
    }
}
