//! §7: the consent page.

use std::time::SystemTime;

use dari::clock::Clock;
use dari::store::MemoryStore;
use serde_json::json;

use crate::fake::Fake;
use crate::shared::Shared;
use crate::world::{REDIRECT, World, form, tokens};

#[tokio::test]
async fn cons_01_our_page_stands_before_the_provider() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    // FastMCP's client fetches it itself, before a browser comes.
    for _ in 0..3 {
        let page = world.authorize(&client, &[]).await;
        assert_eq!(page.status, 200);
        assert!(!page.headers.contains_key("location"));
        assert!(page.header("content-type").starts_with("text/html"));
        page.field("csrf");
    }
    let held = world.log_in().await;
    assert_eq!(world.authorize(&held.client_id, &[]).await.status, 200, "also of a client that is logged in");
}

#[tokio::test]
async fn cons_02_nobody_frames_any_page() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    page.is_guarded_page("consent");
    let spent = world.authorize(&client, &[]).await;
    world.decide(&spent, &spent.cookie(), "deny").await;
    for (what, reply) in [
        ("an unknown client", world.authorize("nobody", &[]).await),
        ("a bad redirect", world.authorize(&client, &[("redirect_uri", "https://evil.example/")]).await),
        ("a bad request", world.get("/authorize?client_id=a&client_id=b", "").await),
        ("no form", world.post("/consent", "", &[]).await),
        ("a spent form", world.decide(&spent, &spent.cookie(), "approve").await),
        ("another browser", world.decide(&page, "", "approve").await),
        ("no state", world.get("/auth/callback", "").await),
        ("an unknown state", world.come_back("unknown", "").await),
    ] {
        reply.is_local_error(what);
    }
    let sent = world.approve(&page).await;
    let signed_in = world.come_back(&sent["state"], &page.cookie()).await;
    assert!(signed_in.body.contains("<html"), "a page below the redirect, for browsers that stay where they are");
    signed_in.is_guarded_page("signed in");
}

#[tokio::test]
async fn cons_03_without_the_token_of_the_form_nothing_is_approved() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let same_browser = world.get(&world.authorize_path(&client, &[]), &page.cookie()).await;
    let (sealed, csrf) = (page.field("form"), page.field("csrf"));
    let approve = ("decision", "approve");
    let (other, cut) = (same_browser.field("csrf"), &csrf[..csrf.len() - 1]);
    for fields in [
        vec![("form", sealed.as_str()), approve],
        vec![("form", &sealed), ("csrf", ""), approve],
        vec![("form", &sealed), ("csrf", "AAAA"), approve],
        vec![("form", &sealed), ("csrf", &other), approve],
        vec![("form", &sealed), ("csrf", cut), approve],
        vec![("csrf", &csrf), approve],
        vec![("form", "garbage"), ("csrf", &csrf), approve],
        vec![("form", &sealed), ("csrf", &csrf)],
        vec![("form", &sealed), ("csrf", &csrf), ("decision", "maybe")],
    ] {
        world.post("/consent", &page.cookie(), &fields).await.is_local_error(&format!("{fields:?}"));
    }
    // By GET neither.
    let query = form(&[("form", &sealed), ("csrf", &csrf), approve]);
    assert_eq!(world.get(&format!("/consent?{query}"), &page.cookie()).await.status, 405);
    assert_eq!(world.decide(&page, &page.cookie(), "approve").await.status, 303, "none of that spent the form");
}

#[tokio::test]
async fn cons_04_another_browser_approves_nothing() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let (page, stranger) = (world.authorize(&client, &[]).await, world.authorize(&client, &[]).await);
    assert_ne!(page.cookie(), stranger.cookie());
    for cookie in ["", "dari=", "dari=AAAAAAAAAAAAAAAAAAAAAA", &stranger.cookie()] {
        let reply = world.decide(&page, cookie, "approve").await;
        reply.is_local_error(cookie);
        assert_eq!(reply.status, 403, "{cookie}");
        assert_eq!(world.decide(&page, cookie, "deny").await.status, 403, "nor denies it: {cookie}");
    }
    assert_eq!(world.decide(&page, &page.cookie(), "approve").await.status, 303);
}

#[tokio::test]
async fn cons_06_a_form_is_answered_once() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for (first, second) in [("approve", "approve"), ("approve", "deny"), ("deny", "approve"), ("deny", "deny")] {
        let page = world.authorize(&client, &[]).await;
        assert_eq!(world.decide(&page, &page.cookie(), first).await.status, 303);
        world.decide(&page, &page.cookie(), second).await.is_local_error(&format!("{first}, then {second}"));
    }
    let page = world.authorize(&client, &[]).await;
    let cookie = page.cookie();
    let replies = futures_util::future::join_all((0..8).map(|_| world.decide(&page, &cookie, "approve"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1, "of many at once one goes on");
    let late = world.authorize(&client, &[]).await;
    world.pass(601);
    world.decide(&late, &late.cookie(), "approve").await.is_local_error("after ten minutes");
}

#[tokio::test]
async fn cons_07_the_page_says_who_asks_for_what_and_where_it_goes() {
    let world = World::new().await;
    let client = world
        .client_of(&json!({
            "redirect_uris": ["https://app.example:8443/cb", REDIRECT],
            "client_name": "달력 도우미",
        }))
        .await;
    let local = world.authorize(&client, &[("scope", "calendar")]).await.body;
    for shown in ["달력 도우미", "Test Server", "Write events", "<bdi>localhost:3334</bdi>", "Nobody has verified it"]
    {
        assert!(local.contains(shown), "no {shown} in {local}");
    }
    let web = world.authorize(&client, &[("redirect_uri", "https://app.example:8443/cb")]).await.body;
    assert!(web.contains("<bdi>app.example:8443</bdi>"), "the whole host, with its port: {web}");
    let warns = |page: &str| page.contains("role=\"note\"");
    assert!(warns(&local), "a warning where any program may answer: {local}");
    assert!(!warns(&web), "and only there: {web}");
    let korean = [("accept-language", "ko-KR,ko;q=0.9,en;q=0.8")];
    let path = world.authorize_path(&client, &[("scope", "calendar")]);
    let korean = world.request(http::Method::GET, &path, &korean, "").await.body;
    assert!(korean.contains("lang=\"ko\"") && korean.contains("일정 쓰기"), "{korean}");
}

#[tokio::test]
async fn cons_08_what_others_say_is_only_text() {
    let script = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
    let world = World::new().await;
    let client = world
        .client_of(&json!({
            "redirect_uris": [REDIRECT],
            "client_name": script,
            "client_uri": "javascript:alert(1)",
            "logo_uri": "javascript:alert(2)",
            "tos_uri": "javascript:alert(3)",
            "policy_uri": "data:text/html,x",
        }))
        .await;
    let page = world.authorize(&client, &[("state", script)]).await;
    let sent = world.approve(&page).await;
    let described = form(&[("error", script), ("error_description", script), ("state", script)]);
    for (what, reply) in [
        ("client_name", &page),
        ("scope", &world.authorize(&client, &[("scope", script)]).await),
        ("client_id", &world.authorize(script, &[]).await),
        ("redirect_uri", &world.authorize(&client, &[("redirect_uri", script)]).await),
        ("a name", &world.get(&format!("/authorize?{}", form(&[(script, "a"), (script, "b")])), "").await),
        ("error_description", &world.get(&format!("/auth/callback?{described}"), "").await),
        ("signed in", &world.come_back(&sent["state"], &page.cookie()).await),
        ("form", &world.post("/consent", "", &[("form", script), ("decision", script)]).await),
    ] {
        for markup in ["<script>alert", "<img src=x", "javascript:", "data:text"] {
            assert!(!reply.body.contains(markup), "{what}: {markup} in {}", reply.body);
        }
    }
    // And what is right is shown, as text.
    assert!(page.body.contains("&lt;script&gt;"), "{}", page.body);
}

#[tokio::test]
async fn cons_09_denied_is_access_denied() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let reply = world.decide(&page, &page.cookie(), "deny").await;
    assert_eq!(world.client_error(&reply, "client-state"), "access_denied");
    assert_eq!(world.fake.set().exchanges, 0);
}

#[tokio::test]
async fn cons_10_a_twin_is_asked_for_by_itself() {
    let world = World::new().await;
    let held = world.log_in().await;
    let cookie = world.authorize(&held.client_id, &[]).await.cookie();
    // The same name, the same redirect URI, the same browser.
    let twin = world.client(REDIRECT).await;
    let page = world.get(&world.authorize_path(&twin, &[]), &cookie).await;
    assert_eq!(page.status, 200);
    page.field("csrf");
}

#[tokio::test]
async fn cons_11_another_redirect_uri_is_asked_for_by_itself() {
    let world = World::new().await;
    let other = "https://app.example/cb";
    let client = world.client_of(&json!({ "redirect_uris": [REDIRECT, other] })).await;
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    tokens(&client, &world.exchange(&client, &code).await);
    for redirect in [other, REDIRECT] {
        let page = world.get(&world.authorize_path(&client, &[("redirect_uri", redirect)]), &page.cookie()).await;
        assert_eq!(page.status, 200, "{redirect}");
        page.field("csrf");
    }
}

#[tokio::test]
async fn cons_13_cookies_are_the_servers_alone_and_pages_are_kept_by_nobody() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    page.is_guarded_page("consent");
    let cookie = page.header("set-cookie");
    for attribute in ["dari=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "browsers drop it on http: {cookie}");

    let (_, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(hand.clock()));
    let https = World::on(Fake::start().await, hand, |proxy, _| {
        proxy.public_url("https://mcp.example.com").store(store.clone())
    })
    .await;
    let client = https.client(REDIRECT).await;
    let page = https.authorize(&client, &[("resource", "https://mcp.example.com/mcp")]).await;
    let cookie = page.header("set-cookie");
    for attribute in ["__Host-dari=", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    // A cookie that a plain page could have set is none.
    let name = page.cookie().replace("__Host-", "");
    assert_eq!(https.decide(&page, &name, "approve").await.status, 403);
}
