//! The page on which a person says whether a client may act for them.

use maud::{Markup, html};

use super::layout::{Tone, page};
use super::untrusted::Untrusted;
use super::{Lang, Page};
use crate::auth::request::redirect_uri::{Kind, RedirectUri};

const MAX_NAME: usize = 60;
const MAX_URI: usize = 80;

/// Who asks for what, and where the answer goes (CONS-07). It holds the form's tokens, so it has no `Debug`.
#[derive(Clone, Copy)]
pub(crate) struct ConsentPage<'a> {
    /// This server's name.
    pub(crate) server_name: &'a str,
    /// The name of the provider that the user logs in to next.
    pub(crate) provider_name: &'a str,
    /// What the client calls itself.
    pub(crate) client_name: Option<&'a str>,
    /// What the client says is its home page; shown as text, never as a link.
    pub(crate) client_uri: Option<&'a str>,
    /// The host at which the client describes itself, where it is named by a URL there.
    pub(crate) document_host: Option<&'a str>,
    /// Where the answer goes.
    pub(crate) redirect_uri: &'a RedirectUri,
    /// The permissions it asks for.
    pub(crate) scopes: &'a [ScopeLine<'a>],
    /// The authorization request this is about, sealed.
    pub(crate) form_token: &'a str,
    /// The token that only this browser's page has.
    pub(crate) csrf: &'a str,
    /// Where the answer is posted.
    pub(crate) action_url: &'a str,
}

/// One permission.
#[derive(Debug, Clone)]
pub(crate) struct ScopeLine<'a> {
    /// Its scope.
    pub(crate) scope: &'a str,
    /// What the provider says it means.
    pub(crate) description: Option<String>,
}

impl ConsentPage<'_> {
    /// The page. Its form posts `form`, `csrf` and `decision`, which is `approve` or `deny`.
    pub(crate) fn render(&self, lang: Lang) -> Page {
        let client = self.client_name.and_then(|name| Untrusted::new(name, MAX_NAME));
        let server = self.server_name;
        let (title, heading) = match (lang, &client) {
            (Lang::Ko, Some(client)) => (
                format!("{} 연결 허용 - {server}", client.as_str()),
                html! { (client) " 앱이 " bdi { (server) } " 서버를 사용하려고 합니다" },
            ),
            (Lang::Ko, None) => (
                format!("앱 연결 허용 - {server}"),
                html! { "이름을 밝히지 않은 앱이 " bdi { (server) } " 서버를 사용하려고 합니다" },
            ),
            (Lang::En, Some(client)) => {
                (format!("Allow {}? - {server}", client.as_str()), html! { (client) " wants to use " bdi { (server) } })
            }
            (Lang::En, None) => (
                format!("Allow an app? - {server}"),
                html! { "An app that gives no name wants to use " bdi { (server) } },
            ),
        };
        let content = html! {
            h1 { (heading) }
            p.soft { (self.unverified(lang)) }
            dl {
                div {
                    dt { (lang.pick("허용하면 이 앱이 할 수 있는 일", "If you allow it, it can")) }
                    dd { (self.permissions(lang)) }
                }
                div {
                    dt { (lang.pick("로그인한 뒤 이동하는 곳", "After signing in you will be sent to")) }
                    dd { (self.destination(lang)) }
                }
            }
            @if let Some(warning) = self.warning(lang) {
                div.note role="note" { (warning) }
            }
            form method="post" action=(self.action_url) accept-charset="utf-8" autocomplete="off" {
                input type="hidden" name="form" value=(self.form_token);
                input type="hidden" name="csrf" value=(self.csrf);
                button.main type="submit" name="decision" value="approve" {
                    @match lang {
                        Lang::Ko => { "허용하고 " (self.provider_name) " 로그인으로 계속" }
                        Lang::En => { "Allow and continue to " (self.provider_name) }
                    }
                }
                button type="submit" name="decision" value="deny" { (lang.pick("거부", "Deny")) }
            }
            p.soft.foot {
                (lang.pick(
                    "직접 시작한 연결이 아니라면 거부하세요. 아무것도 전달되지 않습니다.",
                    "If you did not start this yourself, choose Deny. Nothing will be shared.",
                ))
            }
        };
        page(lang, Tone::Asking, &title, &content)
    }

    fn unverified(&self, lang: Lang) -> Markup {
        let web = |uri: &&str| uri.starts_with("https://") || uri.starts_with("http://");
        let uri = self.client_uri.filter(web).and_then(|uri| Untrusted::new(uri, MAX_URI));
        html! {
            (lang.pick(
                "앱의 이름은 앱이 스스로 밝힌 것이며 확인되지 않았습니다.",
                "The app chose this name itself. Nobody has verified it.",
            ))
            @if let Some(host) = self.document_host {
                span.line { (lang.pick("앱의 소개를 읽어 온 곳: ", "Its description was read at: ")) bdi { (host) } }
            }
            @if let Some(uri) = uri {
                span.line { (lang.pick("앱이 밝힌 웹사이트: ", "Website it gives: ")) (uri) }
            }
        }
    }

    fn permissions(&self, lang: Lang) -> Markup {
        html! {
            ul {
                li {
                    @match lang {
                        // Without a `bdi`: browsers would break the line between the name and its particle.
                        Lang::Ko => { "내 " (self.provider_name) " 계정으로 " (self.server_name) "의 도구 사용" }
                        Lang::En => {
                            "Use the tools of " bdi { (self.server_name) } " with your " (self.provider_name) " account"
                        }
                    }
                }
                @for line in self.scopes {
                    li {
                        @match &line.description {
                            Some(description) => { (description) code { (line.scope) } }
                            None => code { (line.scope) }
                        }
                    }
                }
            }
        }
    }

    fn destination(&self, lang: Lang) -> Markup {
        let host = self.redirect_uri.display_host();
        html! {
            @match self.redirect_uri.kind() {
                Kind::PrivateUse => {
                    @let parts = self.redirect_uri.parts();
                    span.place {
                        bdi { (parts.scheme) @if parts.authority.is_empty() { ":" } @else { "://" (host) } }
                    }
                    p.soft {
                        (lang.pick(
                            "이 기기에서 이 주소를 여는 앱",
                            "The app on this device that opens such addresses",
                        ))
                    }
                }
                Kind::Https | Kind::Loopback => {
                    span.place { bdi { (host) } }
                    @if self.redirect_uri.is_loopback() {
                        p.soft { (lang.pick("이 기기에서 실행 중인 프로그램", "A program running on this device")) }
                    }
                }
            }
        }
    }

    /// What nobody but the user can judge: which program on the device will get the answer.
    fn warning(&self, lang: Lang) -> Option<Markup> {
        let local = self.redirect_uri.is_loopback() || self.redirect_uri.kind() == Kind::PrivateUse;
        local.then(|| {
            html! {
                strong { (lang.pick("방금 이 기기의 앱에서 연결을 시작하셨나요?", "Did you just start this from an app on this device?")) }
                p {
                    (lang.pick(
                        "이 기기의 어떤 프로그램이든 이 앱의 이름을 쓸 수 있습니다. 메일이나 메시지의 링크로 이 페이지를 열었다면 거부하세요.",
                        "Any program on this device could use the name of this app. If a link in a mail or a message brought you here, deny it.",
                    ))
                }
            }
        })
    }
}
