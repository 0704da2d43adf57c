//! Runs in a model: what happens, and what is left of the world.

mod audit;
mod back;
mod branches;
mod controls;
mod coverage;
mod dry;
mod faults;
mod harness;
mod loops;
mod names;
mod notify;
mod people;
mod plans;
mod route;
mod scopes;
mod stop;
