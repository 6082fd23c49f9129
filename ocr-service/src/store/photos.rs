//! The photos: a store of objects under keys, kept as files in a folder.
//!
//! It can do what an object store can - put, get, delete, list - and nothing else, so that one may take its place.

use contracts::ids::ChequeHash;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// Where files are written before they get their names.
const UNFINISHED: &str = "unfinished";

/// The store; cheap to clone.
#[derive(Clone, Debug)]
pub struct Photos {
    folder: PathBuf,
}

/// What could not be done with a photo.
#[derive(Debug, thiserror::Error)]
#[error("{deed} `{key}` in the store of photos")]
pub struct PhotosError {
    /// What was tried.
    deed: &'static str,
    /// With which object.
    key: String,
    /// What the system said.
    source: io::Error,
}

impl Photos {
    /// The store in `folder`, which is made when missing.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(folder: &Path) -> Result<Self, PhotosError> {
        let failed = |source| PhotosError { deed: "make the folder", key: folder.display().to_string(), source };
        fs::create_dir_all(folder.join(UNFINISHED)).map_err(failed)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The key of a cheque's photo: `4f/4fK0....jpg`. The first part only keeps folders small.
    pub fn key(hash: &ChequeHash) -> String {
        let hash = hash.as_str();
        format!("{}/{hash}.jpg", &hash[..2])
    }

    /// Stores an object; when this returns it survives a crash of the machine, and nobody ever sees half of it.
    ///
    /// # Errors
    /// The file system's.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PhotosError> {
        self.run("write", key, move |store, path| {
            let unfinished = store.folder.join(UNFINISHED).join(Uuid::new_v4().simple().to_string());
            let written = write_durably(&unfinished, &path, &bytes);
            if written.is_err() {
                // What is left behind is swept later, too.
                let _ = fs::remove_file(&unfinished);
            }
            written
        })
        .await
    }

    /// An object, if it is there.
    ///
    /// # Errors
    /// The file system's.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PhotosError> {
        self.run("read", key, |_, path| none_if_missing(fs::read(path))).await
    }

    /// Deletes an object; one that is not there is deleted already.
    ///
    /// # Errors
    /// The file system's.
    pub async fn delete(&self, key: &str) -> Result<(), PhotosError> {
        self.run("delete", key, |_, path| none_if_missing(fs::remove_file(path)).map(drop)).await
    }

    /// The keys of all objects that were written longer than `age` ago.
    ///
    /// # Errors
    /// The file system's.
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
                    // One that is deleted meanwhile needs no sweeping.
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

    /// Does something with a file where waiting for a disk holds nobody up.
    async fn run<T: Send + 'static>(
        &self,
        deed: &'static str,
        key: &str,
        work: impl FnOnce(&Self, PathBuf) -> io::Result<T> + Send + 'static,
    ) -> Result<T, PhotosError> {
        let (store, path) = (self.clone(), self.folder.join(key));
        let done = tokio::task::spawn_blocking(move || work(&store, path)).await;
        let outcome = done.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        outcome.map_err(|source| PhotosError { deed, key: key.to_owned(), source })
    }
}

/// Writes the file aside, makes it durable, and only then gives it its name; last the name is made durable.
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
