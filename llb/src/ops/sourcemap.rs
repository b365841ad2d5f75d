//! Which lines of which file an op comes from, so that BuildKit can show them when the op fails.

use std::ops::RangeInclusive;
use std::sync::Arc;

use buildkit_proto::pb;

/// A file that ops come from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SourceMap(Arc<Info>);

#[derive(Debug, PartialEq)]
struct Info {
    filename: String,
    language: String,
    data: Vec<u8>,
    definition: Option<pb::Definition>,
}

impl SourceMap {
    /// The file `filename` with the bytes `data`; `language` by its name on GitHub (`TOML`,
    /// `Dockerfile`), or empty.
    pub fn new(
        filename: impl Into<String>,
        language: impl Into<String>,
        data: impl Into<Vec<u8>>,
    ) -> Self {
        let (filename, language, data) = (filename.into(), language.into(), data.into());
        Self(Arc::new(Info {
            filename,
            language,
            data,
            definition: None,
        }))
    }

    /// `lines` of this file, counted from 1, both ends included.
    pub fn lines(&self, lines: RangeInclusive<u32>) -> Location {
        Location {
            map: self.clone(),
            ranges: vec![range((*lines.start(), 0), (*lines.end(), 0))],
        }
    }

    pub(super) fn from_pb(info: &pb::SourceInfo) -> Self {
        Self(Arc::new(Info {
            filename: info.filename.clone(),
            language: info.language.clone(),
            data: info.data.clone(),
            definition: info.definition.clone().map(without_empty_locations),
        }))
    }

    fn to_pb(&self) -> pb::SourceInfo {
        pb::SourceInfo {
            filename: self.0.filename.clone(),
            data: self.0.data.clone(),
            definition: self.0.definition.clone(),
            language: self.0.language.clone(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// Stretches of one file.
#[derive(Debug, Clone)]
pub struct Location {
    map: SourceMap,
    ranges: Vec<pb::Range>,
}

impl Location {
    pub(super) fn from_pb(map: &SourceMap, location: &pb::Location) -> Self {
        Self {
            map: map.clone(),
            ranges: location.ranges.clone(),
        }
    }
}

/// A definition without ops that have an empty list of locations. BuildKit writes such lists; our
/// encoder leaves an empty value of a map out, which BuildKit refuses to read.
fn without_empty_locations(mut definition: pb::Definition) -> pb::Definition {
    if let Some(source) = &mut definition.source {
        source.locations.retain(|_, all| !all.locations.is_empty());
        for info in &mut source.infos {
            info.definition = info.definition.take().map(without_empty_locations);
        }
    }
    definition
}

fn range(start: (u32, u32), end: (u32, u32)) -> pb::Range {
    let position = |(line, character): (u32, u32)| {
        let clamp = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Some(pb::Position {
            line: clamp(line),
            character: clamp(character),
        })
    };
    pb::Range {
        start: position(start),
        end: position(end),
    }
}

/// Gathers the locations of a definition's ops; equal files become one.
#[derive(Default)]
pub(super) struct Collector {
    maps: Vec<SourceMap>,
    source: pb::Source,
}

impl Collector {
    /// Adds the locations of the op with `digest`.
    pub(super) fn add(&mut self, digest: &str, locations: &[Location]) {
        for location in locations {
            let index = self.index(&location.map);
            let entry = self.source.locations.entry(digest.to_owned()).or_default();
            entry.locations.push(pb::Location {
                source_index: index,
                ranges: location.ranges.clone(),
            });
        }
    }

    fn index(&mut self, map: &SourceMap) -> i32 {
        let known = self.maps.iter().position(|m| m.same(map));
        let index = known.unwrap_or_else(|| {
            self.maps.push(map.clone());
            self.maps.len() - 1
        });
        i32::try_from(index).unwrap_or(i32::MAX)
    }

    /// The wire form; none if no op has a location.
    pub(super) fn finish(mut self) -> Option<pb::Source> {
        self.source.infos = self.maps.iter().map(SourceMap::to_pb).collect();
        (!self.source.infos.is_empty()).then_some(self.source)
    }
}
