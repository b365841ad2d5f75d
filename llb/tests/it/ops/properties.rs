//! What must hold for any state: stable bytes, and definitions that survive being read back and
//! built upon.

use buildkit_proto::pb;
use gowork_llb::ops::exec::{Exec, Mount, Sharing};
use gowork_llb::ops::file::{Copy, File, Mkfile};
use gowork_llb::ops::{Definition, DefinitionError, Output, SourceMap, diff, merge};
use proptest::prelude::*;

use super::cases;

/// A state by its build instructions, each of which takes the newest outputs.
fn build(steps: &[(u8, u8)]) -> Output {
    let map = SourceMap::new("Dockerfile", "TOML", "x = 1\n".repeat(9));
    let mut made = vec![Output::scratch(), cases::base(), cases::src()];
    for &(kind, pick) in steps {
        let at = |offset: usize| made[(usize::from(pick) + offset) % made.len()].clone();
        let line = u32::from(pick % 9) + 1;
        let next = match kind % 4 {
            0 => File::on(&at(0))
                .copy(Copy::from(&at(1), "/", "/x"))
                .mkfile(Mkfile::new("/y", 0o644, [kind]))
                .output(),
            1 => merge(&[at(0), at(1), at(2)]),
            2 => diff(&at(0), &at(1)),
            _ => {
                let exec = Exec::new(["step", &pick.to_string()])
                    .root(&at(0))
                    .named(format!("step {pick}"));
                let exec = exec
                    .mount(Mount::read_only(&at(1), "/in"))
                    .mount(Mount::writable(&at(2), "/out"));
                exec.location(map.lines(line..=line))
                    .run()
                    .unwrap()
                    .output("/out")
                    .unwrap()
            }
        };
        made.push(next);
    }
    made.pop().unwrap()
}

proptest! {
    #[test]
    fn the_same_calls_give_the_same_bytes(steps in prop::collection::vec(any::<(u8, u8)>(), 1..20)) {
        prop_assert_eq!(build(&steps).to_definition().to_bytes(), build(&steps).to_definition().to_bytes());
    }

    #[test]
    fn a_definition_read_back_is_the_same(steps in prop::collection::vec(any::<(u8, u8)>(), 1..20)) {
        let output = build(&steps);
        let definition = output.to_definition();
        let bytes = definition.to_bytes();
        let read = Output::from_definition(Definition::from_bytes(&bytes).unwrap().as_pb()).unwrap();
        prop_assert_eq!(&read, &output);
        prop_assert_eq!(read.to_definition().to_bytes(), bytes);
    }

    #[test]
    fn ops_come_after_their_inputs_and_once(steps in prop::collection::vec(any::<(u8, u8)>(), 1..20)) {
        let definition = build(&steps).to_definition();
        let mut seen = std::collections::BTreeSet::new();
        for (digest, bytes) in definition.digests().into_iter().zip(&definition.as_pb().def) {
            let op: pb::Op = prost::Message::decode(bytes.as_slice()).unwrap();
            for input in &op.inputs {
                prop_assert!(seen.contains(input.digest.as_str()), "{} before {digest}", input.digest);
            }
            prop_assert!(definition.as_pb().metadata.contains_key(digest.as_str()));
            prop_assert!(seen.insert(digest.to_string()));
        }
        prop_assert_eq!(seen.len(), definition.as_pb().metadata.len());
    }

    #[test]
    fn noise_is_an_error_or_a_state_never_a_panic(
        steps in prop::collection::vec(any::<(u8, u8)>(), 1..6), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut definition = build(&steps).to_definition().into_pb();
        if definition.def.is_empty() {
            return Ok(());
        }
        let index = place.index(definition.def.len());
        let op = &mut definition.def[index];
        let at = place.index(op.len());
        op[at] = byte;
        if let Ok(output) = Output::from_definition(&definition) {
            prop_assert!(output.to_definition().to_bytes() == output.to_definition().to_bytes());
        }
    }
}

#[test]
fn every_case_survives_being_read_back() {
    for (name, output) in cases::all() {
        let definition = output.to_definition();
        let read = Output::from_definition(definition.as_pb()).unwrap();
        assert_eq!(
            read.to_definition().to_bytes(),
            definition.to_bytes(),
            "{name}"
        );
        assert_eq!(definition.head().as_ref(), output.digest(), "{name}");
    }
}

#[test]
fn further_ops_stand_on_a_definition_as_on_the_original() {
    for (name, output) in cases::all()
        .into_iter()
        .filter(|(_, output)| !output.is_scratch())
    {
        let read = Output::from_definition(output.to_definition().as_pb()).unwrap();
        let on = |base: &Output| {
            Exec::new(["x"])
                .root(base)
                .mount(Mount::read_only(base, "/in"))
                .run()
                .unwrap()
                .root()
        };
        assert_eq!(
            on(&read).to_definition().to_bytes(),
            on(&output).to_definition().to_bytes(),
            "{name}"
        );
    }
}

#[test]
fn the_order_of_mounts_means_nothing() {
    let mounts = [
        Mount::scratch_output("/b"),
        Mount::read_only(&cases::src(), "/a"),
        Mount::cache("id", "/c", Sharing::Shared),
        Mount::tmpfs("/a/b", 0),
    ];
    let run = |order: [usize; 4]| {
        let exec = Exec::new(["x"]).root(&cases::base());
        let exec = order
            .into_iter()
            .fold(exec, |exec, i| exec.mount(mounts[i].clone()));
        exec.run()
            .unwrap()
            .output("/b")
            .unwrap()
            .to_definition()
            .to_bytes()
    };
    assert_eq!(run([0, 1, 2, 3]), run([3, 2, 1, 0]));
    assert_eq!(run([0, 1, 2, 3]), run([2, 0, 3, 1]));
}

#[test]
fn ops_out_of_order_are_read_too() {
    let output = build(&[(3, 1), (0, 3), (3, 2)]);
    let mut definition = output.to_definition().into_pb();
    let terminal = definition.def.pop().unwrap();
    definition.def.reverse();
    definition.def.push(terminal);
    assert_eq!(Output::from_definition(&definition).unwrap(), output);
}

#[test]
fn broken_definitions_are_refused() {
    let whole = build(&[(3, 1)]).to_definition().into_pb();
    let read = |change: &dyn Fn(&mut pb::Definition)| {
        let mut definition = whole.clone();
        change(&mut definition);
        Output::from_definition(&definition).unwrap_err()
    };
    assert!(matches!(
        read(&|d| drop(d.def.remove(0))),
        DefinitionError::UnknownInput { .. }
    ));
    assert_eq!(read(&|d| drop(d.def.pop())), DefinitionError::NoResult);
    assert!(matches!(
        read(&|d| d.def.push(b"\xff".to_vec())),
        DefinitionError::NotAnOp { .. }
    ));
    assert_eq!(read(&|d| d.def.push(Vec::new())), DefinitionError::NoResult);
    assert_eq!(
        read(&|d| d.source.as_mut().unwrap().infos.clear()),
        DefinitionError::UnknownFile(0)
    );
    assert!(matches!(
        Definition::from_bytes(b"\xff").unwrap_err(),
        DefinitionError::NotADefinition(_)
    ));
    assert!(
        Output::from_definition(&pb::Definition::default())
            .unwrap()
            .is_scratch()
    );
}

/// BuildKit writes empty lists of locations, in the definition of the file itself for example, and
/// refuses to read what becomes of them when they are written anew.
#[test]
fn empty_lists_of_locations_are_left_out() {
    let mut definition = build(&[(3, 1)]).to_definition().into_pb();
    let mut of_file = cases::src().to_definition().into_pb();
    let locations = [("sha256:0".to_owned(), pb::Locations::default())].into();
    of_file.source = Some(pb::Source {
        locations,
        infos: Vec::new(),
    });
    definition.source.as_mut().unwrap().infos[0].definition = Some(of_file);
    let read = Output::from_definition(&definition).unwrap();
    let written = read.to_definition().into_pb().source.unwrap();
    let of_file = written.infos[0].definition.clone().unwrap();
    assert_eq!(of_file.source, Some(pb::Source::default()));
}
