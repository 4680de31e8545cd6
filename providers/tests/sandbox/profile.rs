//! The profile API.

use dari_providers::naver::NaverErrorKind;
use serde_json::json;

use crate::browser::{Browser, json as read};
use crate::{client, sandbox};

#[tokio::test]
async fn a_profile_is_read() {
    let sandbox = sandbox().await;
    let token = Browser::new(&sandbox).access_token("minsu", false).await;
    let profile = client(&sandbox).profile(&token).await.unwrap();
    assert_eq!((profile.name.as_deref(), profile.email.as_deref()), (Some("minsu"), Some("minsu@example.com")));
    assert!(!profile.id.is_empty() && profile.id.len() <= 64);

    sandbox.control().set(|quirks| quirks.only_id_profile = true);
    let bare = client(&sandbox).profile(&token).await.unwrap();
    assert_eq!((bare.id, bare.name, bare.email), (profile.id, None, None));
}

#[tokio::test]
async fn a_bad_or_expired_token_is_denied_under_any_status() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let token = Browser::new(&sandbox).access_token("minsu", false).await;
    naver.profile(&token).await.unwrap();
    sandbox.control().expire_access_tokens();
    for under_200 in [false, true] {
        sandbox.control().set(|quirks| quirks.profile_errors_under_200 = under_200);
        for token in [token.clone(), "unknown".into()] {
            let error = naver.profile(&token).await.unwrap_err();
            assert!(
                matches!(error.kind(), NaverErrorKind::PermissionDenied(reply) if reply.code() == Some("024")),
                "{error:?}"
            );
            assert!(error.model_message().contains("log in"), "{}", error.model_message());
        }
    }
    // A token that can't be a header is an error too, and not shown in it.
    let error = naver.profile(&"to\nken".into()).await.unwrap_err();
    assert!(!format!("{error:?}").contains("ken\""), "{error:?}");
}

#[tokio::test]
async fn short_lived_tokens_expire_by_themselves() {
    let sandbox = sandbox().await;
    sandbox.control().set(|quirks| quirks.access_token_lifetime = std::time::Duration::ZERO);
    let token = Browser::new(&sandbox).access_token("minsu", false).await;
    client(&sandbox).profile(&token).await.unwrap_err();
}

#[tokio::test]
async fn the_token_check_tells_the_end_only_when_asked() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let tokens = browser.tokens("minsu", false).await;
    let token = tokens["access_token"].as_str().unwrap();
    let verify = async |query: &str| {
        let url = browser.url(&format!("/v1/nid/verify{query}"));
        read(browser.http().get(url).bearer_auth(token).send().await.unwrap()).await
    };
    assert_eq!(verify("").await, (200, json!({"resultcode": "00", "message": "success"})));
    let (_, body) = verify("?info=true").await;
    assert_eq!(body["response"]["token"], token);
    assert!(body["response"]["expire_date"].is_string());

    let (status, body) = read(browser.http().get(browser.url("/v1/nid/me")).send().await.unwrap()).await;
    assert_eq!((status, &body["resultcode"]), (401, &json!("028")));
}
