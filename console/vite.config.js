import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** The node that the development server passes requests on to. */
const node = process.env.COMITY_NODE ?? "http://127.0.0.1:7400";

/** Paths that belong to the node's API. */
const API = ["/v1", "/health", "/ready", "/metrics", "/openapi.json", "/iso20022"];

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2023",
    outDir: "dist/site",
    emptyOutDir: true,
    // Nothing is written into the page as a data: address or an inline script: the content security policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(API.map((path) => [path, node])) },
});
