//! Reads cheques from photos.
