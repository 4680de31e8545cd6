//! What is wrong with a configuration, told before anything is served.

use std::path::Path;
use std::time::{Duration, SystemTime};

use dari::auth::{
    AuthConfigError, BoxFuture, ClientAuth, Defaults, Gate, IdentifyError, Identity, OAuthProxy, Provider,
    ProviderConfig, UpstreamTokens,
};
use dari::clock::Clock;

use crate::fake::Fake;
use crate::world::{SECRET, World};

const OTHER: &str = "another secret of more than thirty-two bytes, for tests";

/// A provider that reads settings of the login from variables of its own.
struct Configured(ProviderConfig);

impl Provider for Configured {
    type Profile = ();

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn configure(&self, proxy: OAuthProxy) -> OAuthProxy {
        proxy.issuer("https://elsewhere.example").variable("issuer", "BAD_ISSUER_URL")
    }

    fn identify<'a>(&'a self, _: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        unreachable!("no server of these tests is built")
    }
}

fn defaults(public_url: &str) -> Defaults<'_> {
    Defaults { public_url: Some(public_url.to_owned()), mcp_path: "/mcp", server_name: "x" }
}

#[test]
fn mistakes_are_told_all_at_once_by_setting_and_variable() {
    let config = ProviderConfig::new("Bad", "http://id.example/a", "no url", "")
        .client_secret(String::new().into(), ClientAuth::Post);
    let build = |public_url| {
        OAuthProxy::new(Configured(config.clone()))
            .secrets(["short".to_owned().into(), SECRET.to_owned().into(), "hunter2".to_owned().into()])
            .required_scopes(["a b"])
            .allowed_redirect_uris(["ftp://x"])
            .access_token_lifetime(Duration::from_secs(48 * 3600))
            .refresh_token_idle_lifetime(Duration::from_secs(90 * 24 * 3600))
            .build(defaults(public_url))
            .unwrap_err()
    };
    let text = |errors: &[AuthConfigError]| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let errors = text(&build("http://mcp.example.com"));
    for part in [
        "BASE_URL (`public_url`)",
        "https://",
        "authorization endpoint",
        "token endpoint",
        "client id",
        "client secret",
        "`required_scopes`",
        "`allowed_redirect_uris`",
        "`access_token_lifetime`",
        "24 hours",
        "`refresh_token_idle_lifetime`",
        "to 89 days",
        "DARI_SECRET, or `secret`",
        "previous secret 2 (DARI_SECRET_PREVIOUS",
    ] {
        assert!(errors.contains(part), "{part} is not in\n{errors}");
    }
    assert!(!errors.contains("hunter2") && !errors.contains("short\""), "{errors}");
    let errors = text(&build("https://mcp.example.com"));
    assert!(errors.contains("BAD_ISSUER_URL (`issuer`)"), "{errors}");
}

fn build_on(folder: &Path, fake: &Fake, secret: &str) -> Result<Gate, Vec<AuthConfigError>> {
    OAuthProxy::new(fake.provider())
        .secret(secret.to_owned().into())
        .data_dir(folder)
        .build(defaults("http://127.0.0.1:8000"))
}

#[tokio::test]
async fn srv_07_08_a_wrong_key_or_a_damaged_file_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let fake = Fake::start().await;
    let (_, hand) = Clock::manual(SystemTime::now());
    let start = || World::on(fake.clone(), hand.clone(), |proxy| proxy.data_dir(folder.path()));
    let held = start().log_in().await;

    let refused = |secret| build_on(folder.path(), &fake, secret).unwrap_err()[0].to_string();
    let error = refused(OTHER);
    assert!(error.contains("wrong key") && error.contains(file.to_str().unwrap()), "{error}");
    assert!(start().call(&held.access).await.is_ok(), "the refusal changed nothing");

    let good = std::fs::read(&file).unwrap();
    for damaged in [&b"not a store"[..], &good[..good.len() / 3], &[]] {
        std::fs::write(&file, damaged).unwrap();
        let error = refused(SECRET);
        assert!(error.contains("damaged") && error.contains(file.to_str().unwrap()), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), damaged, "the file is left as it was");
    }
    std::fs::write(&file, &good).unwrap();
    assert!(start().call(&held.access).await.is_ok());
}
