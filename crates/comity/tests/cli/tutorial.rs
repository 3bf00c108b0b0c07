//! The tutorial and the guides, typed as they stand.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Where one thing that is typed ends and the next begins.
const MARK: &str = "=== typed";

/// What is typed, and the lines that it says must come of it.
#[derive(Default)]
struct Typed {
    script: String,
    lines: Vec<String>,
}

fn read(page: &str) -> Vec<Typed> {
    let text = fs::read_to_string(format!("{}/../../docs/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut typed: Vec<Typed> = Vec::new();
    let mut fence = None;
    for line in text.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some("sh")) => {
                typed.push(Typed::default());
                fence = Some("sh");
            }
            (None, Some("text")) => fence = Some("text"),
            (Some(_), Some("")) => fence = None,
            (Some("sh"), _) => typed.last_mut().unwrap().script.push_str(&format!("{line}\n")),
            (Some(_), _) => typed.last_mut().unwrap().lines.push(line.trim().to_owned()),
            (None, _) => {}
        }
    }
    typed
}

#[test]
fn what_the_tutorial_says_comes_out() {
    type_page("tutorial.md", 15);
}

#[test]
fn what_the_integrators_guide_says_comes_out() {
    type_page("integrating.md", 8);
}

#[test]
fn what_the_rule_makers_guide_says_comes_out() {
    type_page("making-rules.md", 8);
}

/// Types a page that says at least so many lines of what comes out.
fn type_page(page: &str, lines_min: usize) {
    let directory = tempfile::tempdir().unwrap();
    let typed = read(page);
    assert!(typed.len() > 3 && typed.iter().map(|typed| typed.lines.len()).sum::<usize>() >= lines_min);
    // As the page's, but on a port that is free.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let comity = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n\
         init* | report* | verify* | export* | simulate* | \"charter check\" | \"iso validate\" | \"iso export\") exec \"$COMITY\" \"$@\" ;;\n\
         serve*) exec \"$COMITY\" \"$@\" --listen 127.0.0.1:{port} ;;\n\
         *) exec \"$COMITY\" \"$@\" --node http://127.0.0.1:{port} ;;\nesac\n"
    );
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("comity"), comity).unwrap();
    fs::set_permissions(bin.join("comity"), fs::Permissions::from_mode(0o755)).unwrap();

    let mut script = "set -euo pipefail\n".to_owned();
    for Typed { script: part, .. } in &typed {
        script.push_str(&format!("{part}echo '{MARK}'\n"));
    }
    let output = Command::new("bash")
        .arg("-c")
        .arg(script)
        .current_dir(directory.path())
        .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()))
        .env("COMITY", env!("CARGO_BIN_EXE_comity"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let log = fs::read_to_string(directory.path().join("node.log")).unwrap_or_default();
    assert!(output.status.success(), "{said}\n{errors}\n{log}");
    for (typed, said) in typed.iter().zip(said.split(MARK)) {
        for line in &typed.lines {
            let beginning = line.split('…').next().unwrap();
            let comes =
                said.lines().any(|said| said.trim() == line || (beginning != line && said.starts_with(beginning)));
            assert!(comes, "{:?} does not come of\n{}\nbut\n{said}", line, typed.script);
        }
    }
}
