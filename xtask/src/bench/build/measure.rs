//! The measurements: every scenario on every side by turns, each from the same state.

use super::edit::Edit;
use super::edits::Edits;
use super::figures::{Cell, Figures};
use super::scenario::{Scenario, Stage};
use super::side::Side;
use super::subject::Subject;
use super::workplace::{Built, Cache, Order, Workplace};
use crate::engine::environment::Variables;
use crate::engine::{self};
use crate::progress::{Phase, note};
use crate::state::State;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The engine that has built the repository before.
const WARM: &str = "bench";
/// The engine that has the base image and nothing else.
pub(super) const EMPTY: &str = "bench-empty";

/// How measurements are made.
pub(super) struct Plan {
    /// What the engine has.
    pub(super) stages: Vec<Stage>,
    /// What is edited.
    pub(super) scenarios: Vec<Scenario>,
    /// How often everything is measured.
    pub(super) runs: usize,
    /// Seconds after which a build is not repeated.
    pub(super) once_over: f64,
    /// Where the records of the first runs go, if they are wanted.
    pub(super) timings: Option<PathBuf>,
}

/// One repository under measurement.
pub(super) struct Bench<'a> {
    /// Where things are.
    pub(super) state: &'a State,
    /// What is built.
    pub(super) subject: &'a Subject,
    /// By whom.
    pub(super) places: Vec<Workplace<'a>>,
    /// What is edited.
    pub(super) edits: Edits,
    /// How.
    pub(super) plan: &'a Plan,
    /// What came of it.
    pub(super) figures: Figures,
    /// Bytes of the caches that sides exported.
    pub(super) exported: Vec<(Side, u64)>,
}

impl Bench<'_> {
    /// Measures all that the plan asks for.
    ///
    /// # Errors
    /// If an engine does not come up. What cannot be built is noted as failed.
    pub(super) fn run(&mut self, buildx: &Path) -> Result<()> {
        let has = |stage| self.plan.stages.contains(&stage);
        let (cold, warm, imported) = (has(Stage::Cold), has(Stage::Warm), has(Stage::Imported));
        let result = (|| {
            if cold || imported {
                self.make_empty(buildx)?;
            }
            if cold {
                self.cold()?;
            }
            if warm || imported {
                let engine = self.make_warm(buildx, imported)?;
                if warm {
                    self.warm(&engine)?;
                }
            }
            if imported { self.imported() } else { Ok(()) }
        })();
        result.and(self.remove_engines())
    }

    /// Removes both engines.
    pub(super) fn remove_engines(&self) -> Result<()> {
        [WARM, EMPTY]
            .iter()
            .try_for_each(|name| engine::reset(self.state, name))
    }

    /// Makes an engine with nothing but the base image, and keeps that state.
    pub(super) fn make_empty(&self, buildx: &Path) -> Result<()> {
        engine::reset(self.state, EMPTY)?;
        let up = engine::up(self.state, EMPTY, engine::Space::Benchmark)?;
        prime(buildx, &up.variables, self.subject)?;
        engine::save(self.state, EMPTY)
    }

    /// That engine, as it was then.
    pub(super) fn empty(&self) -> Result<Variables> {
        engine::restore(self.state, EMPTY)?;
        Ok(engine::up(self.state, EMPTY, engine::Space::Benchmark)?.variables)
    }

    /// Makes an engine on which every side has built the repository.
    pub(super) fn make_warm(&mut self, buildx: &Path, export: bool) -> Result<Variables> {
        engine::reset(self.state, WARM)?;
        let up = engine::up(self.state, WARM, engine::Space::Benchmark)?;
        prime(buildx, &up.variables, self.subject)?;
        for place in 0..self.places.len() {
            if let Err(error) = self.warm_up(place, &up.variables, export) {
                let side = self.places[place].side;
                note(&format!("{} is left out: {error:#}", side.word()));
                for (stage, scenario) in self
                    .plan
                    .stages
                    .iter()
                    .flat_map(|stage| self.plan.scenarios.iter().map(move |s| (*stage, *s)))
                {
                    if stage != Stage::Cold {
                        self.figures.failures.insert(
                            Cell {
                                stage,
                                scenario,
                                side,
                            },
                            format!("{error:#}"),
                        );
                    }
                }
            }
        }
        Ok(up.variables)
    }

    /// Has a side build the repository, and export its cache if that is imported later.
    fn warm_up(&mut self, place: usize, engine: &Variables, export: bool) -> Result<()> {
        let place = &self.places[place];
        let phase = Phase::start(&format!(
            "{}: warming {}",
            self.subject.name,
            place.side.word()
        ));
        let edit = Edit::default();
        let order = Order {
            edit: &edit,
            one: None,
            cache: Cache::Unused,
        };
        place.build(engine, order)?;
        if export && place.side.is_on_engine() {
            place.build(
                engine,
                Order {
                    cache: Cache::Export,
                    ..order
                },
            )?;
            if place.side == Side::Results {
                place.build(
                    engine,
                    Order {
                        cache: Cache::Push,
                        ..order
                    },
                )?;
            }
            self.exported.push((place.side, place.exported(engine)?));
        }
        phase.done();
        Ok(())
    }

    fn cold(&mut self) -> Result<()> {
        for run in 0..self.plan.runs {
            for scenario in [Scenario::Cold, Scenario::OneImage] {
                for place in 0..self.places.len() {
                    let cell = Cell {
                        stage: Stage::Cold,
                        scenario,
                        side: self.places[place].side,
                    };
                    if !self.is_open(cell, run) {
                        continue;
                    }
                    let engine = self.empty()?;
                    self.places[place].forget()?;
                    self.measure(place, &engine, (cell, run), Cache::Unused)?;
                }
            }
        }
        Ok(())
    }

    fn warm(&mut self, engine: &Variables) -> Result<()> {
        for run in 0..self.plan.runs {
            for scenario in self.plan.scenarios.clone() {
                for place in 0..self.places.len() {
                    let cell = Cell {
                        stage: Stage::Warm,
                        scenario,
                        side: self.places[place].side,
                    };
                    if !self.is_open(cell, run) {
                        continue;
                    }
                    // What the last edit left is taken back first, so that only this one is
                    // transferred.
                    if self.places[place].side.is_on_engine() {
                        let edit = Edit::default();
                        self.places[place].build(
                            engine,
                            Order {
                                edit: &edit,
                                one: None,
                                cache: Cache::Unused,
                            },
                        )?;
                    }
                    self.measure(place, engine, (cell, run), Cache::Unused)?;
                }
            }
        }
        Ok(())
    }

    fn imported(&mut self) -> Result<()> {
        for run in 0..self.plan.runs {
            for scenario in self.plan.scenarios.clone() {
                for place in 0..self.places.len() {
                    let side = self.places[place].side;
                    let cell = Cell {
                        stage: Stage::Imported,
                        scenario,
                        side,
                    };
                    let can_hit =
                        side.travels() || side.is_on_engine() && scenario == Scenario::NoChange;
                    if !can_hit || !self.is_open(cell, run) {
                        continue;
                    }
                    let engine = self.empty()?;
                    self.measure(place, &engine, (cell, run), Cache::Import)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a cell is to be measured in this run.
    fn is_open(&self, cell: Cell, run: usize) -> bool {
        let is_asked =
            self.plan.scenarios.contains(&cell.scenario) && cell.stage.has(cell.scenario);
        let has_edit = self.edits.of(cell.scenario, run).is_some();
        let is_long = self
            .figures
            .of(cell)
            .iter()
            .any(|seconds| *seconds > self.plan.once_over);
        is_asked && has_edit && !is_long && !self.figures.failures.contains_key(&cell)
    }

    /// Edits, builds, notes how long that took, and undoes the edit.
    fn measure(
        &mut self,
        place: usize,
        engine: &Variables,
        (cell, run): (Cell, usize),
        cache: Cache,
    ) -> Result<()> {
        let place = &self.places[place];
        let title = format!(
            "{}, {}, {}: {}",
            self.subject.name,
            cell.stage,
            cell.scenario.title(),
            cell.side.word()
        );
        let phase = Phase::start(&format!("{title}, run {}", run + 1));
        let unedited = Edit::default();
        // What is built from nothing has nothing to differ from.
        let edit = if cell.stage == Stage::Cold {
            Some(&unedited)
        } else {
            self.edits.of(cell.scenario, run)
        };
        let edit = edit
            .context("a scenario without an edit")?
            .with(&word(cell, run));
        edit.apply(&place.repository())?;
        let one = cell.scenario.builds_one().then(|| self.subject.edited());
        let built = place.build(
            engine,
            Order {
                edit: &edit,
                one,
                cache,
            },
        );
        edit.revert(&place.repository(), &self.subject.source)?;
        match built {
            Ok(built) => {
                phase.done_with(&format!("{:.2} s to build", built.seconds));
                self.figures.add(cell, built.seconds);
                if run == 0 {
                    self.keep_timings(&title, &built)
                } else {
                    Ok(())
                }
            }
            Err(error) => {
                phase.done_with("failed");
                note(&format!("{error:#}"));
                self.figures.failures.insert(cell, format!("{error:#}"));
                Ok(())
            }
        }
    }

    fn keep_timings(&self, title: &str, built: &Built) -> Result<()> {
        let Some(path) = &self.plan.timings else {
            return Ok(());
        };
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        writeln!(
            file,
            "{title}: {:.2} s\n{}",
            built.seconds,
            built.records.table()
        )?;
        Ok(())
    }
}

/// A word that no build has seen.
fn word(cell: Cell, run: usize) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map(|time| time.as_millis())
        .unwrap_or_default();
    format!(
        "w{now}{}{}{run}",
        cell.stage.word(),
        cell.side.word().replace('-', "")
    )
}

/// Has the engine pull and unpack the builder image.
fn prime(buildx: &Path, engine: &Variables, subject: &Subject) -> Result<()> {
    let phase = Phase::start("taking in the builder image");
    let context = tempfile::tempdir()?;
    std::fs::write(
        context.path().join("Dockerfile"),
        format!("FROM {}\nRUN true\n", subject.builder),
    )?;
    let mut command = crate::command::command(buildx, ["build", "--output", "type=cacheonly"]);
    command.envs(engine.iter().map(|(name, value)| (name, value)));
    crate::command::run(command.arg(context.path()))?;
    phase.done();
    Ok(())
}
