// Loads a module of the console as the browser gets it.

import { runnerImport } from "vite";

export async function load(path) {
  const { module } = await runnerImport(new URL(`../../src/${path}`, import.meta.url).pathname, { logLevel: "error" });
  return module;
}
