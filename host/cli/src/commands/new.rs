//! `skep new`: the project of a new skill.

use crate::args::NewArgs;
use crate::failure::Failure;
use crate::show;
use skep_forge::NewProject;
use std::path::PathBuf;

pub(crate) fn new(args: NewArgs) -> Result<(), Failure> {
    let NewArgs { language, name, shape, dir } = args;
    let dir = dir.unwrap_or_else(|| PathBuf::from(name.as_str()));
    let project = NewProject { language, shape, name, dir };
    project.write()?;
    show::line(format!("{}: a {shape} skill in {}", project.dir.display(), language.title()))?;
    show::line(format!("  cd {}", project.dir.display()))?;
    if let Some(first) = language.first() {
        show::line(format!("  {first}"))?;
    }
    show::line("  skep build    make the component")?;
    show::line("  skep test     run the cases in tests/cases.toml")?;
    show::line("  skep dev      build and load again with each change")
}
