use serde_json::json;

use crate::world::{REDIRECT, World};

#[tokio::test]
async fn a_minimal_client_gets_an_id_and_no_secret_reg_01() {
    let world = World::new().await;
    let reply = world.register(json!({ "redirect_uris": [REDIRECT], "scope": "openid email calendar" })).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (201, "no-store"));
    let client = reply.json();
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(client["scope"], "calendar");
    assert!(client["client_id"].as_str().unwrap().len() >= 22);
    assert!(client.get("client_secret").is_none());
}

#[tokio::test]
async fn bad_metadata_is_refused_and_kept_nowhere_reg_02_to_10() {
    let world = World::new().await;
    let long = "x".repeat(64 * 1024);
    let cases = [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://evil.example/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://127.0.0.1:8000/auth/callback"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": "x" }), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (json!({ "redirect_uris": [REDIRECT], "grant_types": ["implicit"] }), "invalid_client_metadata"),
    ];
    let writes = world.gate.counters().store_writes;
    for (metadata, code) in cases {
        let reply = world.register(metadata.clone()).await;
        assert_eq!(reply.error(), (400, code.to_owned()), "{metadata}");
    }
    let reply = world.register(json!({ "redirect_uris": [REDIRECT], "client_name": long })).await;
    assert_eq!(reply.status, 413);
    assert_eq!(world.gate.counters().store_writes, writes);
}

#[tokio::test]
async fn unused_clients_live_an_hour_and_used_ones_three_months() {
    let world = World::new().await;
    let unused = world.client(REDIRECT).await;
    let tokens = world.log_in().await;
    world.pass(3599);
    assert_eq!(world.authorize(&unused, &[]).await.status, 200);
    world.pass(2);
    assert!(world.authorize(&unused, &[]).await.is_local_error());
    world.pass(89 * 24 * 3600);
    assert_eq!(world.authorize(&tokens.client_id, &[]).await.status, 200);
    world.pass(2 * 24 * 3600);
    assert!(world.authorize(&tokens.client_id, &[]).await.is_local_error());
    assert_eq!(world.refresh(&tokens.client_id, &tokens.refresh).await.error(), (401, "invalid_client".to_owned()));
}
