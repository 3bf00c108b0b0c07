import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

test("an operator signs a label, the union, the nonce and the name", async () => {
  const { loginMessage } = await load("lib/keys.ts");
  const { hex } = await load("lib/bytes.ts");
  const [union, nonce] = ["11".repeat(32), "22".repeat(32)];
  const label = Buffer.from("comity operator login v1\0").toString("hex");
  assert.equal(hex(loginMessage(union, nonce, "Zoë")), `${label}${union}${nonce}${Buffer.from("Zoë").toString("hex")}`);
  assert.throws(() => loginMessage("xy", nonce, "a"), RangeError);
});

test("the nets of all members sum to nothing", async () => {
  const { flows, nets } = await load("lib/netting.ts");
  const flow = (debtor, creditor, paid) => ({ debtor, creditor, paid: { amount: "", minor: paid, currency: "USD" } });
  const all = flows({ number: 1, status: "closed", flows: [flow("A", "B", "100"), flow("B", "C", "70"), flow("C", "A", "30"), flow("A", "C", "5")] });
  assert.deepEqual(all.map((flow) => flow.value), [100n, 70n, 30n, 5n]);
  assert.deepEqual([...nets(["A", "B", "C"], all)], [["A", -75n], ["B", 30n], ["C", 45n]]);
});

test("the language is the first that both sides speak", async () => {
  const { chosenLanguage } = await load("lib/language.ts");
  assert.equal(chosenLanguage(["de-AT", "pt-BR", "en"]), "pt");
  assert.equal(chosenLanguage(["ja"]), "en");
});

test("who owes whom, net, is drawn once for each pair", async () => {
  const { owed } = await load("lib/netting.ts");
  const line = (counterparty, net) => ({ counterparty, net: { amount: "", minor: net, currency: "USD" } });
  const positions = [
    { member: "A", bilateral: [line("B", "-70"), line("C", "5")] },
    { member: "B", bilateral: [line("A", "70"), line("C", "0")] },
    { member: "C", bilateral: [line("A", "-5")] },
  ];
  assert.deepEqual(owed(positions), [{ from: "A", to: "B", value: 70n }, { from: "C", to: "A", value: 5n }]);
});
