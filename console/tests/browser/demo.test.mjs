// The demo: it says where its console is, and a hundred thousand orders are in a table without delay.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { launch, picture, visit } from "./browser.mjs";
import { BINARY } from "./union.mjs";

const ORDERS = 100_028;

let browser, demo, directory, node;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), "comity-demo-"));
  browser = await launch();
  demo = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0", "--data", join(directory, "data")], { stdio: ["ignore", "ignore", "pipe"] });
  for await (const line of createInterface({ input: demo.stderr })) {
    const found = /console is at (http:[^ ]+)\//.exec(line);
    if (found) {
      node = { url: found[1] };
      break;
    }
  }
  assert.ok(node, "the demo says where its console is");
});
after(async () => {
  await browser?.close();
  const ended = new Promise((resolve) => demo.once("exit", resolve));
  demo.kill();
  await ended;
  rmSync(directory, { recursive: true, force: true });
});

describe("the demo", { concurrency: false }, () => {
  test("a hundred thousand orders", async () => {
    const visitor = await visit(browser, node);
    const { page } = visitor;
    await visitor.go("#/payments");
    await page.getByText("of 100,028 loaded").waitFor();
    const times = await page.evaluate(async (orders) => {
      const viewport = document.querySelector(".viewport");
      const loaded = () => Number(/^([\d,]+) (of|in)/.exec(document.querySelector("main p[role=status]").innerText.trim())?.[1].replaceAll(",", ""));
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const begun = performance.now();
      while (loaded() < orders) {
        viewport.scrollTop = viewport.scrollHeight;
        await frame();
      }
      const all = performance.now() - begun;
      const jumps = [];
      for (const part of [0.5, 0.1, 0.9, 0, 1]) {
        const start = performance.now();
        viewport.scrollTop = viewport.scrollHeight * part;
        await frame();
        jumps.push(Math.round(performance.now() - start));
      }
      return { all: Math.round(all), jumps, rows: document.querySelectorAll("tbody tr").length };
    }, ORDERS);
    console.log(`${ORDERS} orders loaded in ${times.all} ms; jumps in ${times.jumps} ms; ${times.rows} rows in the page`);
    assert.ok(times.rows < 120, `${times.rows} rows are in the page`);
    await page.locator("#member").selectOption("URY");
    await page.locator("#status").selectOption("settled");
    await page.locator("tbody tr td", { hasText: "URY" }).first().waitFor();
    await picture(page, "demo-payments");
    for (const name of ["overview", "cycle/1", "cycle", "members", "statements?member=BRA&cycle=1", "audit", "governance"]) {
      await visitor.go(`#/${name}`);
      await page.waitForFunction(() => !document.body.innerText.includes("Loading…"), undefined, { timeout: 60_000 });
      await picture(page, `demo-${name.replace(/[^a-z0-9]+/g, "-")}`);
    }
    await visitor.close();
  });
});
