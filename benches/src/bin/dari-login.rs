//! Dari with a login. Its first line of output is its URL, and a token of a user who is logged in.

use dari_benches::Error;
use dari_benches::login::Login;
use dari_benches::process::told_to_stop;
use dari_benches::servers::with_dari;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let login = Login::start(&url).await?;
    let server = with_dari::server().auth(login.proxy());
    let logged_in = async {
        let token = login.log_in().await?;
        println!("{url}/mcp {token}");
        std::future::pending::<Result<(), Error>>().await
    };
    tokio::select! {
        served = server.serve_on(listener, told_to_stop()) => Ok(served?),
        failed = logged_in => failed,
    }
}
