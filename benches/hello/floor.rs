//! A route of axum's, and nothing else.

use axum::{Router, routing::post};

async fn hello(name: String) -> String {
    format!("Hello, {name}!")
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    axum::serve(listener, Router::new().route("/hello", post(hello))).await
}
