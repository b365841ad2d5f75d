//! What a step of the builder image reaches: proxies, the checksum database; and its clock.

mod ask;
mod build;
mod rules;

pub(crate) use ask::{Question, module_to_ask_for};
pub(super) use rules::RULES;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gowork_llb::diag::without_credentials;

/// What a step said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The builder image.
    pub(crate) image: String,
    /// The module that the step asked for, `golang.org/x/text v0.14.0`. Empty if every module is
    /// private.
    pub(crate) module: String,
    /// Why the step did not run; none if it did.
    pub(crate) failure: Option<String>,
    /// How many seconds the clock of the step is ahead of this machine's.
    pub(crate) clock_ahead: Option<i64>,
    /// GOPROXY of the step, without logins.
    pub(crate) chain: String,
    /// What each proxy answered, in the order of the chain.
    pub(crate) proxies: Vec<Answer>,
    /// What the checksum database answered; none if it was not asked.
    pub(crate) sums: Option<Answer>,
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Who was asked.
    pub(crate) name: String,
    /// What the go command said; empty if it was content.
    pub(crate) said: String,
    /// Its exit code.
    pub(crate) code: i32,
}

impl Answer {
    /// Whether it has what was asked for.
    pub(crate) fn is_good(&self) -> bool {
        self.code == 0
    }

    /// Whether it answers, and does not have the module: the next one of a chain is asked.
    fn lacks_module(&self) -> bool {
        self.code != 0 && (self.said.contains("404 Not Found") || self.said.contains("410 Gone"))
    }

    /// Whether the step waited in vain: the codes of `timeout` in GNU's tools and in BusyBox.
    fn is_late(&self) -> bool {
        [124, 137, 143].contains(&self.code)
    }
}

/// Asks, and gives what came back in the form that [`Reach::read`] reads: a recording may keep it.
pub(crate) fn ask(question: &Question) -> anyhow::Result<String> {
    let image = without_credentials(&question.image);
    let mut text = format!("image {image}\n");
    if let Some((path, version)) = &question.module {
        text += &format!("module {path} {version}\n");
    }
    let before = now();
    let outcome = build::run(question)?;
    text += &format!("host {} {}\n", before.as_secs(), now().as_secs());
    match outcome {
        build::Outcome::Answered(answers) => text += &without_credentials(&answers),
        build::Outcome::Failed(why) => {
            text += "failed\n";
            for line in without_credentials(&why).lines() {
                text += &format!("| {line}\n");
            }
        }
    }
    Ok(text)
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

impl Reach {
    /// Reads what [`ask`] gives. Lines that it does not know count for nothing.
    pub(crate) fn read(text: &str) -> Self {
        let mut reach = Self::default();
        let mut host = None;
        let mut said = String::new();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "image" => rest.clone_into(&mut reach.image),
                "module" => rest.clone_into(&mut reach.module),
                "chain" => rest.clone_into(&mut reach.chain),
                "host" => host = times(rest),
                "clock" => {
                    reach.clock_ahead = host.and_then(|host| ahead(rest.parse().ok()?, host));
                }
                "failed" => reach.failure = Some(String::new()),
                "proxy" => reach.proxies.push(Answer::of(rest, &mut said)),
                "sums" => reach.sums = Some(Answer::of(rest, &mut said)),
                "|" => match &mut reach.failure {
                    Some(failure) => add_line(failure, rest),
                    None => add_line(&mut said, rest),
                },
                _ => {}
            }
        }
        reach
    }
}

impl Answer {
    /// `0 https://one.example`, after the lines with what was said.
    fn of(line: &str, said: &mut String) -> Self {
        let (code, name) = line.split_once(' ').unwrap_or((line, ""));
        Self {
            name: name.to_owned(),
            said: std::mem::take(said),
            // One that is no number is no success.
            code: code.parse().unwrap_or(1),
        }
    }
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

fn times(text: &str) -> Option<(i64, i64)> {
    let (before, after) = text.split_once(' ')?;
    Some((before.parse().ok()?, after.parse().ok()?))
}

/// The step ran at some time between two that are known here.
fn ahead(step: i64, (before, after): (i64, i64)) -> Option<i64> {
    step.checked_sub(step.clamp(before, before.max(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_says_is_read() {
        let text = "image golang:1.26
module golang.org/x/text v0.14.0
host 1000 1010
clock 1130
chain https://one.example|https://two.example,direct
| go: one
| two
proxy 124 https://one.example
proxy 0 https://two.example
sums x sum.golang.org
";
        let reach = Reach::read(text);
        assert_eq!(reach.clock_ahead, Some(120));
        let one = &reach.proxies[0];
        assert!(one.is_late() && !one.is_good() && !one.lacks_module());
        assert_eq!(
            (one.name.as_str(), one.said.as_str()),
            ("https://one.example", "go: one\ntwo")
        );
        assert!(reach.proxies[1].is_good() && reach.proxies[1].said.is_empty());
        assert!(!reach.sums.unwrap().is_good());
        assert_eq!(reach.failure, None);
    }

    #[test]
    fn a_step_that_did_not_run() {
        let reach = Reach::read("image golang:1.26\nhost 1 2\nfailed\n| one\n| two\n");
        assert_eq!(reach.failure.as_deref(), Some("one\ntwo"));
        assert_eq!(reach.clock_ahead, None);
    }

    #[test]
    fn anything_may_stand_there() {
        for text in [
            "",
            "proxy",
            "sums",
            "|",
            "host 1",
            "clock 9\nhost 1 1\n",
            "clock x",
        ] {
            assert_eq!(Reach::read(text).clock_ahead, None, "{text:?}");
        }
        let text = format!("host {} {}\nclock {}\n", i64::MAX, i64::MAX, i64::MIN);
        assert_eq!(Reach::read(&text).clock_ahead, None);
    }
}
