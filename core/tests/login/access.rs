use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::auth::Refusal;
use dari::clock::Clock;
use http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::fake::{CLIENT_SECRET, Fake};
use crate::world::{BASE, RESOURCE, SECRET, World};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn what_a_token_says_tok_07() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    let (head, claims) = (part(&tokens.access, 0), part(&tokens.access, 1));
    assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("HS256"), Some("at+jwt")));
    assert!(head["kid"].is_string());
    assert_eq!(claims["iss"], BASE);
    assert_eq!(claims["aud"], RESOURCE);
    assert_eq!(claims["sub"], "naver-user-1");
    assert_eq!(claims["client_id"], json!(tokens.client_id));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(claims["jti"].is_string() && claims["gid"].is_string());
    assert!(!claims.to_string().contains("upstream-") && !claims.to_string().contains('@'));
}

#[tokio::test]
async fn forged_tokens_are_401_tok_02_to_06_08_09_11() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    let upstream = world.fake.set().access_token.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key_server = format!("http://{}", listener.local_addr().unwrap());
    let (head, claims) = (part(&tokens.access, 0), part(&tokens.access, 1));
    let signature = tokens.access.rsplit('.').next().unwrap();
    let mut forged = vec![
        String::new(),
        "garbage".to_owned(),
        "x".repeat(10 * 1024),
        tokens.access[..tokens.access.len() - 5].to_owned(),
        format!("{}A", tokens.access),
        tokens.refresh.clone(),
        upstream,
    ];
    let mut changed = claims.clone();
    changed["sub"] = json!("admin");
    forged.push(format!("{}.{}.{signature}", encoded(&head), encoded(&changed)));
    for alg in ["none", "None", "NONE", "nOnE", "HS512", "RS256"] {
        let mut head = head.clone();
        head["alg"] = json!(alg);
        forged.push(format!("{}.{}.", encoded(&head), encoded(&claims)));
        forged.push(format!("{}.{}.{signature}", encoded(&head), encoded(&claims)));
    }
    for (name, value) in [
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1")),
        ("kid", Value::Null),
        ("typ", json!("JWT")),
        ("jku", json!(format!("{key_server}/jwks"))),
    ] {
        let mut head = head.clone();
        head[name] = value;
        forged.push(format!("{}.{}.{signature}", encoded(&head), encoded(&claims)));
    }
    let mut typed = Header::new(Algorithm::HS256);
    typed.typ = Some("at+jwt".to_owned());
    typed.kid = head["kid"].as_str().map(str::to_owned);
    for key in ["", BASE, CLIENT_SECRET, SECRET, &tokens.client_id] {
        forged.push(jsonwebtoken::encode(&typed, &claims, &EncodingKey::from_secret(key.as_bytes())).unwrap());
    }
    for token in forged {
        assert_eq!(world.call(&token).await.unwrap_err(), Refusal::InvalidToken, "{token}");
    }
    let fetched = tokio::time::timeout(std::time::Duration::from_millis(100), listener.accept()).await;
    assert!(fetched.is_err(), "a key was fetched from where a token said");
    let response = world.gate.respond(Refusal::InvalidToken);
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
    assert!(response.status() == 401 && challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert!(world.call(&tokens.access).await.is_ok());
    assert!(world.refresh(&tokens.client_id, &tokens.access).await.error().1 == "invalid_grant");
}

#[tokio::test]
async fn tokens_of_another_server_with_the_same_secret_are_401_tok_11() {
    let world = World::new().await;
    let elsewhere = World::with(|proxy| proxy.public_url("http://127.0.0.1:9000")).await;
    let client = elsewhere.client(crate::world::REDIRECT).await;
    let page = elsewhere.authorize(&client, &[("resource", "")]).await;
    let sent = elsewhere.approve(&page).await;
    let code = elsewhere.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let answer = elsewhere
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &client),
            ("code", &code),
            ("redirect_uri", crate::world::REDIRECT),
            ("code_verifier", crate::world::VERIFIER),
        ])
        .await
        .json();
    let token = answer["access_token"].as_str().unwrap();
    assert!(elsewhere.call(token).await.is_ok());
    assert_eq!(world.call(token).await.unwrap_err(), Refusal::InvalidToken);
}

#[tokio::test]
async fn only_the_header_counts_and_only_one_tok_10() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    let bearer = format!("Bearer {}", tokens.access);
    let cases = [
        (vec![], Err(Refusal::NoToken)),
        (vec!["Basic abc".to_owned()], Err(Refusal::NoToken)),
        (vec![tokens.access.clone()], Err(Refusal::NoToken)),
        (vec![bearer.clone(), bearer.clone()], Err(Refusal::InvalidToken)),
        (vec![format!("bEARER {}", tokens.access)], Ok(())),
    ];
    for (values, expected) in cases {
        let mut headers = HeaderMap::new();
        for value in &values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        assert_eq!(world.gate.authenticate(&headers).await.map(drop), expected, "{values:?}");
    }
}

#[tokio::test]
async fn a_token_ends_in_time_tok_11() {
    let world = World::with(|proxy| proxy.identity_check_interval(std::time::Duration::from_secs(7200))).await;
    let tokens = world.log_in().await;
    world.pass(3599);
    assert!(world.call(&tokens.access).await.is_ok());
    world.pass(1);
    assert_eq!(world.call(&tokens.access).await.unwrap_err(), Refusal::InvalidToken);
    // A clock that is set back far makes no token of the future valid.
    let late = crate::world::tokens(&tokens.client_id, &world.refresh(&tokens.client_id, &tokens.refresh).await);
    world.hand.set(world.hand.clock().now() - std::time::Duration::from_secs(120));
    assert_eq!(world.call(&late.access).await.unwrap_err(), Refusal::InvalidToken);
}

#[tokio::test]
async fn scopes_of_every_call_are_in_the_challenge_tok_13() {
    let world = World::with(|proxy| proxy.required_scopes(["profile"])).await;
    let client = world.client(crate::world::REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "calendar")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let answer = world.exchange(&client, &code).await.json();
    assert!(answer.get("scope").is_none(), "what was asked for is what was granted");
    let refusal = world.call(answer["access_token"].as_str().unwrap()).await.unwrap_err();
    assert_eq!(refusal, Refusal::InsufficientScope);
    assert_eq!(world.gate.respond(refusal).status(), 403);
    let response = world.gate.insufficient_scope(&["calendar", "profile"]);
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains(r#"scope="profile calendar", error="insufficient_scope""#), "{challenge}");
    assert!(challenge.contains("resource_metadata="));
}

#[tokio::test]
async fn after_a_change_of_secrets_old_tokens_hold_tok_14() {
    const NEW: &str = "another secret of more than thirty-two bytes, for tests";
    let folder = tempfile::tempdir().unwrap();
    let (_, hand) = Clock::manual(std::time::SystemTime::now());
    let fake = Fake::start().await;
    let start = |secrets: &[&str]| {
        let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).to_owned().into()).collect();
        World::on(fake.clone(), hand.clone(), |proxy| proxy.secrets(secrets).data_dir(folder.path()))
    };
    let world = start(&[SECRET]);
    let tokens = world.log_in().await;
    drop(world);
    let world = start(&[NEW, SECRET]);
    assert!(world.call(&tokens.access).await.is_ok());
    let held = crate::world::tokens(&tokens.client_id, &world.refresh(&tokens.client_id, &tokens.refresh).await);
    assert!(world.call(&held.access).await.is_ok());
    assert_ne!(part(&held.access, 0)["kid"], part(&tokens.access, 0)["kid"]);
}

#[tokio::test]
async fn a_warm_call_reads_no_store_and_asks_nobody() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    world.call(&tokens.access).await.unwrap();
    let (counters, profiles) = (world.gate.counters(), world.fake.set().profiles);
    for _ in 0..100 {
        world.call(&tokens.access).await.unwrap();
    }
    assert_eq!(world.gate.counters(), counters);
    assert_eq!(world.fake.set().profiles, profiles);
}
