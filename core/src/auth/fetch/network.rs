//! Names to addresses: each name once for each connection, and nowhere but to the public internet.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::address::is_global_unicast;

/// How many names are looked up at once. The system's resolver takes a thread for each, for as long as a stranger's
/// name server lets it wait, so a look-up keeps its place until it has ended, however early its request gave up.
const LOOKUPS: usize = 64;

/// A name of which an address lies elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not on the public internet")]
pub(super) struct NotPublic;

/// More names at once than are looked up.
#[derive(Debug, thiserror::Error)]
#[error("too many names are being looked up")]
struct Busy;

/// A network for tests: names with addresses of the test's choice, and the one certificate that servers there show.
///
/// No part of the public interface: no configuration leads here.
#[derive(Clone, Debug, Default)]
pub struct TestNetwork {
    hosts: HashMap<String, (IpAddr, Trust)>,
    root: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// As if the address were a public one.
    Public,
    /// The address is judged as any other.
    Checked,
}

impl TestNetwork {
    /// A network whose servers are certified by this root, in DER, and by no other.
    #[must_use]
    pub fn new(root: impl Into<Vec<u8>>) -> Self {
        Self { hosts: HashMap::new(), root: Some(root.into()) }
    }

    /// A name that stands for this address, as if it were a public one.
    #[must_use]
    pub fn public(mut self, host: &str, address: IpAddr) -> Self {
        self.hosts.insert(host.to_owned(), (address, Trust::Public));
        self
    }

    /// A name that leads to this address, which is judged as any other is.
    #[must_use]
    pub fn host(mut self, host: &str, address: IpAddr) -> Self {
        self.hosts.insert(host.to_owned(), (address, Trust::Checked));
        self
    }

    /// The root in DER.
    pub(super) fn root(&self) -> Option<&[u8]> {
        self.root.as_deref()
    }
}

/// The resolver. What it answers are the addresses that are dialled: nothing resolves the name a second time.
pub(super) struct PublicOnly {
    lookups: Arc<Semaphore>,
    test: TestNetwork,
}

impl PublicOnly {
    pub(super) fn new(test: TestNetwork) -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)), test }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        if let Some((address, trust)) = self.test.hosts.get(name.as_str()) {
            let checked = if *trust == Trust::Public { Ok(()) } else { all_public(&[*address]) };
            let found: Addrs = Box::new(std::iter::once(SocketAddr::new(*address, 0)));
            return Box::pin(async move { Ok(checked.map(|()| found)?) });
        }
        let place = self.lookups.clone().try_acquire_owned();
        Box::pin(async move {
            let place = place.map_err(|_| Busy)?;
            let lookup = tokio::spawn(async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
                drop(place);
                found
            });
            let found = lookup.await??;
            // All of them: a name that leads to both worlds is somebody's trick.
            all_public(&found.iter().map(SocketAddr::ip).collect::<Vec<_>>())?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn all_public(addresses: &[IpAddr]) -> Result<(), NotPublic> {
    if addresses.iter().copied().all(is_global_unicast) { Ok(()) } else { Err(NotPublic) }
}
