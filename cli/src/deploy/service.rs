//! The unit that runs a program on the host, without containers.

use gowork_llb::config::{BINARY_DIR, HealthcheckConfig, ImageConfig};

use super::unit::{RESTART, assignment, has_low_port, head, word};

/// Seconds that a program has until its health check succeeds.
const START: u32 = 30;

/// The unit for the program of an image.
pub(crate) fn service(image: &ImageConfig, binary: &str) -> String {
    let program = format!("{BINARY_DIR}/{binary}");
    let usage = format!(
        "# The program: docker buildx build --target binaries --output bin .\n# It lies in bin/{}; install it as {program}, and this file as\n# /etc/systemd/system/{0}.service; then: systemctl enable --now {0}\n",
        image.name
    );
    let mut text = head(image, &usage);
    text += "StartLimitIntervalSec=60\nStartLimitBurst=5\n\n[Service]\nType=exec\n";
    text += &format!("ExecStart={}\n", command(image, &program).join(" "));
    if let Some(check) = health_check(image, &program) {
        text += &check;
    }
    for (name, value) in &image.runtime.env {
        text += &format!("Environment={}\n", assignment(name, value));
    }
    if let Some(signal) = &image.runtime.stop_signal {
        text += &format!("KillSignal={signal}\n");
    }
    text += RESTART;
    text += "TimeoutStopSec=30\n";
    if !image.runtime.volumes.is_empty() {
        let volumes: Vec<&str> = image.runtime.volumes.iter().map(String::as_str).collect();
        text += &format!(
            "# The image has volumes at {}. On the host, the program may write in /var/lib/{1}.\nStateDirectory={1}\n",
            volumes.join(", "),
            image.name
        );
    }
    text += "\n# systemd makes a user for the program, and removes it when the program stops.\nDynamicUser=yes\n";
    text += if has_low_port(image) {
        "# It listens on a port below 1024.\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
    } else {
        "CapabilityBoundingSet=\nPrivateUsers=yes\n"
    };
    text += SANDBOX;
    text + LIMITS
}

/// The command that the image starts, if it starts its own program.
fn command(image: &ImageConfig, program: &str) -> Vec<String> {
    let own = image.runtime.binary_path(&program[BINARY_DIR.len() + 1..]);
    let entrypoint = image.runtime.entrypoint.iter().flatten();
    let args = image.runtime.cmd.iter().flatten();
    let mut words: Vec<&str> = entrypoint.map(String::as_str).collect();
    if words.first().is_none_or(|first| *first != own) {
        words = vec![&own];
    }
    words.extend(args.map(String::as_str));
    let words = words.into_iter();
    words
        .map(|text| word(if text == own { program } else { text }))
        .collect()
}

/// Waits until the health check succeeds. The unit fails if it does not.
fn health_check(image: &ImageConfig, program: &str) -> Option<String> {
    let Some(HealthcheckConfig::Run { cmd, .. }) = &image.runtime.healthcheck else {
        return None;
    };
    let own = image.runtime.binary_path(&program[BINARY_DIR.len() + 1..]);
    // Other programs of the image are not on the host.
    if *cmd.first()? != own {
        return None;
    }
    let words = std::iter::once(program).chain(cmd.iter().skip(1).map(String::as_str));
    let words: Vec<String> = words.map(in_shell).collect();
    let script = format!(
        "for second in $(seq {START}); do {} && exit 0; sleep 1; done; exit 1",
        words.join(" ")
    );
    Some(format!(
        "# It has started when its health check succeeds.\nExecStartPost=/bin/sh -c {}\n",
        word(&script)
    ))
}

fn in_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What no program that is compiled from Go needs.
const SANDBOX: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
UMask=0077
";

const LIMITS: &str = "
# A program in a loop neither fills the journal nor takes all processes.
LogRateLimitIntervalSec=30
LogRateLimitBurst=10000
LimitCORE=0
TasksMax=4096

[Install]
WantedBy=multi-user.target
";
