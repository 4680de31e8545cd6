//! Naver tells that a user disconnected the application.

use std::cell::RefCell;
use std::sync::Once;
use std::time::Duration;

use serde_json::json;

use crate::person::Person;
use crate::world::{Tokens, World};

const ROUTE: &str = "/auth/provider/unlink";
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
    assert_eq!(world.post(ROUTE, &form).await.status(), 403);
    assert_eq!(world.post(ROUTE, &form[..3]).await.status(), 400);
    assert_eq!(status(&world, &held).await, 200);
}

thread_local! {
    /// What was logged on this thread, and so in this test.
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Log;

impl Log {
    /// For the whole process: an event that is first met on a thread without a subscriber may be off for all.
    fn start() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Self).init());
        LOG.take();
    }

    fn lines(part: &str) -> Vec<String> {
        LOG.with_borrow(|log| log.lines().filter(|line| line.contains(part)).map(str::to_owned).collect())
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.push_str(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_flood_of_forged_messages_is_held_up_by_its_source_and_makes_no_noise() {
    Log::start();
    let world = World::with(|proxy| proxy.trusted_proxies(["127.0.0.1"])).await;
    let held = world.log_in(MINJI).await;
    let forged = [("clientId", "x"), ("encryptUniqueId", "x"), ("timestamp", "1"), ("signature", "AAAA")];
    let send = async |source: &str| {
        let request = world.http.post(format!("{}{ROUTE}", world.base)).header("X-Forwarded-For", source);
        request.form(&forged).send().await.expect("an answer")
    };
    let (mut refused, mut held_up) = (0, 0);
    for n in 0..400 {
        let response = send("198.51.100.1").await;
        match response.status().as_u16() {
            403 => refused += 1,
            429 => {
                held_up += 1;
                assert!(response.headers().contains_key("retry-after"), "{n}");
            }
            status => panic!("{status}"),
        }
    }
    // So many at once, and those for which there was room meanwhile.
    assert!(refused >= 300 && held_up > 0, "{refused} {held_up}");
    assert_eq!(send("198.51.100.2").await.status(), 403, "another source has a budget of its own");
    assert_eq!(world.post(ROUTE, &forged[..3]).await.status(), 400);
    let no_form = world.http.post(format!("{}{ROUTE}", world.base)).body("{}");
    assert_eq!(no_form.send().await.expect("an answer").status(), 415);
    assert_eq!(status(&world, &held).await, 200);

    for (code, times) in
        [("unlink_signature_invalid", refused + 1), ("unlink_form_invalid", 2), ("rate_limited", held_up)]
    {
        assert_eq!(Log::lines(&format!("dari::auth: refused reason=\"{code}\"")).len(), times, "{code}");
    }
    let loud = [Log::lines(" WARN "), Log::lines("ERROR")].concat();
    assert_eq!(loud, [""; 0], "a stranger wakes nobody up");
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
