//! The form of a plan: its parts fit each other, and its inputs have values where they must.

use super::{Condition, Policy, Violation};
use crate::{InputValue, Plan};

/// Every input has a value, if the plan is to be run.
pub(super) fn unbound_inputs(plan: &Plan, policy: &Policy) -> Vec<Violation> {
    let unbound = plan.inputs.iter().filter(|input| policy.bound && input.value == InputValue::Unbound);
    let violation = |input: &crate::Input| Violation {
        condition: Condition::InputUnbound,
        steps: Vec::new(),
        names: vec![input.name.clone()],
        message: format!("the input `{}` has no value", input.name),
        trace: Vec::new(),
        help: format!("give it one: `--set {}=…`", input.name),
        more: 0,
    };
    unbound.map(violation).collect()
}
