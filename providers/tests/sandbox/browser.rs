//! A browser that logs in, and the OAuth client behind it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari_providers::naver::sandbox::NaverSandbox;
use reqwest::{Client, Response};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:8000/auth/callback?from=naver";
pub(crate) const VERIFIER: &str = "a-verifier-of-43-to-128-characters-0123456789-~._";

pub(crate) struct Browser {
    http: Client,
    origin: String,
}

/// Where the browser ended up.
pub(crate) enum Seen {
    Page(u16, String),
    Callback(Url),
}

impl Seen {
    #[track_caller]
    pub(crate) fn page(self) -> String {
        match self {
            Self::Page(_, text) => text,
            Self::Callback(url) => panic!("redirected to {url}"),
        }
    }

    #[track_caller]
    pub(crate) fn callback(self) -> Url {
        match self {
            Self::Page(status, text) => panic!("stayed on a page, {status}: {text}"),
            Self::Callback(url) => url,
        }
    }

    #[track_caller]
    pub(crate) fn code(self) -> String {
        param(&self.callback(), "code").expect("a code")
    }
}

pub(crate) fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

impl Browser {
    pub(crate) fn new(sandbox: &NaverSandbox) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { http, origin: sandbox.login_url() }
    }

    /// The authorize request that a good client makes, with changes; an empty value leaves a parameter out.
    pub(crate) async fn authorize_at(&self, path: &str, changes: &[(&str, &str)]) -> Seen {
        let challenge = challenge();
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", dari_providers::naver::sandbox::CLIENT_ID),
            ("redirect_uri", CALLBACK),
            ("state", "st+ate/="),
            ("scope", "openid profile"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            query.retain(|(known, _)| known != name);
            query.push((name, value));
        }
        query.retain(|(_, value)| !value.is_empty());
        see(self.http.get(self.url(path)).query(&query).send().await.unwrap()).await
    }

    pub(crate) async fn authorize(&self, changes: &[(&str, &str)]) -> Seen {
        self.authorize_at("/oauth2/authorize", changes).await
    }

    /// Fills in the form that a page shows; fields are checked to be there.
    pub(crate) async fn submit(&self, page: &str, fields: &[(&str, &str)]) -> Seen {
        let after = |text: &str, mark: &str| {
            let start = text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}")) + mark.len();
            text[start..].split('"').next().unwrap().to_owned()
        };
        let action = after(page, "action=\"");
        let transaction = after(page, "name=\"transaction\" value=\"");
        let mut form = vec![("transaction", transaction.as_str())];
        for (name, value) in fields {
            assert!(page.contains(&format!("name=\"{name}\"")), "no field {name} in {page}");
            form.push((name, value));
        }
        see(self.http.post(self.url(&action)).form(&form).send().await.unwrap()).await
    }

    pub(crate) async fn password(&self, login_page: &str, user: &str) -> Seen {
        self.submit(login_page, &[("id", user), ("password", "test")]).await
    }

    /// A first login with all agreed to: the code.
    pub(crate) async fn first_code(&self, user: &str, calendar: bool) -> String {
        let permission = self.password(&self.authorize(&[]).await.page(), user).await.page();
        let mut fields = vec![("decision", "agree")];
        fields.extend(calendar.then_some(("calendar", "1")));
        self.submit(&permission, &fields).await.code()
    }

    /// A first login through to the tokens.
    pub(crate) async fn tokens(&self, user: &str, calendar: bool) -> Value {
        let code = self.first_code(user, calendar).await;
        let (status, body) = self.redeem(&code, VERIFIER).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn access_token(&self, user: &str, calendar: bool) -> SecretString {
        self.tokens(user, calendar).await["access_token"].as_str().unwrap().into()
    }

    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> (u16, Value) {
        self.token(&[("grant_type", "authorization_code"), ("code", code), ("code_verifier", verifier)]).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> (u16, Value) {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// `/oauth2/token` with the right client.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        self.form("/oauth2/token", &with_client(form)).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        json(self.http.post(self.url(path)).form(form).send().await.unwrap()).await
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// Adds the sandbox's client id and secret to a form.
pub(crate) fn with_client<'f>(form: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    use dari_providers::naver::sandbox::{CLIENT_ID, CLIENT_SECRET};
    let mut form = form.to_vec();
    form.extend([("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)]);
    form
}

/// Status and JSON body; null where the body is empty.
pub(crate) async fn json(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    (status, body)
}

async fn see(response: Response) -> Seen {
    match response.headers().get("location") {
        Some(location) => Seen::Callback(location.to_str().unwrap().parse().unwrap()),
        None => Seen::Page(response.status().as_u16(), response.text().await.unwrap()),
    }
}
