//! The Naver client against the Naver sandbox, over real sockets.
#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "clippy knows tests by #[test], and not the helpers of an integration test")]

mod browser;
mod calendar;
mod client_faults;
mod login;
mod pages;
mod profile;
mod search;
mod tokens;

use dari_providers::naver::NaverOpenApi;
use dari_providers::naver::sandbox::NaverSandbox;

/// A sandbox on a free port.
async fn sandbox() -> NaverSandbox {
    NaverSandbox::start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn client(sandbox: &NaverSandbox) -> NaverOpenApi {
    NaverOpenApi::from_env_with(&sandbox.env()).unwrap()
}
