// What somebody hostile would try: texts that want to be markup, other pages, other roles, stolen and made-up sessions.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { during, signIn, visit } from "./browser.mjs";
import { Union, ask, order } from "./union.mjs";

const MARKUP = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>'"&{{7*7}}`;

let browser, union, node;
during(Union.alone, (found) => ({ browser, union, node } = found));

/** What the node answers to a person by name, or to nobody. */
const give = (name, path, body, method) => ask(node, name && union.find(name), path, body, method);

describe("somebody hostile", { concurrency: false }, () => {
  test("markup in every text of a counterparty is text", async () => {
    const detail = Object.fromEntries(["debtor_name", "debtor_account", "creditor_name", "creditor_account"].map((field) => [field, MARKUP.slice(0, 30)]));
    detail.remittance = [MARKUP];
    const sent = await give("mia-arg", "/v1/orders", order({ detail, reference: "<b>bold</b>" }));
    assert.equal(sent.status, 200, await sent.clone().text());
    const { id } = (await sent.json()).orders[0];
    const waiting = await give("mia-bra", "/v1/orders", order({ creditor: "ARG", amount: "50000.00", detail, reference: "<i>x</i>" }));
    assert.equal(waiting.status, 202);
    await give("mia-bra", "/v1/commands", { command: "register_participant", participant: 1, identifier: "<u>BIC</u>", name: MARKUP.slice(0, 99) });
    const vera = await visit(browser, node);
    await signIn(vera, union.find("carl-bra"));
    for (const page of [`payments/${id}`, "payments", "approvals", "members", "members/ARG", "members/BRA", "overview", "statements?member=BRA&day=2026-11-23", "audit"]) {
      await vera.go(`#/${page}`);
      await vera.page.waitForFunction(() => !document.body.innerText.includes("Loading…"));
      const found = await vera.page.evaluate(() => [globalThis.hacked ?? null, document.querySelectorAll("main img, main b, main i, main u, main script").length]);
      assert.deepEqual(found, [null, 0], page);
    }
    await vera.go(`#/payments/${id}`);
    await vera.page.getByText(MARKUP).waitFor();
    await vera.page.getByText("<b>bold</b>").waitFor();
    await vera.page.getByRole("button", { name: "Show the messages" }).click();
    await vera.page.locator(".messages li").first().waitFor();
    for (const one of await vera.page.locator(".messages summary").all()) await one.click();
    const xml = vera.page.locator(".messages pre", { hasText: "&lt;script&gt;globalThis.hacked=1" });
    await xml.first().waitFor();
    assert.deepEqual(await vera.page.evaluate(() => [globalThis.hacked ?? null, document.querySelectorAll(".messages pre *").length]), [null, 0]);
    await vera.close();
  });

  test("an address cannot bring markup in either", async () => {
    const visitor = await visit(browser, node);
    for (const hash of [`#/payments/${encodeURIComponent(MARKUP)}`, `#/members/${encodeURIComponent(MARKUP)}`, `#/${encodeURIComponent(MARKUP)}`, "#/payments?status=<script>"]) {
      await visitor.page.goto(`${node.url}/${hash}`);
      await visitor.page.locator("main [role=alert], main h1").first().waitFor();
      assert.equal(await visitor.page.evaluate(() => globalThis.hacked ?? null), null);
    }
    await visitor.close();
  });

  test("the policy lets no inline script run, even where one gets in", async () => {
    const visitor = await visit(browser, node);
    await visitor.page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.hacked = 1";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", `<img src="/nothing" onerror="globalThis.hacked = 1">`);
    });
    await visitor.page.waitForFunction(() => [...document.images].every((image) => image.complete));
    assert.equal(await visitor.page.evaluate(() => globalThis.hacked ?? null), null);
    assert.ok(visitor.complaints.some((text) => /Content Security Policy/.test(text)));
    visitor.complaints.length = 0;
    await visitor.close();
  });

  test("another page can neither frame the console nor act in its name", async () => {
    const evil = createServer((_, response) => response.setHeader("content-type", "text/html").end(`<iframe src="${node.url}/"></iframe>`));
    await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(node.url);
    await page.goto(`http://localhost:${evil.address().port}/`);
    const framed = page.frames().find((frame) => frame !== page.mainFrame());
    assert.equal(await framed?.evaluate(() => document.querySelectorAll("main").length).catch(() => 0), 0);
    const results = await page.evaluate(async (url) => {
      const attempt = (path, init) => fetch(url + path, { credentials: "include", ...init }).then((response) => response.type + response.status, (error) => error.name);
      const body = JSON.stringify({ creditor: "BRA", currency: "USD", amount: "10.00", value_date: "2026-11-23" });
      return Promise.all([
        attempt("/v1/orders", { method: "POST", headers: { "content-type": "application/json" }, body }),
        attempt("/v1/orders", { method: "POST", headers: { "content-type": "text/plain" }, body, mode: "no-cors" }),
        attempt("/v1/union"),
      ]);
    }, node.url);
    assert.deepEqual([results[0], results[2]], ["TypeError", "TypeError"], "nothing is shown to another page");
    const before = (await node.get("/v1/union")).open_orders;
    assert.equal((await fetch(`${node.url}/v1/orders`, { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" })).status, 401);
    assert.equal((await node.get("/v1/union")).open_orders, before);
    await context.close();
    evil.closeAllConnections();
    await new Promise((resolve) => evil.close(resolve));
  });

  test("headers are on every answer, and no cookie", async () => {
    for (const path of ["/", "/favicon.svg", "/v1/union", "/nothing", "/openapi.json"]) {
      const { headers } = await fetch(node.url + path);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/, path);
      assert.equal(headers.get("x-content-type-options"), "nosniff", path);
      assert.equal(headers.get("x-frame-options"), "DENY", path);
      assert.equal(headers.get("set-cookie"), null, path);
      assert.equal(headers.get("access-control-allow-origin"), null, path);
    }
  });

  test("a role does no more than it may, whatever the page shows", async () => {
    const held = await (await give("mia-arg", "/v1/orders", order({ amount: "60000.00" }))).json();
    const { approval } = held.orders[0];
    for (const [name, path, body, status] of [
      [null, "/v1/orders", order(), 401],
      [null, "/v1/approvals", undefined, 401],
      ["vera-arg", "/v1/orders", order(), 403],
      ["vera-arg", "/v1/commands", { command: "set_caps", debit_cap: "1", credit_cap: "1" }, 403],
      ["mia-arg", `/v1/approvals/${approval}/approve`, undefined, 403],
      ["carl-bra", `/v1/approvals/${approval}/approve`, undefined, 404],
      ["mia-bra", "/v1/commands", { command: "cancel", order: approval }, 422],
    ]) {
      const answer = await give(name, path, body, path === "/v1/approvals" ? "GET" : "POST");
      assert.equal(answer.status, status, `${name} ${path}: ${await answer.text()}`);
    }
  });

  test("another member's people do not read sealed detail", async () => {
    const sent = await (await give("mia-arg", "/v1/orders", order({ detail: { debtor_name: "Secret Ana" } }))).json();
    const path = `/v1/orders/${sent.orders[0].id}`;
    assert.match(await (await give("vera-bra", path)).text(), /Secret Ana/);
    for (const name of [null, "vera-chl", "carl-per"]) assert.doesNotMatch(await (await give(name, path)).text(), /Secret Ana/, name);
  });

  test("a session that somebody made up or that has ended is none, and the page says so", async () => {
    const visitor = await visit(browser, node);
    await visitor.page.evaluate(() => sessionStorage.setItem("comity-session", "ab".repeat(32)));
    await visitor.page.reload();
    await visitor.page.getByText("Your session has ended.").waitFor();
    assert.equal(await visitor.page.evaluate(() => sessionStorage.getItem("comity-session")), null, "nobody else's choice of a token is kept");
    await signIn(visitor, union.find("mia-arg"));
    const used = await visitor.page.evaluate(() => sessionStorage.getItem("comity-session"));
    await visitor.page.reload();
    await visitor.page.locator("header .who").waitFor();
    await visitor.page.getByRole("button", { name: "Sign out" }).click();
    await visitor.page.locator("header .who").waitFor({ state: "detached" });
    await visitor.page.waitForFunction(async (old) => (await fetch("/v1/sessions", { headers: { authorization: `Bearer ${old}` } })).status === 401, used);
    await visitor.close();
  });

  test("a session that nobody uses ends, and is said to", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(node.url);
    const visitor = { page, go: async (hash) => { await page.goto(`${node.url}/${hash}`); await page.locator("main h1").waitFor(); } };
    await signIn(visitor, union.find("mia-arg"));
    await page.clock.fastForward("13:30");
    await page.locator(".banner", { hasText: "Your session ends at" }).waitFor();
    await page.clock.fastForward("02:00");
    await page.locator(".banner", { hasText: "ended after 15 minutes" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem("comity-session")), null);
    await context.close();
  });

  test("a key that was made in the browser cannot be read out of it", async () => {
    const visitor = await visit(browser, node);
    await visitor.go("#/sign-in");
    await visitor.page.locator("#name").fill("new person");
    await visitor.page.getByRole("button", { name: "Create a key" }).click();
    await visitor.page.getByText("[[operators]]").waitFor();
    const found = await visitor.page.evaluate(async () => {
      const database = await new Promise((resolve) => (indexedDB.open("comity").onsuccess = (event) => resolve(event.target.result)));
      const [key] = await new Promise((resolve) => (database.transaction("operators").objectStore("operators").getAll().onsuccess = (event) => resolve(event.target.result)));
      const read = await Promise.all(["pkcs8", "jwk", "raw"].map((form) => crypto.subtle.exportKey(form, key.privateKey).then(() => "read", (error) => error.name)));
      return { extractable: key.privateKey.extractable, read };
    });
    assert.equal(found.extractable, false);
    assert.ok(found.read.every((name) => name !== "read"), String(found.read));
    await visitor.page.getByRole("button", { name: "Sign in as new person" }).click();
    await visitor.page.getByText("the node does not know this name").waitFor();
    await visitor.close();
  });
});
