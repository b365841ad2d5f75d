//! The unit that runs an image with Podman (podman-systemd.unit(5)).

use gowork_llb::config::{HealthcheckConfig, ImageConfig};

use super::span::span;
use super::unit::{RESTART, has_low_port, head, word};
use super::volume::volume_name;

/// The unit for an image.
pub(crate) fn quadlet(image: &ImageConfig, reference: Option<&str>) -> String {
    let name = &image.name;
    let usage = format!(
        "# Install it as /etc/containers/systemd/{name}.container (Podman 4.4 or later), or for yourself\n# in ~/.config/containers/systemd; then: systemctl daemon-reload && systemctl start {name}\n"
    );
    let default = format!("localhost/{name}:latest");
    let mut text = head(image, &usage);
    text += &format!(
        "\n[Container]\nImage={}\nContainerName={name}\nNoNewPrivileges=true\nDropCapability=all\nPidsLimit=4096\nLogDriver=journald\n",
        reference.unwrap_or(&default)
    );
    if has_low_port(image) {
        text += "# It listens on a port below 1024.\nAddCapability=CAP_NET_BIND_SERVICE\n";
    }
    for port in &image.runtime.ports {
        let written = port.to_string();
        let numbers = written.split('/').next().unwrap_or_default();
        text += &format!("PublishPort=127.0.0.1:{numbers}:{written}\n");
    }
    for path in &image.runtime.volumes {
        let volume = volume_name(image, path);
        text += &format!("Volume={volume}:{}\n", path.replace('%', "%%"));
    }
    text += &health_check(image);
    text += "\n[Service]\n";
    text += RESTART;
    text += "# The first start pulls the image.\nTimeoutStartSec=300\n\n[Install]\nWantedBy=multi-user.target default.target\n";
    text
}

/// Podman does not read the health check of an OCI image.
fn health_check(image: &ImageConfig) -> String {
    let Some(HealthcheckConfig::Run {
        cmd,
        interval,
        timeout,
        start_period,
        retries,
        ..
    }) = &image.runtime.healthcheck
    else {
        return String::new();
    };
    // Podman takes a list in JSON for a command without a shell.
    let cmd = serde_json::Value::from(cmd.clone()).to_string();
    let mut text = format!("HealthCmd={}\n", cmd.replace('%', "%%"));
    for (key, time) in [
        ("HealthInterval", interval),
        ("HealthTimeout", timeout),
        ("HealthStartPeriod", start_period),
    ] {
        if let Some(time) = time {
            text += &format!("{key}={}\n", word(&span(*time)));
        }
    }
    if let Some(retries) = retries {
        text += &format!("HealthRetries={retries}\n");
    }
    text
}
