use http::HeaderMap;

use super::*;
use crate::auth::reason::Reason;
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::auth::request::redirect_uri::RedirectUri;

fn redirect(text: &str) -> RedirectUri {
    RedirectUri::register(text, &RedirectPolicy::new("https://mcp.example/auth/callback")).unwrap()
}

fn consent<'a>(
    redirect_uri: &'a RedirectUri,
    client_name: Option<&'a str>,
    scopes: &'a [ScopeLine<'a>],
) -> ConsentPage<'a> {
    ConsentPage {
        server_name: "Naver Calendar",
        provider_name: "Naver",
        client_name,
        document_host: None,
        client_uri: None,
        redirect_uri,
        scopes,
        form_token: "sealed\"form",
        csrf: "csrf-token",
        action_url: "https://mcp.example/consent",
    }
}

fn all_problems() -> [Problem; 9] {
    [
        Problem::UnknownClient,
        Problem::BadClientDocument,
        Problem::Busy,
        Problem::BadRedirectUri,
        Problem::BadRequest,
        Problem::FormSpent,
        Problem::LoginSpent,
        Problem::OtherBrowser,
        Problem::Unavailable,
    ]
}

/// The text between two marks of the page.
fn between<'a>(html: &'a str, start: &str, end: &str) -> &'a str {
    html.split_once(start).unwrap().1.split_once(end).unwrap().0
}

fn every_page() -> Vec<(Page, StatusCode)> {
    let uri = redirect("http://localhost:1/cb");
    let mut pages = Vec::new();
    for lang in [Lang::Ko, Lang::En] {
        pages.push((consent(&uri, Some("Claude"), &[]).render(lang), StatusCode::OK));
        let signed_in = SignedInPage { server_name: "S", client_name: None, answer: None };
        pages.push((signed_in.render(lang), StatusCode::OK));
        let withdraw = WithdrawPage {
            server_name: "S",
            provider_name: "Naver",
            scopes: &[],
            how: None,
            back_url: "http://localhost:1/cb?error=access_denied",
        };
        pages.push((withdraw.render(lang), StatusCode::OK));
        pages.extend(
            all_problems()
                .map(|problem| (problem.render(lang, Reason::RequestInvalid, Some("detail")), problem.status())),
        );
    }
    pages
}

#[test]
fn headers_of_every_page_cons_02_13() {
    for (page, status) in every_page() {
        let lang = page.lang;
        let response = page.into_response(status);
        assert_eq!(response.status(), status);
        let header = |name: &str| headers_value(response.headers(), name);
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-language"), lang.tag());
        let policy = header("content-security-policy");
        for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'sha256-"] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("form-action") && !policy.contains("unsafe"), "{policy}");
    }
}

fn headers_value(headers: &HeaderMap, name: &str) -> String {
    assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
    headers[name].to_str().unwrap().to_owned()
}

#[test]
fn the_policy_names_the_style_that_is_in_the_page() {
    use base64::Engine as _;
    use sha2::Digest as _;
    for (page, status) in every_page() {
        let style = between(&page.html, "<style>", "</style>");
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
        let response = page.clone().into_response(status);
        let policy = headers_value(response.headers(), "content-security-policy");
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")));
        // The policy would block all of these.
        for banned in ["<script", "style=\"", "<link", "<img", "url(", "@import", " on"] {
            assert!(!page.html.replace(style, "").to_lowercase().contains(&format!("{banned}=")), "{banned}");
            assert!(banned == " on" || !page.html.contains(banned), "{banned}");
        }
    }
}

#[test]
fn language_is_declared_and_differs() {
    for (page, _) in every_page() {
        assert!(page.html.starts_with(&format!("<!DOCTYPE html><html lang=\"{}\">", page.lang.tag())));
        let korean = page.html.chars().any(|c| ('가'..='힣').contains(&c));
        assert_eq!(korean, page.lang == Lang::Ko);
    }
}

#[test]
fn consent_says_who_what_and_where_cons_07() {
    let scopes = [
        ScopeLine { scope: "calendar", description: Some("일정을 추가합니다".into()) },
        ScopeLine { scope: "profile", description: None },
    ];
    let uri = redirect("https://claude.ai/api/mcp/auth_callback");
    let html = consent(&uri, Some("Claude"), &scopes).render(Lang::En).html;
    for text in [
        "<bdi>Claude</bdi>",
        "Naver Calendar",
        "<bdi>claude.ai</bdi>",
        "일정을 추가합니다",
        "calendar",
        "profile",
        "Naver",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(html.contains("Nobody has verified it"));
}

#[test]
fn consent_warns_where_only_the_device_is_named_cons_07() {
    for (text, shown, warns) in [
        ("http://localhost:1/cb", "<bdi>localhost:1</bdi>", true),
        ("http://127.0.0.1:1/cb", "<bdi>127.0.0.1:1</bdi>", true),
        ("https://localhost:1/cb", "<bdi>localhost:1</bdi>", true),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "<bdi>cursor://anysphere.cursor-mcp</bdi>", true),
        ("https://claude.ai/cb", "<bdi>claude.ai</bdi>", false),
        ("https://claude.ai:8443/cb", "<bdi>claude.ai:8443</bdi>", false),
    ] {
        let uri = redirect(text);
        for lang in [Lang::Ko, Lang::En] {
            let html = consent(&uri, Some("Claude"), &[]).render(lang).html;
            assert!(html.contains(shown), "{text}");
            assert_eq!(html.contains("class=\"note\""), warns, "{text}");
        }
    }
}

#[test]
fn the_form_carries_its_tokens_cons_03() {
    let uri = redirect("https://claude.ai/cb");
    let html = consent(&uri, None, &[]).render(Lang::En).html;
    let form = between(&html, "<form", "</form>");
    for text in [
        "method=\"post\" action=\"https://mcp.example/consent\"",
        "<input type=\"hidden\" name=\"form\" value=\"sealed&quot;form\">",
        "<input type=\"hidden\" name=\"csrf\" value=\"csrf-token\">",
        "name=\"decision\" value=\"approve\"",
        "name=\"decision\" value=\"deny\"",
    ] {
        assert!(form.contains(text), "{text}: {form}");
    }
}

#[test]
fn text_of_clients_is_inert_cons_08() {
    let hostile = "</title></bdi><script>alert(1)</script>\u{202e}\"onload=\"x";
    let uri = redirect("https://claude.ai/cb");
    let scopes = [ScopeLine { scope: "<b>", description: Some("<i>\"".into()) }];
    let page = ConsentPage { client_uri: Some("javascript:alert(1)"), ..consent(&uri, Some(hostile), &scopes) };
    for lang in [Lang::Ko, Lang::En] {
        let html = page.render(lang).html;
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(!html.contains('\u{202e}') && !html.contains("href") && !html.contains("javascript:"), "{html}");
        assert_eq!(html.matches("</title>").count(), 1);
        let signed_in = SignedInPage { server_name: "<b>", client_name: Some(hostile), answer: None }.render(lang).html;
        assert!(!signed_in.contains("<script") && !signed_in.contains("<b>"));
    }
    let problem = Problem::BadRequest.render(Lang::En, Reason::RequestInvalid, Some("<script>")).html;
    assert!(problem.contains("&lt;script&gt;"));
    let long = "W".repeat(100_000);
    assert!(consent(&uri, Some(&long), &[]).render(Lang::En).html.len() < 10_000);
}

#[test]
fn the_way_back_is_the_clients_redirect_uri() {
    let uri = redirect("cursor://anysphere.cursor-mcp/oauth/callback");
    let answer = Some((&uri, &[("code", "c"), ("state", "a&b")][..]));
    let html = SignedInPage { server_name: "S", client_name: None, answer }.render(Lang::En).html;
    let href = "href=\"cursor://anysphere.cursor-mcp/oauth/callback?code=c&amp;state=a%26b\"";
    assert!(html.contains(href), "{html}");
}

#[test]
fn problems_are_told_apart() {
    for (problem, status) in
        [(Problem::UnknownClient, 400), (Problem::OtherBrowser, 403), (Problem::Busy, 429), (Problem::Unavailable, 503)]
    {
        assert_eq!(problem.status(), status);
    }
    let titles: std::collections::HashSet<_> =
        every_page().iter().map(|(page, _)| between(&page.html, "<h1", "</h1>").to_owned()).collect();
    let page = Problem::LoginSpent.render(Lang::En, Reason::StateUnknown, None);
    assert!(page.html.contains("<code>state_unknown</code>"), "the code is that of the log");
    assert_eq!(titles.len(), 2 * 12);
}
