import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { EXAMPLE, amountIn, ofAll, positionLines, readExactly, readTrade } = await load("lib/simulation.ts");

test("numbers of any size are kept to the last digit", () => {
  const json = '{"a":123456789012345678901234567890,"b":[-5,0.230769,1e3],"c":"7 \\"8\\" \\\\","d":null,"9":true}';
  assert.deepEqual(readExactly(json), { a: "123456789012345678901234567890", b: ["-5", "0.230769", "1e3"], c: '7 "8" \\', d: null, 9: true });
});

test("a file of trade says what can be chosen", () => {
  const trade = readTrade("x.csv", '\uFEFFyear,exporter,importer,usd_million,note\r\n2005,A,B,1,\r\n"2006","B","C",2.5,x\r\n\r\n');
  assert.equal(trade.rows, 2);
  assert.deepEqual([...trade.countries].map(([year, codes]) => [year, [...codes]]), [[2005, ["A", "B"]], [2006, ["B", "C"]]]);
  for (const none of ["", "a,b\n1,2\n", "exporter,importer,year,usd_million\n"]) assert.equal(readTrade("x", none), null);
  assert.equal(readTrade("example", EXAMPLE).countries.get(2006).size, 3);
});

test("amounts and lines of a report", () => {
  const member = (code, charges) => ({ code, charges });
  const cycle = (...positions) => ({ positions });
  const report = {
    unit_of_account: "USD", gross: "12345", gross_major: "123.45",
    members: [member("A", "90071992547409931"), member("B", "2"), member("C", "0")],
    cycles: [cycle("1", "-3", "2"), cycle("-90071992547409931", "90071992547409930", "1")],
  };
  assert.deepEqual(amountIn(report, "-5"), { amount: "-0.05", minor: "-5", currency: "USD" });
  assert.equal(ofAll(report, "charges").amount, "900719925474099.33");
  assert.deepEqual(positionLines(report, 2), [
    { label: "A", values: [1n, -90071992547409931n] },
    { label: "B", values: [-3n, 90071992547409930n] },
  ]);
});
