// What people do together, each at the node of their own member, in English and in Spanish: what happens at one desk is seen at the others.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { load } from "../unit/load.mjs";
import { axe, during, pay, picture, signIn, visit } from "./browser.mjs";
import { Union } from "./union.mjs";

/** How long the members have to vote, in milliseconds. */
const VOTING_MS = 60_000;
const CODES = ["ARG", "BRA", "CHL", "PER"];

const { formatDecimal } = await load("lib/amount.ts");
const catalogues = { "en-US": (await load("lib/i18n/en.ts")).en, "es-UY": (await load("lib/i18n/es.ts")).es };

for (const language of Object.keys(catalogues)) {
  describe(`four nodes, ${language}`, { concurrency: false }, () => journeys(language));
}

function journeys(language) {
  const short = language.slice(0, 2);
  const t = (key) => catalogues[language][key];
  /** A text of which some is not known before. */
  const like = (key) => new RegExp(t(key).replace(/[.?()]/g, "\\$&").replace(/\{\w+\}/g, ".+"));
  const figure = (amount) => formatDecimal(amount, short);

  let browser, union;
  during(Union.together, (found) => ({ browser, union } = found));
  const nodeOf = (code) => union.nodes[[...CODES, "URY"].indexOf(code)];

  const desks = new Map();
  after(async () => Promise.all([...desks.values()].map((desk) => desk.close())));

  /** The desk of somebody of a member at the member's own node, signed in all day. */
  async function desk(code, role = "mia") {
    const name = `${role}-${code.toLowerCase()}`;
    if (!desks.has(name)) {
      const visitor = await visit(browser, nodeOf(code), { language });
      await signIn(visitor, union.find(name));
      desks.set(name, visitor);
    }
    return desks.get(name);
  }

  async function confirmDialog(page) {
    await page.locator("dialog[open] form > .row > button").first().click();
    await page.locator("dialog[open]").waitFor({ state: "detached" });
  }

  async function press(page, key) {
    await page.getByRole("button", { name: t(key) }).first().click();
    await confirmDialog(page);
  }

  /** The checker of a member approves what its maker has prepared. */
  async function approved(code, said) {
    const [maker, checker] = [await desk(code), await desk(code, "carl")];
    await maker.page.locator("main .notice", { hasText: t("status.awaiting_approval") }).waitFor();
    await checker.go("#/approvals");
    await press(checker.page, "approvals.approve");
    await checker.page.locator("main .notice", { hasText: t(said) }).waitFor();
    await checker.page.getByText(t("approvals.none"), { exact: true }).waitFor();
    // Else what was prepared now would still be shown beside what is prepared next.
    await maker.go("#/settings");
  }

  test("a payment is sent at one node, seen final at another, and proved", async () => {
    const [mia, there] = [await desk("ARG"), await visit(browser, nodeOf("BRA"), { language })];
    await there.go("#/payments?status=settled");
    assert.ok((await pay(mia, { to: "BRA", amount: "4321.99" })).includes(t("status.settled")));
    const row = there.page.locator("tbody tr", { hasText: figure("4321.99") });
    await row.waitFor();
    await row.locator("a").click();
    const receipt = there.page.getByRole("button", { name: t("payments.receipt") });
    await receipt.waitFor();
    const id = decodeURIComponent(there.page.url().split("/payments/")[1]);
    await nodeOf("BRA").until(`/v1/orders/${id}/receipt`, (found) => found.receipt);
    const [download] = await Promise.all([there.page.waitForEvent("download"), receipt.click()]);
    assert.equal(JSON.parse(readFileSync(await download.path(), "utf8")).proves.order.status, "settled");
    await there.page.getByText(like("payments.receipt_saved")).waitFor();
    await there.close();
  });

  test("a payment waits for liquidity, is explained, gets it, settles", async () => {
    const mia = await desk("CHL");
    await mia.go("#/members/CHL");
    await mia.page.locator("#debit-cap").fill("100");
    await mia.page.locator("form", { has: mia.page.locator("#debit-cap") }).locator("button").click();
    await confirmDialog(mia.page);
    await approved("CHL", "status.done");
    assert.ok((await pay(mia, { to: "PER", amount: "500" })).includes(t("status.queued")));
    await mia.go("#/queue");
    const why = mia.page.locator("section", { has: mia.page.locator("#in-queue") });
    await why.getByText(t("reason.AM04")).waitFor();
    assert.deepEqual(await axe(mia.page), []);
    await picture(mia.page, `journey-waits-${short}`);
    assert.ok((await pay(await desk("BRA"), { to: "CHL", amount: "450" })).includes(t("status.settled")));
    await why.getByText(t("queue.empty"), { exact: true }).waitFor();
    await mia.go("#/payments?status=settled");
    await mia.page.locator("tbody tr", { hasText: figure("500.00") }).waitFor();
  });

  test("what waits is put in another order, held back, and let go by two", async () => {
    const mia = await desk("CHL");
    for (const amount of ["600", "300"]) assert.ok((await pay(mia, { to: "PER", amount })).includes(t("status.queued")));
    await mia.go("#/queue");
    const [inQueue, others] = ["in-queue", "not-in-queue"].map((id) => mia.page.locator("section", { has: mia.page.locator(`#${id}`) }));
    const row = (section, amount) => section.locator("tbody tr", { hasText: figure(amount) });
    const act = async (section, amount, key) => row(section, amount).getByRole("button", { name: t(key) }).click();
    await act(inQueue, "300.00", "act.reprioritise");
    await mia.page.locator("#new-place").selectOption("first");
    await confirmDialog(mia.page);
    await inQueue.locator("tbody tr:first-child", { hasText: figure("300.00") }).waitFor();
    await act(inQueue, "300.00", "act.hold");
    await confirmDialog(mia.page);
    await row(others, "300.00").getByText(like("payments.why_on_hold")).waitFor();
    assert.deepEqual(await axe(mia.page), []);
    await picture(mia.page, `journey-held-back-${short}`);
    // There is money for it now, and it stays where it is.
    assert.ok((await pay(await desk("BRA"), { to: "CHL", amount: "400" })).includes(t("status.settled")));
    await act(others, "300.00", "act.release");
    await confirmDialog(mia.page);
    await approved("CHL", "status.settled");
    await mia.go("#/queue");
    await act(inQueue, "600.00", "act.cancel");
    await confirmDialog(mia.page);
    await inQueue.getByText(t("queue.empty"), { exact: true }).waitFor();
    // Its page tells every step.
    await mia.go("#/payments?status=settled");
    await mia.page.locator("tbody tr", { hasText: figure("300.00") }).locator("a").click();
    await mia.page.getByRole("button", { name: t("life.steps") }).click();
    const steps = mia.page.locator(".steps strong");
    await steps.nth(3).waitFor();
    assert.deepEqual(await steps.allInnerTexts(), ["queued", "queued", "held", "settled"].map((status) => t(`status.${status}`)));
    assert.deepEqual(await axe(mia.page), []);
    await picture(mia.page, `journey-every-step-${short}`);
  });

  test("a large payment needs a second person", async () => {
    const [mia, carl] = [await desk("ARG"), await desk("ARG", "carl")];
    const why = "contrato <b>7</b> · 急";
    assert.ok((await pay(mia, { to: "CHL", amount: "25000", why })).includes(t("status.awaiting_approval")));
    await mia.go("#/approvals");
    await mia.page.getByText(t("approvals.own")).waitFor();
    assert.equal(await mia.page.getByRole("button", { name: t("approvals.approve") }).count(), 0);
    await carl.go("#/approvals");
    await carl.page.getByText(figure("25000.00")).first().waitFor();
    await carl.page.getByText(why).waitFor();
    await picture(carl.page, `journey-approval-${short}`);
    await press(carl.page, "approvals.approve");
    await carl.page.locator("main .notice", { hasText: t("status.settled") }).waitFor();
  });

  test("a cycle closes when all agree, and the legs are confirmed", async () => {
    for (const code of CODES) {
      const { page, go } = await desk(code);
      await go("#/cycle");
      if (code === "ARG") await picture(page, `journey-cycle-open-${short}`);
      await press(page, "cycle.close");
      await approved(code, "status.done");
    }
    await nodeOf("BRA").until("/v1/cycles/1", (found) => found.status === "closed");
    const payer = await visit(browser, nodeOf("ARG"), { language });
    await payer.go("#/cycle/1");
    for (const code of ["BRA", "CHL", "PER"]) {
      await payer.page.getByText(t("cycle.waits_for").replace("{member}", code)).waitFor();
      const { page, go } = await desk(code);
      await go("#/cycle/1");
      await press(page, "cycle.confirm");
      await approved(code, "status.done");
      await go("#/cycle/1");
      for (const side of [payer.page, page]) {
        await side.locator("tbody tr", { hasText: code }).locator(".status", { hasText: t("leg.settled") }).waitFor();
      }
    }
    await payer.page.locator(".panel .status", { hasText: t("cycle_status.settled") }).waitFor();
    const { gross } = await nodeOf("ARG").get("/v1/cycles/1");
    await payer.page.locator("figcaption", { hasText: figure(gross.amount) }).waitFor();
    assert.deepEqual(await axe(payer.page), []);
    await picture(payer.page, `journey-cycle-settled-${short}`);
    await payer.close();
  });

  test("blocks are checked in the browser, and that a quorum of the nodes signed them", async () => {
    const there = await visit(browser, nodeOf("PER"), { language });
    const button = there.page.getByRole("button", { name: t("audit.check") });
    await there.go("#/audit");
    await button.click();
    await there.page.locator(".notice.good", { hasText: like("audit.certified") }).waitFor();
    assert.deepEqual(await axe(there.page), []);
    await picture(there.page, `journey-audit-${short}`);
    await there.page.route("**/v1/blocks/*", async (route) => {
      const answer = await route.fetch();
      const block = await answer.json();
      // The last byte of the last signature.
      if (block.certificate) block.certificate = block.certificate.slice(0, -2) + (block.certificate.endsWith("00") ? "01" : "00");
      await route.fulfill({ response: answer, json: block });
    });
    await there.go("#/overview");
    await there.go("#/audit");
    await button.click();
    await there.page.locator(".notice.bad", { hasText: like("audit.wrong_certificate") }).waitFor();
    await there.close();
  });

  test("a member is admitted: the members vote it in, and its own node catches up", async () => {
    const guest = await visit(browser, nodeOf("BRA"), { language });
    await guest.go("#/governance");
    const took = async (key) => {
      const [download] = await Promise.all([guest.page.waitForEvent("download"), guest.page.getByRole("link", { name: t(key), exact: true }).click()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
    };
    const files = [await took("governance.in_force"), await took("governance.founding_text"), await took("governance.signatures")];
    assert.deepEqual(files.map(({ name }) => name), ["charter.toml", "founding.toml", "founding.signatures.toml"]);
    await guest.close();
    const newcomer = union.newcomer("URY", "Banco Central del Uruguay", files);

    const proposer = await desk("ARG");
    await proposer.go("#/governance/new");
    await proposer.page.locator("#kind").selectOption("admit");
    await proposer.page.locator("#accession-file").setInputFiles(newcomer.text);
    await proposer.page.getByText(t("governance.bad_accession")).waitFor();
    await proposer.page.locator("#accession-file").setInputFiles(newcomer.accession);
    await proposer.page.getByText(t("governance.acceded").replace("{member}", "URY")).waitFor();
    await proposer.page.locator("#text-file").setInputFiles(newcomer.text);
    await proposer.page.locator(".diff .added", { hasText: "Banco Central del Uruguay" }).waitFor();
    assert.deepEqual(await axe(proposer.page), []);
    await picture(proposer.page, `journey-propose-${short}`);
    // Votes count until the deadline, and are counted then.
    const { time } = await nodeOf("ARG").get("/v1/union");
    await proposer.page.locator("#until").fill(new Date(Date.parse(time) + VOTING_MS).toISOString().slice(0, 19));
    await press(proposer.page, "governance.check");
    await approved("ARG", "status.done");

    // Its node is there before it is let in, and says what it waits for.
    union.nodes.push(newcomer.node);
    await newcomer.node.start();
    const own = await visit(browser, newcomer.node, { language });
    await own.page.locator(".banner", { hasText: like("not_ready.no_quorum") }).waitFor();
    assert.deepEqual(await axe(own.page), []);
    await picture(own.page, `journey-not-let-in-${short}`);

    const votes = async (code) => {
      const { page, go } = await desk(code);
      await go("#/overview");
      await page.locator(".todo li", { hasText: t("overview.votes") }).locator("strong", { hasText: "1" }).waitFor();
      await go("#/governance");
      await page.locator("tbody a", { hasText: `${t("decision.admit")} URY` }).click();
      await page.locator(".diff .added", { hasText: "Banco Central del Uruguay" }).waitFor();
      await press(page, "vote.agree");
      await approved(code, "status.done");
    };
    await Promise.all(CODES.map(votes));
    const voted = await desk("PER");
    await voted.go("#/governance/1");
    await voted.page.locator(".ballots", { hasText: "ARG, BRA, CHL, PER" }).waitFor();
    assert.deepEqual(await axe(voted.page), []);
    await picture(voted.page, `journey-voted-${short}`);
    await voted.page.locator(".status", { hasText: t("proposal.in_force") }).waitFor({ timeout: 2 * VOTING_MS });

    await own.page.waitForFunction((no) => !document.querySelector(".banner").innerText.includes(no), t("banner.trouble"), { timeout: 60_000 });
    await own.page.locator("dd", { hasText: t("overview.ready") }).waitFor();
    const { height } = await nodeOf("ARG").get("/v1/union");
    await newcomer.node.until("/v1/union", (found) => found.height >= height);
    await picture(own.page, `journey-caught-up-${short}`);
    await own.go("#/members");
    const line = own.page.locator("tbody tr", { hasText: "Banco Central del Uruguay" });
    await line.locator(".status", { hasText: t("standing.active") }).waitFor();
    await own.go("#/governance");
    await own.page.getByRole("button", { name: t("governance.compare") }).click();
    await own.page.locator(".diff .added", { hasText: "Banco Central del Uruguay" }).waitFor();
    await picture(own.page, `journey-history-${short}`);
    await own.close();

    // It is given operators, and pays from its own desk once its batches count.
    await newcomer.node.until("/v1/members/URY", (found) => found.signing_key);
    await newcomer.node.stop();
    union.staff(newcomer);
    await newcomer.node.start();
    await newcomer.node.until("/ready", (ready) => ready.status === "ok");
    assert.ok((await pay(await desk("URY"), { to: "ARG", amount: "77.05" })).includes(t("status.settled")));
    const { page, go } = await desk("ARG");
    await go("#/members/URY");
    await page.getByText(figure("-77.05")).first().waitFor();
  });

  test("nodes are killed, banners come, the nodes are back, and they go", async () => {
    const there = await visit(browser, nodeOf("ARG"), { language });
    const banner = there.page.locator(".banner");
    const gone = (key) => there.page.waitForFunction((text) => !document.querySelector(".banner").innerText.includes(text), t(key).split("{")[0], { timeout: 60_000 });
    await nodeOf("ARG").until("/ready", ({ network }) => network.connected === network.nodes);
    await nodeOf("CHL").stop("SIGKILL");
    await banner.getByText(like("banner.few_text")).waitFor();
    assert.deepEqual(await axe(there.page), []);
    await picture(there.page, `journey-one-down-${short}`);
    await nodeOf("PER").stop("SIGKILL");
    await banner.getByText(like("not_ready.no_quorum")).waitFor();
    await picture(there.page, `journey-cut-off-${short}`);
    // What is known can be looked at all the same.
    await there.go("#/payments");
    await there.page.locator("tbody tr", { hasText: figure("77.05") }).waitFor();
    await Promise.all([nodeOf("CHL").start(), nodeOf("PER").start()]);
    await gone("banner.trouble");
    await gone("banner.few");
    await there.close();
  });
}
