//! A web site of a client's, over TLS on loopback, which answers byte for byte what it is told.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dari::__private::TestNetwork;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The name of the site; its certificate is for this one, a second one, and some addresses.
pub(crate) const HOST: &str = "client.example";
pub(crate) const KEYS_HOST: &str = "keys.example";
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What a path is answered with.
#[derive(Clone)]
pub(crate) enum Page {
    /// A document, with these header lines beside its type and length.
    Json(String, &'static str),
    /// The whole answer.
    Raw(String),
    /// The head of an answer, and then a byte a second.
    Drip,
    /// Closes the connection.
    Cut,
}

#[derive(Clone)]
pub(crate) struct Site {
    pages: Arc<Mutex<HashMap<String, Page>>>,
    connections: Arc<AtomicU32>,
    requests: Arc<AtomicU32>,
    root: Vec<u8>,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let names = [HOST, KEYS_HOST, "127.0.0.1", "::1", "localhost"].map(str::to_owned);
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config =
            ServerConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![cert.der().clone()], key)
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            pages: Arc::default(),
            connections: Arc::default(),
            requests: Arc::default(),
            root: cert.der().to_vec(),
            port: listener.local_addr().unwrap().port(),
        };
        let (acceptor, served) = (TlsAcceptor::from(Arc::new(config)), site.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                served.connections.fetch_add(1, Ordering::SeqCst);
                let (site, acceptor) = (served.clone(), acceptor.clone());
                tokio::spawn(async move { site.serve(stream, acceptor).await });
            }
        });
        site
    }

    async fn serve(self, stream: TcpStream, acceptor: TlsAcceptor) -> Option<()> {
        let mut stream = acceptor.accept(stream).await.ok()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        self.requests.fetch_add(1, Ordering::SeqCst);
        let head = String::from_utf8(head).ok()?;
        let path = head.split(' ').nth(1)?;
        let page = self.pages.lock().unwrap().get(path).cloned();
        let answer = match page {
            Some(Page::Json(body, headers)) => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
                body.len()
            ),
            Some(Page::Raw(answer)) => answer,
            Some(Page::Drip) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{").await.ok()?;
                loop {
                    stream.flush().await.ok()?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    stream.write_all(b" ").await.ok()?;
                }
            }
            Some(Page::Cut) => return None,
            None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        stream.shutdown().await.ok()
    }

    /// A network in which the site is a public one.
    pub(crate) fn network(&self) -> TestNetwork {
        self.lone_network().public(HOST, LOOPBACK).public(KEYS_HOST, LOOPBACK)
    }

    /// A network that trusts the site's certificate, and nothing else of it.
    pub(crate) fn lone_network(&self) -> TestNetwork {
        TestNetwork::new(self.root.clone())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    pub(crate) fn put(&self, path: &str, page: Page) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    pub(crate) fn remove(&self, path: &str) {
        self.pages.lock().unwrap().remove(path);
    }

    /// Publishes a right document with some members changed, a null one left out; gives its URL.
    pub(crate) fn publish(&self, path: &str, members: Value) -> String {
        let document = self.document(path, members);
        self.put(path, Page::Json(document.to_string(), ""));
        self.url(path)
    }

    pub(crate) fn document(&self, path: &str, members: Value) -> Value {
        let mut document = json!({
            "client_id": self.url(path),
            "client_name": "Document Client",
            "redirect_uris": ["http://localhost/callback"],
        });
        for (member, value) in members.as_object().unwrap() {
            match value {
                Value::Null => drop(document.as_object_mut().unwrap().remove(member)),
                value => document[member] = value.clone(),
            }
        }
        document
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }
}
