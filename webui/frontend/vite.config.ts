import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const COMPRESSIBLE = /\.(js|css|html|svg|json|webmanifest)$/;
const WORTH_IT = 1000; // bytes

/** Puts a .br and a .gz beside each file that gets smaller by it; the server picks what the browser takes. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    writeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        if (content.length < WORTH_IT) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(content)); // at its best by default
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "./", // the server may stand below any path
  plugins: [svelte(), compressed()],
  build: {
    target: "es2022",
    outDir: process.env.OUT_DIR ?? "../static",
    emptyOutDir: true,
    rolldownOptions: { input: ["index.html", "diagram.html"], checks: { pluginTimings: false } },
    // Neither may stand in the page, by its Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  // The server takes requests of its own page alone, so it must see the host that the browser sees.
  server: { proxy: { "/api": { target: process.env.SERVER ?? "http://localhost:8080", changeOrigin: false } } },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.ts"],
    testTimeout: 60_000, // a busy machine is no failure
  },
});
