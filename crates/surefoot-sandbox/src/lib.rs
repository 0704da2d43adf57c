//! sandbox
pub mod library;
