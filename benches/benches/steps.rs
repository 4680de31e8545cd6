//! The steps of a call, one by one, so that a regression names its step: `cargo bench -p dari-benches`.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dari::__private::Steps;
use dari_benches::login::Login;
use dari_benches::request::{self, Era, Kind};
use dari_benches::servers::with_dari;
use divan::Bencher;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

/// The headers and the body of what goes over the wire.
fn taken_apart(request: &[u8]) -> (HeaderMap, Vec<u8>) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&request[..end]).expect("text");
    let headers = head.lines().skip(1).map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value"))
    });
    (headers.collect(), request[end + 4..].to_vec())
}

fn steps(kind: Kind) -> Steps {
    let (headers, body) = taken_apart(&request::bytes("127.0.0.1:1", kind, &Era::Modern, None));
    Steps::new(&with_dari::server().build().expect("a server"), headers, body.into())
}

#[divan::bench]
fn guard(bencher: Bencher<'_, '_>) {
    let steps = steps(Kind::Small);
    bencher.bench(|| steps.guard());
}

#[divan::bench]
fn token(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let steps = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let login = Login::start(&format!("http://{address}")).await.expect("a provider");
        let server = with_dari::server().auth(login.proxy()).build().expect("a server");
        let steps = Steps::new(&server, HeaderMap::new(), Default::default());
        tokio::spawn(async { axum::serve(listener, server.into_router()).await });
        let token = login.log_in().await.expect("a login");
        let (headers, body) = taken_apart(&request::bytes(&address, Kind::Small, &Era::Modern, Some(&token)));
        steps.with(headers, body.into())
    });
    bencher.bench(|| assert!(runtime.block_on(steps.token())));
}

#[divan::bench(args = [Kind::Small, Kind::Large])]
fn parse(bencher: Bencher<'_, '_>, kind: Kind) {
    let steps = steps(kind);
    bencher.bench(|| steps.parse());
}

#[divan::bench]
fn check_headers(bencher: Bencher<'_, '_>) {
    let steps = steps(Kind::Small);
    let check = steps.check_headers();
    bencher.bench(check);
}

#[divan::bench]
fn dispatch(bencher: Bencher<'_, '_>) {
    let steps = steps(Kind::Small);
    let dispatch = steps.dispatch();
    bencher.bench(dispatch);
}

/// Arguments into parameters, the function, its result.
#[divan::bench(args = [Kind::Small, Kind::Large])]
fn run(bencher: Bencher<'_, '_>, kind: Kind) {
    let (runtime, steps) = (runtime(), steps(kind));
    let dispatch = steps.dispatch();
    bencher.with_inputs(dispatch).bench_values(|begun| runtime.block_on(steps.run(begun)));
}

#[divan::bench]
fn serialize(bencher: Bencher<'_, '_>) {
    let steps = steps(Kind::Small);
    bencher.with_inputs(|| steps.answer("42")).bench_values(|answer| steps.serialize(answer));
}
