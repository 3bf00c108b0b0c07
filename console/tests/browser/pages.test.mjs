// Every page: for everybody, by keyboard, in both lights, on a narrow screen, in every language; and how soon it is there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { file as typesOf } from "../../scripts/api-types.mjs";
import { axe, during, pay, picture, signIn, visit } from "./browser.mjs";
import { Union, ask, order } from "./union.mjs";

const PAGES = ["overview", "payments", "payments/new", "queue", "cycle", "approvals", "members", "members/BRA", "governance", "governance/new", "statements", "audit", "simulator", "settings", "sign-in"];

let browser, union, node;
during(Union.alone, (found) => ({ browser, union, node } = found));

describe("pages", { concurrency: false }, () => {
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

  test("every page is in order for everybody, in both lights, with something to show", async () => {
    await ask(node, union.find("mia-arg"), "/v1/orders", order({ detail: { debtor_name: "Ana", remittance: ["invoice 7"] }, reference: "first" }));
    await ask(node, union.find("mia-bra"), "/v1/orders", order({ creditor: "CHL", amount: "1200000.05" }));
    await ask(node, union.find("mia-arg"), "/v1/orders", order({ amount: "98765432.10" }));
    for (const scheme of ["light", "dark"]) {
      const visitor = await visit(browser, node, { scheme });
      await signIn(visitor, union.find("carl-arg"));
      const settled = (await node.get("/v1/orders?limit=1&status=settled")).orders[0].id;
      for (const name of [...PAGES, `payments/${settled}`]) {
        await visitor.go(`#/${name}`);
        await visitor.page.waitForFunction(() => !document.body.innerText.includes("Loading…"));
        if (name.endsWith(settled)) {
          await visitor.page.getByRole("button", { name: "Show the messages" }).click();
          await visitor.page.locator(".messages summary").first().click();
        }
        assert.deepEqual(await axe(visitor.page), [], `${name}, ${scheme}`);
        await picture(visitor.page, `${name.replaceAll("/", "-").replace(settled, "detail")}-${scheme}`);
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
      await picture(visitor.page, `${name.replaceAll("/", "-")}-narrow`);
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
    await visitor.page.locator("dialog").waitFor({ state: "detached" });
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

  test("the first load is small and soon there", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
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
});
