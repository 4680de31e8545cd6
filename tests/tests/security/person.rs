//! A person with an account at the Naver sandbox, and a client, in front of a server that is a process of its own.

use dari_tests::server::Example;
use http::StatusCode;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::world::{REDIRECT, Tokens, VERIFIER, call, challenge};

#[derive(Clone)]
pub(crate) struct Person {
    http: Client,
    base: String,
}

/// What is between two marks of a page.
#[track_caller]
fn between<'t>(text: &'t str, mark: &str) -> &'t str {
    let at = text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}")) + mark.len();
    text[at..].split('"').next().unwrap()
}

fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

impl Person {
    pub(crate) fn at(example: &Example) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { http, base: example.mcp_url.trim_end_matches("/mcp").to_owned() }
    }

    /// Registers a client from this address; its id, if that was acknowledged.
    pub(crate) async fn register(&self, from: &str, metadata: &Value) -> reqwest::Result<Result<String, StatusCode>> {
        let request = self.http.post(format!("{}/register", self.base)).header("x-forwarded-for", from).json(metadata);
        let response = request.send().await?;
        if response.status() != StatusCode::CREATED {
            return Ok(Err(response.status()));
        }
        let client: Value = response.json().await?;
        Ok(Ok(client["client_id"].as_str().unwrap().to_owned()))
    }

    /// Whether the server knows a client.
    pub(crate) async fn knows(&self, client_id: &str) -> bool {
        self.authorize(client_id).await.status() == 200
    }

    async fn authorize(&self, client_id: &str) -> Response {
        let challenge = challenge();
        let query = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        self.http.get(format!("{}/authorize", self.base)).query(&query).send().await.unwrap()
    }

    /// Logs in with a client of its own.
    pub(crate) async fn log_in(&self, user: &str) -> Tokens {
        let metadata = json!({ "redirect_uris": [REDIRECT] });
        let client_id = self.register("198.51.100.1", &metadata).await.unwrap().unwrap();
        let page = self.authorize(&client_id).await;
        let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = page.text().await.unwrap();
        let decision = [
            ("form", between(&page, "name=\"form\" value=\"")),
            ("csrf", between(&page, "name=\"csrf\" value=\"")),
            ("decision", "approve"),
        ];
        let consent = self.http.post(format!("{}/consent", self.base)).header("cookie", &cookie).form(&decision);
        let upstream = location(&consent.send().await.unwrap());
        let login = self.http.get(&upstream).send().await.unwrap().text().await.unwrap();
        let password = [("id", user), ("password", "test")];
        let mut at_naver = self.submit(&upstream, &login, &password).await;
        if at_naver.status() == 200 {
            let permission = at_naver.text().await.unwrap();
            at_naver = self.submit(&upstream, &permission, &[("decision", "agree"), ("calendar", "1")]).await;
        }
        let back = self.http.get(location(&at_naver)).header("cookie", &cookie).send().await.unwrap();
        let answer = url::Url::parse(&location(&back)).unwrap();
        let code = answer.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        let reply = self.token(&crate::world::exchange_form(&client_id, &code)).await.unwrap();
        reply.unwrap_or_else(|status| panic!("{status} to a good code ({VERIFIER})")).of(client_id)
    }

    async fn submit(&self, upstream: &str, page: &str, fields: &[(&str, &str)]) -> Response {
        let action = url::Url::parse(upstream).unwrap().join(between(page, "action=\"")).unwrap();
        let mut form = vec![("transaction", between(page, "name=\"transaction\" value=\""))];
        form.extend_from_slice(fields);
        self.http.post(action).form(&form).send().await.unwrap()
    }

    async fn token(&self, form: &[(&str, &str)]) -> reqwest::Result<Result<Tokens, StatusCode>> {
        let response = self.http.post(format!("{}/token", self.base)).form(form).send().await?;
        if response.status() != StatusCode::OK {
            return Ok(Err(response.status()));
        }
        let answer: Value = response.json().await?;
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        Ok(Ok(Tokens { client_id: String::new(), access: text("access_token"), refresh: text("refresh_token") }))
    }

    /// New tokens, if they were acknowledged.
    pub(crate) async fn refresh(&self, held: &Tokens) -> reqwest::Result<Result<Tokens, StatusCode>> {
        let form = [("grant_type", "refresh_token"), ("client_id", &held.client_id), ("refresh_token", &held.refresh)];
        Ok(self.token(&form).await?.map(|tokens| tokens.of(held.client_id.clone())))
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, held: &Tokens, tool: &str, arguments: Value) -> reqwest::Result<Response> {
        let request = self
            .http
            .post(format!("{}/mcp", self.base))
            .bearer_auth(&held.access)
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool);
        request.body(call(tool, arguments)).send().await
    }

    /// That a token is good for a call.
    pub(crate) async fn is_let_in(&self, held: &Tokens) {
        let response = self.call(held, "get_current_time", json!({})).await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
}

impl Tokens {
    fn of(self, client_id: String) -> Self {
        Self { client_id, ..self }
    }
}
