import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { formatAmount, formatDecimal, magnitude, minor, ofMinor, parseTyped, percent, sign, sum, thousandths } = await load("lib/amount.ts");

const usd = (amount) => ({ amount, minor: amount.replace(".", "").replace(/^(-?)0+(?=\d)/, "$1"), currency: "USD" });

test("every digit is shown, whatever the size", () => {
  const huge = "-170141183460469231731687303715884105.72";
  assert.equal(formatDecimal(huge, "en"), "−170,141,183,460,469,231,731,687,303,715,884,105.72");
  assert.equal(formatDecimal("9007199254740993", "en"), "9,007,199,254,740,993", "beyond what a float holds");
  assert.equal(formatDecimal("0.005", "en"), "0.005");
  assert.equal(formatDecimal("0", "fr"), "0");
  assert.equal(formatDecimal("not a number", "en"), "not a number");
});

test("thousands and decimals are those of the language", () => {
  assert.equal(formatAmount(usd("1234567.50"), "en"), "USD\u00a01,234,567.50");
  assert.equal(formatAmount(usd("1234567.50"), "es"), "USD\u00a01.234.567,50");
  assert.equal(formatAmount(usd("1234567.50"), "pt"), "USD\u00a01.234.567,50");
  assert.equal(formatAmount(usd("1234567.50"), "fr"), "USD\u00a01\u202f234\u202f567,50");
});

test("amounts of minor units keep the decimals of their currency", () => {
  for (const [value, like, text] of [
    [-5n, usd("1.00"), "-0.05"], [0n, usd("1.00"), "0.00"], [123456n, usd("1.00"), "1234.56"],
    [-7n, { amount: "3", minor: "3", currency: "CLP" }, "-7"], [1n, { amount: "1.000", minor: "1000", currency: "TND" }, "0.001"],
  ]) {
    assert.deepEqual(ofMinor(value, like), { amount: text, minor: value.toString(), currency: like.currency });
  }
  assert.equal(sum([usd("0.10"), usd("0.20"), usd("-0.30")], usd("0.00")).amount, "0.00");
  assert.equal(sum([], usd("0.00")).amount, "0.00");
});

test("signs and magnitudes", () => {
  assert.deepEqual([sign(usd("-0.01")), sign(usd("0.00")), sign(usd("0.01"))], [-1, 0, 1]);
  assert.deepEqual(magnitude(usd("-12.30")), usd("12.30"));
  assert.equal(minor(usd("-12.30")), -1230n);
});

test("shares are whole and within their bounds", () => {
  assert.equal(thousandths(1n, 3n), 333);
  assert.equal(thousandths(-5n, 10n), 500);
  assert.equal(thousandths(5n, 0n), 0);
  assert.equal(thousandths(50n, 10n), 1000);
  assert.equal(percent(2n, 3n), "66.6");
  assert.equal(percent(0n, 0n), null);
});

test("what is typed becomes what the node reads, or nothing", () => {
  for (const [typed, read] of [
    ["1250", "1250"], ["1250.00", "1250.00"], ["1250,00", "1250.00"], [" 1 250,5 ", "1250.5"], ["007", "7"], ["0.05", "0.05"],
    ["1.250,00", null], ["1,250.00", null], ["-5", null], ["", null], ["1e5", null], ["0x10", null], ["١٢", null], [".5", null],
  ]) {
    assert.equal(parseTyped(typed), read, JSON.stringify(typed));
  }
});
