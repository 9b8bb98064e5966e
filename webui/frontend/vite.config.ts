import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
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

/** What the page needs from the start is one file and one style sheet: others may well share parts of it, and each part
 * would be a file of its own. What the frame of diagrams shares with it stands apart: the frame loads nothing else. */
function groups(): Rolldown.CodeSplittingGroup[] {
  const ofPage = reachable("main.ts");
  const ofFrame = reachable("diagram.ts");
  return [
    { name: (id, graph) => (ofPage(id, graph) && ofFrame(id, graph) ? "common" : null), priority: 1 },
    { name: (id, graph) => (ofPage(id, graph) ? "page" : null) },
  ];
}

/** Whether this file of ours imports a module, by itself or through others. */
function reachable(from: string): (id: string, graph: Rolldown.ChunkingContext) => boolean {
  const start = join(import.meta.dirname, "src", from);
  let found: Set<string> | undefined;
  return (id, graph) => {
    if (!found) {
      found = new Set(graph.getModuleInfo(start)?.importedIds);
      for (const known of found) for (const next of graph.getModuleInfo(known)?.importedIds ?? []) found.add(next);
    }
    return found.has(id);
  };
}

export default defineConfig({
  base: "./", // the server may stand below any path
  plugins: [svelte(), compressed()],
  build: {
    target: "es2022",
    outDir: process.env.OUT_DIR ?? "../static",
    emptyOutDir: true,
    rolldownOptions: {
      input: ["index.html", "diagram.html"],
      output: { codeSplitting: { groups: groups() } },
      checks: { pluginTimings: false },
    },
    // Neither may stand in the page, by its Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  // The server takes requests of its own page alone, so it must see the host that the browser sees.
  // The frame of diagrams has no origin.
  server: {
    cors: { origin: "null" },
    proxy: { "/api": { target: process.env.SERVER ?? "http://localhost:8080", changeOrigin: false } },
  },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.ts"],
    testTimeout: 60_000, // a busy machine is no failure
  },
});
