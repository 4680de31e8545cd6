//! Clients that prove themselves by a signature (`private_key_jwt`).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::clock::Clock;
use dari::store::{Collection, MemoryStore, Store as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::shared::Shared;
use crate::site::{KEYS_HOST, Page, Site};
use crate::world::{BASE, REDIRECT, Reply, VERIFIER, World, tokens};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's key.
pub(crate) struct Signer {
    key: EncodingKey,
    jwk: Value,
    id: &'static str,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id, "alg": "ES256", "use": "sig" });
        Self { key: EncodingKey::from_ec_der(pair.serialized_der()), jwk, id }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

pub(crate) struct Signed {
    pub(crate) world: World,
    site: Site,
    pub(crate) signer: Signer,
    client: String,
    pub(crate) refresh: String,
}

impl Signed {
    /// A client that is logged in, with its keys in its document.
    pub(crate) async fn inline() -> Self {
        let signer = Signer::new("one");
        let keys = json!({ "jwks": { "keys": [signer.jwk] } });
        Self::start(signer, |_| keys).await
    }

    /// The same with its keys elsewhere.
    pub(crate) async fn elsewhere() -> Self {
        let signer = Signer::new("one");
        let set = json!({ "keys": [signer.jwk] }).to_string();
        Self::start(signer, |site| {
            site.put("/keys", Page::Json(set, "Cache-Control: max-age=86400\r\n"));
            json!({ "jwks_uri": format!("https://{KEYS_HOST}:{}/keys", site.port) })
        })
        .await
    }

    async fn start(signer: Signer, keys: impl FnOnce(&Site) -> Value) -> Self {
        let site = Site::start().await;
        let network = site.network();
        let world = World::with(|proxy| proxy.test_network(network)).await;
        let mut members = keys(&site);
        members["token_endpoint_auth_method"] = json!("private_key_jwt");
        let client = site.publish("/client.json", members);
        Self { world, site, signer, client, refresh: String::new() }.logged_in().await
    }

    async fn logged_in(mut self) -> Self {
        let code = self.world.code(&self.client).await;
        let assertion = self.signer.sign(&self.claims(json!({})));
        let reply = self.exchange_with(&self.world, &code, &assertion).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.refresh = tokens(&self.client, &reply).refresh;
        self
    }

    async fn exchange_with(&self, world: &World, code: &str, assertion: &str) -> Reply {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.client),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
        ];
        world.token(&form).await
    }

    async fn revoke_with(&self, world: &World, token: &str, assertion: &str) -> Reply {
        let form = [("token", token), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
        world.post("/revoke", "", &form).await
    }

    /// Right claims, with some changed, a null one left out.
    pub(crate) fn claims(&self, other: Value) -> Value {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let now = self.world.hand.clock().unix();
        let jti = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string();
        let mut claims = json!({
            "iss": self.client, "sub": self.client, "aud": BASE, "iat": now, "exp": now + 300, "jti": jti,
        });
        for (name, value) in other.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    async fn refresh_with(&self, world: &World, assertion: &str) -> Reply {
        world
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", &self.client),
                ("refresh_token", &self.refresh),
                ("client_assertion_type", TYPE),
                ("client_assertion", assertion),
            ])
            .await
    }

    pub(crate) async fn outcome(&self, assertion: &str) -> (u16, String) {
        self.refresh_with(&self.world, assertion).await.error()
    }
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[tokio::test]
async fn a_client_with_keys_logs_in_and_refreshes() {
    for signed in [Signed::inline().await, Signed::elsewhere().await] {
        let token_endpoint = format!("{BASE}/token");
        for audience in [json!(BASE), json!(token_endpoint), json!([BASE]), json!([BASE, token_endpoint])] {
            let assertion = signed.signer.sign(&signed.claims(json!({ "aud": audience })));
            assert_eq!(signed.outcome(&assertion).await.0, 200, "{audience}");
        }
        // RFC 7521 §4.2: the assertion says who it is.
        let assertion = signed.signer.sign(&signed.claims(json!({})));
        let unnamed = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &signed.refresh),
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ];
        assert_eq!(signed.world.token(&unnamed).await.status, 200);
    }
}

#[tokio::test]
async fn without_a_right_assertion_it_is_somebody_else() {
    let signed = Signed::inline().await;
    let now = signed.world.hand.clock().unix();
    assert_eq!(signed.world.refresh(&signed.client, &signed.refresh).await.error(), invalid_client());
    for other in [
        json!({ "iss": "https://client.example/other.json" }),
        json!({ "iss": null }),
        json!({ "sub": "https://client.example/other.json" }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": format!("{BASE}/") }),
        json!({ "aud": [BASE, "https://other.example"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "exp": now - 61 }),
        json!({ "exp": now + 3600 }),
        json!({ "exp": "soon" }),
        json!({ "nbf": now + 120 }),
        json!({ "iat": now + 120 }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": "x".repeat(300) }),
    ] {
        let assertion = signed.signer.sign(&signed.claims(other.clone()));
        assert_eq!(signed.outcome(&assertion).await, invalid_client(), "{other}");
    }
    let good = signed.signer.sign(&signed.claims(json!({})));
    let signature_of_another = Signer::new("one").sign(&signed.claims(json!({})));
    let unknown_key = Signer::new("two").sign(&signed.claims(json!({})));
    let cut = &good[..good.len() - 2];
    for assertion in [signature_of_another.as_str(), &unknown_key, cut, "garbage", "a.b.c", &"x".repeat(9000)] {
        assert_eq!(signed.outcome(assertion).await, invalid_client(), "{assertion:.60}");
    }
    assert_eq!(signed.outcome(&good).await.0, 200);
}

#[tokio::test]
async fn the_algorithm_is_ours_to_choose_tok_05() {
    let signed = Signed::inline().await;
    let claims = signed.claims(json!({}));
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "nOnE"] {
        let unsigned = format!("{}.{}.", part(&json!({ "alg": alg })), part(&claims));
        assert_eq!(signed.outcome(&unsigned).await, invalid_client(), "{alg}");
    }
    // The public key as a shared secret.
    let public = signed.signer.jwk.to_string();
    for secret in [public.as_bytes(), b"", BASE.as_bytes()] {
        let key = EncodingKey::from_secret(secret);
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        assert_eq!(signed.outcome(&forged).await, invalid_client());
    }
    // A key that the assertion brings along.
    let thief = Signer::new("one");
    let mut header = Header::new(Algorithm::ES256);
    header.jwk = Some(serde_json::from_value(thief.jwk.clone()).unwrap());
    header.jku = Some(signed.site.url("/stolen"));
    let forged = jsonwebtoken::encode(&header, &claims, &thief.key).unwrap();
    let before = signed.site.requests();
    assert_eq!(signed.outcome(&forged).await, invalid_client());
    assert_eq!(signed.site.requests(), before, "nothing is fetched that an assertion names");
}

/// Two servers over one store, and a client with keys that is logged in.
async fn replicated() -> (Signed, World, Shared) {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let (store, fake, site) = (Shared::new(MemoryStore::with_clock(clock)), Fake::start().await, Site::start().await);
    let start =
        || World::on(fake.clone(), hand.clone(), |proxy| proxy.store(store.clone()).test_network(site.network()));
    let (one, two) = (start(), start());
    let signer = Signer::new("one");
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk] } });
    let client = site.publish("/client.json", keys);
    let signed = Signed { world: one, site, signer, client, refresh: String::new() };
    (signed.logged_in().await, two, store)
}

#[tokio::test]
async fn an_assertion_is_good_once_over_all_replicas_srv_11() {
    let (signed, two, _) = replicated().await;
    let hand = signed.world.hand.clone();
    let assertion = signed.signer.sign(&signed.claims(json!({})));
    let (here, there) =
        tokio::join!(signed.refresh_with(&signed.world, &assertion), signed.refresh_with(&two, &assertion));
    let mut outcomes = [here, there].map(|reply| reply.status.as_u16());
    outcomes.sort_unstable();
    assert_eq!(outcomes, [200, 401]);
    // Until it has expired, and then it has expired.
    hand.advance(std::time::Duration::from_secs(299));
    assert_eq!(signed.refresh_with(&two, &assertion).await.error(), invalid_client());
    hand.advance(std::time::Duration::from_secs(62));
    assert_eq!(signed.refresh_with(&two, &assertion).await.error(), invalid_client());
    let another = signed.signer.sign(&signed.claims(json!({})));
    assert_eq!(signed.refresh_with(&two, &another).await.status, 200);
}

#[tokio::test]
async fn a_used_assertion_ends_nothing_and_gives_nothing() {
    let (mut signed, two, _) = replicated().await;
    let used = signed.signer.sign(&signed.claims(json!({})));
    let first = signed.refresh.clone();
    let reply = signed.refresh_with(&signed.world, &used).await;
    let held = tokens(&signed.client, &reply);
    signed.refresh = held.refresh.clone();
    // Whatever it is presented with, where a right one would give or end something: another refresh, …
    assert_eq!(signed.refresh_with(&two, &used).await.error(), invalid_client());
    // … both tokens for revocation, …
    for token in [&held.refresh, &held.access] {
        assert_eq!(signed.revoke_with(&two, token, &used).await.error(), invalid_client());
    }
    // … a code, also a used one, …
    let code = signed.world.code(&signed.client).await;
    assert_eq!(signed.exchange_with(&two, &code, &used).await.error(), invalid_client());
    let right = signed.signer.sign(&signed.claims(json!({})));
    let other = signed.exchange_with(&two, &code, &right).await;
    let other = tokens(&signed.client, &other);
    for spent in [&used, &right] {
        assert_eq!(signed.exchange_with(&two, &code, spent).await.error(), invalid_client());
    }
    // … and a refresh token whose successor was used.
    assert_eq!(signed.outcome(&signed.signer.sign(&signed.claims(json!({})))).await.0, 200);
    signed.refresh = first;
    assert_eq!(signed.refresh_with(&two, &used).await.error(), invalid_client());
    for access in [&held.access, &other.access] {
        assert!(two.call(access).await.is_ok());
    }
    let right = signed.signer.sign(&signed.claims(json!({})));
    assert_eq!(signed.revoke_with(&two, &held.access, &right).await.status, 200);
    assert!(two.call(&held.access).await.is_err());
}

#[tokio::test]
async fn what_a_stranger_signs_fills_no_memory_that_others_need() {
    const USED: Collection = Collection::new("client_assertions");
    let (mut signed, _, store) = replicated().await;
    let before = store.count(USED).await.unwrap();
    let foreign = signed.world.log_in().await;
    let good = std::mem::replace(&mut signed.refresh, foreign.refresh.clone());
    // Every one of them is right, and signed by the client: but it has nothing here that they would be for.
    for n in 0..30 {
        let assertion = signed.signer.sign(&signed.claims(json!({})));
        let (status, error) = match n % 3 {
            0 => signed.outcome(&assertion).await,
            1 => signed.exchange_with(&signed.world, "unknown", &assertion).await.error(),
            _ => signed.revoke_with(&signed.world, &foreign.access, &assertion).await.error(),
        };
        assert_eq!((status, &*error), (400, "invalid_grant"));
        let unknown = signed.revoke_with(&signed.world, "unknown", &assertion).await;
        assert_eq!(unknown.status, 200, "RFC 7009: there is nothing to revoke");
    }
    assert_eq!(store.count(USED).await.unwrap(), before);
    // Nor is a login of its own a way to fill it.
    signed.refresh = good;
    let mut refused = None;
    for n in 0..30 {
        let (status, _) = signed.outcome(&signed.signer.sign(&signed.claims(json!({})))).await;
        if status == 429 {
            refused.get_or_insert(n);
        }
    }
    let spent = store.count(USED).await.unwrap();
    assert!(refused.is_some() && spent <= 21, "{refused:?} {spent}");
    // Another login of the same client has a budget of its own.
    let signed = signed.logged_in().await;
    assert_eq!(signed.outcome(&signed.signer.sign(&signed.claims(json!({})))).await.0, 200);
}

#[tokio::test]
async fn a_client_may_change_its_keys() {
    let mut signed = Signed::elsewhere().await;
    let new = Signer::new("two");
    signed.site.put("/keys", Page::Json(json!({ "keys": [new.jwk] }).to_string(), ""));
    let old = std::mem::replace(&mut signed.signer, new);
    signed.world.pass(61);
    let assertion = signed.signer.sign(&signed.claims(json!({})));
    assert_eq!(signed.outcome(&assertion).await.0, 200);
    let assertion = old.sign(&signed.claims(json!({})));
    assert_eq!(signed.outcome(&assertion).await, invalid_client());
    // Guesses make no more than a fetch a minute.
    let before = signed.site.requests();
    for _ in 0..10 {
        let assertion = Signer::new("three").sign(&signed.claims(json!({})));
        assert_eq!(signed.outcome(&assertion).await, invalid_client());
    }
    assert!(signed.site.requests() <= before + 1);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_no_verdict() {
    let signed = Signed::elsewhere().await;
    signed.site.put("/keys", Page::Cut);
    signed.world.pass(86400);
    let assertion = signed.signer.sign(&signed.claims(json!({})));
    assert_eq!(signed.outcome(&assertion).await, (503, "temporarily_unavailable".to_owned()));
}

#[tokio::test]
async fn cimd_02_the_url_of_keys_leads_nowhere_private() {
    let site = Site::start().await;
    let network = site.network().host("rebound.example", crate::site::LOOPBACK);
    let world = World::with(|proxy| proxy.test_network(network)).await;
    let (signer, client, refresh) = (Signer::new("one"), String::new(), "x".to_owned());
    let mut signed = Signed { world, site, signer, client, refresh };
    for (n, host) in ["127.0.0.1", "rebound.example", "localhost", "[::1]"].into_iter().enumerate() {
        let uri = format!("https://{host}:{}/keys", signed.site.port);
        let members = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri });
        signed.client = signed.site.publish(&format!("/{n}"), members);
        let assertion = signed.signer.sign(&signed.claims(json!({})));
        let before = signed.site.connections();
        assert_eq!(signed.outcome(&assertion).await, (503, "temporarily_unavailable".to_owned()), "{host}");
        assert_eq!(signed.site.connections(), before + 1, "{host}: only the document was fetched");
    }
}

#[tokio::test]
async fn a_public_client_that_sends_an_assertion_is_refused() {
    let signed = Signed::inline().await;
    let client = signed.world.client(REDIRECT).await;
    let assertion = signed.signer.sign(&signed.claims(json!({ "iss": client, "sub": client })));
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &client),
        ("refresh_token", "x"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    assert_eq!(signed.world.token(&form).await.error(), invalid_client());
}
