// docs/tutorial.md, typed as it stands, with a browser beside it: the tutorial's pictures are taken here
// (`COMITY_PICTURES=../docs/pictures node --test tests/browser/tutorial.test.mjs`).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, launch, picture, visit } from "./browser.mjs";
import { BINARY, freePorts } from "./union.mjs";

const MARK = "=== typed";

/** What is typed under each heading. */
const typed = Object.fromEntries(
  readFileSync(new URL("../../../docs/tutorial.md", import.meta.url), "utf8")
    .split(/^## /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf("\n")), [...part.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script]) => script).join("")]),
);

let browser, directory, shell, url;
before(async () => {
  browser = await launch();
  directory = mkdtempSync(join(tmpdir(), "comity-tutorial-"));
  const [port] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  // As the tutorial's, but on a port that is free.
  const words = ["#!/bin/sh", 'case "$1" in', `init | charter | report | verify) exec "${BINARY}" "$@" ;;`, `serve) exec "${BINARY}" "$@" --listen 127.0.0.1:${port} ;;`, `*) exec "${BINARY}" "$@" --node ${url} ;;`, "esac"];
  writeFileSync(join(directory, "comity"), `${words.join("\n")}\n`, { mode: 0o755 });
  shell = spawn("bash", ["-euo", "pipefail"], { cwd: directory, env: { ...process.env, PATH: `${directory}:${process.env.PATH}` }, stdio: ["pipe", "pipe", "pipe"] });
});
after(async () => {
  await browser?.close();
  const ended = new Promise((resolve) => shell.once("exit", resolve));
  shell.stdin.end();
  await ended;
  rmSync(directory, { recursive: true, force: true });
});

/** Types what stands under a heading, and waits until it is done. */
async function type(heading) {
  assert.ok(typed[heading], `the tutorial has a part ${heading}`);
  let said = "";
  await new Promise((resolve, reject) => {
    const listen = (text) => {
      said += text;
      if (!said.includes(MARK)) return;
      shell.stdout.off("data", listen);
      resolve();
    };
    shell.stdout.on("data", listen);
    shell.stderr.on("data", (text) => (said += text));
    shell.once("exit", () => reject(new Error(`${heading}: ${said}`)));
    shell.stdin.write(`${typed[heading]}echo '${MARK}'\n`);
  });
}

test("the tutorial, seen in the console", async () => {
  await type("Found a union");
  await type("Run a node");
  await type("Pay");
  const visitor = await visit(browser, { url });
  await visitor.go("#/cycle");
  const main = visitor.page.locator("main");
  await main.getByText("950.00").first().waitFor();
  assert.deepEqual(await axe(visitor.page), []);
  await picture(visitor.page, "tutorial-paid");
  await type("Close the cycle");
  await visitor.go("#/cycle/1");
  await main.getByText("600.00").first().waitFor();
  await main.getByText("350.00").first().waitFor();
  await picture(visitor.page, "tutorial-closed");
  await type("Settle");
  await visitor.go("#/overview");
  await main.getByText("0.00").first().waitFor();
  await visitor.close();
  await type("Look back");
});
