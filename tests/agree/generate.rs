//! Random runbooks. What is done is chosen with some care for what is known by then, so that most are accepted.

use std::collections::BTreeMap;

use surefoot_tests::Random;

use crate::book::{Act, Book, Part, Way};

/// The yes-or-nos without an argument.
const PLAIN: [&str; 4] = ["a", "b", "c", "d"];

/// The same question of two things; of two parameters, which may be these, or each other; of items in loops.
const ASKED: [&str; 4] = ["up(\"k1\")", "up(\"k2\")", "up(u)", "up(v)"];

/// What `u`, `v` and items may be.
pub(crate) const THINGS: [&str; 3] = ["k1", "k2", "k3"];

/// What the number may be.
pub(crate) const NUMBERS: i64 = 4;

/// What the word may be.
pub(crate) const WORDS: [&str; 3] = ["x", "y", "z"];

/// Most levels of blocks.
const DEPTH_MAX: usize = 2;

/// What is known of each fact at a point: as it would be written.
type Known = BTreeMap<String, String>;

/// A runbook that is being made.
struct Maker {
    random: Random,
    /// How many steps have a name.
    steps: usize,
    /// What is known here.
    known: Known,
    /// The item of the loop that it is in.
    item: Option<&'static str>,
    /// What entering a scope sets: the steps inside leave it alone.
    taken: Vec<String>,
    /// Whether it is inside a scope, or in a loop that takes back its waves.
    no_stop: bool,
    no_seal: bool,
    /// Whether some parts are done at the same time.
    branching: bool,
}

/// The runbook of a seed.
pub(crate) fn book(seed: u64) -> Book {
    let mut random = Random::new(seed);
    let mut book = Book { allow: vec!["run app, back".into()], ..Book::default() };
    book.heads.push("param u: text".into());
    let apart = if random.percent(40) { " where v != u" } else { "" };
    book.heads.push(format!("param v: text{apart}"));
    book.heads.push("param items: list of text = [\"k1\", \"k2\", \"k3\"]".into());
    book.heads.push("param password: secret text from env APP_PASSWORD".into());
    for name in PLAIN {
        book.heads.push(format!("fact {name} {{ $ app {name}  false on 1 }}"));
    }
    book.heads.push("fact up(of: text) { $ app up ${of}  false on 1 }".into());
    book.heads.push("fact n: int = int $ app n".into());
    book.heads.push("fact role: one of \"x\", \"y\", \"z\" = text $ app role".into());
    book.heads.push("fact both = a and b".into());
    book.heads.push("let hosts = lines $ app hosts".into());
    if random.percent(20) {
        book.heads.push("lock \"app/${u}\"".into());
    }
    if random.percent(10) {
        book.heads.push((*random.one_of(&["on failure ask", "on failure stop"])).into());
    }
    let mut maker = Maker {
        random,
        steps: 0,
        known: Known::new(),
        item: None,
        taken: Vec::new(),
        no_stop: false,
        no_seal: false,
        branching: seed % 3 == 2,
    };
    for cell in PLAIN.iter().chain(&["n", "role", "up(\"k1\")", "up(\"k2\")", "up(u)"]) {
        if maker.random.percent(70) && !(*cell == "up(u)" && maker.knows("up")) {
            let literal = maker.literal(cell);
            book.requires.push(literal.clone());
            maker.known.insert((*cell).into(), literal);
        }
    }
    if maker.random.percent(15) {
        let literal = maker.known.get("up(\"k1\")").cloned().unwrap_or_default();
        if literal == "up(\"k1\")" && maker.known.get("up(\"k2\")").is_some_and(|known| known == "up(\"k2\")")
        {
            book.requires.push("all up(i) for i in [\"k1\", \"k2\"]".into());
        }
    }
    for _ in 0..maker.random.below(6) / 4 {
        let clause = maker.clause_that_holds();
        book.invariants.push(format!("{clause} \"it matters\""));
    }
    let count = 2 + maker.random.below(4);
    book.body = maker.parts(count, 0);
    if maker.random.percent(30) {
        let literal = maker.known.values().next().cloned();
        book.ensures.extend(literal);
    }
    book
}

/// The opposite of what is written of a yes or no.
pub(crate) fn opposite(literal: &str) -> String {
    literal.strip_prefix("not ").map_or_else(|| format!("not {literal}"), str::to_owned)
}

/// The fact that something is about.
fn cell_of(literal: &str) -> &str {
    literal.trim_start_matches("not ").split(" == ").next().unwrap_or_default()
}

fn is_yes_or_no(cell: &str) -> bool {
    cell != "n" && cell != "role"
}

impl Maker {
    /// Whether something is known of a fact whose name begins so.
    fn knows(&self, beginning: &str) -> bool {
        self.known.keys().any(|cell| cell.starts_with(beginning))
    }

    /// A fact; in a loop often one of its item.
    fn cell(&mut self) -> String {
        if let Some(item) = self.item
            && self.random.percent(70)
        {
            return format!("up({item})");
        }
        match self.random.below(12) {
            0..6 => (*self.random.one_of(&PLAIN)).into(),
            6..9 => (*self.random.one_of(&ASKED)).into(),
            9..11 => "n".into(),
            _ => "role".into(),
        }
    }

    /// Something that a fact may be.
    fn literal(&mut self, cell: &str) -> String {
        match cell {
            "n" => format!("n == {}", self.random.below(NUMBERS as usize)),
            "role" => format!("role == \"{}\"", self.random.one_of(&WORDS)),
            _ if self.random.percent(50) => cell.to_owned(),
            _ => format!("not {cell}"),
        }
    }

    /// Something that a fact is not, as far as is known.
    fn change(&mut self, cell: &str) -> String {
        match self.known.get(cell).cloned() {
            Some(known) if is_yes_or_no(cell) => opposite(&known),
            Some(known) => loop {
                let other = self.literal(cell);
                if other != known {
                    return other;
                }
            },
            None => self.literal(cell),
        }
    }

    /// A condition that is not known to be false, and often known to be true.
    fn condition(&mut self) -> String {
        let cell = self.cell();
        match self.known.get(&cell).cloned() {
            Some(known) if self.random.percent(97) => known,
            Some(_) | None => self.literal(&cell),
        }
    }

    /// One of two, or one alone, true where it is known.
    fn clause_that_holds(&mut self) -> String {
        let mut one = || {
            let cell = *self.random.one_of(&["a", "b", "c", "d", "n", "role"]);
            match self.known.get(cell).cloned() {
                Some(known) => known,
                None => self.literal(cell),
            }
        };
        let (first, second) = (one(), one());
        if self.random.percent(90) { format!("({first} or {second})") } else { first }
    }

    /// A condition to choose by.
    fn choice(&mut self) -> String {
        let cell = self.cell();
        let literal = self.literal(&cell);
        match self.random.below(10) {
            0 => format!("{literal} and {}", self.condition()),
            1 => format!("{literal} or {}", self.condition()),
            2 => "both".into(),
            3 => "n < 2".into(),
            _ => literal,
        }
    }

    /// From here on this is so.
    fn set(&mut self, literal: &str) {
        let cell = cell_of(literal).to_owned();
        if cell.starts_with("up(") {
            let is_text = cell.contains('"');
            self.known.retain(|other, _| {
                !other.starts_with("up(") || *other == cell || (is_text && other.contains('"'))
            });
        }
        self.known.insert(cell, literal.to_owned());
    }

    /// What both know.
    fn join(&mut self, other: &Known) {
        self.known.retain(|cell, known| other.get(cell) == Some(known));
    }

    fn parts(&mut self, count: usize, depth: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        for _ in 0..count {
            let deeper = depth < DEPTH_MAX;
            match self.random.below(30) {
                0..3 if deeper => parts.push(self.choose(depth)),
                3..5 if deeper => parts.push(self.match_word(depth)),
                5..8 if deeper && self.item.is_none() => parts.push(self.each(depth)),
                8..10 if deeper => parts.push(self.during(depth)),
                10 | 11 => parts.push(self.wait(depth)),
                13 => {
                    let literal = self.condition();
                    self.set(&literal);
                    parts.push(Part::Line(format!("assume {literal} \"it is always so\"")));
                }
                14 if deeper => parts.push(self.diagnose(depth)),
                15..20 if deeper && self.branching => parts.push(self.parallel()),
                _ => parts.push(self.step()),
            }
        }
        parts
    }

    fn step(&mut self) -> Part {
        self.steps += 1;
        let mut act = Act { name: format!("s{}", self.steps), ..Act::default() };
        if self.random.percent(25) {
            let condition = self.condition();
            act.requires.push(condition);
        }
        let mut cells: Vec<String> = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let cell = self.cell();
            let is_same =
                |other: &String| other == &cell || other.starts_with("up(") && cell.starts_with("up(");
            if !self.taken.iter().chain(&cells).any(is_same) {
                cells.push(cell);
            }
        }
        if self.random.percent(15) {
            act.body.push((*self.random.one_of(&["note \"on\"", "let seen = text $ app look"])).into());
        }
        act.body.push(if self.random.percent(8) {
            "manual \"Turn it\"".into()
        } else {
            format!("$ app set {}", act.name)
        });
        let changes: Vec<String> = cells.iter().map(|cell| self.change(cell)).collect();
        if self.random.percent(55) || changes.is_empty() {
            act.clauses.push("idempotent".into());
        }
        if self.random.percent(15) && !act.clauses.is_empty() {
            act.clauses.push("retry 1 every 1s".into());
        }
        if self.random.percent(4) && self.item.is_none() {
            act.clauses.push((*self.random.one_of(&["on failure ask", "on failure stop"])).into());
        }
        for change in &changes {
            let within = if self.random.percent(30) { " within 5s" } else { "" };
            act.ensures.push(format!("{change}{within}"));
        }
        self.way(&mut act, &changes);
        changes.iter().for_each(|change| self.set(change));
        Part::Step(Box::new(act))
    }

    /// How a step that changes this is taken back.
    fn way(&mut self, act: &mut Act, changes: &[String]) {
        let all_plain = changes.iter().all(|change| is_yes_or_no(cell_of(change)));
        match self.random.below(20) {
            0 if !self.no_seal => {
                act.approved = Some("approved by lead".into());
                act.way = Way::Irreversible("irreversible \"it is gone\"".into());
                return;
            }
            1 | 2 => {
                let cells: Vec<&str> = changes.iter().map(|change| cell_of(change)).collect();
                act.leaves.push(format!("{} \"it stays\"", cells.join(", ")).trim().to_owned());
                return;
            }
            _ => {}
        }
        let (mut requires, mut body, mut ensures) = (Vec::new(), Vec::new(), Vec::new());
        if all_plain && self.random.percent(55) {
            // It always sets the same, so it must be known what was there.
            for change in changes {
                if self.known.get(cell_of(change)) != Some(&opposite(change)) {
                    act.requires.push(opposite(change));
                }
                if self.random.percent(15) {
                    ensures.push(opposite(change));
                }
            }
            body.push(format!("$ back {}", act.name));
        } else {
            let numbers = changes.iter().any(|change| cell_of(change) == "n");
            act.before.push(if numbers { "old = n".into() } else { "old = text $ app save".into() });
            body.push(format!("$ back {} ${{old}}", act.name));
        }
        if self.random.percent(12) {
            requires.push(self.condition());
        }
        if self.random.percent(6) {
            let cell = self.cell();
            if !changes.iter().any(|change| cell_of(change) == cell) {
                act.leaves.push(format!("{cell} \"it may change\""));
                self.known.remove(&cell);
            }
        }
        act.way = Way::Rollback { requires, body, ensures };
    }

    fn choose(&mut self, depth: usize) -> Part {
        let condition = self.choice();
        let before = self.known.clone();
        if cell_of(&condition).len() + 4 >= condition.len()
            || condition.contains("==") && !condition.contains(' ')
        {
            self.set(&condition);
        }
        let count = 1 + self.random.below(2);
        let mut then = self.parts(count, depth + 1);
        let stops = !self.no_stop && self.item.is_none() && self.random.percent(30);
        if stops {
            then.push(Part::Line("stop \"it is enough\"".into()));
        }
        let mut blocks = vec![(String::new(), then)];
        let after = std::mem::replace(&mut self.known, before.clone());
        if self.random.percent(40) {
            let count = 1 + self.random.below(2);
            blocks.push(("else".into(), self.parts(count, depth + 1)));
        }
        if !stops {
            self.join(&after);
        }
        if self.random.percent(25) {
            let after = std::mem::replace(&mut self.known, before);
            blocks.push(("unknown".into(), self.parts(1, depth + 1)));
            self.join(&after);
        }
        Part::Blocks { head: format!("if {condition}"), blocks, inside: false }
    }

    fn match_word(&mut self, depth: usize) -> Part {
        let before = self.known.clone();
        let (subject, arms): (&str, [&str; 2]) =
            if self.random.percent(50) { ("role", ["\"x\"", "\"y\""]) } else { ("n", ["0", "2"]) };
        let mut blocks = Vec::new();
        let mut after: Option<Known> = None;
        for arm in arms.into_iter().chain(["otherwise"]) {
            self.known = before.clone();
            let count = if arm == "otherwise" { self.random.below(2) } else { 1 };
            let block = self.parts(count, depth + 1);
            blocks.push((arm.to_owned(), block));
            if let Some(after) = &after {
                self.join(after);
            }
            after = Some(self.known.clone());
        }
        Part::Blocks { head: format!("match {subject}"), blocks, inside: true }
    }

    fn diagnose(&mut self, depth: usize) -> Part {
        let before = self.known.clone();
        let mut blocks = Vec::new();
        let mut after: Option<Known> = None;
        let cells = [*self.random.one_of(&["a", "b"]), *self.random.one_of(&["c", "d"])];
        for cell in cells.into_iter().map(Some).chain([None]) {
            self.known = before.clone();
            let head = match cell {
                Some(cell) => {
                    let literal = self.literal(cell);
                    self.set(&literal);
                    format!("{literal} \"it may be that\"")
                }
                None => {
                    for cell in cells {
                        self.known.remove(cell);
                    }
                    "otherwise".into()
                }
            };
            let count = if cell.is_some() { 1 } else { self.random.below(2) };
            let block = self.parts(count, depth + 1);
            blocks.push((head, block));
            if let Some(after) = &after {
                self.join(after);
            }
            after = Some(self.known.clone());
        }
        Part::Blocks { head: "diagnose \"Why?\"".into(), blocks, inside: true }
    }

    fn wait(&mut self, depth: usize) -> Part {
        let condition = self.condition();
        let head = format!("wait until {condition} every 1s within 5s");
        if depth < DEPTH_MAX && self.random.percent(40) {
            let before = self.known.clone();
            self.set(&condition);
            let after = std::mem::replace(&mut self.known, before);
            let block = self.parts(1, depth + 1);
            self.join(&after);
            return Part::Blocks { head, blocks: vec![("else".into(), block)], inside: false };
        }
        self.set(&condition);
        Part::Line(head)
    }

    fn each(&mut self, depth: usize) -> Part {
        let found = self.random.percent(60);
        let mut head = format!("for x in {}", if found { "hosts" } else { "items" });
        let tolerates = self.random.percent(40);
        let waves = self.random.percent(30);
        if found || self.random.percent(30) {
            head.push_str(" max 3");
        }
        if waves {
            head.push_str(" waves 1, 2");
            if self.random.percent(40) {
                head.push_str(" pause 1m");
            }
        }
        if tolerates {
            head.push_str(" tolerate 1");
        }
        let by_waves = waves && self.random.percent(50);
        if by_waves {
            head.push_str(" on failure rollback wave");
        }
        let before = self.known.clone();
        let (no_stop, no_seal) = (self.no_stop, self.no_seal);
        (self.no_stop, self.no_seal) = (true, no_seal || by_waves || tolerates);
        // Another turn may have changed what the body changes: only the item is its own.
        self.known.retain(|cell, _| !cell.starts_with("up("));
        self.item = Some("x");
        let count = 1 + self.random.below(2);
        let block = self.parts(count, depth + 1);
        self.item = None;
        (self.no_stop, self.no_seal) = (no_stop, no_seal);
        self.known.remove("up(x)");
        self.join(&before);
        Part::Blocks { head, blocks: vec![(String::new(), block)], inside: false }
    }

    /// Two branches over facts of their own, of one or two steps each, now and then with a wait between them.
    fn parallel(&mut self) -> Part {
        let mut cells: Vec<&str> = ["a", "b", "c", "d", "n", "role"].to_vec();
        cells.retain(|cell| !self.taken.iter().any(|taken| taken == cell));
        let mut blocks = Vec::new();
        for _ in 0..2 {
            let mut block = Vec::new();
            for _ in 0..1 + self.random.below(2) {
                if cells.is_empty() {
                    break;
                }
                let cell = cells.remove(self.random.below(cells.len()));
                if !block.is_empty() && self.random.percent(15) {
                    let literal = self.change("up(\"k1\")");
                    block.push(Part::Line(format!("wait until up(\"k1\") or {literal} within 5s")));
                }
                block.push(self.step_over(cell));
            }
            blocks.push((String::new(), block));
        }
        Part::Blocks { head: "parallel".into(), blocks, inside: true }
    }

    /// A step that changes one fact and asks no other.
    fn step_over(&mut self, cell: &str) -> Part {
        self.steps += 1;
        let mut act = Act { name: format!("s{}", self.steps), ..Act::default() };
        for _ in 0..1 + self.random.below(2) {
            act.body.push(format!("$ app set {}", act.name));
        }
        if self.random.percent(60) {
            act.clauses.push("idempotent".into());
        }
        if self.random.percent(15) && !act.clauses.is_empty() {
            act.clauses.push("retry 1 every 1s".into());
        }
        let change = self.change(cell);
        act.ensures.push(change.clone());
        let known = self.known.get(cell) == Some(&opposite(&change));
        let (mut body, name) = (Vec::new(), act.name.clone());
        if known && self.random.percent(60) {
            body.push(format!("$ back {name}"));
        } else {
            act.before.push(if cell == "n" { "old = n".into() } else { "old = text $ app save".into() });
            body.push(format!("$ back {name} ${{old}}"));
        }
        act.way = if self.random.percent(10) {
            act.leaves.push(format!("{cell} \"it stays\""));
            Way::Nothing
        } else {
            Way::Rollback { requires: Vec::new(), body, ensures: Vec::new() }
        };
        self.set(&change);
        Part::Step(Box::new(act))
    }

    fn during(&mut self, depth: usize) -> Part {
        let cell = *self.random.one_of(&PLAIN);
        if self.taken.iter().any(|taken| taken == cell) {
            return self.step();
        }
        let back = self.known.get(cell).cloned().unwrap_or_else(|| cell.to_owned());
        let there = opposite(&back);
        let enter = Act {
            requires: if self.known.contains_key(cell) { Vec::new() } else { vec![back.clone()] },
            body: vec!["$ app enter".into()],
            ensures: vec![there.clone()],
            ..Act::default()
        };
        let leave = Act {
            body: vec!["$ app leave".into()],
            ensures: if self.random.percent(40) { vec![back.clone()] } else { Vec::new() },
            ..Act::default()
        };
        self.set(&there);
        self.taken.push(cell.into());
        let (no_stop, count) = (self.no_stop, 1 + self.random.below(2));
        self.no_stop = true;
        let body = self.parts(count, depth + 1);
        self.no_stop = no_stop;
        self.taken.pop();
        self.set(&back);
        Part::During { enter: Box::new(enter), leave: Some(Box::new(leave)), body }
    }
}
