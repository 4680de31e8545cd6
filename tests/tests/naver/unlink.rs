//! Naver tells that a user disconnected the application.

use std::time::Duration;

use serde_json::json;

use crate::person::Person;
use crate::world::{Tokens, World};

const MINJI: Person = Person { name: "minji", ticks_calendar: true };
const JUNHO: Person = Person { name: "junho", ticks_calendar: true };

async fn status(world: &World, held: &Tokens) -> u16 {
    world.call(held, "whoami", json!({})).await.status().as_u16()
}

#[tokio::test]
async fn a_user_who_disconnects_at_naver_is_logged_out_here_at_once_and_nobody_else() {
    let world = World::start().await;
    world.sandbox.set(|quirks| quirks.unlink_webhook = Some(format!("{}/auth/provider/unlink", world.base)));
    let (minji, junho) = (world.log_in(MINJI).await, world.log_in(JUNHO).await);
    let again = world.log_in(MINJI).await;
    assert_eq!([status(&world, &minji).await, status(&world, &again).await], [200, 200]);

    assert!(world.sandbox.revoke_consent("minji"));
    let told = async {
        while status(&world, &minji).await == 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), told).await.expect("the message arrives");
    assert_eq!([status(&world, &minji).await, status(&world, &again).await], [401, 401]);
    assert_eq!([world.refresh(&minji).await, status(&world, &junho).await], [400, 200]);
    assert_eq!(world.sandbox.hits("/oauth2.0/revoke"), 0, "Naver knows it already");

    let anew = world.log_in(MINJI).await;
    assert_eq!(status(&world, &anew).await, 200);
}

#[tokio::test]
async fn a_message_that_naver_did_not_sign_changes_nothing() {
    let world = World::start().await;
    let held = world.log_in(MINJI).await;
    let form = [
        ("clientId", dari_providers::naver::sandbox::CLIENT_ID),
        ("encryptUniqueId", "AAECAwQFBgcICQoLDA0OD2Zha2UgZmFrZSBmYWtlIGZha2U"),
        ("timestamp", "1790000000"),
        ("signature", "AAECAwQFBgcICQoLDA0ODw"),
    ];
    assert_eq!(world.post("/auth/provider/unlink", &form).await.status(), 403);
    assert_eq!(world.post("/auth/provider/unlink", &form[..3]).await.status(), 400);
    assert_eq!(status(&world, &held).await, 200);
}

#[tokio::test]
async fn the_last_revocation_here_disconnects_the_user_at_naver_rev_05() {
    let world = World::start().await;
    let (one, two) = (world.log_in(MINJI).await, world.log_in(MINJI).await);
    for (held, revocations) in [(&one, 0), (&two, 1)] {
        let pairs = [("client_id", held.client_id.as_str()), ("token", &held.refresh)];
        assert_eq!(world.post("/revoke", &pairs).await.status(), 200);
        assert_eq!(world.sandbox.hits("/oauth2.0/revoke"), revocations);
    }
    let client = world.register().await;
    let arrival = world.authorize(MINJI, &client, "").await;
    assert_eq!(arrival.steps, ["consent", "login", "permission"], "Naver asks for the permission again");
}
