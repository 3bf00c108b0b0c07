//! The documentation holds together: every page is in the book, and what pages link to is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn pages_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let pages = entries.flat_map(|path| if path.is_dir() { pages_below(&path) } else { vec![path] });
    pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// What a page links to in the repository, anchors left out.
fn links(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let paths = targets.filter_map(|target| target.split('#').next()).filter(|path| !path.is_empty());
    let paths = paths.filter(|path| !path.contains("://") && !path.contains(char::is_whitespace));
    paths.map(|path| page.parent().unwrap().join(path)).collect()
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let in_the_book: BTreeSet<_> = links(&summary).into_iter().collect();
    let written: BTreeSet<_> = pages_below(&docs).into_iter().filter(|page| *page != summary).collect();
    assert_eq!(in_the_book, written);
    let mut pages = pages_below(&docs);
    pages.extend(
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "bench/README.md", "fuzz/README.md"]
            .map(|name| root().join(name)),
    );
    let dead: Vec<_> = pages
        .iter()
        .flat_map(|page| links(page).into_iter().map(move |link| (page, link)))
        .filter(|(_, link)| !link.exists())
        .collect();
    assert!(dead.is_empty(), "{dead:?}");
}
