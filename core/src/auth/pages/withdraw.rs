//! The page for a permission that the provider does not ask for again: it says how to take the consent back.

use maud::html;

use super::layout::{Tone, page};
use super::{Lang, Page, ScopeLine};

/// Says what to do where asking again did not help.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithdrawPage<'a> {
    /// This server's name.
    pub(crate) server_name: &'a str,
    /// The provider's name.
    pub(crate) provider_name: &'a str,
    /// The permissions that are missing.
    pub(crate) scopes: &'a [ScopeLine<'a>],
    /// How it is done at this provider, in the provider's own words.
    pub(crate) how: Option<&'a str>,
    /// Where the client is told that it has to wait.
    pub(crate) back_url: &'a str,
}

impl WithdrawPage<'_> {
    /// The page.
    pub(crate) fn render(&self, lang: Lang) -> Page {
        let title = lang.pick("권한이 아직 허용되지 않았습니다", "A permission is still missing");
        let content = html! {
            h1.plain { (title) }
            p {
                @match lang {
                    Lang::Ko => { bdi { (self.server_name) } " 서버에 필요한 권한을 " bdi { (self.provider_name) } "에서 다시 묻지 않았거나, 선택되지 않았습니다." }
                    Lang::En => { bdi { (self.provider_name) } " did not ask you again for what " bdi { (self.server_name) } " needs, or it was left unticked:" }
                }
            }
            ul {
                @for scope in self.scopes {
                    li { @match &scope.description { Some(description) => (description), None => code { (scope.scope) } } }
                }
            }
            ol {
                li {
                    @match (self.how, lang) {
                        (Some(how), _) => (how),
                        (None, Lang::Ko) => { bdi { (self.provider_name) } " 계정 설정에서 이 서비스에 준 동의를 철회하세요." }
                        (None, Lang::En) => { "In the settings of your " bdi { (self.provider_name) } " account, take back what you permitted to this service." }
                    }
                }
                li { (lang.pick("앱으로 돌아가 로그인을 다시 시작하고, 이번에는 권한을 선택하세요.", "Go back to the app, start signing in again, and this time tick the permission.")) }
            }
            a.button.main href=(self.back_url) { (lang.pick("앱으로 돌아가기", "Return to the app")) }
        };
        page(lang, Tone::Failed, title, &content)
    }
}
