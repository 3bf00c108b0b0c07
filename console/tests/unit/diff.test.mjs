import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { diff, withContext } = await load("lib/diff.ts");

const kept = (lines, without) => lines.filter((line) => line.kind !== without).map((line) => line.text).join("\n");

test("both texts are in the difference", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 500; round += 1) {
    const text = () => Array.from({ length: random(12) }, () => "abcd"[random(4)]).join("\n");
    const [before, after] = [text(), text()];
    const lines = diff(before, after);
    assert.equal(kept(lines, "added"), before);
    assert.equal(kept(lines, "removed"), after);
  }
});

test("what is the same is found", () => {
  const lines = diff("a\nb\nc\nd", "a\nx\nc\nd\ne");
  assert.deepEqual(lines.map((line) => line.kind[0] + line.text), ["sa", "rb", "ax", "sc", "sd", "ae"]);
});

test("far texts are left out, and that is said", () => {
  const before = Array.from({ length: 40 }, (_, at) => `line ${at}`).join("\n");
  const shown = withContext(diff(before, before.replace("line 20", "changed")), 2);
  assert.deepEqual(shown.map((line) => line?.text ?? null), [null, "line 18", "line 19", "line 20", "changed", "line 21", "line 22", null]);
});
