import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { load } from "./load.mjs";

const { checkCertificate } = await load("lib/proof.ts");
const { isQuorum, readCertificate } = await load("lib/certificate.ts");

const UNION = createHash("sha256").update("a union").digest();
const BLOCK = createHash("sha256").update("a block").digest();

/** Nodes by their keys, in order. */
const nodes = Array.from({ length: 5 }, () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { key: Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url").toString("hex"), privateKey };
}).sort((a, b) => (a.key < b.key ? -1 : 1));
const keys = nodes.map(({ key }) => key).reverse();

/** Epoch 1, view 300 (two bytes), parent's view 127. */
const proposal = Buffer.concat([Buffer.from([1, 0xac, 2, 127]), BLOCK]);

function certificate(signers, signed = proposal) {
  const message = Buffer.concat([Buffer.from([60]), Buffer.from("comity consensus v1"), UNION, Buffer.from("_FINALIZE"), signed]);
  const bits = signers.reduce((all, signer) => all | (1 << signer), 0);
  const signatures = signers.map((signer) => sign(null, message, nodes[signer].privateKey));
  return Buffer.concat([proposal, Buffer.from([0, 0, 0, 0, 0, 0, 0, 5, bits, signers.length]), ...signatures]);
}

const check = (bytes, { hash = BLOCK.toString("hex"), by = keys, now = true } = {}) =>
  checkCertificate({ certificate: bytes?.toString("hex"), hash }, UNION.toString("hex"), by, now);

test("a certificate is taken apart", () => {
  const read = readCertificate(new Uint8Array(certificate([0, 2, 3, 4])));
  assert.deepEqual([read.block, read.nodes, read.signers, read.signatures.length], [BLOCK.toString("hex"), 5, [0, 2, 3, 4], 4]);
  const whole = certificate([0, 1, 2, 3]);
  for (let length = 0; length < whole.length; length += 1) assert.equal(readCertificate(new Uint8Array(whole.subarray(0, length))), null, `${length} bytes`);
  assert.equal(readCertificate(new Uint8Array([...whole, 0])), null);
});

test("how many have to sign", () => {
  const least = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7];
  for (const [at, quorum] of least.entries()) {
    const signed = (count) => isQuorum({ nodes: at + 1, signers: Array(count) });
    assert.deepEqual([signed(quorum), signed(quorum - 1)], [true, false], `of ${at + 1}`);
  }
});

test("a block is certified by a quorum of the nodes, and by nothing less", async () => {
  assert.equal(await check(certificate([0, 1, 3, 4])), "signed");
  assert.equal(await check(certificate([0, 1, 3])), "wrong", "too few");
  assert.equal(await check(certificate([0, 1, 3, 4], Buffer.concat([proposal, BLOCK]))), "wrong", "something else was signed");
  assert.equal(await check(certificate([0, 1, 3, 4]), { hash: UNION.toString("hex") }), "wrong", "another block");
  assert.equal(await check(certificate([0, 1, 3, 4]), { by: keys.slice(1) }), "wrong", "other nodes");
  assert.equal(await check(certificate([0, 1, 3, 4]), { by: keys.slice(1), now: false }), "others");
  assert.equal(await check(certificate([0, 1, 3, 4]), { by: [keys[0], ...keys.slice(0, 4)], now: false }), "others");
  assert.equal(await check(undefined), null);
});
