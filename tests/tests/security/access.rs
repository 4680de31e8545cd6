//! §8: access tokens. The tests forge with whatever an attacker could have, and with the right key too.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::store::{KeyRing, Secret};
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::fake::{CLIENT_SECRET, Fake};
use crate::shared::Shared;
use crate::world::{REDIRECT, SECRET, Tokens, World, call, form, tokens};

/// A part of a token: 0 is the header, 1 are the claims.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signature(token: &str) -> &str {
    token.rsplit('.').next().unwrap()
}

/// The key that the server signs with: a white box.
fn right_key() -> EncodingKey {
    let ring = KeyRing::new([Secret::parse(&SECRET.to_owned().into()).unwrap()]).unwrap();
    EncodingKey::from_secret(ring.derive("dari/access-token").as_slice())
}

fn header_of(token: &str) -> Header {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = part(token, 0)["kid"].as_str().map(str::to_owned);
    header
}

async fn all_dead(world: &World, forged: &[String]) {
    for token in forged {
        let reply = world.whoami(token).await;
        assert_eq!(reply.status, 401, "{token}: {}", reply.body);
        assert!(reply.header("www-authenticate").starts_with("Bearer "), "{token}");
    }
}

#[tokio::test]
async fn tok_01_a_good_token_is_the_user() {
    let world = World::new().await;
    let held = world.log_in().await;
    let reply = world.whoami(&held.access).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "naver-user-1 다리".to_owned()));
    // However the scheme is written (RFC 9110 §11.1).
    for scheme in ["bearer", "BEARER"] {
        let authorization = format!("{scheme} {}", held.access);
        let reply = world.mcp("", &[("authorization", &authorization)], call("whoami", json!({}))).await;
        assert_eq!(reply.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn tok_02_what_is_no_token_is_invalid() {
    let world = World::new().await;
    let held = world.log_in().await;
    let cut = &held.access[..held.access.len() - 5];
    for token in ["garbage", "a.b.c", "..", "eyJ.eyJ.eyJ", cut, &format!("{}A", held.access), &"x".repeat(10 * 1024)] {
        world.whoami(token).await.is_invalid_token();
    }
    assert_eq!(world.whoami("").await.status, 401);
    let huge = world.whoami(&"x".repeat(1 << 20)).await;
    assert!(matches!(huge.status.as_u16(), 400 | 401 | 431), "{}", huge.status);
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn tok_03_one_changed_byte_is_too_many() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (head, claims) = (part(&held.access, 0), part(&held.access, 1));
    let mut forged = Vec::new();
    for (claim, value) in [
        ("sub", json!("admin")),
        ("client_id", json!("another")),
        ("exp", json!(claims["exp"].as_u64().unwrap() + 1)),
        ("scope", json!("calendar profile")),
        ("gid", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let mut changed = claims.clone();
        changed[claim] = value;
        forged.push(format!("{}.{}.{}", encoded(&head), encoded(&changed), signature(&held.access)));
    }
    let at = held.access.len() - signature(&held.access).len();
    // The last character holds bits that count for nothing; a decoder that is strict refuses those too.
    for place in [at, at + 10, held.access.len() - 2, held.access.len() - 1] {
        let mut bytes = held.access.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(bytes).unwrap());
    }
    all_dead(&world, &forged).await;
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn tok_04_none_is_no_algorithm() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (head, claims) = (part(&held.access, 0), part(&held.access, 1));
    let mut forged = Vec::new();
    for alg in [json!("none"), json!("None"), json!("NONE"), json!("nOnE"), json!(""), json!(null), json!(0)] {
        let mut head = head.clone();
        head["alg"] = alg;
        for signature in ["", signature(&held.access)] {
            forged.push(format!("{}.{}.{signature}", encoded(&head), encoded(&claims)));
        }
        forged.push(format!("{}.{}", encoded(&head), encoded(&claims)));
    }
    all_dead(&world, &forged).await;
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn tok_05_the_key_is_not_to_be_guessed_and_the_algorithm_not_to_be_chosen() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (claims, header) = (part(&held.access, 1), header_of(&held.access));
    let keys = world.get("/jwks", "").await.body + &world.get("/.well-known/jwks.json", "").await.body;
    let sign = |header: &Header, key: &EncodingKey| jsonwebtoken::encode(header, &claims, key).unwrap();
    let kid = header.kid.clone().unwrap();
    let mut forged: Vec<_> =
        ["", &world.base, &held.client_id, &keys, CLIENT_SECRET, SECRET, &kid, "dari/access-token", "secret"]
            .map(|key| sign(&header, &EncodingKey::from_secret(key.as_bytes())))
            .into();
    // Even with the right key another algorithm of its kind is not ours.
    assert!(world.whoami(&sign(&header, &right_key())).await.status == 200, "the forger knows how");
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let mut header = header.clone();
        header.alg = algorithm;
        forged.push(sign(&header, &right_key()));
    }
    for typ in [None, Some("JWT"), Some("AT+JWT"), Some("application/at+jwt"), Some("rt+jwt")] {
        let mut header = header.clone();
        header.typ = typ.map(str::to_owned);
        forged.push(sign(&header, &right_key()));
    }
    all_dead(&world, &forged).await;
}

#[tokio::test]
async fn tok_06_a_token_does_not_say_where_its_key_is() {
    let world = World::new().await;
    let held = world.log_in().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}", listener.local_addr().unwrap());
    let (head, claims) = (part(&held.access, 0), part(&held.access, 1));
    let own = EncodingKey::from_secret(b"a key of the attacker's");
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("a key of the attacker's") });
    let mut forged = Vec::new();
    for (name, value) in [
        ("kid", json!("unknown")),
        ("kid", json!("")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(format!("{there}/key"))),
        ("kid", json!(null)),
        ("kid", json!(5)),
        ("jwk", jwk),
        ("jku", json!(format!("{there}/jwks"))),
        ("x5u", json!(format!("{there}/cert"))),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
    ] {
        let mut head = head.clone();
        head[name] = value;
        let message = format!("{}.{}", encoded(&head), encoded(&claims));
        let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &own, Algorithm::HS256).unwrap();
        forged.push(format!("{message}.{signed}"));
        forged.push(format!("{message}.{}", signature(&held.access)));
    }
    all_dead(&world, &forged).await;
    let fetched = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
    assert!(fetched.is_err(), "a key was fetched from where a token said");
}

#[tokio::test]
async fn tok_07_what_a_token_says() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (head, claims) = (part(&held.access, 0), part(&held.access, 1));
    assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("HS256"), Some("at+jwt")));
    assert_eq!(claims["iss"], json!(world.base));
    assert_eq!(claims["aud"], json!(world.resource()), "one string, the resource");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("naver-user-1"), &json!(held.client_id)));
    let (issued, expires) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!(issued, world.hand.clock().unix());
    assert!(expires > issued && expires - issued <= 24 * 3600);
    assert!(claims["jti"].as_str().unwrap().len() >= 22);
    let text = claims.to_string();
    let upstream = world.fake.set().access_token.clone();
    assert!(!text.contains(&upstream) && !text.contains("upstream") && !text.contains('@') && !text.contains("다리"));
    let next = world.refreshed(&held).await;
    assert_ne!(part(&next.access, 1)["jti"], claims["jti"]);
}

#[tokio::test]
async fn tok_08_each_token_has_its_place() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.whoami(&held.refresh).await.is_invalid_token();
    world.refresh(&held.client_id, &held.access).await.is_invalid_grant();
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    world.whoami(&code).await.is_invalid_token();
    world.refresh(&client, &code).await.is_invalid_grant();
    world.exchange(&client, &held.refresh).await.is_invalid_grant();
    world.exchange(&client, &held.access).await.is_invalid_grant();
    world.is_good(&world.refreshed(&held).await.access).await;
}

#[tokio::test]
async fn tok_09_the_providers_token_opens_nothing_here() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (access, refresh) = {
        let inside = world.fake.set();
        (inside.access_token.clone(), inside.refresh_token.clone())
    };
    world.whoami(&access).await.is_invalid_token();
    world.whoami(&refresh).await.is_invalid_token();
    world.refresh(&held.client_id, &refresh).await.is_invalid_grant();
}

#[tokio::test]
async fn tok_10_a_token_elsewhere_than_in_the_header_is_none() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (json, pairs) = (call("whoami", json!({})), form(&[("access_token", &held.access)]));
    let kind = ("content-type", "application/json");
    let cookie = format!("access_token={}; Authorization=Bearer {}", held.access, held.access);
    for (path, headers, body) in [
        (format!("/mcp?{pairs}"), vec![kind], json.clone()),
        ("/mcp".to_owned(), vec![("content-type", "application/x-www-form-urlencoded")], pairs),
        ("/mcp".to_owned(), vec![kind, ("cookie", &cookie)], json.clone()),
    ] {
        let reply = world.request(Method::POST, &path, &headers, body).await;
        assert_eq!(reply.status, 401, "{path}");
        assert!(!reply.header("www-authenticate").contains("error="), "none was sent");
    }
    // Two headers are none either, whichever of them is right.
    let bearer = format!("Bearer {}", held.access);
    for other in [&bearer, "Bearer x"] {
        let headers = [kind, ("authorization", &*bearer), ("authorization", other)];
        assert_eq!(world.request(Method::POST, "/mcp", &headers, json.clone()).await.status, 401);
    }
}

#[tokio::test]
async fn tok_11_the_right_key_is_not_enough() {
    let world = World::new().await;
    let held = world.log_in().await;
    let (good, header, now) = (part(&held.access, 1), header_of(&held.access), world.hand.clock().unix());
    let forge = |other: &[(&str, Value)]| {
        let mut claims = good.clone();
        for (name, value) in other {
            claims[*name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(*name);
            }
        }
        jsonwebtoken::encode(&header, &claims, &right_key()).unwrap()
    };
    world.is_good(&forge(&[])).await;
    world.is_good(&forge(&[("nbf", json!(now + 59)), ("iat", json!(now + 59))])).await;
    let (resource, base) = (world.resource(), world.base.clone());
    for (claim, value) in [
        ("aud", json!("https://other.example/mcp")),
        ("aud", json!(format!("{resource}/"))),
        ("aud", json!([resource, "https://other.example/mcp"])),
        ("aud", json!(base)),
        ("aud", Value::Null),
        ("iss", json!("https://other.example")),
        ("iss", json!(format!("{base}/"))),
        ("iss", json!(resource)),
        ("iss", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(0)),
        ("exp", json!("soon")),
        ("exp", json!(-1)),
        ("exp", Value::Null),
        ("nbf", json!(now + 61)),
        ("iat", json!(now + 61)),
        ("sub", Value::Null),
        ("gid", Value::Null),
        ("gid", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let reply = world.whoami(&forge(&[(claim, value.clone())])).await;
        assert_eq!(reply.status, 401, "{claim}: {value}");
        reply.is_invalid_token();
    }
    // A real one: another server of the same secret, which is what an operator with two servers has.
    let elsewhere = World::new().await;
    let there = elsewhere.log_in().await;
    elsewhere.is_good(&there.access).await;
    world.whoami(&there.access).await.is_invalid_token();
}

/// A login with these scopes; empty: with none asked for.
async fn log_in_for(world: &World, scope: &str) -> Tokens {
    let client = world.client(REDIRECT).await;
    let code = world.code_for(&client, &[("scope", scope)]).await;
    tokens(&client, &world.exchange(&client, &code).await)
}

#[tokio::test]
async fn tok_13_a_missing_scope_is_told_with_all_that_are_needed() {
    let world = World::new().await;
    for scope in ["calendar", "profile"] {
        let held = log_in_for(&world, scope).await;
        let reply = world.call(&held.access, "plan", json!({})).await;
        assert_eq!(reply.status, 403, "{scope}: {}", reply.body);
        let challenge = reply.header("www-authenticate");
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
        let told = challenge.split("scope=\"").nth(1).unwrap_or_default().split('"').next().unwrap_or_default();
        let mut told: Vec<_> = told.split(' ').collect();
        told.sort_unstable();
        assert_eq!(told, ["calendar", "profile"], "all of them, also the one that it has");
        assert!(challenge.contains(&format!(r#"resource_metadata="{}"#, world.base)), "{challenge}");
        assert_eq!(world.whoami(&held.access).await.status, 200, "its other calls go on");
    }
    let held = log_in_for(&world, "calendar profile").await;
    assert_eq!(world.call(&held.access, "plan", json!({})).await.text(), "planned");
    // A refresh gives no more than was granted, and less where less is asked for.
    let narrow = [
        ("grant_type", "refresh_token"),
        ("client_id", &held.client_id),
        ("refresh_token", &held.refresh),
        ("scope", "calendar"),
    ];
    let narrow = tokens(&held.client_id, &world.token(&narrow).await);
    assert_eq!(world.call(&narrow.access, "plan", json!({})).await.status, 403);

    // For the server as a whole.
    let (_, hand) = dari::clock::Clock::manual(std::time::SystemTime::now());
    let store = Shared::new(dari::store::MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    let world = World::on(fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone())).await;
    let held = log_in_for(&world, "profile").await;
    let at = world.stop().await;
    let world = World::at(at, fake, hand, |proxy, _| {
        proxy.store(store.clone()).required_scopes(["calendar"]).scopes_supported(["profile"])
    })
    .await;
    let reply = world.whoami(&held.access).await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert!(reply.header("www-authenticate").contains(r#"scope="calendar""#), "{}", reply.header("www-authenticate"));
}

#[tokio::test]
async fn tok_14_keys_rotate_and_nobody_is_logged_out() {
    const NEW: &str = "another secret of more than thirty-two bytes, for tests";
    let (_, hand) = dari::clock::Clock::manual(std::time::SystemTime::now());
    let store = Shared::new(dari::store::MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    let world = World::on(fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone())).await;
    let held = world.log_in().await;
    let pending = world.authorize(&held.client_id, &[]).await;
    let at = world.stop().await;
    let secrets = || [NEW, SECRET].map(|secret| secret.to_owned().into());
    let world =
        World::at(at, fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone()).secrets(secrets())).await;
    world.is_good(&held.access).await;
    assert_eq!(world.decide(&pending, &pending.cookie(), "approve").await.status, 303, "a form from before");
    let next = world.refreshed(&held).await;
    world.is_good(&next.access).await;
    assert_ne!(part(&next.access, 0)["kid"], part(&held.access, 0)["kid"], "signed with the new one");
    world.pass(3600);
    world.whoami(&held.access).await.is_invalid_token();
    let newest = world.refreshed(&next).await;
    world.is_good(&newest.access).await;
    // Another ring knows neither of them.
    let stranger =
        World::with(|proxy, _| proxy.secret("a third secret of more than thirty-two bytes".to_owned().into())).await;
    for token in [&held.access, &newest.access] {
        stranger.whoami(token).await.is_invalid_token();
    }
}
