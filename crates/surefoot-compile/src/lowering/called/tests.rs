use surefoot_syntax::{FileId, Source};

use super::given::CALLS_DEEP_MAX;
use crate::{Sources, analyze};

/// Files `1.runbook` to the last, each of which calls the next.
struct Chain(usize);

impl Sources for Chain {
    fn read(&self, path: &str) -> Result<String, String> {
        let number: usize = path.trim_end_matches(".runbook").parse().map_err(|_| "no number".to_owned())?;
        Ok(text(number, self.0))
    }
}

fn text(number: usize, last: usize) -> String {
    if number == last {
        return format!("runbook r{number} {{\n step say {{ note \"so deep\" }}\n}}\n");
    }
    format!("runbook r{number} {{\n call \"./{}.runbook\" as next\n}}\n", number + 1)
}

#[test]
fn calls_are_as_deep_as_they_may_be_and_no_deeper() {
    for deep in [CALLS_DEEP_MAX, CALLS_DEEP_MAX + 1] {
        let root = Source { id: FileId(0), path: "0.runbook".to_owned(), text: text(0, deep) };
        let analysis = analyze(&Chain(deep), root);
        let codes: Vec<&str> = analysis.diagnostics().iter().map(|found| found.code).collect();
        let expected: &[&str] = if deep == CALLS_DEEP_MAX { &[] } else { &["SF0117"] };
        assert_eq!(codes, expected, "{deep} deep");
        let steps = analysis.symbolic("r0").unwrap().plan.steps().filter(|step| step.call.is_none()).count();
        assert_eq!(steps, usize::from(deep == CALLS_DEEP_MAX));
    }
}
