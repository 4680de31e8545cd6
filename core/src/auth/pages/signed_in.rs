//! The page after a login, for where a browser is left behind: an app has been opened, the window stays.

use maud::html;

use super::layout::{Tone, page};
use super::untrusted::Untrusted;
use super::{Lang, Page};
use crate::auth::request::redirect_uri::RedirectUri;

/// Says that it worked. It holds the code, so it has no `Debug`.
#[derive(Clone, Copy)]
pub(crate) struct SignedInPage<'a> {
    /// This server's name.
    pub(crate) server_name: &'a str,
    /// What the client calls itself.
    pub(crate) client_name: Option<&'a str>,
    /// Where the client waits for its answer, and the parameters of that answer, if the user is to go there by hand.
    pub(crate) answer: Option<(&'a RedirectUri, &'a [(&'a str, &'a str)])>,
}

impl SignedInPage<'_> {
    /// The page.
    pub(crate) fn render(&self, lang: Lang) -> Page {
        let client = self.client_name.and_then(|name| Untrusted::new(name, 60));
        let title = lang.pick("로그인되었습니다", "You are signed in");
        let content = html! {
            h1.plain { (title) }
            p {
                @match (lang, client) {
                    (Lang::Ko, Some(client)) => { (client) " 앱이 이제 " bdi { (self.server_name) } " 서버를 사용할 수 있습니다." }
                    (Lang::Ko, None) => { "앱이 이제 " bdi { (self.server_name) } " 서버를 사용할 수 있습니다." }
                    (Lang::En, Some(client)) => { (client) " can now use " bdi { (self.server_name) } "." }
                    (Lang::En, None) => { "The app can now use " bdi { (self.server_name) } "." }
                }
            }
            @if let Some((redirect_uri, parameters)) = self.answer {
                a.button.main href=(redirect_uri.with_query(parameters.iter().copied())) {
                    (lang.pick("앱으로 돌아가기", "Return to the app"))
                }
            } @else {
                p.soft { (lang.pick("이 창은 닫아도 됩니다.", "You can close this window.")) }
            }
        };
        page(lang, Tone::Done, title, &content)
    }
}
