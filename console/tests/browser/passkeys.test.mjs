// Signing in with passkeys, by the virtual authenticator of Chromium: made under Settings, named in node.toml, used.

import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { axe, during, pay, picture, visit } from "./browser.mjs";
import { Union } from "./union.mjs";

let browser, union, node, mia, carl, stranger;
during(Union.alone, (found) => ({ browser, union, node } = found));

/** Passkeys are for names: the same node, as this machine calls itself. */
const place = () => ({ url: node.url.replace("127.0.0.1", "localhost") });

/** A person with a device that recognises them. */
async function person() {
  const visitor = await visit(browser, place());
  const device = await visitor.page.context().newCDPSession(visitor.page);
  await device.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", { options });
  return Object.assign(visitor, { tell: (method, more) => device.send(`WebAuthn.${method}`, { authenticatorId, ...more }) });
}

/** Makes a passkey under Settings; what has to be put in node.toml. */
async function make({ page, go }, name) {
  await go("#/settings");
  await page.locator("#passkey-name").fill(name);
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByText(`The passkey of ${name} has been made.`).waitFor();
  return page.locator("pre[aria-label='node.toml']").innerText();
}

/** By how many pixels a page goes beyond the edge. */
const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function use({ page, go }) {
  await go("#/sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
}

async function useAndEnter(visitor) {
  await use(visitor);
  await visitor.page.locator("header .who").waitFor();
}

describe("passkeys", { concurrency: false }, () => {
  test("at an address without a name there are none, and the page says so", async () => {
    const visitor = await visit(browser, node);
    for (const page of ["settings", "sign-in"]) {
      await visitor.go(`#/${page}`);
      await visitor.page.getByText("Passkeys need an address with a name").waitFor();
    }
    await visitor.close();
  });

  test("where there are some, the pages are in order in every language, on a narrow screen too", async () => {
    for (const language of ["en-US", "es-UY", "pt-BR", "fr-FR"]) {
      const visitor = await visit(browser, place(), { language, width: 360, height: 740 });
      for (const page of ["settings", "sign-in"]) {
        await visitor.go(`#/${page}`);
        await visitor.page.locator(page === "settings" ? "#passkey-name" : "main button").first().waitFor();
        assert.deepEqual(await axe(visitor.page), [], `${page}, ${language}`);
        assert.ok((await tooWide(visitor.page)) <= 0, `${page}, ${language}`);
        await picture(visitor.page, `passkeys-${page}-${language.slice(0, 2)}`);
      }
      await visitor.close();
    }
  });

  test("one is made, and counts once node.toml names it", async () => {
    [mia, carl, stranger] = await Promise.all([person(), person(), person()]);
    await use(mia);
    await mia.page.getByText("this node takes no passkeys").waitFor();
    const [first, second] = [await make(mia, "mia passkey"), await make(carl, "carl passkey")];
    assert.deepEqual(await axe(mia.page), []);
    assert.ok((await tooWide(mia.page)) <= 0, "what is shown fits into the page");
    await picture(mia.page, "passkey-made");
    await make(stranger, "mia passkey");
    const { credentials } = await mia.tell("getCredentials");
    assert.deepEqual(credentials.map(({ rpId, isResidentCredential }) => [rpId, isResidentCredential]), [["localhost", true]]);

    // What the page shows is put there as it is, with the role that whoever runs the node gives.
    await node.stop();
    const people = second.slice(second.indexOf("[[operators]]"));
    appendFileSync(join(node.home, "node.toml"), `\n${first.replace('"viewer"', '"maker"')}\n${people.replace('"viewer"', '"checker"')}`);
    await node.start();
  });

  test("two people sign in with theirs, pay and approve", async () => {
    await Promise.all([useAndEnter(mia), useAndEnter(carl)]);
    assert.deepEqual(await axe(mia.page), []);
    assert.match(await pay(mia, { to: "BRA", amount: "12.34" }), /settled/);
    assert.match(await pay(mia, { to: "CHL", amount: "25000" }), /waits for a second person/);
    await carl.go("#/approvals");
    await carl.page.getByText("prepared by mia passkey").waitFor();
    await carl.page.getByRole("button", { name: "Approve" }).click();
    await carl.page.locator("dialog[open] button.primary").click();
    await carl.page.locator("main .notice", { hasText: "settled" }).waitFor();
    const acts = readFileSync(join(node.home, "records", "audit.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
    const ways = acts.filter(({ what }) => what === "sign_in").map(({ operator, of }) => `${operator} with a ${of.with}`);
    assert.deepEqual(ways.sort(), ["carl passkey with a passkey", "mia passkey with a passkey"]);
  });

  test("a passkey that the node does not know, or whose person is not recognised, does not sign in", async () => {
    await use(stranger);
    await stranger.page.getByText("does not name this passkey yet").waitFor();
    await stranger.close();
    await mia.page.getByRole("button", { name: "Sign out" }).click();
    await mia.tell("setUserVerified", { isUserVerified: false });
    await use(mia);
    await mia.page.getByText("No passkey was used").waitFor();
    await mia.tell("setUserVerified", { isUserVerified: true });
    await useAndEnter(mia);
    await mia.page.getByRole("button", { name: "Sign out" }).click();
    // A copy of the passkey has seen fewer uses than the node.
    const { credentials: [passkey] } = await mia.tell("getCredentials");
    await mia.tell("removeCredential", { credentialId: passkey.credentialId });
    await mia.tell("addCredential", { credential: { ...passkey, signCount: 0 } });
    await use(mia);
    await mia.page.getByText("did not go forward").waitFor();
  });

  test("an address that node.toml does not name takes none", async () => {
    await node.stop();
    const file = join(node.home, "node.toml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(`origin = "${place().url}"`, 'origin = "https://comity.example.org"'));
    await node.start();
    await use(carl);
    await carl.page.getByText("sign in at another address").waitFor();
    await Promise.all([mia.close(), carl.close()]);
  });
});
