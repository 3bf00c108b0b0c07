//! The pages of the console, and what every answer tells a browser.

use crate::harness::Server;

/// Status, headers in lower case, body.
fn get(server: &Server, path: &str) -> (u16, String, String) {
    let answer = server.raw_text(&format!("GET {path} HTTP/1.1"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    (status, head.to_lowercase(), body.to_owned())
}

#[test]
fn every_answer_tells_a_browser_to_be_careful() {
    let server = Server::start();
    for (path, status) in [("/", 200), ("/v1/union", 200), ("/nothing/here", 404), ("/v1/approvals", 401)] {
        let (found, head, _) = get(&server, path);
        assert_eq!(found, status, "{path}");
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "x-frame-options: deny",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert_eq!(head.matches(header).count(), 1, "{path}: {header} in {head}");
        }
        assert!(!head.contains("set-cookie") && !head.contains("access-control-allow"), "{path}: {head}");
    }
}

#[test]
fn the_console_is_at_the_root_and_keeps_to_its_policy() {
    let server = Server::start();
    let (status, head, page) = get(&server, "/");
    assert_eq!(status, 200);
    assert!(
        head.contains("content-type: text/html; charset=utf-8") && head.contains("cache-control: no-cache"),
        "{head}"
    );
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onload="), "inline: {page}");
    if !api::has_console() {
        assert!(page.contains("npm ci &amp;&amp; npm run build"), "it says how to get the pages: {page}");
        return;
    }
    let scripts: Vec<&str> = page.split("<script").skip(1).collect();
    assert!(!scripts.is_empty() && scripts.iter().all(|script| script.contains(" src=\"/assets/")), "{page}");
    let assets: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(assets.len() >= 2, "a script and a style: {page}");
    for asset in assets {
        let (status, head, body) = get(&server, asset);
        assert_eq!(status, 200, "{asset}");
        assert!(head.contains("cache-control: public, max-age=31536000, immutable"), "{head}");
        let media_type = if asset.ends_with(".js") { "text/javascript" } else { "text/css" };
        assert!(head.contains(&format!("content-type: {media_type}; charset=utf-8")), "{head}");
        assert!(!body.is_empty());
    }
    assert_eq!(get(&server, "/assets/../Cargo.toml").0, 404);
    assert_eq!(get(&server, "/assets/nothing.js").0, 404);
}
