//! A package: what it is called, where it is from, what its bytes are, and what speaks for it.

pub mod contents;
pub mod digest;
pub mod ecosystem;
pub mod evidence;
mod id;
mod purl;

pub use self::{
    id::{PackageError, PackageId},
    purl::{Origin, Purl},
};
