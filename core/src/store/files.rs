//! Private files: folders 0700, files 0600, made whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Creates the folder a file lies in, readable by its owner only; existing folders stay as they are.
pub(super) fn private_parent(path: &Path) -> io::Result<()> {
    let Some(folder) = parent(path) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates a file that did not exist, readable by its owner only.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file at `path` that `fill` writes, in one step for everybody else: it appears complete and
/// durable, and an existing one is never replaced. False if there was one, for instance because
/// another process made it at the same moment.
pub(super) fn publish<E: From<io::Error>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<bool, E> {
    let draft = draft_of(path)?;
    drop(create_private(&draft)?);
    let made = fill(&draft).and_then(|()| {
        // For writing, because Windows flushes no other handle.
        OpenOptions::new().write(true).open(&draft)?.sync_all()?;
        match fs::hard_link(&draft, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) if path.exists() => Err(error.into()),
            // A file system without hard links: a rename is whole, too, but could replace the file of
            // a process that was faster by this much.
            Err(_) => fs::rename(&draft, path).map(|()| true).map_err(E::from),
        }
    });
    // Nothing is lost if this fails: the draft is garbage, or gone already by the rename.
    let _ = fs::remove_file(&draft);
    let made = made?;
    sync_folder(path)?;
    Ok(made)
}

/// A name beside `path` that no other process uses.
fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{random:016x}.new"));
    Ok(path.with_file_name(name))
}

/// Makes the entry of `path` in its folder durable. On Windows folders cannot be opened for it.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(parent(path).unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_once_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        private_parent(&path).unwrap();
        let write = |text: &'static str| move |draft: &Path| fs::write(draft, text);
        assert!(publish(&path, write("first")).unwrap());
        assert!(!publish(&path, write("second")).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert!(publish(&folder.path().join("x"), |_| Err(io::Error::other("no"))).is_err());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/file");
        private_parent(&path).unwrap();
        publish(&path, |draft| fs::write(draft, "x")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    }
}
