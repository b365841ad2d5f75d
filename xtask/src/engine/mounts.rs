//! What a killed daemon leaves behind below its root: processes of containers, and mounts.
//!
//! A daemon that ends by SIGTERM cleans up by itself. One that was killed cannot, and its root
//! cannot be removed while anything is mounted or running there.

use super::process::send;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// Kills the containers and unmounts the file systems below `root`.
///
/// # Errors
/// If `/proc` cannot be read or a mount stays.
pub(crate) fn clear(root: &Path) -> Result<()> {
    let containers = containers(root)?;
    for &pid in &containers {
        send("KILL", pid)?;
    }
    if !containers.is_empty() {
        // Their mounts go with their namespaces, shortly after them.
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut points = mount_points(&std::fs::read_to_string("/proc/self/mountinfo")?, root);
    // The deepest first.
    points.sort_by_key(|point| std::cmp::Reverse(point.len()));
    for point in points {
        crate::command::run(&mut crate::command::command("umount", ["-l", &point]))?;
    }
    Ok(())
}

/// Processes whose own root directory is an overlay with its layers below `root`: those of
/// containers, and nothing else. (That such an overlay is mounted *somewhere* says nothing: every
/// service with a private mount namespace sees copies of the machine's mounts.)
fn containers(root: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end between the listing and the reading.
        let Ok(mounts) = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")) else {
            continue;
        };
        if has_root_below(&mounts, root) {
            found.push(pid);
        }
    }
    Ok(found)
}

fn has_root_below(mountinfo: &str, root: &Path) -> bool {
    let below = format!("{}/", root.display());
    mountinfo.lines().any(|line| {
        let Some((mount, source)) = line.split_once(" - ") else {
            return false;
        };
        mount.split(' ').nth(4) == Some("/")
            && source.starts_with("overlay ")
            && source
                .split([',', ':', '='])
                .any(|part| part.starts_with(&below))
    })
}

/// The mount points below `root` in the text of a mountinfo file (proc(5)): the fifth field, spaces
/// written as `\040`.
fn mount_points(mountinfo: &str, root: &Path) -> Vec<String> {
    mountinfo
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| point.replace("\\040", " "))
        .filter(|point| Path::new(point).starts_with(root))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{has_root_below, mount_points};
    use std::path::Path;

    const MACHINE: &str = "\
24 1 254:0 / / rw,relatime - ext4 /dev/vda rw
90 24 0:55 / /s/engines/main/root/runc/mount\\0401 rw - overlay overlay rw,lowerdir=/s/engines/main/root/runc/1/fs,upperdir=/s/engines/main/root/runc/2/fs
91 24 0:56 / /s/engines/other/root/x rw - tmpfs tmpfs rw
";
    const CONTAINER: &str = "\
300 200 0:55 / / ro - overlay overlay rw,lowerdir=/s/engines/main/root/runc/1/fs:/s/engines/main/root/runc/0/fs
301 300 0:57 / /proc rw - proc proc rw
";

    #[test]
    fn only_mounts_below_the_root_count() {
        assert_eq!(
            mount_points(MACHINE, Path::new("/s/engines/main/root")),
            ["/s/engines/main/root/runc/mount 1"]
        );
        assert_eq!(mount_points(MACHINE, Path::new("/s/engines/mai")), [""; 0]);
    }

    #[test]
    fn a_container_has_its_root_there_and_the_machine_does_not() {
        assert!(has_root_below(CONTAINER, Path::new("/s/engines/main/root")));
        assert!(!has_root_below(MACHINE, Path::new("/s/engines/main/root")));
        assert!(!has_root_below(
            CONTAINER,
            Path::new("/s/engines/other/root")
        ));
    }
}
