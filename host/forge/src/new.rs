//! `skep new`: a project from a template.

use crate::embedded;
use crate::project::write_file;
use crate::{ForgeError, Language, Project, ProjectShape};
use skep_core::SkillName;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The suffix of files that would be taken for what they are if they had their names in the repository.
const SUFFIX: &str = ".tmpl";

/// A project to make.
#[derive(Debug)]
pub struct NewProject {
    /// The language of its sources.
    pub language: Language,
    /// How it offers its tools.
    pub shape: ProjectShape,
    /// The skill's name.
    pub name: SkillName,
    /// Where to put it. May be there if it is empty.
    pub dir: PathBuf,
}

impl NewProject {
    /// Writes the project, `.skep` too: editors and the language's own tools find the SDK at once.
    pub fn write(&self) -> Result<(), ForgeError> {
        self.language.check(self.shape)?;
        must_be_empty(&self.dir)?;
        for (path, bytes) in self.files() {
            write_file(&self.dir.join(path), &bytes)?;
        }
        Project::open(&self.dir)?.refresh()
    }

    /// The files of every project of that shape, and over them the language's own.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let all = embedded::below("sdk/template/all");
        let shape = format!("sdk/template/{}", self.shape);
        let own = self.language.template(self.shape);
        let files = all.chain(embedded::below(&shape)).chain(embedded::below(&own));
        let filled = files.map(|(name, bytes)| {
            let name = self.fill(name.strip_suffix(SUFFIX).unwrap_or(name));
            // What is no text has no placeholders.
            let bytes =
                std::str::from_utf8(bytes).map_or(bytes.to_vec(), |text| self.fill(text).into_bytes());
            (name, bytes)
        });
        filled.collect()
    }

    fn fill(&self, text: &str) -> String {
        let name = self.name.as_str();
        let folders = self.language.leaves().iter().filter(|path| path.ends_with('/'));
        let ignored: String = folders.map(|path| format!("/{path}\n")).collect();
        let first = self.language.first().map(|line| format!("{line}\n")).unwrap_or_default();
        let placeholders = [
            ("{{name}}", name),
            ("{{name_snake}}", &name.replace('-', "_")),
            ("{{NameCamel}}", &camel(name)),
            ("{{language}}", self.language.name()),
            ("{{title}}", self.language.title()),
            ("{{shape}}", self.shape.as_str()),
            ("{{ignored}}", &ignored),
            ("{{first}}", &first),
        ];
        placeholders.iter().fold(text.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

fn must_be_empty(dir: &Path) -> Result<(), ForgeError> {
    match fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(ForgeError::NotEmpty(dir.to_owned())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ForgeError::at(dir)(error)),
        _ => Ok(()),
    }
}

/// `csv-report` as `CsvReport`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').filter(|word| !word.is_empty()).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(language: Language, shape: ProjectShape, dir: &Path) -> NewProject {
        NewProject { language, shape, name: "csv-report".parse().unwrap(), dir: dir.to_owned() }
    }

    #[test]
    fn every_project_is_whole_and_has_no_placeholder_left() {
        for language in Language::all() {
            for shape in language.shapes() {
                let dir = tempfile::tempdir().unwrap();
                project(language, *shape, dir.path()).write().unwrap();
                let opened = Project::open(dir.path()).unwrap();
                assert_eq!((opened.language().name(), opened.shape()), (language.name(), *shape));
                for file in [".gitignore", "README.md", "tests/cases.toml"] {
                    let text = fs::read_to_string(dir.path().join(file)).unwrap();
                    assert!(!text.contains("{{"), "{language:?} {shape} {file}: {text}");
                }
                crate::Cases::read(&opened).unwrap();
            }
        }
    }

    #[test]
    fn nothing_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine"), "").unwrap();
        let language = Language::all().next().unwrap();
        let said = project(language, language.shapes()[0], dir.path()).write().unwrap_err().to_string();
        assert!(said.contains(dir.path().to_str().unwrap()), "{said}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_take_the_form_of_the_language() {
        assert_eq!(camel("csv-report"), "CsvReport");
        assert_eq!(camel("a-1b--c"), "A1bC");
    }
}
