//! One outside thing each: the network, a registry, a TUF store on disk, the archive file, keys, what package
//! managers install from.

#[cfg(feature = "network")]
pub mod advisories;
pub mod archive;
pub mod archives;
pub mod files;
pub mod install;
pub mod keys;
#[cfg(feature = "network")]
pub mod network;
#[cfg(feature = "network")]
pub mod registry;
#[cfg(feature = "serve")]
pub mod serve;
pub mod tuf;
