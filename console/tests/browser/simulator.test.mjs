// The simulator: an economist compares rules, looks at positions, and takes the figures away.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { axe, during, picture, signIn, visit } from "./browser.mjs";
import { Union, ask } from "./union.mjs";

let browser, union, node;
during(Union.alone, (found) => ({ browser, union, node } = found));

describe("the simulator", { concurrency: false }, () => {
  test("without a session it says what to do", async () => {
    const visitor = await visit(browser, node);
    await visitor.go("#/simulator");
    await visitor.page.getByText("This takes a session of an operator").waitFor();
    assert.equal(await visitor.page.locator("main form").count(), 0);
    await visitor.close();
  });

  test("rules are compared on the example, and the report is what the node says", async () => {
    for (const scheme of ["light", "dark"]) {
      const visitor = await visit(browser, node, { scheme });
      const { page } = visitor;
      await signIn(visitor, union.find("vera-arg"));
      await visitor.go("#/simulator");
      const run = page.locator("form button[type=submit]");
      assert.ok(await run.isDisabled(), "there is no trade yet");
      await page.getByText("No trade is chosen").waitFor();
      await page.getByRole("button", { name: "Take the example" }).press("Enter");
      await page.getByText("Example (made-up figures of three members): 10 rows").waitFor();
      await page.locator("#orders").fill("2000");
      await page.locator("#rules-sml").check();
      await run.press("Enter");
      await page.locator("#shown option").nth(3).waitFor({ state: "attached" });
      await page.locator("main progress").waitFor({ state: "detached" });
      const rows = await page.locator("#comparison tbody tr").allInnerTexts();
      assert.equal(rows.length, 4);
      assert.match(rows[2], /aladi\s+2006 · Seed 1[\s\S]*USD\s266,000,000\.00[\s\S]*\d+\.\d %/);
      await page.locator("#shown").selectOption("sml");
      await page.locator("svg[aria-label^='Positions by sml after each of']").waitFor();
      await page.locator("#positions summary").click();
      assert.deepEqual(await axe(page), [], scheme);
      await picture(page, `simulator-result-${scheme}`);
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as JSON" }).click()]);
      const saved = JSON.parse(readFileSync(await download.path(), "utf8"));
      assert.deepEqual(saved.map((report) => report.charter), ["keynes-1943", "epu-1950", "aladi", "sml"]);
      const trade = "exporter,importer,year,usd_million\nBBB,AAA,2006,90\nCCC,BBB,2006,80\nAAA,CCC,2006,75\nAAA,BBB,2006,12\nBBB,CCC,2006,9\n"
        + "BBB,AAA,2005,70\nCCC,BBB,2005,50\nAAA,CCC,2005,45\nAAA,BBB,2005,10\nBBB,CCC,2005,8\n";
      const body = { trade, years: [2006], charters: [{ name: "sml" }], orders: 2000, seed: 1 };
      const answer = await (await ask(node, union.find("vera-arg"), "/v1/simulations", body)).json();
      assert.deepEqual(saved[3], answer.simulations[0]);
      await visitor.close();
    }
  });

  test("years, what goes wrong, and seeds: runs side by side", async () => {
    for (const scheme of ["light", "dark"]) {
      const visitor = await visit(browser, node, { scheme });
      const { page } = visitor;
      await signIn(visitor, union.find("vera-arg"));
      await visitor.go("#/simulator");
      await page.getByRole("button", { name: "Take the example" }).click();
      for (const name of ["epu-1950", "keynes-1943"]) await page.locator(`#rules-${name}`).uncheck();
      await page.locator("#orders").fill("500");
      await page.locator("#year").selectOption("2005");
      await page.locator("#last-year").selectOption("2006");
      const run = page.locator("form button[type=submit]");
      await run.click();
      await page.locator("#comparison tbody tr", { hasText: "2005, 2006 · Seed 1" }).waitFor();
      assert.equal(await page.locator("#spread").count(), 0);
      await page.getByRole("button", { name: "Add a shock" }).click();
      await page.locator("#shock-member-0").selectOption("AAA");
      await page.locator("#shock-day-0").fill("2005-03-01");
      await page.getByRole("button", { name: "Add a shock" }).click();
      await page.locator("#shock-kind-1").selectOption("rate");
      await page.locator("#shock-percent-1").fill("40");
      await page.getByRole("button", { name: "Add a shock" }).click();
      await page.getByRole("button", { name: "Remove shock 3" }).click();
      await page.locator("#seeds").fill("5");
      assert.deepEqual(await axe(page), [], scheme);
      await run.click();
      const shocked = page.locator("#comparison tbody tr", { hasText: "AAA stops paying" });
      await shocked.waitFor();
      await page.locator("main progress").waitFor({ state: "detached" });
      assert.match(await shocked.innerText(), /AAA its currency loses value \(\+40 %\), Jun 1, 2005/);
      assert.equal(await page.locator("#comparison tbody tr").count(), 2, "beside what was simulated before");
      const spread = page.locator("#spread tbody tr", { hasText: "Defaulted on" });
      const [least, , , , most] = (await spread.locator("td").allInnerTexts()).map((text) => BigInt(text.replace(/\D/g, "")));
      assert.ok(0n < least && least <= most, `${least} to ${most}`);
      const before = await page.locator("#beside option").nth(1).getAttribute("value");
      await page.locator("#beside").selectOption(before);
      await page.locator("#positions svg[aria-label^='Positions by']").nth(1).waitFor();
      assert.deepEqual(await axe(page), [], scheme);
      await picture(page, `simulator-beside-${scheme}`);
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#spread").getByRole("button", { name: "Save as JSON" }).click()]);
      assert.equal(JSON.parse(readFileSync(await download.path(), "utf8")).runs, 5);
      await page.locator("#seeds").fill("200");
      await page.locator("#orders").fill("100000");
      await page.getByText("Too much at once").waitFor();
      assert.ok(await run.isDisabled());
      await shocked.getByRole("button", { name: "Remove" }).click();
      await shocked.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Remove all results" }).click();
      await page.locator("#comparison").waitFor({ state: "detached" });
      await visitor.close();
    }
  });

  test("a file of one's own, rules of one's own, and what the node refuses", async () => {
    const visitor = await visit(browser, node, { width: 360, height: 740 });
    const { page } = visitor;
    await signIn(visitor, union.find("mia-bra"));
    await visitor.go("#/simulator");
    await page.locator("#trade").setInputFiles({ name: "wrong.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
    await page.getByText("This is no file of trade").waitFor();
    const rows = "exporter,importer,year,usd_million\nARG,BRA,2005,7\nARG,BRA,2006,9\nBRA,<b>X,2006,1\n";
    await page.locator("#trade").setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: Buffer.from(rows) });
    await page.getByText("mine.csv: 3 rows").waitFor();
    assert.deepEqual(await page.locator("#year option").allInnerTexts(), ["2006", "2005"]);
    for (const name of ["aladi", "epu-1950", "keynes-1943"]) await page.locator(`#rules-${name}`).uncheck();
    const acu = readFileSync(new URL("../../../presets/acu.toml", import.meta.url));
    await page.locator("#own").setInputFiles({ name: "ours.toml", mimeType: "application/toml", buffer: acu });
    await page.locator("#rules-ours:checked").waitFor();
    await page.locator("form button[type=submit]").click();
    await page.locator("form .notice.bad", { hasText: "ours" }).waitFor();
    await page.locator("#codes").fill("ARG, BRA");
    await page.locator("form button[type=submit]").click();
    await page.locator("#comparison tbody th", { hasText: "ours" }).waitFor();
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(beyond <= 0, `${beyond} px too wide`);
    await visitor.close();
  });

  test("a simulation is cancelled, and the node is free for the next", async () => {
    const visitor = await visit(browser, node);
    const { page } = visitor;
    await signIn(visitor, union.find("mia-bra"));
    await visitor.go("#/simulator");
    await page.getByRole("button", { name: "Take the example" }).click();
    await page.locator("#orders").fill("100000");
    for (const box of await page.locator(".presets input").all()) await box.check();
    await page.locator("form button[type=submit]").click();
    await page.locator("main progress").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled.").waitFor();
    const again = { trade: "exporter,importer,year,usd_million\nA,B,2006,9\n".replace("A,B", "AAA,BBB"), years: [2006], charters: [{ name: "acu" }], orders: 10 };
    const end = Date.now() + 20_000;
    for (;;) {
      const answer = await ask(node, union.find("mia-bra"), "/v1/simulations", again);
      if (answer.status === 200) break;
      assert.equal(answer.status, 503);
      assert.ok(Date.now() < end, "the node went on simulating");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await visitor.close();
  });
});
