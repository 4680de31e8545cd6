//! §4: PKCE.

use crate::world::{REDIRECT, VERIFIER, World, challenge, exchange_form};

async fn all_refused(cases: &[&[(&str, &str)]]) {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for case in cases {
        let reply = world.authorize(&client, case).await;
        assert_eq!(world.client_error(&reply, "client-state"), "invalid_request", "{case:?}");
    }
    assert_eq!(world.authorize(&client, &[]).await.status, 200);
}

#[tokio::test]
async fn pkce_01_there_is_no_login_without_a_challenge() {
    all_refused(&[
        &[("code_challenge", "")],
        &[("code_challenge", ""), ("code_challenge_method", "")],
        &[("code_challenge", ""), ("code_challenge_method", "plain")],
    ])
    .await;
}

#[tokio::test]
async fn pkce_02_plain_is_refused_said_or_unsaid() {
    all_refused(&[
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge_method", "S512")],
        &[("code_challenge_method", "S256 plain")],
    ])
    .await;
}

#[tokio::test]
async fn pkce_03_a_challenge_is_a_sha_256_value() {
    let good = challenge();
    let long = format!("{good}A");
    let padded = format!("{good}=");
    let odd = format!("{}!", &good[..42]);
    let other_alphabet = format!("{}+/", &good[..41]);
    // 43 characters hold 258 bits: the last two have to be zero.
    let loose = format!("{}B", &good[..42]);
    all_refused(&[
        &[("code_challenge", "short")],
        &[("code_challenge", &good[..42])],
        &[("code_challenge", &long)],
        &[("code_challenge", &padded)],
        &[("code_challenge", &odd)],
        &[("code_challenge", &other_alphabet)],
        &[("code_challenge", &loose)],
        &[("code_challenge", "가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가")],
    ])
    .await;
}

/// Exchanges a fresh code with this verifier; an empty one is left out.
async fn with_verifier(world: &World, client: &str, verifier: &str) -> (u16, String) {
    let code = world.code(client).await;
    let mut pairs = exchange_form(client, &code).to_vec();
    pairs.retain(|(name, _)| *name != "code_verifier");
    if !verifier.is_empty() {
        pairs.push(("code_verifier", verifier));
    }
    let reply = world.token(&pairs).await;
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.error()
}

#[tokio::test]
async fn pkce_04_a_wrong_verifier_is_invalid_grant() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let other = "b".repeat(50);
    let nearly = format!("{VERIFIER}x");
    let challenge = challenge();
    for verifier in [other.as_str(), &nearly, &VERIFIER[..43], &VERIFIER.to_uppercase(), &challenge] {
        assert_eq!(with_verifier(&world, &client, verifier).await, (400, "invalid_grant".to_owned()), "{verifier}");
    }
}

#[tokio::test]
async fn pkce_05_a_missing_verifier_gives_no_token() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let exchange = exchange_form(&client, &code);
    for pairs in [&exchange[..4], &[&exchange[..4], &[("code_verifier", "")]].concat()] {
        let (status, error) = world.token(pairs).await.error();
        assert!(status == 400 && ["invalid_grant", "invalid_request"].contains(&&*error), "{status} {error}");
    }
}
