//! `net`: who listens.

use std::time::Duration;

use surefoot_plan::Value;

use super::{Arguments, Dial, Failure, Hands, port, text};

/// How long a connection may take. Longer than one lost packet (TCP sends again after 1 s, then 3 s).
pub(super) const DIAL_WITHIN: Duration = Duration::from_secs(5);

/// Whether something accepts connections there. Refused: no. No answer: unknown.
pub(super) fn accepts(arguments: &Arguments, hands: &mut dyn Hands) -> Result<Value, Failure> {
    match hands.dial(text(arguments, "host")?, port(arguments)?, DIAL_WITHIN) {
        Dial::Accepted => Ok(Value::Bool(true)),
        Dial::Refused => Ok(Value::Bool(false)),
        Dial::NoAnswer(why) => Err(Failure::NotPerformed(why)),
    }
}
