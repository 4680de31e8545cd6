//! §1: how a client finds its way, and the whole way once.

use http::Method;
use serde_json::{Value, json};

use crate::world::{REDIRECT, World, call, tokens};

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

async fn document(world: &World, path: &str) -> Value {
    let reply = world.get(path, "").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"), "{path}");
    reply.json()
}

#[tokio::test]
async fn disc_01_a_request_without_a_token_is_told_where_to_log_in() {
    let world = World::new().await;
    let json = ("content-type", "application/json");
    // Whatever else is wrong with it: clients send their first request without a token, and some a GET.
    for (method, headers, body) in [
        (Method::POST, vec![json], call("whoami", json!({}))),
        (Method::POST, vec![json], "not json".to_owned()),
        (Method::POST, vec![], String::new()),
        (Method::POST, vec![json, ("authorization", "Basic eDp5")], call("whoami", json!({}))),
        (Method::GET, vec![("accept", "text/event-stream")], String::new()),
        (Method::DELETE, vec![], String::new()),
    ] {
        let reply = world.request(method.clone(), "/mcp", &headers, body).await;
        assert_eq!(reply.status, 401, "{method}");
        let challenge = reply.header("www-authenticate");
        let metadata = format!(r#"resource_metadata="{}{PROTECTED_RESOURCE}/mcp""#, world.base);
        assert!(challenge.starts_with("Bearer ") && challenge.contains(&metadata), "{challenge}");
        assert!(!challenge.contains("error="), "nothing was wrong with a token that was not sent: {challenge}");
    }
}

#[tokio::test]
async fn disc_02_the_resource_is_the_url_that_the_client_uses() {
    let world = World::new().await;
    for (path, resource) in [
        (format!("{PROTECTED_RESOURCE}/mcp"), world.resource()),
        (PROTECTED_RESOURCE.to_owned(), world.resource()),
        // A client that writes a slash at the end must find the string that it asked for.
        (format!("{PROTECTED_RESOURCE}/mcp/"), format!("{}/", world.resource())),
    ] {
        let document = document(&world, &path).await;
        assert_eq!(document["resource"], json!(resource), "{path}");
        assert_eq!(document["authorization_servers"], json!([world.base]), "{path}");
    }
}

#[tokio::test]
async fn disc_03_the_issuer_is_the_string_that_its_metadata_was_found_by() {
    for suffix in ["", "/", "/tenant"] {
        let world = World::with(|proxy, base| proxy.issuer(format!("{base}{suffix}"))).await;
        let resource = document(&world, &format!("{PROTECTED_RESOURCE}/mcp")).await;
        let issuer = resource["authorization_servers"][0].as_str().unwrap();
        assert_eq!(issuer, format!("{}{suffix}", world.base));
        let path = url::Url::parse(issuer).unwrap().path().trim_end_matches('/').to_owned();
        for well_known in [format!("{AUTHORIZATION_SERVER}{path}"), format!("{path}{AUTHORIZATION_SERVER}")] {
            assert_eq!(document(&world, &well_known).await["issuer"], json!(issuer), "{well_known}");
        }
        // And it is what the answers of the login say.
        let client = world.client(REDIRECT).await;
        let page = world.authorize(&client, &[]).await;
        assert_eq!(world.decide(&page, &page.cookie(), "deny").await.redirect()["iss"], issuer);
    }
    let world = World::new().await;
    assert_eq!(world.get("/.well-known/openid-configuration", "").await.status, 404, "we issue no id_token");
}

#[tokio::test]
async fn disc_04_codes_and_s256_are_all_there_is() {
    let world = World::new().await;
    let document = document(&world, AUTHORIZATION_SERVER).await;
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
    for endpoint in ["authorization_endpoint", "token_endpoint", "registration_endpoint"] {
        assert!(document[endpoint].as_str().is_some_and(|url| url.starts_with(&world.base)), "{endpoint}");
    }
}

#[tokio::test]
async fn disc_05_iss_is_promised() {
    let world = World::new().await;
    let document = document(&world, AUTHORIZATION_SERVER).await;
    assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
}

#[tokio::test]
async fn flow_01_login_token_and_call_work_from_end_to_end() {
    let world = World::new().await;
    // Only what a client is told is used here, and not what the test knows.
    let challenge = world.request(Method::POST, "/mcp", &[], "").await;
    let challenge = challenge.header("www-authenticate");
    let metadata = challenge.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap();
    let resource = document(&world, metadata).await;
    let issuer = resource["authorization_servers"][0].as_str().unwrap();
    let server = document(&world, &format!("{issuer}{AUTHORIZATION_SERVER}")).await;
    let endpoint = |name: &str| server[name].as_str().unwrap().to_owned();
    let body = json!({ "redirect_uris": [REDIRECT] }).to_string();
    let json = [("content-type", "application/json")];
    let client = world.request(Method::POST, &endpoint("registration_endpoint"), &json, body).await.json();
    let client = client["client_id"].as_str().unwrap();
    let query = world.authorize_path(client, &[("scope", "calendar")]).replace("/authorize", "");
    let page = world.get(&format!("{}{query}", endpoint("authorization_endpoint")), "").await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let exchange = crate::world::exchange_form(client, &code);
    let held = tokens(client, &world.post(&endpoint("token_endpoint"), "", &exchange).await);
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn flow_02_the_token_answer_is_typed_and_for_nobody_to_keep() {
    let world = World::new().await;
    assert_eq!(world.fake.set().expires_in, json!("3600"), "the provider writes a string");
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let first = world.exchange(&client, &code).await;
    let held = tokens(&client, &first);
    for reply in [first, world.refresh(&client, &held.refresh).await] {
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
        assert_eq!(reply.header("content-type"), "application/json");
        let answer = reply.json();
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], json!(3600));
    }
}
