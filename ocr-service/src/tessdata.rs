//! The folder with Tesseract's models.

use std::path::PathBuf;
use std::str::FromStr;

/// The models that reading needs.
const MODELS: [&str; 2] = ["rus.traineddata", "eng.traineddata"];

/// A folder that had the models when the program started.
#[derive(Clone, Debug)]
pub struct TessdataDir(PathBuf);

/// A model is missing: no worker could start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a folder with Tesseract's {}: {missing} is not there", MODELS.join(" and "))]
pub struct MissingModel {
    missing: &'static str,
}

impl FromStr for TessdataDir {
    type Err = MissingModel;

    fn from_str(text: &str) -> Result<Self, MissingModel> {
        let folder = PathBuf::from(text);
        match MODELS.into_iter().find(|model| !folder.join(model).is_file()) {
            Some(missing) => Err(MissingModel { missing }),
            None => Ok(Self(folder)),
        }
    }
}

impl TessdataDir {
    /// The path of the folder.
    pub fn to_path(&self) -> PathBuf {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_without_both_models_is_refused() {
        let folder = std::env::temp_dir().join(format!("chipin-tessdata-{}", std::process::id()));
        let missing = || folder.to_str().unwrap().parse::<TessdataDir>().map_err(|error| error.missing).err();
        assert_eq!(missing(), Some(MODELS[0]));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(MODELS[0]), "").unwrap();
        assert_eq!(missing(), Some(MODELS[1]));
        fs::write(folder.join(MODELS[1]), "").unwrap();
        assert_eq!(missing(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
