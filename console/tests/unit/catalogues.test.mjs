import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./load.mjs";

const { en } = await load("lib/i18n/en.ts");
const others = { es: (await load("lib/i18n/es.ts")).es, pt: (await load("lib/i18n/pt.ts")).pt, fr: (await load("lib/i18n/fr.ts")).fr };
const SOURCES = new URL("../../src/", import.meta.url);

const values = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every language has every text, with the same values in it", () => {
  for (const [language, catalogue] of Object.entries(others)) {
    assert.deepEqual(Object.keys(catalogue).sort(), Object.keys(en).sort(), language);
    for (const [key, text] of Object.entries(catalogue)) {
      assert.ok(text.trim(), `${language}: ${key} is empty`);
      assert.deepEqual(values(text), values(en[key]), `${language}: ${key}`);
    }
  }
});

test("sentences are translated", () => {
  for (const [language, catalogue] of Object.entries(others)) {
    const same = Object.keys(en).filter((key) => en[key].length > 25 && catalogue[key] === en[key]);
    assert.deepEqual(same, [], language);
  }
});

test("every text is used, and every text that is used is there", async () => {
  const names = await readdir(SOURCES, { recursive: true });
  const files = names.filter((name) => /\.(svelte|ts)$/.test(name) && !name.includes("i18n/"));
  const text = (await Promise.all(files.map((name) => readFile(new URL(name, SOURCES), "utf8")))).join("\n");
  const literal = new Set([...text.matchAll(/"([a-z_]+\.[A-Za-z0-9_-]+)"/g)].map((match) => match[1]));
  const family = new Set([
    ...[...text.matchAll(/named\("(\w+)"/g)].map((match) => match[1]),
    ...[...text.matchAll(/family="(\w+)"/g)].map((match) => match[1]),
    ...[...text.matchAll(/named\('(\w+)'/g)].map((match) => match[1]),
    ...[...text.matchAll(/t\(`(\w+)\.\$\{/g)].map((match) => match[1]),
    "status", "reason",
  ]);
  const unused = Object.keys(en).filter((key) => !literal.has(key) && !family.has(key.split(".")[0]));
  assert.deepEqual(unused, []);
  const used = [...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map((match) => match[1]);
  assert.ok(used.length > 200, "the texts in the sources were found");
  assert.deepEqual(used.filter((key) => !(key in en)), []);
});
