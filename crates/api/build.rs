//! Embeds the console into the API.
//!
//! The pages are taken from `console/dist/site` if `npm run build` wrote them there after the sources were last changed.
//! Otherwise they are built in Cargo's own directory, if npm is there and gets its packages; the source tree is not touched. If
//! neither works out, or with `COMITY_CONSOLE=off`, one page says so in their place: the build itself never fails by it.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// What the pages are made of, below `console/`.
const SOURCES: [&str; 7] =
    ["src", "public", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js"];

/// How long npm may take, all in all.
const PATIENCE: Duration = Duration::from_secs(180);

fn main() {
    let variable = |name| PathBuf::from(env::var_os(name).expect("Cargo sets it"));
    let (console, out) = (variable("CARGO_MANIFEST_DIR").join("../../console"), variable("OUT_DIR"));
    println!("cargo::rerun-if-env-changed=COMITY_CONSOLE");
    for watched in SOURCES.iter().chain(&["dist"]).map(|name| console.join(name)).filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let (pages, files) = match site(&console, &out) {
        Ok(site) => {
            let files = files_below(&site).expect("the pages were just written");
            (files.into_iter().map(|file| page(&site, &file)).collect::<String>(), true)
        }
        Err(why) => {
            if why != OFF {
                println!("cargo::warning=the web console is not built in: {why}");
            }
            let html = NOT_BUILT.replace("{why}", &why);
            (format!("(\"/\", \"text/html; charset=utf-8\", {html:?}.as_bytes()),\n"), false)
        }
    };
    let table = format!(
        "/// Address, media type and content of every file.\npub(super) const FILES: &[(&str, &str, &[u8])] = &[\n{pages}];\n\
         /// Whether these are the pages, and not one in their place.\npub(super) const IS_BUILT: bool = {files};\n"
    );
    fs::write(out.join("console.rs"), table).expect("Cargo's directory can be written");
}

const OFF: &str = "COMITY_CONSOLE=off was set";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Comity</title>\
    <h1>The web console was not built into this program</h1>\
    <p>{why}. To have it: install Node 20.19 or later, run <code>(cd console &amp;&amp; npm ci &amp;&amp; npm run build)</code> in the repository, \
    and build this program again.</p><p>The API is here all the same: <a href=\"/openapi.json\">openapi.json</a>.</p></html>\n";

/// The directory with the pages, or why there is none.
fn site(console: &Path, out: &Path) -> Result<PathBuf, String> {
    if env::var("COMITY_CONSOLE").is_ok_and(|value| value == "off") {
        return Err(OFF.to_owned());
    }
    let built = console.join("dist/site");
    let built_at = modified(&built.join("index.html"));
    let changed_at = SOURCES.iter().filter_map(|name| modified(&console.join(name))).max();
    if built_at.is_some() && built_at >= changed_at {
        return Ok(built);
    }
    match build(console, &out.join("console")) {
        Err(why) if built_at.is_some() => {
            println!("cargo::warning=the web console is older than its sources: {why}");
            Ok(built)
        }
        result => result,
    }
}

/// When a file, or the newest file below a directory, was last changed.
fn modified(path: &Path) -> Option<SystemTime> {
    let of_file = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    match path.is_dir() {
        true => files_below(path).ok()?.iter().filter_map(|file| of_file(file)).max(),
        false => of_file(path),
    }
}

fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

/// Builds the pages from a copy of their sources.
fn build(console: &Path, copy: &Path) -> Result<PathBuf, String> {
    let failed = |error: io::Error| format!("its sources cannot be copied: {error}");
    if copy.exists() {
        fs::remove_dir_all(copy).map_err(failed)?;
    }
    for name in SOURCES {
        let from = console.join(name);
        let files = if from.is_dir() { files_below(&from).map_err(failed)? } else { vec![from] };
        for file in files {
            let to = copy.join(file.strip_prefix(console).expect("it is below"));
            fs::create_dir_all(to.parent().expect("it is in a directory")).map_err(failed)?;
            fs::copy(&file, to).map_err(failed)?;
        }
    }
    let until = Instant::now() + PATIENCE;
    let install = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"];
    npm(copy, &install, until)?;
    npm(copy, &["run", "build"], until)?;
    // Only what was built is wanted; the packages are large.
    drop(fs::remove_dir_all(copy.join("node_modules")));
    Ok(copy.join("dist/site"))
}

#[allow(
    clippy::disallowed_methods,
    reason = "the standard library knows no other way to wait for a process with a bound"
)]
fn npm(directory: &Path, arguments: &[&str], until: Instant) -> Result<(), String> {
    let said = directory.join("npm.log");
    let log = fs::OpenOptions::new().create(true).append(true).open(&said);
    let log = log.and_then(|log| Ok((log.try_clone()?, log))).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(log.0).stderr(log.1);
    let mut child = npm.spawn().map_err(|_| "npm is not there".to_owned())?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(format!("npm {} failed, see {}", arguments[0], said.display())),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(50)),
            _ => {
                drop(child.kill());
                return Err(format!("npm {} took longer than {} s", arguments[0], PATIENCE.as_secs()));
            }
        }
    }
}

/// A row of the table of files.
fn page(site: &Path, file: &Path) -> String {
    let name = file.strip_prefix(site).expect("it is below").to_str().expect("Vite writes plain names");
    let address = if name == "index.html" { "/".to_owned() } else { format!("/{}", name.replace('\\', "/")) };
    let media_type = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let path = fs::canonicalize(file).expect("it was just found");
    let mut row = String::new();
    writeln!(row, "({address:?}, {media_type:?}, include_bytes!({path:?})),").expect("a string can be written to");
    row
}
