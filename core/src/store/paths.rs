//! Where things lie when nothing is configured.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// The home folder is unknown, so there is no default place.
#[derive(Debug, thiserror::Error)]
#[error("the home folder of this user is unknown; set `HOME`, or configure a secret and the path of the store")]
pub struct PathError(#[from] etcetera::HomeDirError);

/// The file of the secret of a server: `~/.config/dari/<app>/secret` on Linux and macOS (under
/// `XDG_CONFIG_HOME` where set), in `%APPDATA%` on Windows.
///
/// `app` is the name of the server; characters that do not suit a file name become `-`.
///
/// # Errors
/// [`PathError`] if the user has no home folder.
pub fn default_secret_path(app: &str) -> Result<PathBuf, PathError> {
    let strategy = etcetera::choose_base_strategy()?;
    Ok(strategy.config_dir().join("dari").join(slug(app)).join("secret"))
}

/// The file of the store of a server: `~/.local/share/dari/<app>/store.redb` on Linux and macOS (under
/// `XDG_DATA_HOME` where set), in `%LOCALAPPDATA%` on Windows: never where the secret is.
///
/// `app` is the name of the server; characters that do not suit a file name become `-`.
///
/// # Errors
/// [`PathError`] if the user has no home folder.
pub fn default_data_path(app: &str) -> Result<PathBuf, PathError> {
    let strategy = etcetera::choose_base_strategy()?;
    // On Windows configuration and data share a folder; machine-bound data belongs into the local one.
    let folder = if cfg!(windows) { strategy.cache_dir() } else { strategy.data_dir() };
    Ok(folder.join("dari").join(slug(app)).join("store.redb"))
}

fn slug(app: &str) -> String {
    let suits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let slug: String = app.chars().map(|c| if suits(c) { c } else { '-' }).collect();
    match slug.trim_matches('.') {
        "" => "server".to_owned(),
        slug => slug.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_and_data_lie_apart() {
        let secret = default_secret_path("my server").unwrap();
        let data = default_data_path("my server").unwrap();
        assert!(secret.ends_with("dari/my-server/secret"), "{secret:?}");
        assert!(data.ends_with("dari/my-server/store.redb"), "{data:?}");
        assert_ne!(secret.parent(), data.parent());
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        assert_eq!(slug("../../etc"), "-..-etc");
        assert_eq!(slug(".."), "server");
        assert_eq!(slug(""), "server");
        assert_eq!(slug("C:\\x"), "C--x");
        assert_eq!(slug("나의.서버"), "나의.서버");
    }
}
