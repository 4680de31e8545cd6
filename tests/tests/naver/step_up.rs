//! A user who left the calendar unticked at Naver is asked again when a tool needs it, and never has to unlink by hand
//! while Naver asks.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use crate::person::{Arrival, Person};
use crate::world::{Tokens, World};

const UNTICKED: Person = Person { name: "minji", ticks_calendar: false };
const TICKED: Person = Person { name: "minji", ticks_calendar: true };

fn schedule() -> Value {
    json!({ "title": "다리" })
}

/// The challenge of a call that needs more, with its scopes.
async fn challenged(world: &World, held: &Tokens, tool: &str, arguments: Value) -> String {
    let response = world.call(held, tool, arguments).await;
    assert_eq!(response.status(), 403);
    let challenge = response.headers()["www-authenticate"].to_str().expect("text").to_owned();
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    let metadata = format!(r#"resource_metadata="{}/.well-known/oauth-protected-resource/mcp""#, world.base);
    assert!(challenge.contains(&metadata), "{challenge}");
    let (_, scope) = challenge.split_once(r#" scope=""#).expect("scopes");
    scope.split('"').next().expect("an end").to_owned()
}

async fn succeeds(world: &World, held: &Tokens) {
    let response = world.call(held, "add_schedule", schedule()).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.expect("JSON");
    assert_ne!(answer["result"]["isError"], json!(true), "{answer}");
    assert_eq!(world.sandbox.schedules().last().expect("a schedule").title, "다리");
}

async fn log_in(world: &World, client_id: &str, person: Person) -> (Arrival, Option<Tokens>) {
    let arrival = world.authorize(person, client_id, "calendar").await;
    let tokens = match arrival.answer.contains_key("code") {
        true => Some(world.exchange(client_id, &arrival).await),
        false => None,
    };
    (arrival, tokens)
}

#[tokio::test]
async fn tok_13_call_403_authorize_again_tick_and_the_call_succeeds() {
    let world = World::start().await;
    let client = world.register().await;
    let (arrival, held) = log_in(&world, &client, UNTICKED).await;
    assert_eq!(arrival.steps, ["consent", "login", "permission"]);
    let held = held.expect("logged in");
    assert_eq!(world.call(&held, "whoami", json!({})).await.status(), 200, "what needs no permission goes on working");

    assert_eq!(challenged(&world, &held, "add_schedule", schedule()).await, "calendar");
    let (arrival, again) = log_in(&world, &client, TICKED).await;
    assert_eq!(
        arrival.steps,
        ["consent", "login", "login", "permission"],
        "Naver asks again, once it is known who it is"
    );
    succeeds(&world, &again.expect("logged in")).await;
    // The permission is the user's, so the earlier login has it as well.
    succeeds(&world, &held).await;
    // And the next login is a plain one.
    let (arrival, _) = log_in(&world, &client, TICKED).await;
    assert_eq!(arrival.steps, ["consent", "login"]);
}

#[tokio::test]
async fn whose_consent_is_gone_is_asked_once_and_not_twice() {
    let world = World::start().await;
    world.sandbox.set(|quirks| quirks.unlink_webhook = Some(format!("{}/auth/provider/unlink", world.base)));
    let client = world.register().await;
    for at_naver in [false, true] {
        let (_, held) = log_in(&world, &client, UNTICKED).await;
        let held = held.expect("logged in");
        challenged(&world, &held, "add_schedule", schedule()).await;
        if at_naver {
            assert!(world.sandbox.revoke_consent("minji"));
            let told = async {
                while world.call(&held, "whoami", json!({})).await.status() == 200 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), told).await.expect("the message arrives");
        } else {
            // As Claude Code does, before it logs in once more.
            let pairs = [("client_id", &*held.client_id), ("token", &held.refresh)];
            assert_eq!(world.post("/revoke", &pairs).await.status(), 200);
        }
        let (arrival, again) = log_in(&world, &client, TICKED).await;
        assert_eq!(arrival.steps, ["consent", "login", "permission"]);
        let again = again.expect("logged in");
        succeeds(&world, &again).await;
        let pairs = [("client_id", &*again.client_id), ("token", &again.refresh)];
        assert_eq!(world.post("/revoke", &pairs).await.status(), 200, "the next round begins without a consent");
    }
}

#[tokio::test]
async fn tok_13_only_the_user_who_lacks_it_is_asked_again() {
    let world = World::start().await;
    let client = world.register().await;
    let (_, held) = log_in(&world, &client, UNTICKED).await;
    challenged(&world, &held.expect("logged in"), "add_schedule", schedule()).await;
    let junho = Person { name: "junho", ticks_calendar: true };
    for steps in [&["consent", "login", "permission"][..], &["consent", "login"]] {
        let (arrival, held) = log_in(&world, &client, junho).await;
        assert_eq!(arrival.steps, steps, "the same client, another user");
        succeeds(&world, &held.expect("logged in")).await;
    }
    // Nor is the user, for a login that does not want it.
    let arrival = world.authorize(UNTICKED, &client, "profile").await;
    assert_eq!(arrival.steps, ["consent", "login"]);
}

#[tokio::test]
async fn tok_13_a_challenge_names_the_declared_scopes_too() {
    let world = World::start().await;
    let client = world.register().await;
    let arrival = world.authorize(UNTICKED, &client, "calendar profile").await;
    let held = world.exchange(&client, &arrival).await;
    assert_eq!(challenged(&world, &held, "add_for_profile", json!({})).await, "profile calendar");
    // Declared and not granted: before the function runs.
    let (_, held) = log_in(&world, &client, UNTICKED).await;
    assert_eq!(challenged(&world, &held.expect("logged in"), "add_for_profile", json!({})).await, "profile");
}

#[tokio::test]
async fn tok_13_after_streaming_began_the_error_has_the_same_fields() {
    let world = World::with(|proxy| proxy.required_scopes(["profile"])).await;
    let client = world.register().await;
    let arrival = world.authorize(UNTICKED, &client, "calendar profile").await;
    let held = world.exchange(&client, &arrival).await;
    let response: Response = world.call(&held, "add_schedule_noisily", json!({})).await;
    assert_eq!(response.status(), 200, "it had begun");
    let events = response.text().await.expect("events");
    let messages: Vec<Value> = events
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str(data.trim()).ok())
        .collect();
    assert_eq!(messages[0]["method"], "notifications/progress", "{events}");
    let error = &messages.last().expect("an answer")["error"];
    assert_eq!(error["data"]["error"], "insufficient_scope", "{events}");
    assert_eq!(error["data"]["scope"], "profile calendar");
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", world.base);
    assert_eq!(error["data"]["resource_metadata"], json!(metadata));
    // It counts as any other.
    let (arrival, again) = log_in(&world, &client, TICKED).await;
    assert_eq!(arrival.steps, ["consent", "login", "login", "permission"]);
    assert!(again.is_some());
}

#[tokio::test]
async fn tok_13_a_client_that_nags_gets_our_page_each_time_and_one_question_at_naver() {
    let world = World::start().await;
    let client = world.register().await;
    let (_, held) = log_in(&world, &client, UNTICKED).await;
    let held = held.expect("logged in");
    // However often it calls, and however often it sends the user to us: without the user's word nothing is at Naver.
    let visits = || ["/oauth2/authorize", "/oauth2.0/authorize"].map(|path| world.sandbox.hits(path));
    let before = visits();
    assert!(before.iter().sum::<u64>() > 0);
    for _ in 0..20 {
        challenged(&world, &held, "add_schedule", schedule()).await;
        let page = world.http.get(world.authorize_url(&client, "calendar")).send().await.expect("our page");
        assert!(page.text().await.expect("text").contains("name=\"csrf\""));
    }
    assert_eq!(visits(), before);
    // With it, the calls together are one question there, …
    let (arrival, again) = log_in(&world, &client, UNTICKED).await;
    assert_eq!(arrival.steps, ["consent", "login", "login", "permission"]);
    // … to which the user may say no for good: the client's further logins are plain ones, …
    for _ in 0..3 {
        let (arrival, _) = log_in(&world, &client, UNTICKED).await;
        assert_eq!(arrival.steps, ["consent", "login"]);
    }
    // … and if it calls on, the user is told, and Naver asks nothing.
    challenged(&world, &again.expect("logged in"), "add_schedule", schedule()).await;
    let (arrival, _) = log_in(&world, &client, UNTICKED).await;
    assert_eq!(arrival.steps, ["consent", "login"]);
    says_how(&arrival);
}

/// The page that says how to take the consent back, and where it leads.
fn says_how(arrival: &Arrival) {
    assert!(arrival.answer.is_empty(), "answered: {:?}", arrival.answer);
    for part in ["연결된 서비스", "네이버 캘린더에 일정 추가", "error=access_denied", "state=client-state", "iss="]
    {
        assert!(arrival.page.contains(part), "{part} is not in {}", arrival.page);
    }
}

async fn withdraws_and_starts_again(world: &World, client: &str) {
    assert!(world.sandbox.revoke_consent("minji"));
    let (arrival, held) = log_in(world, client, TICKED).await;
    assert_eq!(arrival.steps, ["consent", "login", "permission"]);
    succeeds(world, &held.expect("logged in")).await;
}

#[tokio::test]
async fn where_naver_refuses_to_ask_again_a_page_says_how_to_withdraw() {
    let world = World::start().await;
    world.sandbox.set(|quirks| quirks.refuse_reprompt = true);
    let client = world.register().await;
    let (_, held) = log_in(&world, &client, UNTICKED).await;
    challenged(&world, &held.expect("logged in"), "add_schedule", schedule()).await;
    let (arrival, _) = log_in(&world, &client, TICKED).await;
    says_how(&arrival);
    withdraws_and_starts_again(&world, &client).await;
}

#[tokio::test]
async fn where_naver_does_not_ask_again_the_page_comes_at_the_second_try() {
    let world = World::start().await;
    world.sandbox.set(|quirks| quirks.ignore_reprompt = true);
    let client = world.register().await;
    let (_, held) = log_in(&world, &client, UNTICKED).await;
    challenged(&world, &held.expect("logged in"), "add_schedule", schedule()).await;
    let (arrival, held) = log_in(&world, &client, TICKED).await;
    assert_eq!(arrival.steps, ["consent", "login", "login"], "passed over");
    challenged(&world, &held.expect("logged in"), "add_schedule", schedule()).await;
    let (arrival, _) = log_in(&world, &client, TICKED).await;
    says_how(&arrival);
    withdraws_and_starts_again(&world, &client).await;
}
