//! MariaDB's initialised data directory, made once and copied for each server: seconds become a
//! tenth of one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::program::Program;
use crate::{HarnessError, repository};

pub(crate) const SERVER: Program = Program { name: "mariadbd", package: "mariadb-server-core" };
const INSTALLER: Program = Program { name: "mariadb-install-db", package: "mariadb-server-core" };

/// Bumped when the options below change what the data directory must look like.
const TEMPLATE_EDITION: u32 = 1;

/// Small, quick to start, and alike for the template and the servers on its copies.
const SERVER_OPTIONS: [&str; 12] = [
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--innodb-undo-tablespaces=0",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
];

/// The options of every program that opens a data directory.
pub(crate) fn server_options(data: &Path) -> Vec<String> {
    // `--no-defaults` must come first.
    let mut options = vec!["--no-defaults".to_owned(), format!("--datadir={}", data.display())];
    // SAFETY: `geteuid` reads a number and can't fail.
    if unsafe { libc::geteuid() } == 0 {
        options.push("--user=root".to_owned());
    }
    options.extend(SERVER_OPTIONS.map(str::to_owned));
    options
}

/// Makes `data` a copy of the template, which is made first if there is none.
pub(crate) fn copy_template(data: &Path) -> Result<(), HarnessError> {
    let template = template()?;
    copy_directory(&template, data).map_err(HarnessError::at(template))
}

/// The template of the installed version.
fn template() -> Result<PathBuf, HarnessError> {
    let shelf = repository().join("target/harness");
    let template = shelf.join(format!("mariadb-{}-{TEMPLATE_EDITION}", version()?));
    if template.is_dir() {
        return Ok(template);
    }
    fs::create_dir_all(&shelf).map_err(HarnessError::at(&shelf))?;
    let draft = Builder::new().prefix("draft-").tempdir_in(&shelf).map_err(HarnessError::at(&shelf))?;
    let data = draft.path().join("data");
    let mut arguments = server_options(&data);
    arguments.push("--auth-root-authentication-method=normal".to_owned());
    arguments.push("--skip-test-db".to_owned());
    INSTALLER.run(arguments)?;
    match fs::rename(&data, &template) {
        // Another test process was quicker: its template is as good.
        Err(_) if template.is_dir() => Ok(template),
        renamed => renamed.map(|()| template.clone()).map_err(HarnessError::at(template)),
    }
}

/// The installed version, as a part of a file name.
fn version() -> Result<String, HarnessError> {
    let said = SERVER.run(["--no-defaults", "--version"])?;
    Ok(said
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or("unknown")
        .replace('/', "-"))
}

fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
