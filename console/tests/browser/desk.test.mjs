// One node, and people at their desks: every page, the same by keyboard and in both lights, and what they do there.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { file as typesOf } from "../../scripts/api-types.mjs";
import { axe, launch, picture, signIn, visit } from "./browser.mjs";
import { Union } from "./union.mjs";

const PAGES = ["overview", "payments", "payments/new", "queue", "cycle", "approvals", "members", "members/BRA", "governance", "governance/new", "statements", "audit", "settings", "sign-in"];

let browser, union, node;
before(async () => {
  [browser, union] = await Promise.all([launch(), Union.alone()]);
  node = union.nodes[0];
});
after(async () => {
  await browser?.close();
  await union?.end();
});

/** Fills the form of a payment and sends it; the outcome's text. */
async function pay({ page, go }, { to, amount, detail }) {
  await go("#/payments/new");
  await page.locator("#creditor").selectOption(to);
  await page.locator("#amount").fill(amount);
  await page.locator("#value-date").fill("2026-11-23");
  if (detail) {
    await page.locator("form summary").click();
    for (const [field, value] of Object.entries(detail)) await page.locator(`#${field}`).fill(value);
  }
  await page.locator("form button.primary").click();
  await page.locator("dialog[open] button.primary").click();
  const outcome = page.locator("main .outcome");
  await outcome.waitFor();
  return (await outcome.innerText()).trim();
}

describe("one node", { concurrency: false }, () => {
  test("the types are those of the running node", async () => {
    const committed = readFileSync(new URL("../../src/lib/api-types.ts", import.meta.url), "utf8");
    assert.equal(committed, typesOf(await node.get("/openapi.json")), "npm run types writes them anew");
  });

  test("an empty union: every page says what to do", async () => {
    const visitor = await visit(browser, node);
    for (const name of PAGES) {
      await visitor.go(`#/${name}`);
      assert.deepEqual(await axe(visitor.page), [], name);
    }
    await visitor.close();
  });

  test("a payment is sent and is final, and others see it within a moment", async () => {
    const [mia, watcher] = await Promise.all([visit(browser, node), visit(browser, node)]);
    await signIn(mia, union.find("mia-arg"));
    await watcher.go("#/payments?status=settled");
    const text = await pay(mia, { to: "BRA", amount: "1250,50", detail: { debtor_name: "Ana", remittance: "invoice 7" } });
    assert.match(text, /settled/);
    const row = watcher.page.locator("tbody tr", { hasText: "1,250.50" });
    await row.waitFor();
    await mia.page.locator("main .outcome a").click();
    await mia.page.locator("h1", { hasText: "Payment" }).waitFor();
    await mia.page.getByText("invoice 7").waitFor();
    assert.match(await mia.page.locator(".life").innerText(), /Signed for ARG[\s\S]*Taken in, final[\s\S]*settled/);
    await picture(mia.page, "payment");
    await row.locator("a").click();
    await watcher.page.getByText("Only operators of ARG and BRA can read it").waitFor();
    await Promise.all([mia.close(), watcher.close()]);
  });

  test("an update is on the screen within 250 ms of the node's answer", async () => {
    const [mia, watcher] = await Promise.all([visit(browser, node), visit(browser, node)]);
    await signIn(mia, union.find("mia-arg"));
    await watcher.go("#/overview");
    const took = [];
    for (let round = 1; round <= 5; round += 1) {
      await watcher.page.evaluate((text) => {
        globalThis.seen = new Promise((resolve) => {
          const look = () => document.body.innerText.includes(text) && (observer.disconnect(), resolve(Date.now()));
          const observer = new MutationObserver(look);
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        });
      }, `7${round}.31`);
      const token = await mia.page.evaluate(() => sessionStorage.getItem("comity-session"));
      const response = await fetch(`${node.url}/v1/orders`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ id: crypto.randomUUID(), creditor: "BRA", currency: "USD", amount: `7${round}.31`, value_date: "2026-11-23" }),
      });
      assert.equal(response.status, 200);
      const answered = Date.now();
      took.push((await watcher.page.evaluate(() => globalThis.seen)) - answered);
    }
    took.sort((a, b) => a - b);
    console.log(`on the screen after the answer, ms: ${took.join(", ")}`);
    assert.ok(took[2] <= 250, `half of them within 250 ms: ${took}`);
    await Promise.all([mia.close(), watcher.close()]);
  });

  test("a large payment needs a second person", async () => {
    const mia = await visit(browser, node);
    await signIn(mia, union.find("mia-arg"));
    assert.match(await pay(mia, { to: "CHL", amount: "25000" }), /waits for a second person/);
    await mia.go("#/approvals");
    await mia.page.getByText("You prepared this").waitFor();
    assert.equal(await mia.page.getByRole("button", { name: "Approve" }).count(), 0);
    const carl = await visit(browser, node);
    await signIn(carl, union.find("carl-arg"));
    await carl.go("#/approvals");
    await carl.page.getByText("prepared by mia-arg").waitFor();
    assert.deepEqual(await axe(carl.page), []);
    await picture(carl.page, "approvals");
    await carl.page.getByRole("button", { name: "Approve" }).click();
    await carl.page.locator("dialog[open]").getByText("The node signs it").waitFor();
    await carl.page.locator("dialog[open] button.primary").click();
    await carl.page.locator("main .notice", { hasText: "settled" }).waitFor();
    await carl.page.getByText("Nothing waits for a second person").waitFor();
    await Promise.all([mia.close(), carl.close()]);
  });

  test("a payment waits for liquidity, is explained, gets it, settles", async () => {
    const [mia, carl] = await Promise.all([visit(browser, node), visit(browser, node)]);
    await signIn(mia, union.find("mia-chl"));
    await signIn(carl, union.find("carl-chl"));
    const position = async () => (await node.get("/v1/positions?member=CHL")).positions[0];
    /** Prepares caps as the maker, approves them as the checker. */
    const cap = async (debit) => {
      await mia.go("#/members/CHL");
      await mia.page.locator("#debit-cap").fill(debit);
      await mia.page.locator("form", { has: mia.page.locator("#debit-cap") }).locator("button").click();
      await mia.page.locator("dialog[open] button.primary").click();
      await mia.page.locator("main .notice", { hasText: "waits for a second person" }).waitFor();
      await carl.go("#/approvals");
      await carl.page.getByRole("button", { name: "Approve" }).click();
      await carl.page.locator("dialog[open] button.primary").click();
      await carl.page.locator("main .notice", { hasText: "done" }).waitFor();
    };
    await cap("100");
    const owned = Number((await position()).can_pay.minor) / 100;
    const text = await pay(mia, { to: "PER", amount: String(owned - 9_000 > 0 ? 9_999 : owned + 50) });
    if (/settled/.test(text)) {
      // CHL still owned more than one payment below the threshold takes: pay on until it waits.
      for (let round = 0; round < 4; round += 1) if (/queued/.test(await pay(mia, { to: "PER", amount: "9999" }))) break;
    }
    await mia.go("#/queue");
    await mia.page.getByText("AM04 · Waits for liquidity").waitFor();
    assert.deepEqual(await axe(mia.page), []);
    await picture(mia.page, "queue");
    await mia.page.getByRole("button", { name: "Change priority" }).first().click();
    await mia.page.locator("dialog[open] button.primary").click();
    await mia.page.locator("td", { hasText: "urgent" }).waitFor();
    await cap("1000000");
    await mia.go("#/queue");
    await mia.page.getByText("Nothing waits").waitFor();
    assert.equal((await node.get("/v1/queue?member=CHL")).length, 0);
    await Promise.all([mia.close(), carl.close()]);
  });

  test("an order that is held is decided by the member that is paid", async () => {
    const [mia, other, carl] = await Promise.all([visit(browser, node), visit(browser, node), visit(browser, node)]);
    await signIn(other, union.find("mia-per"));
    await signIn(carl, union.find("carl-per"));
    await signIn(mia, union.find("mia-arg"));
    await other.go("#/members/PER");
    await other.page.locator("#rule-debtor").selectOption("ARG");
    await other.page.locator("form", { has: other.page.locator("#rule-slot") }).locator("button").click();
    await other.page.locator("dialog[open] button.primary").click();
    await other.page.locator("main .notice", { hasText: "waits for a second person" }).waitFor();
    await carl.go("#/approvals");
    await carl.page.getByRole("button", { name: "Approve" }).click();
    await carl.page.locator("dialog[open] button.primary").click();
    await carl.page.locator("main .notice", { hasText: "done" }).waitFor();
    assert.match(await pay(mia, { to: "PER", amount: "33" }), /held/);
    await other.go("#/payments?status=held");
    await other.page.locator("tbody a").first().click();
    await other.page.getByRole("button", { name: "Accept" }).click();
    await other.page.locator("dialog[open] button.primary").click();
    await other.page.locator("main .head .status", { hasText: "settled" }).waitFor();
    await Promise.all([mia.close(), other.close(), carl.close()]);
  });

  test("every page is in order for everybody, in both lights, with something to show", async () => {
    for (const scheme of ["light", "dark"]) {
      const visitor = await visit(browser, node, { scheme });
      await signIn(visitor, union.find("carl-arg"));
      const order = (await node.get("/v1/orders?limit=1&status=settled")).orders[0].id;
      for (const name of [...PAGES, `payments/${order}`]) {
        await visitor.go(`#/${name}`);
        await visitor.page.waitForFunction(() => !document.body.innerText.includes("Loading…"));
        assert.deepEqual(await axe(visitor.page), [], `${name}, ${scheme}`);
        await picture(visitor.page, `${name.replaceAll("/", "-").replace(order, "detail")}-${scheme}`);
      }
      await visitor.close();
    }
  });

  test("on a narrow screen nothing is beyond the edge", async () => {
    const visitor = await visit(browser, node, { width: 360, height: 740 });
    for (const name of PAGES) {
      await visitor.go(`#/${name}`);
      await visitor.page.waitForFunction(() => !document.body.innerText.includes("Loading…"));
      const beyond = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(beyond <= 0, `${name} is ${beyond} px too wide`);
    }
    await visitor.close();
  });

  test("everything is reached by keyboard, and the focus is seen", async () => {
    const visitor = await visit(browser, node);
    await visitor.page.keyboard.press("Tab");
    assert.equal(await visitor.page.evaluate(() => document.activeElement.className.includes("skip")), true, "first the skip link");
    await visitor.page.keyboard.press("Enter");
    assert.equal(await visitor.page.evaluate(() => document.activeElement.id), "main");
    await signIn(visitor, union.find("mia-bra"));
    await visitor.go("#/payments/new");
    await visitor.page.locator("#creditor").focus();
    await visitor.page.keyboard.type("ARG");
    for (let at = 0; at < 2; at += 1) await visitor.page.keyboard.press("Tab");
    await visitor.page.keyboard.type("12.34");
    const outline = await visitor.page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
    assert.equal(outline, "3px");
    await visitor.page.locator("#value-date").fill("2026-11-23");
    await visitor.page.locator("#amount").press("Enter");
    await visitor.page.locator("dialog[open]").waitFor();
    assert.equal(await visitor.page.evaluate(() => document.activeElement.closest("dialog") !== null), true, "the focus is in the dialog");
    await visitor.page.keyboard.press("Escape");
    await visitor.page.locator("dialog[open]").waitFor({ state: "detached" });
    await visitor.page.locator("#amount").press("Enter");
    await visitor.page.locator("dialog[open] button.primary").press("Enter");
    await visitor.page.locator("main .notice", { hasText: "settled" }).waitFor();
    await visitor.close();
  });

  test("the same in Spanish, Portuguese and French", async () => {
    for (const [language, outcome, figure] of [["es-UY", "liquidada", "2.345,67"], ["pt-BR", "liquidada", "2.345,67"], ["fr-FR", "réglé", "2\u202f345,67"]]) {
      const visitor = await visit(browser, node, { language });
      await signIn(visitor, union.find("mia-bra"));
      assert.match(await pay(visitor, { to: "CHL", amount: "2345,67" }), new RegExp(outcome));
      await visitor.page.locator("main .outcome a").click();
      await visitor.page.getByText(figure).first().waitFor();
      for (const name of PAGES) {
        await visitor.go(`#/${name}`);
        await visitor.page.waitForFunction(() => !/Loading…|Cargando…|Carregando…|Chargement…/.test(document.body.innerText));
        const text = await visitor.page.locator("body").innerText();
        assert.doesNotMatch(text, /\{\w+\}/, `${name}, ${language}: a value is missing`);
        assert.equal(await visitor.page.evaluate(() => document.documentElement.lang), language.slice(0, 2));
      }
      await picture(visitor.page, `sign-in-${language.slice(0, 2)}`);
      await visitor.go("#/overview");
      await picture(visitor.page, `overview-${language.slice(0, 2)}`);
      await visitor.close();
    }
  });

  test("blocks are checked in the browser", async () => {
    const visitor = await visit(browser, node);
    await visitor.go("#/audit");
    await visitor.page.getByRole("button", { name: "Check these blocks" }).click();
    await visitor.page.locator(".notice.good", { hasText: "follow each other" }).waitFor();
    await visitor.page.route("**/v1/blocks/*/batches/0", async (route) => {
      const answer = await route.fetch();
      const body = Buffer.from(await answer.body());
      body[300] ^= 1;
      await route.fulfill({ response: answer, body });
    });
    await visitor.page.getByRole("button", { name: "Check these blocks" }).click();
    await visitor.page.locator(".notice.bad", { hasText: "its signature is wrong" }).waitFor();
    await visitor.close();
  });

  test("statements balance on the page, and come as CSV", async () => {
    const visitor = await visit(browser, node);
    await visitor.go("#/statements?member=ARG&day=2026-11-23");
    await visitor.page.getByText("Closing balance").first().waitFor();
    const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.page.getByText("Download CSV").click()]);
    assert.equal(download.suggestedFilename(), "statement-ARG-2026-11-23.csv");
    assert.match(readFileSync(await download.path(), "utf8"), /position/);
    await visitor.close();
  });

  test("the first load is small and soon there", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const { gzipSync } = await import("node:zlib");
    let bytes = 0;
    page.on("response", async (response) => {
      if (/\/$|\/assets\//.test(new URL(response.url()).pathname)) bytes += gzipSync(await response.body()).length;
    });
    await page.goto(node.url);
    await page.locator("main h1").waitFor();
    const ready = await page.evaluate(() => Math.round(performance.now()));
    console.log(`first load: ${bytes} bytes compressed, on the screen after ${ready} ms`);
    assert.ok(bytes < 300_000, `${bytes} bytes`);
    await context.close();
  });

  test("a lost connection is said, and comes back without gaps", async () => {
    const visitor = await visit(browser, node);
    await visitor.go("#/overview");
    await node.stop();
    await visitor.page.getByText("No connection to the node.").first().waitFor();
    assert.deepEqual(await axe(visitor.page), []);
    await picture(visitor.page, "lost");
    await node.start();
    await visitor.page.waitForFunction(() => !document.querySelector(".banner").innerText.includes("No connection"));
    await visitor.close();
  });
});
