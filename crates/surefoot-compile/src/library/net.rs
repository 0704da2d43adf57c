//! `std.net`: asking the network.

use super::{Effect, Kind, Need, Parameter, Signature};

pub(super) const SIGNATURES: &[Signature] = &[Signature {
    module: "net",
    name: "accepts",
    parameters: &[
        Parameter { name: "host", kind: Kind::Host, secret: false, default: None },
        Parameter { name: "port", kind: Kind::Port, secret: false, default: None },
    ],
    result: Some(Kind::Bool),
    effect: Effect::Read,
    needs: &[Need::Connect { host: "host", port: "port" }],
    inverse: None,
    settles: None,
    doc: "Whether something accepts a TCP connection there. False: refused; no answer: unknown.",
}];
