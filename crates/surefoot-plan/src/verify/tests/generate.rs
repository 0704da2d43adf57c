//! Random small plans: over two plain facts, one asked of two things that may be the same, and a number.

use std::collections::BTreeSet;

use crate::testing::{command, plan_of, question, rights, step};
use crate::{
    Approval, Atom, Cell, Class, Comparison, Ensure, Expr, Formula, Invariant, Irreversible, Leaves, Literal,
    Node, Parameter, Plan, Require, Restores, Rollback, ScopeEnd, ShownValue, Step, StepId, Test, Type,
    Value, Wait, Way,
};

/// From this seed on, plans have branches that are done at the same time.
pub(super) const BRANCHING: u64 = 1 << 32;

/// A small generator of random numbers (xorshift), so that a seed gives the same plan for ever. Inside a loop it
/// knows the item. Last, whether plans have branches.
pub(in crate::verify) struct Random(u64, Option<Expr>, bool);

impl Random {
    pub(in crate::verify) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, None, seed >= BRANCHING)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`.
    pub(in crate::verify) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// True so many times in a hundred.
    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

/// The cells: `a`, `b`, `p(u)`, `p(v)` and `n`; and `p(w)`, which is asked only of an item.
pub(super) fn cells() -> [Cell; 6] {
    let plain = |question: &str| Cell { question: question.into(), arguments: Vec::new() };
    let of = |input: &str| Cell { question: "p".into(), arguments: vec![Expr::Input(input.into())] };
    [plain("a"), plain("b"), of("u"), of("v"), plain("n"), of("w")]
}

/// The list that loops go through.
pub(super) fn list() -> Expr {
    Expr::Local(crate::ValueId { step: None, name: "xs".into() })
}

/// The plan of a seed.
pub(super) fn plan(seed: u64) -> Plan {
    let mut random = Random::new(seed);
    let mut plan = plan_of(Vec::new());
    let mut p = question();
    p.parameters = vec![Parameter { name: "of".into(), r#type: Type::Text, secret: false }];
    plan.questions.insert("p".into(), p);
    plan.questions.insert("n".into(), crate::Question { answer: Type::Int, ..question() });
    for name in ["u", "v", "w"] {
        plan.inputs.push(crate::Input {
            name: name.into(),
            r#type: Type::Text,
            value: crate::InputValue::Unbound,
            doc: String::new(),
        });
    }
    if random.percent(30) {
        let different = Expr::Binary(
            crate::BinaryOperator::NotEqual,
            Box::new(Expr::Input("u".into())),
            Box::new(Expr::Input("v".into())),
        );
        plan.constraints.push((different, "u != v".into()));
    }
    let source = crate::Source::Value(Expr::List(Vec::new()));
    let of = Type::List(Box::new(Type::Text));
    plan.lets.push(crate::Read { name: "xs".into(), r#type: of, source });
    // What is required at the start decides how much is known; a random order of the cells, each with a
    // fair chance, so that enough plans are accepted.
    for cell in 0..5 {
        if random.percent(60) {
            let literal = literal(&mut random, cell);
            plan.requires.push(require(formula(literal)));
        }
    }
    for _ in 0..random.below(3) {
        plan.invariants.push(Invariant { formula: clause(&mut random), message: String::new() });
    }
    let count = 1 + random.below(4);
    let mut next = 0;
    plan.body = nodes(&mut random, count, 2, &mut next, false);
    if random.percent(20) {
        plan.ensures.push(require(clause(&mut random)));
    }
    plan
}

fn nodes(random: &mut Random, count: u64, depth: u64, next: &mut u64, inside: bool) -> Vec<Node> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        *next += 1;
        let id = *next;
        // A run may end early; what stands behind it is then never reached, and refused.
        if depth < 2 && !inside && random.percent(6) {
            nodes.push(Node::Stop { id: StepId(format!("stop{id}")), why: "enough".into() });
            if random.percent(90) {
                break;
            }
            continue;
        }
        if random.percent(4) {
            let literal = literal_of(random);
            nodes.push(Node::Assume { id: StepId(format!("assume{id}")), literal, why: "it is so".into() });
            continue;
        }
        if depth > 0 && random.percent(6) {
            let (enter, leave) = scope(random, id);
            nodes.push(Node::Step(Box::new(enter)));
            let count = random.below(3);
            nodes.extend(self::nodes(random, count, depth - 1, next, true));
            nodes.push(Node::Step(Box::new(leave)));
            continue;
        }
        if random.2 && depth > 0 && random.percent(if depth == 2 { 35 } else { 12 }) {
            let branches = [1 + random.below(2), 1 + random.below(2)];
            let branches = branches.map(|count| self::branch(random, count, next));
            let id = StepId(format!("parallel[{id}]"));
            nodes.push(Node::Parallel(Box::new(crate::Parallel { id, branches: branches.into() })));
            continue;
        }
        if depth == 2 && random.1.is_none() && random.percent(12) {
            let mut each = crate::Each {
                id: StepId(format!("for[{id}]")),
                item: "x".into(),
                list: list(),
                text: "xs".into(),
                max: 3,
                waves: vec![crate::Wave::Count(1 + random.below(2) as u32)],
                pause_ms: 0,
                on_failure: if random.percent(30) { crate::TurnsBack::Wave } else { crate::TurnsBack::All },
                tolerate: if random.percent(60) { 1 + random.below(2) as u32 } else { 0 },
                body: Vec::new(),
            };
            random.1 = Some(Expr::Local(each.item_id()));
            let count = 1 + random.below(2);
            each.body = self::nodes(random, count, 1, next, inside);
            random.1 = None;
            nodes.push(Node::Each(Box::new(each)));
            continue;
        }
        nodes.push(match random.below(10) {
            0 | 1 if depth > 0 => {
                let then = random.below(3);
                let otherwise = random.below(2);
                let hypothesis = (random.percent(30))
                    .then(|| crate::Hypothesis { question: "why?".into(), text: "it is so".into() });
                Node::If {
                    id: StepId(format!("if{id}")),
                    text: String::new(),
                    condition: clause(random),
                    then: self::nodes(random, then, depth - 1, next, inside),
                    otherwise: self::nodes(random, otherwise, depth - 1, next, inside),
                    unknown: (hypothesis.is_none() && random.percent(20))
                        .then(|| self::nodes(random, 1, 0, next, inside)),
                    hypothesis,
                }
            }
            2 => Node::Wait(Box::new(Wait {
                after: Vec::new(),
                id: StepId(format!("wait{id}")),
                until: require(clause(random)),
                times: 1,
                otherwise: if depth > 0 && random.percent(40) {
                    self::nodes(random, 1, 0, next, inside)
                } else {
                    Vec::new()
                },
            })),
            _ => Node::Step(Box::new(act(random, &format!("s{id}")))),
        });
    }
    nodes
}

/// A branch: steps that can be taken back, and now and then a wait or an assumption.
fn branch(random: &mut Random, count: u64, next: &mut u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        *next += 1;
        let id = *next;
        if random.percent(8) {
            let until = require(clause(random));
            let id = StepId(format!("wait{id}"));
            nodes.push(Node::Wait(Box::new(Wait {
                id,
                until,
                times: 1,
                after: Vec::new(),
                otherwise: Vec::new(),
            })));
            continue;
        }
        let step = loop {
            let step = act(random, &format!("s{id}"));
            if !matches!(step.way, Way::Irreversible(_)) {
                break step;
            }
        };
        nodes.push(Node::Step(Box::new(step)));
    }
    nodes
}

fn act(random: &mut Random, id: &str) -> Step {
    let mut act = step(id, &[]);
    act.class = Class::Idempotent;
    if random.percent(30) {
        act.requires.push(require(clause(random)));
    }
    let mut changed = BTreeSet::new();
    for _ in 0..1 + random.below(2) {
        let cell = cell_of(random);
        if changed.insert(cell) {
            let literal = literal(random, cell);
            act.ensures.push(ensure(literal));
        }
    }
    // A rollback that always sets the same needs to know what was there: say so, most of the time.
    for literal in act.ensures.iter().map(|ensure| ensure.literal.clone()).collect::<Vec<_>>() {
        if random.percent(50) && literal.atom.test == Test::Holds {
            act.requires.push(require(formula(Literal { holds: !literal.holds, ..literal })));
        }
    }
    let mut atoms = Vec::new();
    if random.percent(25) {
        atoms.push(literal_of(random).atom);
    }
    act.way = match random.below(10) {
        0 => {
            // How many must agree, and what they are shown, changes nothing of what is proved.
            let many = u32::from(act.ensures.len() > 1);
            let shown = ShownValue { text: "what".into(), value: Expr::Literal(Value::Int(i64::from(many))) };
            act.approval = Some(Approval {
                role: "lead".into(),
                people: 1 + many,
                showing: Vec::new(),
                values: vec![shown; usize::from(many == 1)],
                expires_ms: 1_000,
            });
            Way::Irreversible(Irreversible {
                why: "gone".into(),
                undone_when: None,
                without_approval: None,
                recover_with: None,
            })
        }
        1 => {
            atoms = act.ensures.iter().map(|ensure| ensure.literal.atom.clone()).collect();
            Way::Nothing
        }
        _ => Way::Rollback(Rollback {
            requires: if random.percent(25) { vec![require(clause(random))] } else { Vec::new() },
            body: vec![command("true")],
            ensures: if random.percent(15) { vec![ensure(literal_of(random))] } else { Vec::new() },
            restores: if random.percent(40) { Restores::Captured } else { Restores::Fixed },
            derived: false,
        }),
    };
    if !atoms.is_empty() {
        act.leaves.push(Leaves { atoms, why: "left".into() });
    }
    act.rights = rights();
    act
}

/// The two ends of a scope.
fn scope(random: &mut Random, id: u64) -> (Step, Step) {
    let (mut enter, mut leave) = (step(&format!("e{id}"), &[]), step(&format!("l{id}"), &[]));
    for end in [&mut enter, &mut leave] {
        end.class = Class::Idempotent;
        end.rights = rights();
        if random.percent(15) {
            end.requires.push(require(clause(random)));
        }
    }
    for cell in BTreeSet::from([random.below(5), random.below(5)]) {
        let set = literal(random, cell);
        let opposite = Literal { holds: !set.holds, ..set.clone() };
        if random.percent(70) {
            enter.requires.push(require(formula(opposite.clone())));
        }
        let back = if random.percent(75) { opposite } else { literal(random, cell) };
        enter.ensures.push(ensure(set));
        leave.ensures.push(ensure(back));
    }
    let way = |requires: &[Require], ensures: &[Ensure], restores| {
        let (requires, ensures, body) = (requires.to_vec(), ensures.to_vec(), vec![command("true")]);
        Way::Rollback(Rollback { requires, body, ensures, restores, derived: false })
    };
    let restores = if random.percent(40) { Restores::Captured } else { Restores::Fixed };
    let says = if random.percent(60) { leave.ensures.as_slice() } else { &[] };
    enter.way = way(&leave.requires, says, restores);
    leave.way = way(&enter.requires, &enter.ensures, Restores::Fixed);
    let title = "it is so".into();
    enter.scope = Some(ScopeEnd::Enters { title, leave: leave.id.clone(), max_ms: 60_000 });
    leave.scope = Some(ScopeEnd::Leaves { enter: enter.id.clone() });
    (enter, leave)
}

/// A literal, or two or three of them connected.
fn clause(random: &mut Random) -> Formula {
    let parts = |random: &mut Random, count| (0..count).map(|_| formula(literal_of(random))).collect();
    match random.below(6) {
        0..3 => formula(literal_of(random)),
        3 => Formula::Not(Box::new(Formula::All(parts(random, 2)))),
        4 => Formula::Any(parts(random, 2)),
        _ => Formula::Any(parts(random, 3)),
    }
}

fn literal_of(random: &mut Random) -> Literal {
    let cell = cell_of(random);
    literal(random, cell)
}

/// A cell by its place; inside a loop often one about the item.
fn cell_of(random: &mut Random) -> u64 {
    if random.1.is_some() && random.percent(50) { 5 } else { random.below(5) }
}

fn literal(random: &mut Random, at: u64) -> Literal {
    let holds = random.percent(50);
    let mut cell = cells()[at as usize].clone();
    if let (5, Some(item)) = (at, &random.1) {
        cell.arguments = vec![item.clone()];
    }
    if cell.question != "n" {
        return Literal { atom: Atom { cell, test: Test::Holds }, holds };
    }
    let comparison = [Comparison::Equal, Comparison::Equal, Comparison::Less, Comparison::GreaterOrEqual];
    let comparison = comparison[random.below(4) as usize];
    let constant = Expr::Literal(Value::Int(if comparison == Comparison::Equal {
        random.below(3)
    } else {
        1 + random.below(2)
    } as i64));
    let holds = comparison != Comparison::Equal || random.percent(85);
    Literal { atom: Atom { cell, test: Test::Compares(comparison, constant) }, holds }
}

fn formula(literal: Literal) -> Formula {
    let atom = Formula::Atom(literal.atom);
    if literal.holds { atom } else { Formula::Not(Box::new(atom)) }
}

fn require(formula: Formula) -> Require {
    Require { formula, every_ms: 1_000, within_ms: 1_000, message: String::new() }
}

fn ensure(literal: Literal) -> Ensure {
    Ensure { literal, every_ms: 1_000, within_ms: 0 }
}
