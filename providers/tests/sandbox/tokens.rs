//! Token endpoints and revocation.

use dari_providers::naver::sandbox::{CLIENT_ID, CLIENT_SECRET, Fault, RouteGroup};
use serde_json::{Value, json};

use crate::browser::{Browser, VERIFIER, json as read, with_client};
use crate::sandbox;

fn no_session() -> Value {
    json!({"error": "invalid_request", "error_description": "no valid data in session"})
}

#[tokio::test]
async fn a_code_gives_tokens_of_navers_form() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let tokens = browser.tokens("test", true).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!("3600")));
    let access = tokens["access_token"].as_str().unwrap();
    assert!(['+', '/', '='].into_iter().all(|c| access.contains(c)) && access.len() <= 256, "{access}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert!(refresh.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{refresh}");
    assert_eq!((tokens.get("scope"), tokens.get("id_token")), (None, None));
    assert_eq!(sandbox.control().grant_hits("authorization_code"), 1);
    assert_eq!(sandbox.control().hits("/oauth2/token"), 1);
}

#[tokio::test]
async fn a_code_is_good_for_one_attempt_with_the_right_verifier() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let code = browser.first_code("test", true).await;
    assert_eq!(browser.redeem(&code, "another-verifier-of-at-least-43-characters-00").await, (200, no_session()));
    assert_eq!(browser.redeem(&code, VERIFIER).await, (200, no_session()));

    for status in [400, 401, 200] {
        sandbox.control().set(|quirks| quirks.bad_code_status = status);
        assert_eq!(browser.redeem("unknown", VERIFIER).await, (status, no_session()));
    }
    // No verifier, a wrong state, the other family.
    let again = async || browser.password(&browser.authorize(&[]).await.page(), "test").await.code();
    let grant = ("grant_type", "authorization_code");
    let code = again().await;
    assert_eq!(browser.token(&[grant, ("code", &code)]).await.1, no_session());
    let code = again().await;
    let form = [grant, ("code", &code), ("code_verifier", VERIFIER), ("state", "other")];
    assert_eq!(browser.token(&form).await.1, no_session());
    let code = again().await;
    let form = with_client(&[grant, ("code", &code), ("code_verifier", VERIFIER)]);
    assert_eq!(browser.form("/oauth2.0/token", &form).await, (200, no_session()));
    let code = again().await;
    let form = [grant, ("code", &code), ("code_verifier", VERIFIER), ("state", "st+ate/=")];
    assert!(browser.token(&form).await.1["access_token"].is_string());
}

#[tokio::test]
async fn the_secret_is_taken_in_the_body_only() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let code = browser.first_code("test", true).await;
    let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    let invalid_client = (401, json!({"error": "invalid_client"}));
    let basic =
        browser.http().post(browser.url("/oauth2/token")).basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&form);
    assert_eq!(read(basic.send().await.unwrap()).await, invalid_client);
    let query = browser.http().post(browser.url("/oauth2/token")).query(&with_client(&form));
    assert_eq!(read(query.send().await.unwrap()).await, invalid_client);
    let mut wrong = form.to_vec();
    wrong.extend([("client_id", CLIENT_ID), ("client_secret", "wrong")]);
    assert_eq!(browser.form("/oauth2/token", &wrong).await, invalid_client);
    let wrong_secret = json!({"error": "invalid_request", "error_description": "wrong client secret"});
    assert_eq!(browser.form("/oauth2.0/token", &wrong).await, (200, wrong_secret));
    // None of these has used the code up.
    assert!(browser.redeem(&code, VERIFIER).await.1["access_token"].is_string());
}

#[tokio::test]
async fn the_older_family_takes_queries_and_never_fails_by_status() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let permission =
        browser.password(&browser.authorize_at("/oauth2.0/authorize", &[]).await.page(), "test").await.page();
    let code = browser.submit(&permission, &[("decision", "agree")]).await.code();
    let url = browser.url("/oauth2.0/token");
    let grant = [("grant_type", "authorization_code"), ("code", &code), ("state", "st+ate/=")];
    let reply = browser.http().get(&url).query(&with_client(&grant)).send().await.unwrap();
    let (status, tokens) = read(reply).await;
    assert!(status == 200 && tokens["access_token"].is_string(), "{tokens}");
    for form in [vec![], vec![("grant_type", "password")], grant.to_vec()] {
        let (status, body) = browser.form("/oauth2.0/token", &with_client(&form)).await;
        assert!(status == 200 && body["error"].is_string(), "{body}");
    }
    let delete = [("grant_type", "delete"), ("access_token", "nobody's"), ("service_provider", "NAVER")];
    let deleted = json!({"access_token": "nobody's", "result": "success"});
    assert_eq!(browser.form("/oauth2.0/token", &with_client(&delete)).await, (200, deleted));
}

#[tokio::test]
async fn a_refresh_gives_no_new_refresh_token() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let first = browser.tokens("test", true).await;
    let refresh = first["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        let (status, body) = browser.refresh(refresh).await;
        assert_eq!((status, body.get("refresh_token")), (200, None));
        assert_ne!(body["access_token"], first["access_token"]);
    }
    sandbox.control().set(|quirks| quirks.rotate_refresh_tokens = true);
    let (_, rotated) = browser.refresh(refresh).await;
    assert!(rotated["refresh_token"].is_string(), "{rotated}");
    let (_, body) = browser.refresh(refresh).await;
    assert_eq!(body["error"], "invalid_request");
    assert_eq!(sandbox.control().grant_hits("refresh_token"), 4);
}

#[tokio::test]
async fn revoking_disconnects_the_user() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let tokens = browser.tokens("test", true).await;
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let revoke = "/oauth2.0/revoke";
    // A wrong hint does no harm; an unknown token is a success.
    for token in [refresh, access, "unknown"] {
        let form = with_client(&[("token", token), ("token_type_hint", "access_token")]);
        assert_eq!(browser.form(revoke, &form).await, (200, Value::Null));
    }
    assert_eq!(browser.refresh(refresh).await.1["error"], "invalid_request");
    let me = browser.http().get(browser.url("/v1/nid/me")).bearer_auth(access).send().await.unwrap();
    assert_eq!(me.status(), 401);
    browser.password(&browser.authorize(&[]).await.page(), "test").await.page();

    let (status, body) = browser.form(revoke, &with_client(&[])).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
    let wrong = [("client_id", CLIENT_ID), ("client_secret", "wrong"), ("token", "x")];
    let (status, body) = browser.form(revoke, &wrong).await;
    assert_eq!((status, &body["error"]), (401, &json!("unauthorized_client")));
    sandbox.control().fault(RouteGroup::Revoke, Fault::Unavailable);
    let (status, body) = browser.form(revoke, &with_client(&[("token", "x")])).await;
    assert_eq!((status, &body["error"]), (503, &json!("temporarily_unavailable")));
}

#[tokio::test]
async fn a_revoked_consent_ends_codes_and_refresh_tokens() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let tokens = browser.tokens("test", true).await;
    let code = browser.password(&browser.authorize(&[]).await.page(), "test").await.code();
    sandbox.control().revoke_consent("test");
    assert_eq!(browser.redeem(&code, VERIFIER).await.1, no_session());
    assert_eq!(browser.refresh(tokens["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn discovery_names_what_is_there() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let url = browser.url("/.well-known/openid-configuration");
    let (_, body) = read(browser.http().get(url).send().await.unwrap()).await;
    assert_eq!(body["token_endpoint"], browser.url("/oauth2/token"));
    assert_eq!(body["token_endpoint_auth_methods_supported"], json!(["client_secret_post", "none"]));
    assert_eq!((body.get("jwks_uri"), body.get("revocation_endpoint")), (None, None));
}

#[tokio::test]
async fn a_sandbox_that_is_started_anew_takes_the_tokens_of_an_earlier_run() {
    let (first, second) = (sandbox().await, sandbox().await);
    let tokens = Browser::new(&first).tokens("김하나", true).await;
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let profile = |sandbox, token: &str| {
        let (client, token) = (crate::client(sandbox), token.to_owned().into());
        async move { client.profile(&token).await }
    };
    drop(first);
    let restarted = profile(&second, access).await.unwrap();
    assert_eq!(restarted.name.as_deref(), Some("김하나"));

    let form = with_client(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    let (status, renewed) = Browser::new(&second).form("/oauth2/token", &form).await;
    assert_eq!(status, 200);
    profile(&second, renewed["access_token"].as_str().unwrap()).await.unwrap();

    // What is revoked stays revoked.
    assert!(second.control().revoke_consent("김하나"));
    profile(&second, access).await.unwrap_err();
    let (_, refused) = Browser::new(&second).form("/oauth2/token", &form).await;
    assert_eq!(refused["error"], "invalid_request");
}
