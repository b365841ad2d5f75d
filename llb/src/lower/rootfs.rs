//! What images hold around their files and binary, and where: the same in every form of output.

use crate::config::RuntimeConfig;

/// Directory of the binary in every image: on PATH of any base.
pub const BINARY_DIR: &str = "/usr/local/bin";
/// Where the time zone database is put. ZONEINFO names it, because Go's time package does not look
/// there by itself.
pub const ZONEINFO: &str = "/usr/share/zoneinfo.zip";
/// Where CA certificates are put, first of the places that crypto/x509 tries on Linux.
pub const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Users of an image without a base image: some libraries want to know who they are.
pub const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
                          nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
/// Groups of an image without a base image.
pub const GROUP: &str = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n";

/// The files that an image wants and its base need not have, on scratch and elsewhere.
pub(super) fn surroundings(runtime: &RuntimeConfig) -> Vec<&'static str> {
    let all = [
        (runtime.certificates, CERTIFICATES),
        (runtime.timezones, ZONEINFO),
    ];
    all.into_iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, path)| path)
        .collect()
}
