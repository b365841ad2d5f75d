//! `gowork man`: one page, with the options of every command.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::Args;
use crate::{exit, ui};

/// Prints it.
pub(crate) fn run() -> anyhow::Result<u8> {
    let mut page = Vec::new();
    let command = Args::command();
    Man::new(command.clone()).render(&mut page)?;
    for of in command
        .get_subcommands()
        .filter(|of| of.get_name() != "help")
    {
        page.extend(section(of)?);
    }
    ui::print(&String::from_utf8_lossy(&page))?;
    Ok(exit::OK)
}

/// The section of one command: what it does, and its own options. Those of all commands stand
/// above.
fn section(command: &Command) -> anyhow::Result<Vec<u8>> {
    let name = command.get_name().to_uppercase();
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut text = format!(".SH {name}\n{about}.\n").into_bytes();
    let mut options = Vec::new();
    Man::new(command.clone()).render_options_section(&mut options)?;
    // A part of the command's section, so without a heading.
    let options = String::from_utf8_lossy(&options).replacen(".SH OPTIONS\n", "", 1);
    text.extend(options.bytes());
    Ok(text)
}
