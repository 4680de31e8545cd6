//! What clients see of a running server.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::{CheckUp, Verdict};
use crate::auth::Gate;
use crate::auth::provider::upstream::Visit;
use crate::auth::proxy::AuthorizationServer;
use crate::auth::random::random_id;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most of an answer that is read, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// From here on a clock is noticed, and from there on tokens of another replica are refused.
const SKEW: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// An answer.
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Looks at everything that can be seen without a login.
pub(super) async fn look(gate: &Gate, found: &mut CheckUp) {
    let server = gate.server();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
    let http = match http {
        Ok(http) => http,
        Err(error) => return found.add("outside", Verdict::Bad, format!("no HTTP client could be made: {error}")),
    };
    match server.urls.is_https() {
        true => found.add("public URL", Verdict::Good, server.urls.base()),
        false => {
            found.add("public URL", Verdict::Doubtful, format!("{}: only this machine can use it", server.urls.base()))
        }
    }
    resource_metadata(server, &http, found).await;
    server_metadata(server, &http, found).await;
    challenge(server, &http, found).await;
    token_endpoint(server, &http, found).await;
    callback(server, &http, found).await;
    readiness(server, &http, found).await;
    provider(server, &http, found).await;
}

async fn see(request: reqwest::RequestBuilder) -> Result<Seen, String> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let mut seen = Seen { status: response.status(), headers: response.headers().clone(), body: Vec::new() };
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if seen.body.len() + chunk.len() > MAX_BODY {
            return Err("the answer is longer than any of ours".to_owned());
        }
        seen.body.extend_from_slice(&chunk);
    }
    Ok(seen)
}

/// The error with what led to it: reqwest's own text leaves out that a name was not found.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Compares what a document says of a URL with what it must say, byte for byte.
fn compare(document: &Value, pairs: &[(&str, &str)]) -> Result<(), String> {
    for (member, expected) in pairs {
        let said = document[member].as_str().or_else(|| document[member][0].as_str());
        if said != Some(expected) {
            return Err(format!(
                "`{member}` is {}, but must be \"{expected}\": another server, or another BASE_URL",
                document[member]
            ));
        }
    }
    Ok(())
}

async fn document(http: &reqwest::Client, url: &str, pairs: &[(&str, &str)]) -> Result<(), String> {
    let seen = see(http.get(url)).await?;
    match seen.status {
        StatusCode::OK => compare(&seen.json(), pairs),
        status => Err(format!(
            "HTTP {} instead of the document: does a proxy keep the path from the server?",
            status.as_u16()
        )),
    }
}

fn note(found: &mut CheckUp, what: &'static str, url: &str, outcome: Result<(), String>) {
    match outcome {
        Ok(()) => found.add(what, Verdict::Good, url),
        Err(problem) => found.add(what, Verdict::Bad, format!("{url}: {problem}")),
    }
}

async fn resource_metadata(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    let url = server.urls.resource_metadata();
    let pairs = [("resource", server.urls.resource()), ("authorization_servers", server.urls.issuer())];
    note(found, "resource metadata", url, document(http, url, &pairs).await);
}

async fn server_metadata(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    let urls = &server.urls;
    let pairs = [
        ("issuer", urls.issuer()),
        ("authorization_endpoint", urls.authorize()),
        ("token_endpoint", urls.token()),
        ("revocation_endpoint", urls.revoke()),
    ];
    for url in urls.server_metadata_urls() {
        note(found, "authorization server metadata", &url, document(http, &url, &pairs).await);
    }
}

/// The 401 that starts every login, and on the way the clock of whoever answers.
async fn challenge(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    let url = server.urls.resource();
    let sent = server.logins.clock.now();
    let seen = match see(http.post(url).header(header::CONTENT_TYPE, "application/json").body("{}")).await {
        Ok(seen) => seen,
        Err(problem) => return note(found, "challenge", url, Err(problem)),
    };
    let expected = format!(r#"resource_metadata="{}""#, server.urls.resource_metadata());
    let challenge = seen.header(header::WWW_AUTHENTICATE);
    let outcome = match seen.status {
        StatusCode::UNAUTHORIZED if challenge.contains(&expected) => Ok(()),
        StatusCode::UNAUTHORIZED => Err(format!("the 401 has the challenge {challenge:?}, which lacks {expected}")),
        StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => {
            Err("the server does not know this host: set BASE_URL to the URL that clients use".to_owned())
        }
        status => Err(format!("HTTP {} instead of 401", status.as_u16())),
    };
    note(found, "challenge", url, outcome);
    clock(seen.header(header::DATE), sent, server.logins.clock.now(), found);
}

fn clock(date: &str, sent: SystemTime, received: SystemTime, found: &mut CheckUp) {
    const WHAT: &str = "clock";
    let Ok(theirs) = httpdate::parse_http_date(date) else {
        return found.add(WHAT, Verdict::Unknown, "the answer has no date");
    };
    // A date has no fractions, so it may lie a second before the request.
    let late = sent.duration_since(theirs).unwrap_or_default().saturating_sub(Duration::from_secs(1));
    let early = theirs.duration_since(received).unwrap_or_default();
    let skew = late.max(early);
    let detail = format!("the server's and this machine's differ by {} s", skew.as_secs());
    let verdict = match skew {
        skew if skew <= SKEW.0 => Verdict::Good,
        skew if skew <= SKEW.1 => Verdict::Doubtful,
        _ => Verdict::Bad,
    };
    found.add(WHAT, verdict, if verdict == Verdict::Good { detail } else { format!("{detail}: keep both by NTP") });
}

/// Whether POST comes through, and the body with it.
async fn token_endpoint(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    let url = server.urls.token();
    let outcome = see(http.post(url).form(&[("grant_type", "none")])).await.and_then(|seen| {
        match (seen.status, seen.json()["error"].as_str()) {
            (StatusCode::BAD_REQUEST, Some("unsupported_grant_type")) => Ok(()),
            (status, _) => Err(format!("HTTP {} instead of the server's own refusal", status.as_u16())),
        }
    });
    note(found, "token endpoint", url, outcome);
}

async fn callback(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    let url = server.urls.callback();
    let outcome = see(http.get(url)).await.and_then(|seen| match (seen.status, seen.header(header::X_FRAME_OPTIONS)) {
        (StatusCode::BAD_REQUEST, "DENY") => Ok(()),
        (status, _) => Err(format!("HTTP {} instead of the server's own page", status.as_u16())),
    });
    note(found, "callback", url, outcome);
}

async fn readiness(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    const WHAT: &str = "readiness";
    let url = format!("{}/readyz", server.urls.base());
    match see(http.get(&url)).await {
        Ok(seen) if seen.status.is_success() => found.add(WHAT, Verdict::Good, url),
        Ok(seen) if seen.status == StatusCode::SERVICE_UNAVAILABLE => {
            found.add(WHAT, Verdict::Bad, format!("{url}: the server says that it cannot serve now"));
        }
        Ok(_) => found.add(WHAT, Verdict::Unknown, format!("{url} is not there for everybody")),
        Err(problem) => found.add(WHAT, Verdict::Bad, format!("{url}: {problem}")),
    }
}

/// What the provider says to an authorization request of this server, as far as it says it without a login.
async fn provider(server: &AuthorizationServer, http: &reqwest::Client, found: &mut CheckUp) {
    const WHAT: &str = "provider";
    let name = server.provider.config().name();
    let callback = server.urls.callback();
    let Ok(state) = random_id() else { return };
    let seen = match see(http.get(server.logins.upstream.departure(&state, Visit::LogsIn).url)).await {
        Ok(seen) => seen,
        Err(problem) => return found.add(WHAT, Verdict::Bad, format!("{name} cannot be reached: {problem}")),
    };
    let location = seen.header(header::LOCATION);
    let (verdict, detail) = if location.starts_with(callback) && location.contains("error=") {
        (Verdict::Bad, format!("{name} refuses the request of this server: see to its client id and scopes"))
    } else if seen.status.is_client_error() {
        let status = seen.status.as_u16();
        (
            Verdict::Bad,
            format!("{name} answers HTTP {status}: see to the client id, and register the callback {callback}"),
        )
    } else if seen.status.is_server_error() {
        (Verdict::Bad, format!("{name} answers HTTP {}", seen.status.as_u16()))
    } else {
        (
            Verdict::Unknown,
            format!("{name} answers; only a login shows whether the callback {callback} is registered there"),
        )
    };
    found.add(WHAT, verdict, detail);
}
