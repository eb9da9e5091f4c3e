//! The archive, format 1: the manifest of its entries, the names that they can have, and the signed
//! envelope around the manifest. `man/sealift-archive.5` specifies it.

pub mod dsse;
pub mod entry_name;
pub mod key;
pub mod manifest;
