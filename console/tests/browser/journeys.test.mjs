// Four nodes, one for each member, that agree on every block: what happens at one desk is seen at the others.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { axe, during, picture, signIn, visit } from "./browser.mjs";
import { Union, ask } from "./union.mjs";

/** How long the members have to vote, in milliseconds. */
const VOTING_MS = 45_000;
const CODES = ["ARG", "BRA", "CHL", "PER"];

let browser, union;
during(Union.together, (found) => ({ browser, union } = found));

const nodeOf = (code) => union.nodes[CODES.indexOf(code)];

/** A person of a member at the member's own node, signed in. */
async function atDesk(code, role, options) {
  const visitor = await visit(browser, nodeOf(code), options);
  await signIn(visitor, union.find(`${role}-${code.toLowerCase()}`));
  return visitor;
}

async function confirmDialog(page) {
  await page.locator("dialog[open] form > .row > button").first().click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
}

/** The maker of a member prepares something, its checker approves it. */
async function byTwo(code, prepare) {
  const [maker, checker] = await Promise.all([atDesk(code, "mia"), atDesk(code, "carl")]);
  await prepare(maker);
  await maker.page.locator("main .notice", { hasText: "waits for a second person" }).waitFor();
  await checker.go("#/approvals");
  await checker.page.getByRole("button", { name: "Approve" }).first().click();
  await confirmDialog(checker.page);
  await checker.page.locator("main .notice.good").waitFor();
  await Promise.all([maker.close(), checker.close()]);
}

describe("four nodes", { concurrency: false }, () => {
  test("a payment is sent at one node, seen final at another, and proved", async () => {
    const [mia, there] = await Promise.all([atDesk("ARG", "mia"), visit(browser, nodeOf("BRA"))]);
    await there.go("#/payments?status=settled");
    await mia.go("#/payments/new");
    await mia.page.locator("#creditor").selectOption("BRA");
    await mia.page.locator("#amount").fill("4321.99");
    await mia.page.locator("#value-date").fill("2026-11-23");
    await mia.page.locator("form button.primary").click();
    await confirmDialog(mia.page);
    await mia.page.locator("main .notice", { hasText: "settled" }).waitFor();
    const row = there.page.locator("tbody tr", { hasText: "4,321.99" });
    await row.waitFor();
    await row.locator("a").click();
    await there.page.getByRole("button", { name: "Download the receipt" }).waitFor();
    const id = decodeURIComponent(there.page.url().split("/payments/")[1]);
    await nodeOf("BRA").until(`/v1/orders/${id}/receipt`, (found) => found.receipt);
    const [download] = await Promise.all([there.page.waitForEvent("download"), there.page.getByRole("button", { name: "Download the receipt" }).click()]);
    assert.equal(JSON.parse(readFileSync(await download.path(), "utf8")).proves.order.status, "settled");
    await there.page.getByText("signed by a quorum").waitFor();
    await Promise.all([mia.close(), there.close()]);
  });

  test("a cycle closes when all agree, and the legs are confirmed", async () => {
    for (const code of CODES) {
      await byTwo(code, async ({ page, go }) => {
        await go("#/cycle");
        if (code === "ARG") await picture(page, "cycle-open");
        await page.getByRole("button", { name: "Agree to close early" }).click();
        await confirmDialog(page);
      });
    }
    const [payer, paid] = await Promise.all([visit(browser, nodeOf("ARG")), visit(browser, nodeOf("BRA"))]);
    await nodeOf("BRA").until("/v1/cycles/1", (found) => found.status === "closed");
    await payer.go("#/cycle/1");
    await payer.page.getByText("BRA confirms").waitFor();
    await picture(payer.page, "cycle-closed");
    await byTwo("BRA", async ({ page, go }) => {
      await go("#/cycle/1");
      await page.getByRole("button", { name: "Confirm receipt" }).click();
      await page.locator("dialog[open]").getByText("Confirm only what has arrived").waitFor();
      await confirmDialog(page);
    });
    await paid.go("#/cycle/1");
    for (const { page } of [payer, paid]) await page.locator("td .status", { hasText: "confirmed" }).waitFor();
    assert.deepEqual(await axe(paid.page), []);
    await Promise.all([payer.close(), paid.close()]);
  });

  test("a proposal is made, voted through, and shown as a difference", async () => {
    await byTwo("CHL", async ({ page, go }) => {
      await go("#/governance/new");
      await page.waitForFunction(() => document.querySelector("#text")?.value.includes("[[members]]"));
      const text = await page.locator("#text").inputValue();
      // Votes count until the deadline, and are counted then.
      const { time } = await nodeOf("CHL").get("/v1/union");
      await page.locator("#until").fill(new Date(Date.parse(time) + VOTING_MS).toISOString().slice(0, 19));
      await page.locator("#text").fill(`# Reviewed by all members.\n${text}`);
      await page.getByRole("button", { name: "Check and prepare" }).click();
      await confirmDialog(page);
    });
    const watcher = await visit(browser, nodeOf("PER"));
    await watcher.go("#/governance");
    await watcher.page.locator("tbody a", { hasText: "Amend the charter" }).click();
    await watcher.page.locator(".diff .added", { hasText: "Reviewed by all members." }).waitFor();
    assert.deepEqual(await axe(watcher.page), []);
    await picture(watcher.page, "proposal");
    await byTwo("ARG", async ({ page, go }) => {
      await go("#/governance/1");
      await page.getByRole("button", { name: "Vote in favour" }).click();
      await confirmDialog(page);
    });
    for (const code of ["BRA", "CHL", "PER"]) {
      const [maker, checker] = ["mia", "carl"].map((role) => union.find(`${role}-${code.toLowerCase()}`));
      const prepared = await (await ask(nodeOf(code), maker, "/v1/commands", { command: "vote", proposal: 1, ballot: "agree" })).json();
      assert.equal((await ask(nodeOf(code), checker, `/v1/approvals/${prepared.approval}/approve`, undefined, "POST")).status, 200);
    }
    await watcher.page.getByText("4 in favour").waitFor();
    await watcher.page.locator(".status", { hasText: /carried|in force/ }).first().waitFor({ timeout: VOTING_MS });
    await nodeOf("PER").until("/v1/proposals/1", (found) => found.status === "in force", 60_000);
    await watcher.go("#/governance");
    await watcher.page.getByRole("button", { name: "Compare with the one before" }).click();
    await watcher.page.locator(".diff .added", { hasText: "Reviewed by all members." }).waitFor();
    await watcher.close();
  });

  test("nodes are killed, the banner comes, they are back, and it goes; in Spanish", async () => {
    const desk = await visit(browser, nodeOf("ARG"), { language: "es-UY" });
    await Promise.all([nodeOf("CHL").stop("SIGKILL"), nodeOf("PER").stop("SIGKILL")]);
    await desk.page.locator(".banner", { hasText: "El nodo no recibe órdenes ahora." }).waitFor();
    assert.deepEqual(await axe(desk.page), []);
    await picture(desk.page, "cut-off-es");
    await nodeOf("ARG").get("/v1/union");
    await Promise.all([nodeOf("CHL").start(), nodeOf("PER").start()]);
    await desk.page.waitForFunction(() => !document.querySelector(".banner").innerText.includes("no recibe"), undefined, { timeout: 60_000 });
    await desk.close();
  });
});
