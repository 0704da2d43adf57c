//! Runs in a model: what happens, and what is left of the world.

mod harness;
mod plans;
mod route;
