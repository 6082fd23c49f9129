//! The photo store: objects under keys, stored as files in a folder.
//!
//! It supports only what an object store does - put, get, delete, list - so that one can replace it.

use contracts::ids::ChequeHash;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// Folder for files that are not completely written yet.
const UNFINISHED: &str = "unfinished";
/// Characters of an object's key that errors and logs show: the key contains that of the share link, which is secret.
pub(crate) const KEY_CHARACTERS_SHOWN: usize = 9;

/// The photo store; cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    folder: PathBuf,
}

/// Why an operation on a photo failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} `{key}` in the photo store")]
pub struct PhotosError {
    /// The operation.
    operation: &'static str,
    /// The beginning of the object's key.
    key: String,
    /// The cause.
    source: io::Error,
}

impl Photos {
    /// Opens the store in `folder`, which is created if missing.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn open(folder: &Path) -> Result<Self, PhotosError> {
        let failed = |source| PhotosError { operation: "create the folder", key: folder.display().to_string(), source };
        fs::create_dir_all(folder.join(UNFINISHED)).map_err(failed)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The key of a cheque's photo: `4f/4fK0....jpg`. The prefix only keeps the folders small.
    pub fn key(hash: &ChequeHash) -> String {
        let hash = hash.as_str();
        format!("{}/{hash}.jpg", &hash[..2])
    }

    /// A key of its own for another photo of the cheque: `4f/4fK0....5b1e....jpg`.
    pub fn page_key(hash: &ChequeHash) -> String {
        let hash = hash.as_str();
        format!("{}/{hash}.{}.jpg", &hash[..2], Uuid::new_v4().simple())
    }

    /// Stores an object. When this returns, the object survives a crash of the machine. No partial object is ever
    /// visible.
    ///
    /// # Errors
    /// If writing fails.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PhotosError> {
        self.run("write", key, move |store, path| {
            let unfinished = store.folder.join(UNFINISHED).join(Uuid::new_v4().simple().to_string());
            let written = write_durably(&unfinished, &path, &bytes);
            if written.is_err() {
                // A file that is left behind is deleted by the janitor.
                let _ = fs::remove_file(&unfinished);
            }
            written
        })
        .await
    }

    /// An object; `None` if it does not exist.
    ///
    /// # Errors
    /// If reading fails.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PhotosError> {
        self.run("read", key, |_, path| none_if_missing(fs::read(path))).await
    }

    /// Deletes an object; succeeds if it does not exist.
    ///
    /// # Errors
    /// If deleting fails.
    pub async fn delete(&self, key: &str) -> Result<(), PhotosError> {
        self.run("delete", key, |_, path| none_if_missing(fs::remove_file(path)).map(drop)).await
    }

    /// The keys of all objects that were written more than `age` ago.
    ///
    /// # Errors
    /// If listing fails.
    pub async fn keys_older_than(&self, age: Duration) -> Result<Vec<String>, PhotosError> {
        self.run("list", "", move |store, _| {
            let mut keys = vec![];
            for folder in fs::read_dir(&store.folder)? {
                let folder = folder?;
                if !folder.file_type()?.is_dir() {
                    continue;
                }
                for file in fs::read_dir(folder.path())? {
                    let file = file?;
                    // A file that was deleted in the meantime needs no cleanup.
                    let Some(facts) = none_if_missing(file.metadata())? else { continue };
                    let written = facts.modified()?;
                    if facts.is_file() && SystemTime::now().duration_since(written).is_ok_and(|passed| passed > age) {
                        let (folder, file) = (folder.file_name(), file.file_name());
                        keys.push(format!("{}/{}", folder.to_string_lossy(), file.to_string_lossy()));
                    }
                }
            }
            Ok(keys)
        })
        .await
    }

    /// Runs a file operation on a thread for blocking work.
    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        key: &str,
        work: impl FnOnce(&Self, PathBuf) -> io::Result<T> + Send + 'static,
    ) -> Result<T, PhotosError> {
        let (store, path) = (self.clone(), self.folder.join(key));
        let done = tokio::task::spawn_blocking(move || work(&store, path)).await;
        let outcome = done.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        outcome.map_err(|source| {
            let shown: String = key.chars().take(KEY_CHARACTERS_SHOWN).collect();
            PhotosError { operation, key: format!("{shown}…"), source }
        })
    }
}

/// Writes a temporary file, makes it durable, renames it, and finally makes the new name durable.
fn write_durably(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    fs::rename(unfinished, path)?;
    File::open(folder)?.sync_all()
}

fn none_if_missing<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Self(std::env::temp_dir().join(testkit::unique("photos")))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn an_object_is_there_until_it_is_deleted() {
        let folder = Folder::new();
        let photos = Photos::open(&folder.0).unwrap();
        let key = Photos::key(&ChequeHash::from_random([7; 22]));
        assert_eq!(photos.get(&key).await.unwrap(), None);
        photos.put(&key, vec![1, 2, 3]).await.unwrap();
        photos.put(&key, vec![4]).await.unwrap();
        assert_eq!(photos.get(&key).await.unwrap(), Some(vec![4]));
        photos.delete(&key).await.unwrap();
        photos.delete(&key).await.unwrap();
        assert_eq!(photos.get(&key).await.unwrap(), None);
        assert_eq!(fs::read_dir(folder.0.join(UNFINISHED)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_error_does_not_contain_the_key_of_the_share_link() {
        let folder = Folder::new();
        let photos = Photos::open(&folder.0).unwrap();
        let hash = ChequeHash::from_random([7; 22]);
        // A folder in its place can't be read.
        fs::create_dir_all(folder.0.join(Photos::key(&hash))).unwrap();
        let text = telemetry::chain(&photos.get(&Photos::key(&hash)).await.unwrap_err());
        assert!(text.starts_with("read `77/777777…` in the photo store: "), "{text}");
        assert!(!text.contains(hash.as_str()), "{text}");
    }

    #[tokio::test]
    async fn old_objects_are_listed_unfinished_ones_too() {
        let folder = Folder::new();
        let photos = Photos::open(&folder.0).unwrap();
        photos.put("ab/abc.jpg", vec![1]).await.unwrap();
        fs::write(folder.0.join(UNFINISHED).join("half"), [1]).unwrap();
        let mut keys = photos.keys_older_than(Duration::ZERO).await.unwrap();
        keys.sort();
        assert_eq!(keys, ["ab/abc.jpg", "unfinished/half"]);
        assert_eq!(photos.keys_older_than(Duration::from_mins(1)).await.unwrap(), Vec::<String>::new());
    }
}
