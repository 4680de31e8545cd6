//! Authorize: pages, permission, errors.

use dari_providers::naver::sandbox::{NaverSandbox, PASSWORD};

use crate::browser::{Browser, CALLBACK, Seen, param};
use crate::sandbox;

#[tokio::test]
async fn a_login_comes_back_with_code_and_state() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let login = browser.authorize(&[]).await.page();
    assert!(login.contains("샌드박스 — 네이버가 아닙니다"), "{login}");
    let permission = browser.submit(&login, &[("id", "철수"), ("password", PASSWORD)]).await.page();
    assert!(permission.contains("철수") && permission.contains("id=\"agree\"") && permission.contains("id=\"cancel\""));
    assert!(permission.contains("name=\"calendar\" value=\"1\" checked"), "{permission}");
    let url = browser.submit(&permission, &[("decision", "agree")]).await.callback();
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    assert_eq!(param(&url, "state").as_deref(), Some("st+ate/="));
    assert!(param(&url, "code").is_some());
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let login = browser.authorize(&[]).await.page();
    let again = browser.submit(&login, &[("id", "<i>"), ("password", "no")]).await.page();
    assert!(again.contains("role=\"alert\"") && again.contains("value=\"&lt;i&gt;\""), "{again}");
    browser.password(&again, "test").await.page();
}

#[tokio::test]
async fn cancelling_is_access_denied_and_remembers_nothing() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    for _ in 0..2 {
        let permission = browser.password(&browser.authorize(&[]).await.page(), "test").await.page();
        let url = browser.submit(&permission, &[("decision", "cancel"), ("calendar", "1")]).await.callback();
        assert_eq!(param(&url, "error").as_deref(), Some("access_denied"));
        assert_eq!((param(&url, "code"), param(&url, "state").as_deref()), (None, Some("st+ate/=")));
        // The form can't be sent a second time.
        assert!(matches!(browser.submit(&permission, &[("decision", "agree")]).await, Seen::Page(400, _)));
    }
}

#[tokio::test]
async fn consent_is_remembered_until_it_is_revoked_or_asked_for() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    browser.first_code("test", true).await;
    browser.password(&browser.authorize(&[]).await.page(), "test").await.code();
    // Another user is asked all the same.
    browser.password(&browser.authorize(&[]).await.page(), "other").await.page();
    let reprompt = browser.authorize(&[("auth_type", "reprompt")]).await.page();
    browser.password(&reprompt, "test").await.page();
    assert!(sandbox.control().revoke_consent("test"));
    assert!(!sandbox.control().revoke_consent("test"));
    browser.password(&browser.authorize(&[]).await.page(), "test").await.page();
}

#[tokio::test]
async fn without_a_good_client_or_callback_nobody_is_redirected() {
    let sandbox = NaverSandbox::builder()
        .callback_url("https://mcp.example.com/auth/callback")
        .start("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let browser = Browser::new(&sandbox);
    for changes in [
        [("client_id", "unknown")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example.com/")],
        [("redirect_uri", "https://mcp.example.com/auth/callback/")],
        [("redirect_uri", "")],
    ] {
        assert!(matches!(browser.authorize(&changes).await, Seen::Page(200, _)), "{changes:?}");
    }
    let login = browser.authorize(&[("redirect_uri", "https://mcp.example.com/auth/callback")]).await.page();
    assert!(login.contains("id=\"login\""), "{login}");
}

#[tokio::test]
async fn faulty_requests_come_back_with_an_error() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    for (path, changes, error) in [
        ("/oauth2/authorize", ("response_type", "token"), "unsupported_response_type"),
        ("/oauth2/authorize", ("state", ""), "invalid_request"),
        ("/oauth2/authorize", ("scope", "profile"), "invalid_request"),
        ("/oauth2/authorize", ("scope", ""), "invalid_request"),
        ("/oauth2/authorize", ("code_challenge_method", "plain"), "invalid_request"),
        ("/oauth2/authorize", ("code_challenge", "short"), "invalid_request"),
        ("/oauth2/authorize", ("auth_type", "autologin"), "access_denied"),
        ("/oauth2.0/authorize", ("state", ""), "invalid_request"),
    ] {
        let url = browser.authorize_at(path, &[changes]).await.callback();
        assert_eq!(param(&url, "error").as_deref(), Some(error), "{changes:?}");
        assert!(url.as_str().starts_with(CALLBACK), "{url}");
    }
    // The older family knows no scope.
    browser.authorize_at("/oauth2.0/authorize", &[("scope", "")]).await.page();
    browser.authorize(&[("auth_type", "reauthenticate")]).await.page();
    sandbox.control().set(|quirks| quirks.refuse_reprompt = true);
    let url = browser.authorize(&[("auth_type", "reprompt")]).await.callback();
    assert_eq!(param(&url, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let error = NaverSandbox::start("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_dropped_sandbox_is_gone() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    browser.authorize(&[]).await.page();
    drop(sandbox);
    for _ in 0..50 {
        if reqwest::Client::builder().no_proxy().build().unwrap().get(browser.url("/")).send().await.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it still answers");
}
