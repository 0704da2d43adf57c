//! One rule is broken in a runbook that is accepted: it is refused, with the code of that rule.

use std::collections::BTreeSet;

use surefoot_compile::{NoSources, analyze, check};
use surefoot_syntax::{FileId, Severity, Source};
use surefoot_tests::Random;

use crate::book::{Act, Book, Part, Way};
use crate::generate::{book, opposite};

/// How many runbooks each mutation is tried on.
const TIMES: usize = 3;

/// More seeds than it takes to find as many runbooks that are accepted and have what is broken.
const SEEDS_MAX: u64 = 400;

/// Breaks one rule; none if there is nothing in this runbook to break.
type Break = fn(&mut Book, &mut Random) -> Option<()>;

/// What is broken, the code that says so, and how.
const MUTATIONS: [(&str, &str, Break); 50] = [
    ("a rollback is taken away", "SF0401", |book, random| {
        let act = one(book, random, |act| rolls_back(act) && act.leaves.is_empty())?;
        act.way = Way::Nothing;
        Some(())
    }),
    ("nothing is done in a rollback", "SF0412", |book, random| {
        one(book, random, rolls_back)?.way = rollback(&[], &[], &[]);
        Some(())
    }),
    ("what a rollback needs is not read before", "SF0101", |book, random| {
        one(book, random, |act| rolls_back(act) && !act.before.is_empty())?.before.clear();
        Some(())
    }),
    ("a rollback reads what its step may not have found", "SF0404", |book, random| {
        let act = one(book, random, rolls_back)?;
        act.body.insert(0, "let found = text $ app find".into());
        let Way::Rollback { body, .. } = &mut act.way else { return None };
        body.push("$ back ${found}".into());
        Some(())
    }),
    ("a rollback asks a question", "SF0309", |book, random| {
        let Way::Rollback { body, .. } = &mut one(book, random, rolls_back)?.way else { return None };
        body.insert(0, "let many = ask \"How many?\": int".into());
        body.push("$ back ${many}".into());
        Some(())
    }),
    ("a rollback and no way back", "SF0308", |book, random| {
        let act = one(book, random, rolls_back)?;
        act.clauses.push("irreversible \"gone\" without approval \"nobody is there\"".into());
        Some(())
    }),
    ("a rollback needs what is false when it runs", "SF0402", |book, _| {
        fresh(book, &["e", "f"], &["e", "not f"]);
        let first = step("m1", &[], "f", rollback(&["e"], &["$ back m1"], &[]));
        let mut second = step("m2", &[], "not e", Way::Nothing);
        second.leaves.push("e \"it stays\"".into());
        insert(book, 0, vec![first, second])
    }),
    ("while rollbacks run an invariant breaks", "SF0403", |book, _| {
        fresh(book, &["e", "f"], &["e", "not f"]);
        book.invariants.push("(e or f) \"nobody answers\"".into());
        let first = step("m1", &[], "f", rollback(&[], &["$ back m1"], &[]));
        let mut second = step("m2", &[], "not e", Way::Nothing);
        second.leaves.push("e \"it stays\"".into());
        insert(book, 0, vec![first, second])
    }),
    ("a rollback sets what may not have been", "SF0405", |book, _| {
        fresh(book, &["e"], &[]);
        insert(book, 0, vec![step("m1", &[], "e", rollback(&[], &["$ back m1"], &[]))])
    }),
    ("the way back ends elsewhere", "SF0406", |book, _| {
        fresh(book, &["e", "f"], &["e", "not f"]);
        let first = step("m1", &[], "f", rollback(&[], &["$ back m1"], &["f"]));
        let second = step("m2", &[], "not e", rollback(&[], &["$ back m2"], &[]));
        insert(book, 0, vec![first, second])
    }),
    ("what follows the point of no return is not safe to repeat", "SF0407", |book, _| {
        let mut once = Act { name: "m2".into(), body: vec!["$ app send".into()], ..Act::default() };
        once.leaves.push("\"it was sent\"".into());
        insert(book, 0, vec![seal("m1"), once])
    }),
    ("an irreversible step is not safe to repeat", "SF0408", |book, _| {
        let mut act = seal("m1");
        act.clauses.clear();
        insert(book, 0, vec![act])
    }),
    ("the approval is taken away", "SF0409", |book, _| {
        // A later one may be covered by the yes for an earlier one; in an arm that is never taken none is needed.
        let mut steps = book.body.iter_mut().filter_map(|part| match part {
            Part::Step(act) => Some(act),
            Part::Line(_) | Part::Blocks { .. } | Part::During { .. } => None,
        });
        steps.find(|act| matches!(act.way, Way::Irreversible(_)))?.approved = None;
        Some(())
    }),
    ("`undone when` asks what the step changes", "SF0410", |book, _| {
        fresh(book, &["e"], &["not e"]);
        let mut act = seal("m1");
        act.ensures.push("e".into());
        act.way = Way::Irreversible("irreversible \"gone\" undone when not e".into());
        insert(book, 0, vec![act])
    }),
    ("a loop takes back its waves, and what is irreversible stands in it", "SF0418", |book, _| {
        let head = "for y in [\"k1\", \"k2\"] waves 1 on failure rollback wave".into();
        let block = vec![Part::Step(Box::new(seal("m1")))];
        book.body.insert(0, Part::Blocks { head, blocks: vec![(String::new(), block)], inside: false });
        Some(())
    }),
    ("a program is no longer allowed", "SF0601", |book, random| {
        one(book, random, rolls_back)?;
        book.allow = vec!["run app".into()];
        Some(())
    }),
    ("a user is not allowed", "SF0605", |book, random| {
        one(book, random, named)?.body.push("as root $ app work".into());
        Some(())
    }),
    ("the program is computed", "SF0604", |book, random| {
        one(book, random, named)?.body.push("$ ${u} work".into());
        Some(())
    }),
    ("a secret in an argument", "SF0701", |book, random| {
        one(book, random, named)?.body.push("$ app login ${password}".into());
        Some(())
    }),
    ("a secret is shown", "SF0702", |book, random| {
        one(book, random, named)?.body.push("note \"with ${password}\"".into());
        Some(())
    }),
    ("a secret of which nothing says where it comes from", "SF0206", |book, _| {
        replace(&mut book.heads, "password: secret text from env APP_PASSWORD", "password: secret text")
    }),
    ("a default that its own condition refuses", "SF0205", |book, _| {
        book.heads.push("param p: port = 80 where p > 1024".into());
        Some(())
    }),
    ("the name of a lock is found by the run", "SF0336", |book, _| {
        book.heads.push("let leader = text $ app leader".into());
        book.heads.push("lock \"app/${leader}\"".into());
        Some(())
    }),
    ("a wait without an end", "SF0301", |book, random| {
        let waits = lines(&mut book.body, &|line| line.starts_with("wait until"));
        let at = random.below(waits.len());
        let line = waits.into_iter().nth(at)?;
        *line = line.replace(" within 5s", "");
        Some(())
    }),
    ("a loop over what is found, without a limit", "SF0303", |book, random| {
        let loops = lines(&mut book.body, &|line| line.starts_with("for x in hosts"));
        let at = random.below(loops.len());
        let line = loops.into_iter().nth(at)?;
        *line = line.replace(" max 3", "");
        Some(())
    }),
    ("an item stands twice in a list", "SF0304", |book, random| {
        let loops = lines(&mut book.body, &|line| line.starts_with("for x in items"));
        let at = random.below(loops.len());
        let line = loops.into_iter().nth(at)?;
        *line = line.replace("items", "[\"k1\", \"k2\", \"k1\"]");
        Some(())
    }),
    ("as many turns may fail as there are", "SF0341", |book, random| {
        let loops = lines(&mut book.body, &|line| line.contains("tolerate 1"));
        let at = random.below(loops.len());
        let line = loops.into_iter().nth(at)?;
        *line = line.replace("tolerate 1", "tolerate 0");
        Some(())
    }),
    ("a pause between waves that are none", "SF0342", |book, random| {
        let loops = lines(&mut book.body, &|line| line.contains("waves 1, 2"));
        let at = random.below(loops.len());
        let line = loops.into_iter().nth(at)?;
        *line = line.replace(" pause 1m", "").replace(" waves 1, 2", " pause 1m");
        Some(())
    }),
    ("a word without an arm", "SF0240", |book, random| {
        let blocks = blocks(&mut book.body, &|head| head == "match role");
        let at = random.below(blocks.len());
        blocks.into_iter().nth(at)?.retain(|(head, _)| head != "otherwise");
        Some(())
    }),
    ("two arms for one value", "SF0241", |book, random| {
        let blocks = blocks(&mut book.body, &|head| head.starts_with("match"));
        let at = random.below(blocks.len());
        let arms = blocks.into_iter().nth(at)?;
        let first = arms.first()?.0.clone();
        arms.insert(1, (first, vec![Part::Step(Box::new(note("m1")))]));
        Some(())
    }),
    ("an arm for a word that is none", "SF0242", |book, random| {
        let blocks = blocks(&mut book.body, &|head| head == "match role");
        let at = random.below(blocks.len());
        blocks.into_iter().nth(at)?.first_mut()?.0 = "\"w\"".into();
        Some(())
    }),
    ("a diagnosis that says nothing when no cause is found", "SF0247", |book, random| {
        let blocks = blocks(&mut book.body, &|head| head.starts_with("diagnose"));
        let at = random.below(blocks.len());
        blocks.into_iter().nth(at)?.retain(|(head, _)| head != "otherwise");
        Some(())
    }),
    ("a condition that is known false", "SF0501", |book, random| {
        let (at, literal) = set(book, random)?;
        let mut act = note("m1");
        act.requires.push(opposite(&literal));
        insert(book, at + 1, vec![act])
    }),
    ("two steps in the wrong order", "SF0501", |book, _| {
        fresh(book, &["e", "f"], &["not e", "not f"]);
        let first = step("m1", &["not e"], "e", rollback(&[], &["$ back m1"], &[]));
        let second = step("m2", &["e"], "f", rollback(&[], &["$ back m2"], &[]));
        insert(book, 0, vec![second, first])
    }),
    ("an invariant that a step breaks", "SF0502", |book, random| {
        let (_, literal) = set(book, random)?;
        book.invariants.push(format!("{} \"it matters\"", opposite(&literal)));
        Some(())
    }),
    ("a step that ensures both", "SF0503", |book, random| {
        let (at, literal) = set(book, random)?;
        let Some(Part::Step(act)) = book.body.get_mut(at) else { return None };
        act.ensures.push(opposite(&literal));
        Some(())
    }),
    ("an end that is known false", "SF0504", |book, _| {
        let Some(Part::Step(act)) = book.body.last() else { return None };
        let literal = act.ensures.iter().map(|ensure| bare(ensure)).find(|literal| is_yes_or_no(literal))?;
        book.ensures = vec![opposite(literal)];
        Some(())
    }),
    ("an assumption that is known false", "SF0332", |book, random| {
        let (at, literal) = set(book, random)?;
        book.body.insert(at + 1, Part::Line(format!("assume {} \"it is so\"", opposite(&literal))));
        Some(())
    }),
    ("what is never reached", "SF0330", |book, random| {
        let at = random.below(book.body.len());
        book.body.insert(at, Part::Line("stop \"enough\"".into()));
        Some(())
    }),
    ("nothing says how a scope is left", "SF0333", |book, _| {
        let Part::During { leave, .. } = scope(&mut book.body)? else { return None };
        *leave = None;
        Some(())
    }),
    ("a run that would end inside a scope", "SF0334", |book, _| {
        let Part::During { body, .. } = scope(&mut book.body)? else { return None };
        body.push(Part::Line("stop \"enough\"".into()));
        Some(())
    }),
    ("leaving reads what entering found", "SF0335", |book, _| {
        let Part::During { enter, leave: Some(leave), .. } = scope(&mut book.body)? else { return None };
        enter.body = vec!["let id = text $ app enter".into()];
        leave.body = vec!["$ app leave ${id}".into()];
        Some(())
    }),
    ("entering is not safe to repeat", "SF0413", |book, _| {
        let body = vec![Part::Step(Box::new(note("m1")))];
        let end = |word: &str| Box::new(Act { body: vec![format!("$ app {word}")], ..Act::default() });
        book.body.insert(0, Part::During { enter: end("enter"), leave: Some(end("leave")), body });
        Some(())
    }),
    ("a step inside changes what entering changed", "SF0414", |book, _| {
        let Part::During { enter, body, .. } = scope(&mut book.body)? else { return None };
        let back = opposite(enter.ensures.first()?);
        body.insert(0, Part::Step(Box::new(step("m1", &[], &back, rollback(&[], &["$ back m1"], &[])))));
        Some(())
    }),
    ("leaving changes another fact than entering", "SF0415", |book, _| {
        fresh(book, &["e"], &["e"]);
        let Part::During { leave: Some(leave), .. } = scope(&mut book.body)? else { return None };
        leave.ensures.push("e".into());
        Some(())
    }),
    ("one of two is set, and nothing says which", "SF0510", |book, random| {
        let act =
            one(book, random, |act| named(act) && act.ensures.iter().any(|set| is_yes_or_no(bare(set))))?;
        let literal = bare(act.ensures.iter().find(|set| is_yes_or_no(bare(set)))?).to_owned();
        act.ensures.push(format!("{literal} or c"));
        Some(())
    }),
    ("a fact reads what a step found", "SF0511", |book, random| {
        let act = one(book, random, named)?;
        act.body.insert(0, "let found = text $ app find".into());
        let line = format!("fact late {{ $ app late ${{{}.found}}  false on 1 }}", act.name);
        book.heads.push(line);
        book.requires.push("late".into());
        Some(())
    }),
    ("tried again although nothing tells whether that is safe", "SF0314", |book, random| {
        let act = one(book, random, |act| named(act) && rolls_back(act))?;
        act.ensures.clear();
        act.clauses = vec!["retry 2 every 5s".into()];
        Some(())
    }),
    ("a name that two steps have", "SF0102", |book, random| {
        let name = one(book, random, named)?.name.clone();
        insert(book, 0, vec![note(&name)])
    }),
    ("a name that nobody gave", "SF0101", |book, random| {
        one(book, random, named)?.requires.push("nowhere".into());
        Some(())
    }),
];

fn named(act: &Act) -> bool {
    !act.name.is_empty()
}

fn rolls_back(act: &Act) -> bool {
    matches!(act.way, Way::Rollback { .. })
}

/// One of the steps of which this is true.
fn one<'a>(book: &'a mut Book, random: &mut Random, mut of: impl FnMut(&Act) -> bool) -> Option<&'a mut Act> {
    let mut acts: Vec<&mut Act> = book.acts().into_iter().filter(|act| of(act)).collect();
    if acts.is_empty() { None } else { Some(acts.swap_remove(random.below(acts.len()))) }
}

/// A step that sets a yes or no, whatever happened before: where it stands, and what it sets.
fn set(book: &Book, random: &mut Random) -> Option<(usize, String)> {
    let mut found = Vec::new();
    for (at, part) in book.body.iter().enumerate() {
        let Part::Step(act) = part else { continue };
        let sets = act.ensures.iter().map(|ensure| bare(ensure)).filter(|literal| is_yes_or_no(literal));
        found.extend(sets.map(|literal| (at, literal.to_owned())));
    }
    if found.is_empty() { None } else { Some(found.swap_remove(random.below(found.len()))) }
}

/// What is ensured, without its patience.
fn bare(ensure: &str) -> &str {
    ensure.split(" within ").next().unwrap_or(ensure)
}

fn is_yes_or_no(literal: &str) -> bool {
    !literal.contains("==")
}

/// Facts that nothing else is about, and what is required of them.
fn fresh(book: &mut Book, names: &[&str], requires: &[&str]) {
    book.heads.extend(names.iter().map(|name| format!("fact {name} {{ $ app {name}  false on 1 }}")));
    book.requires.extend(requires.iter().map(|require| (*require).to_owned()));
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn rollback(requires: &[&str], body: &[&str], ensures: &[&str]) -> Way {
    Way::Rollback { requires: texts(requires), body: texts(body), ensures: texts(ensures) }
}

fn step(name: &str, requires: &[&str], ensures: &str, way: Way) -> Act {
    let (body, ensures) = (vec![format!("$ app set {name}")], vec![ensures.to_owned()]);
    Act { name: name.into(), requires: texts(requires), body, ensures, way, ..Act::default() }
}

fn seal(name: &str) -> Act {
    Act {
        name: name.into(),
        approved: Some("approved by lead".into()),
        body: vec!["$ app drop".into()],
        clauses: vec!["idempotent".into()],
        way: Way::Irreversible("irreversible \"gone\"".into()),
        ..Act::default()
    }
}

fn note(name: &str) -> Act {
    Act { name: name.into(), body: vec!["note \"on\"".into()], ..Act::default() }
}

/// Puts steps before the part at this place.
fn insert(book: &mut Book, at: usize, acts: Vec<Act>) -> Option<()> {
    let parts = acts.into_iter().map(|act| Part::Step(Box::new(act)));
    book.body.splice(at..at, parts);
    Some(())
}

fn replace(lines: &mut [String], from: &str, to: &str) -> Option<()> {
    let line = lines.iter_mut().find(|line| line.contains(from))?;
    *line = line.replace(from, to);
    Some(())
}

/// The first scope.
fn scope(parts: &mut [Part]) -> Option<&mut Part> {
    parts.iter_mut().find_map(|part| match part {
        Part::During { .. } => Some(part),
        Part::Blocks { blocks, .. } => blocks.iter_mut().find_map(|(_, block)| scope(block)),
        Part::Step(_) | Part::Line(_) => None,
    })
}

/// The lines and heads of which this is true.
fn lines<'a>(parts: &'a mut [Part], of: &dyn Fn(&str) -> bool) -> Vec<&'a mut String> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Step(_) => {}
            Part::Line(line) => found.extend(of(line).then_some(line)),
            Part::Blocks { head, blocks, .. } => {
                found.extend(of(head).then_some(head));
                found.extend(blocks.iter_mut().flat_map(|(_, block)| lines(block, of)));
            }
            Part::During { body, .. } => found.extend(lines(body, of)),
        }
    }
    found
}

/// The blocks behind heads of which this is true.
fn blocks<'a>(parts: &'a mut [Part], of: &dyn Fn(&str) -> bool) -> Vec<&'a mut Vec<(String, Vec<Part>)>> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Blocks { head, blocks: own, .. } => {
                if of(head) {
                    found.push(own);
                } else {
                    found.extend(own.iter_mut().flat_map(|(_, block)| blocks(block, of)));
                }
            }
            Part::During { body, .. } => found.extend(blocks(body, of)),
            Part::Step(_) | Part::Line(_) => {}
        }
    }
    found
}

/// The codes of all errors in a text.
fn errors(text: &str) -> BTreeSet<&'static str> {
    let source = Source { id: FileId(0), path: "case.runbook".to_owned(), text: text.to_owned() };
    let found = check(&analyze(&NoSources, source));
    found.into_iter().filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

#[test]
fn whatever_rule_is_broken_is_named() {
    let mut books: Vec<Book> = Vec::new();
    let mut seeds = 0..SEEDS_MAX;
    let mut wrong = Vec::new();
    let mut broken = 0;
    for (name, code, change) in MUTATIONS {
        let mut random = Random::new(name.len() as u64);
        let (mut times, mut next) = (0, 0);
        while times < TIMES {
            let Some(accepted) = books.get(next) else {
                let Some(seed) = seeds.next() else { break };
                let book = book(seed);
                books.extend(errors(&book.text()).is_empty().then_some(book));
                continue;
            };
            next += 1;
            let mut book = accepted.clone();
            if change(&mut book, &mut random).is_none() {
                continue;
            }
            times += 1;
            let (text, found) = (book.text(), errors(&book.text()));
            if !found.contains(code) {
                wrong.push(format!("{text}\n{name}: {code} is not among {found:?}"));
            }
        }
        broken += times;
        assert!(times == TIMES, "only {times} of {} runbooks have what is broken by: {name}", books.len());
    }
    println!("{broken} mutations of {} runbooks", books.len());
    let names: Vec<&str> = wrong.iter().filter_map(|wrong| wrong.lines().last()).collect();
    assert!(wrong.is_empty(), "{}\n\n{}", wrong.join("\n\n"), names.join("\n"));
}
