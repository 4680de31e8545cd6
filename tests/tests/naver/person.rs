//! A person with a browser that knows forms, redirects and one cookie.

use std::collections::HashMap;

use reqwest::{Client, Response, header};
use url::Url;

/// What the person does on the pages.
#[derive(Clone, Copy)]
pub struct Person {
    pub name: &'static str,
    /// Whether the calendar stays ticked on Naver's permission page.
    pub ticks_calendar: bool,
}

/// Where a login ended.
pub struct Arrival {
    /// The kinds of pages on the way: `consent`, `login`, `permission`.
    pub steps: Vec<&'static str>,
    /// The parameters with which the client was answered, or none where the way ended on a page.
    pub answer: HashMap<String, String>,
    /// The last page, where it ended on one.
    pub page: String,
}

impl Person {
    /// Goes through a login that begins at this URL, until the client at `redirect_uri` is answered or a page has no form
    /// to send.
    pub async fn log_in(self, url: &str, redirect_uri: &str) -> Arrival {
        let korean = [(header::ACCEPT_LANGUAGE, header::HeaderValue::from_static("ko"))].into_iter().collect();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().default_headers(korean);
        let http = http.build().expect("a client");
        let mut cookie = String::new();
        let mut steps = Vec::new();
        let mut response = http.get(url).send().await.expect("the login page");
        for _ in 0..12 {
            if let Some(set) = response.headers().get(header::SET_COOKIE) {
                let text = set.to_str().expect("a cookie");
                cookie = text.split(';').next().unwrap_or_default().to_owned();
            }
            let base = response.url().clone();
            if let Some(location) = response.headers().get(header::LOCATION) {
                let next = base.join(location.to_str().expect("a location")).expect("a URL");
                if next.as_str().starts_with(redirect_uri) {
                    let answer = next.query_pairs().into_owned().collect();
                    return Arrival { steps, answer, page: String::new() };
                }
                response = get(&http, next, &cookie).await;
                continue;
            }
            let page = response.text().await.expect("a page");
            let Some(action) = attribute(&page, "action=\"") else {
                return Arrival { steps, answer: HashMap::new(), page };
            };
            let (step, form) = self.fill(&page);
            steps.push(step);
            let action = base.join(&action).expect("a URL");
            response = http.post(action).header(header::COOKIE, &cookie).form(&form).send().await.expect("an answer");
        }
        panic!("the login goes round in circles: {steps:?}");
    }

    fn fill(self, page: &str) -> (&'static str, Vec<(&'static str, String)>) {
        let hidden = |name: &str| attribute(page, &format!("name=\"{name}\" value=\"")).unwrap_or_default();
        if page.contains("name=\"csrf\"") {
            let form = vec![("form", hidden("form")), ("csrf", hidden("csrf")), ("decision", "approve".to_owned())];
            ("consent", form)
        } else if page.contains("name=\"password\"") {
            let transaction = hidden("transaction");
            let (id, password) = (self.name.to_owned(), "test".to_owned());
            ("login", vec![("transaction", transaction), ("id", id), ("password", password)])
        } else {
            assert!(page.contains("name=\"calendar\""), "no page that the person knows: {page}");
            let mut form = vec![("transaction", hidden("transaction")), ("decision", "agree".to_owned())];
            form.extend(self.ticks_calendar.then(|| ("calendar", "1".to_owned())));
            ("permission", form)
        }
    }
}

async fn get(http: &Client, url: Url, cookie: &str) -> Response {
    http.get(url).header(header::COOKIE, cookie).send().await.expect("a page")
}

fn attribute(page: &str, mark: &str) -> Option<String> {
    let start = page.find(mark)? + mark.len();
    Some(page[start..].split('"').next()?.replace("&amp;", "&"))
}
