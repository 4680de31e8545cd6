//! The logins of a user, as an application lists and ends them.

use std::time::Duration;

use dari::auth::PreRegisteredClient;
use serde_json::json;

use crate::replicas::two;
use crate::site::Site;
use crate::world::{REDIRECT, World, tokens};

const USER: &str = "naver-user-1";

#[tokio::test]
async fn they_are_listed_with_what_a_user_would_know_them_by() {
    let world = World::new().await;
    let sessions = world.gate.sessions();
    assert!(sessions.of_user(USER).await.unwrap().is_empty());
    let old = world.log_in().await;
    world.pass(60);
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "calendar")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let new = tokens(&client, &world.exchange(&client, &code).await);
    let listed = sessions.of_user(USER).await.unwrap();
    let clients: Vec<_> = listed.iter().map(|session| session.client_id().to_owned()).collect();
    assert_eq!(clients, [new.client_id.clone(), old.client_id.clone()], "the newest first");
    let (newest, oldest) = (&listed[0], &listed[1]);
    assert_eq!(newest.client_name(), Some("Test Client"));
    assert_eq!(newest.scopes().collect::<Vec<_>>(), ["calendar"]);
    assert_eq!(newest.began_at().duration_since(oldest.began_at()).unwrap(), Duration::from_secs(60));
    assert_eq!(newest.ends_at().duration_since(newest.began_at()).unwrap(), Duration::from_secs(30 * 24 * 3600));
    assert_ne!(newest.id(), oldest.id());
    // When it began does not move with the provider's tokens.
    world.pass(3600);
    assert_eq!(world.refresh(&new.client_id, &new.refresh).await.status, 200);
    assert_eq!(world.fake.set().refreshes, 1);
    assert_eq!(sessions.of_user(USER).await.unwrap()[0].began_at(), newest.began_at());
    assert!(sessions.of_user("nobody").await.unwrap().is_empty());
    for shown in [format!("{newest:?}"), format!("{sessions:?}")] {
        assert!(!shown.contains("upstream-") && !shown.contains(&new.refresh), "{shown}");
    }
}

#[tokio::test]
async fn a_client_of_any_kind_is_listed_by_its_name() {
    let site = Site::start().await;
    let network = site.network();
    let known = PreRegisteredClient::new("known", [REDIRECT]).name("Known Client");
    let world = World::with(|proxy| proxy.test_network(network).client(known)).await;
    let described = site.publish("/client.json", json!({ "redirect_uris": [REDIRECT] }));
    let registered = world.client(REDIRECT).await;
    for client in [&described, "known", &registered] {
        let code = world.code(client).await;
        assert_eq!(world.exchange(client, &code).await.status, 200);
        world.pass(1);
    }
    let listed = world.gate.sessions().of_user(USER).await.unwrap();
    let names: Vec<_> = listed.iter().map(|session| session.client_name().unwrap_or("no name")).collect();
    assert_eq!(names, ["Test Client", "Known Client", "Document Client"]);
}

#[tokio::test]
async fn one_is_ended_by_its_id_and_by_its_user_only() {
    let world = World::new().await;
    let sessions = world.gate.sessions();
    let (one, two) = (world.log_in().await, world.log_in().await);
    let listed = sessions.of_user(USER).await.unwrap();
    let of_one = listed.iter().find(|session| session.client_id() == one.client_id).unwrap();
    assert!(!sessions.end("somebody-else", of_one.id()).await.unwrap());
    assert!(!sessions.end(USER, "unknown").await.unwrap());
    assert!(sessions.end(USER, of_one.id()).await.unwrap());
    assert!(!sessions.end(USER, of_one.id()).await.unwrap(), "twice");
    assert!(world.call(&one.access).await.is_err() && world.call(&two.access).await.is_ok());
    assert!(world.fake.set().revoked.is_empty());
}

#[tokio::test]
async fn with_the_last_one_the_consent_at_the_provider_ends_rev_05() {
    let world = World::new().await;
    let (one, two) = (world.log_in().await, world.log_in().await);
    assert_eq!(world.gate.sessions().end_all(USER).await.unwrap(), 2);
    assert!(world.call(&one.access).await.is_err() && world.call(&two.access).await.is_err());
    assert_eq!(world.fake.set().revoked.len(), 1);
    assert_eq!(world.gate.sessions().end_all(USER).await.unwrap(), 0);
    assert_eq!(world.fake.set().revoked.len(), 1);
}

#[tokio::test]
async fn a_consent_withdrawn_ends_what_began_before_and_asks_the_provider_nothing() {
    let world = World::new().await;
    let old = world.log_in().await;
    let withdrawn = world.hand.clock().now();
    world.pass(1);
    let new = world.log_in().await;
    let sessions = world.gate.sessions();
    for ended in [1, 0] {
        assert_eq!(sessions.consent_withdrawn(USER, withdrawn).await.unwrap(), ended);
    }
    assert!(world.call(&old.access).await.is_err());
    assert!(world.call(&new.access).await.is_ok(), "a login after that is another consent");
    assert!(world.fake.set().revoked.is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_is_an_error_and_no_empty_list() {
    let (one, _, store) = two().await;
    one.log_in().await;
    store.go_down(true);
    let sessions = one.gate.sessions();
    assert!(sessions.of_user(USER).await.is_err());
    assert!(sessions.end_all(USER).await.is_err());
    store.go_down(false);
    assert_eq!(sessions.of_user(USER).await.unwrap().len(), 1);
}
