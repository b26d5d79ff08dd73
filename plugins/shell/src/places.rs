//! Paths: where a script stands, and what was granted.

#[cfg(target_family = "wasm")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package skep-plugins:shell;
            world granted {
                import wasi:filesystem/preopens@0.2.12;
            }
        ",
        generate_all,
    });
}

/// The folders and files that the host opened for this call.
#[cfg(target_family = "wasm")]
pub fn granted() -> Vec<String> {
    let opened = bindings::wasi::filesystem::preopens::get_directories();
    opened.into_iter().map(|(_, path)| path).collect()
}

/// All there is: natively only tests run this.
#[cfg(not(target_family = "wasm"))]
pub fn granted() -> Vec<String> {
    vec!["/".to_owned()]
}

/// Where a script begins: in the only folder granted, or above them all.
pub fn start(granted: &[String]) -> String {
    match granted {
        [only] if std::fs::metadata(only).is_ok_and(|found| found.is_dir()) => only.clone(),
        _ => "/".to_owned(),
    }
}

/// A path made absolute, without `.` and `..`.
pub fn absolute(folder: &str, path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for name in folder.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// A path of something in a folder.
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    }
}

/// The last name of a path.
pub fn last_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/" } else { path.rsplit('/').next().unwrap_or(path) }
}

/// The names in a folder, sorted. Above what was granted: the names that lead there.
pub fn names(folder: &str) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = match std::fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<_>>()?,
        Err(error) => {
            let above = if folder == "/" { "/".to_owned() } else { format!("{folder}/") };
            let lead = |path: String| Some(path.strip_prefix(&above)?.split('/').next()?.to_owned());
            let names: Vec<_> =
                granted().into_iter().filter_map(lead).filter(|name| !name.is_empty()).collect();
            if names.is_empty() {
                return Err(error);
            }
            names
        }
    };
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whether it is a folder, or leads to what was granted.
pub fn is_folder(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_dir()) || names(path).is_ok()
}
