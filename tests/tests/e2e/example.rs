//! The example's own tools, served from within the test where a test needs a setting that the example has no option for.

include!("../../../examples/naver_calendar.rs");

/// The example's server with this login.
pub(crate) fn server(naver: NaverOpenApi, login: OAuthProxy) -> McpServer {
    McpServer::new(NAME, "1.0.0")
        .tools(tools![get_current_time, web_search, create_calendar_schedule])
        .state(naver)
        .auth(login)
}
