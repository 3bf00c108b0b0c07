// Writes the types of the API from its OpenAPI document:
//
//   node scripts/api-types.mjs openapi.json > src/lib/api-types.ts
//
// Without a file the document is taken from the node at COMITY_NODE (http://127.0.0.1:7400).

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const INDENT = "  ";

function comment(text, depth) {
  if (!text) return "";
  const pad = INDENT.repeat(depth);
  const lines = text.trim().replaceAll("*/", "* /").split("\n");
  return lines.length === 1 ? `${pad}/** ${lines[0]} */\n` : `${pad}/**\n${lines.map((line) => `${pad} * ${line}\n`).join("")}${pad} */\n`;
}

function object(schema, depth) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return "Record<string, unknown>";
  const required = new Set(schema.required ?? []);
  const pad = INDENT.repeat(depth + 1);
  const body = fields.map(
    ([name, of]) => `${comment(of.description, depth + 1)}${pad}${name}${required.has(name) ? "" : "?"}: ${type(of, depth + 1)};\n`,
  );
  return `{\n${body.join("")}${INDENT.repeat(depth)}}`;
}

function union(of, depth) {
  return of.map((one) => type(one, depth)).join(" | ");
}

/** A type expression for a schema. */
export function type(schema, depth = 0) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf) return union(schema.oneOf, depth);
  if (schema.anyOf) return union(schema.anyOf, depth);
  if (schema.allOf) return schema.allOf.map((one) => type(one, depth)).join(" & ");
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
  const one = (kind) => {
    switch (kind) {
      case "string": return "string";
      case "integer":
      case "number": return "number";
      case "boolean": return "boolean";
      case "null": return "null";
      case "array": return schema.items ? `(${type(schema.items, depth)})[]` : "unknown[]";
      case "object": return object(schema, depth);
      default: return "unknown";
    }
  };
  return kinds.map(one).join(" | ");
}

/** The whole file for a document. */
export function file(document) {
  const names = Object.keys(document.components.schemas).sort();
  const types = names.map((name) => {
    const schema = document.components.schemas[name];
    return `${comment(schema.description, 0)}export type ${name} = ${type(schema)};\n`;
  });
  return `// Written by scripts/api-types.mjs from the OpenAPI document of a node. Not edited by hand.\n\n${types.join("\n")}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const source = process.argv[2];
  const text = source
    ? await readFile(source, "utf8")
    : await (await fetch(new URL("/openapi.json", process.env.COMITY_NODE ?? "http://127.0.0.1:7400"))).text();
  process.stdout.write(file(JSON.parse(text)));
}
