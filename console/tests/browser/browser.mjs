// A browser that looks at a node, and what the tests do in it.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PICTURES = process.env.COMITY_PICTURES;
/** Pages that take the place of those in the program: `COMITY_PAGES=dist/site`. */
const PAGES = process.env.COMITY_PAGES;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function launch() {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** During the tests of a file: a browser, and a union with its first node, which are told once they are there. */
export function during(begin, tell) {
  let browser, union;
  before(async () => {
    [browser, union] = await Promise.all([launch(), begin()]);
    tell({ browser, union, node: union.nodes[0] });
  });
  after(async () => {
    await browser?.close();
    await union?.end();
  });
}

/** A person at a browser of their own. What the page complains of, and what it asks of others than its node, fails the test. */
export async function visit(browser, node, { language = "en-US", scheme = "light", width = 1280, height = 900 } = {}) {
  const context = await browser.newContext({ locale: language, colorScheme: scheme, viewport: { width, height }, acceptDownloads: true });
  if (PAGES) await replacePages(context, node);
  const page = await context.newPage();
  // Long, because a machine that does other things too is slow; nothing waits longer than it has to.
  page.setDefaultTimeout(40_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // Refusals of the node are answers that the page shows; a lost connection is what a test is about.
    if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.host !== new URL(node.url).host) complaints.push(`a request to ${url.href}`);
  });
  await page.goto(node.url);
  await page.locator("main h1").waitFor();
  return {
    page,
    complaints,
    async go(hash) {
      await page.goto(`${node.url}/${hash}`);
      await page.locator("main h1").waitFor();
    },
    async close() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

/** Under the headers that the node sends, so that the policy is the same. */
async function replacePages(context, node) {
  await context.route(`${node.url}/`, async (route) => route.fulfill({ response: await route.fetch(), path: join(PAGES, "index.html") }));
  await context.route(`${node.url}/assets/*`, (route) => route.fulfill({ path: join(PAGES, new URL(route.request().url()).pathname) }));
}

/** Brings a person's key into the browser and signs in with it. */
export async function signIn({ page, go }, person) {
  await go("#/sign-in");
  await page.locator("#name").fill(person.name);
  await page.locator("summary").click();
  await page.locator("#pem").fill(person.pem);
  await page.locator("form button[type=submit]").click();
  await page.locator("li button.primary", { hasText: person.name }).click();
  await page.locator("header .who").waitFor();
}

/** Fills the form of a payment and sends it; the outcome's text. */
export async function pay({ page, go }, { to, amount, detail, why }) {
  // From another page: else the outcome of a payment before would still be shown.
  await go("#/payments");
  await go("#/payments/new");
  await page.locator("#creditor").selectOption(to);
  await page.locator("#amount").fill(amount);
  await page.locator("#value-date").fill("2026-11-23");
  if (detail) {
    await page.locator("form summary").click();
    for (const [field, value] of Object.entries(detail)) await page.locator(`#${field}`).fill(value);
  }
  await page.locator("form button.primary").click();
  if (why) await page.locator("dialog[open] input").fill(why);
  await page.locator("dialog[open] button.primary").click();
  // It closes once the node has answered; until then an outcome that is shown is that of the payment before.
  await page.locator("dialog").waitFor({ state: "detached" });
  const outcome = page.locator("main .outcome");
  await outcome.waitFor();
  return (await outcome.innerText()).trim();
}

/** What axe finds wrong. */
export async function axe(page) {
  await page.evaluate(() => !("axe" in globalThis)) && (await inject(page));
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
}

/** The page's policy lets no foreign script in: axe comes by the debugger, which is not bound by it. */
async function inject(page) {
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(AXE, "utf8"));
}

/** Pages longer than this, in pixels, take long to be drawn whole. */
const PICTURE_MAX = 10_000;

/** A picture of the whole page, where pictures are wanted. */
export async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  const fullPage = await page.evaluate((most) => document.documentElement.scrollHeight <= most, PICTURE_MAX);
  await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage });
}
