use std::time::SystemTime;

use serde_json::{Value, json};

use super::*;
use crate::clock::ManualClock;
use crate::store::Secret;

const NOW: u64 = 1_800_000_000;

fn tokens(secret: u8) -> (AccessTokens, ManualClock) {
    let ring = KeyRing::new([Secret::from_bytes(vec![secret; 32]).unwrap()]).unwrap();
    let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    (AccessTokens::new(&ring, "https://mcp.example.com", "https://mcp.example.com/mcp", clock), hand)
}

/// A token under the right key with these claims instead of the usual ones; null leaves one out.
fn signed(tokens: &AccessTokens, other: &[(&str, Value)]) -> String {
    let mut claims = json!({
        "iss": "https://mcp.example.com", "aud": "https://mcp.example.com/mcp", "sub": "u", "client_id": "c",
        "scope": "a b", "iat": NOW, "exp": NOW + 60, "jti": "j", "gid": "g",
    });
    for (name, value) in other {
        claims[*name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(*name);
        }
    }
    jsonwebtoken::encode(&tokens.header, &claims, &tokens.signing).unwrap()
}

#[test]
fn right_key_but_wrong_claims_tok_11() {
    let (tokens, _) = tokens(1);
    assert_eq!(tokens.verify(&signed(&tokens, &[])).unwrap().scope.to_string(), "a b");
    assert!(tokens.verify(&signed(&tokens, &[("nbf", json!(NOW + 60))])).is_ok());
    for claim in [
        ("aud", json!("https://mcp.example.com/mcp/")),
        ("aud", json!("https://other.example/mcp")),
        ("aud", json!(["https://mcp.example.com/mcp", "https://other.example/mcp"])),
        ("aud", Value::Null),
        ("iss", json!("https://mcp.example.com/")),
        ("iss", Value::Null),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("exp", json!(-1)),
        ("nbf", json!(NOW + 61)),
        ("iat", json!(NOW + 61)),
        ("sub", Value::Null),
        ("gid", Value::Null),
    ] {
        let verified = tokens.verify(&signed(&tokens, std::slice::from_ref(&claim)));
        assert_eq!(verified.map(drop), Err(TokenError::Invalid), "{claim:?}");
    }
}

#[test]
fn expiry_is_by_our_clock_and_exact() {
    let (tokens, hand) = tokens(1);
    let token = signed(&tokens, &[]);
    hand.advance(Duration::from_secs(59));
    assert!(tokens.verify(&token).is_ok());
    hand.advance(Duration::from_secs(1));
    assert_eq!(tokens.verify(&token).map(drop), Err(TokenError::Expired));
}

#[test]
fn another_ring_does_not_know_it() {
    let token = signed(&tokens(1).0, &[]);
    assert_eq!(tokens(2).0.verify(&token).map(drop), Err(TokenError::Invalid));
}

/// The usual claims under the right key, with another header.
fn headed(tokens: &AccessTokens, change: impl FnOnce(&mut Header)) -> String {
    let claims = json!({
        "iss": "https://mcp.example.com", "aud": "https://mcp.example.com/mcp", "sub": "u", "client_id": "c",
        "scope": "a b", "iat": NOW, "exp": NOW + 60, "jti": "j", "gid": "g",
    });
    let mut header = tokens.header.clone();
    change(&mut header);
    jsonwebtoken::encode(&header, &claims, &tokens.signing).unwrap()
}

type Change = fn(&mut Header);

#[test]
fn right_key_but_wrong_header_tok_03_05_08() {
    let (tokens, _) = tokens(1);
    assert!(tokens.verify(&headed(&tokens, |_| {})).is_ok());
    // What we do not know and need not understand has no say.
    assert!(tokens.verify(&headed(&tokens, |header| header.jku = Some("https://evil.example".to_owned()))).is_ok());
    let cases: [(&str, Change); 9] = [
        ("typ JWT", |header| header.typ = Some("JWT".to_owned())),
        ("typ of another case", |header| header.typ = Some("AT+JWT".to_owned())),
        ("no typ", |header| header.typ = None),
        ("HS384", |header| header.alg = Algorithm::HS384),
        ("HS512", |header| header.alg = Algorithm::HS512),
        ("crit", |header| header.crit = Some(vec!["exp".to_owned()])),
        ("unknown kid", |header| header.kid = Some("../../dev/null".to_owned())),
        ("empty kid", |header| header.kid = Some(String::new())),
        ("no kid", |header| header.kid = None),
    ];
    for (name, change) in cases {
        assert_eq!(tokens.verify(&headed(&tokens, change)).map(drop), Err(TokenError::Invalid), "{name}");
    }
}

#[test]
fn clock_jumps_make_nothing_valid_beyond_the_leeway_srv_09() {
    const HOUR: Duration = Duration::from_secs(3600);
    let (tokens, hand) = tokens(1);
    let right = hand.clock().now();
    let token = signed(&tokens, &[]);
    hand.set(right + HOUR);
    assert_eq!(tokens.verify(&token).map(drop), Err(TokenError::Expired));
    hand.set(right - HOUR);
    assert_eq!(tokens.verify(&token).map(drop), Err(TokenError::Invalid));
    hand.set(right - Duration::from_secs(60));
    assert!(tokens.verify(&token).is_ok());
}
