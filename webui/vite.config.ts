import { gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What a first visit downloads before it sees a page: the entry and all that it imports at once. */
const MAIN_BYTES = 250_000;

/** The build fails when the script of a first visit grows beyond its budget. */
function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
      const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
      const main = chunks.find((chunk) => chunk.facadeModuleId?.endsWith("/src/main.tsx"));
      if (main === undefined) this.error("the build has no chunk for src/main.tsx");
      const first = new Set<string>();
      const take = (name: string) => {
        const chunk = byName.get(name);
        if (chunk === undefined || first.has(name)) return;
        first.add(name);
        chunk.imports.forEach(take);
      };
      take(main.fileName);
      const bytes = [...first].reduce((sum, name) => sum + gzipSync(byName.get(name)?.code ?? "").length, 0);
      if (bytes > MAIN_BYTES)
        this.error(`the main chunk has ${bytes} bytes gzipped, more than ${MAIN_BYTES}`);
      this.info(`main chunk: ${bytes} bytes gzipped of at most ${MAIN_BYTES}`);
    },
  };
}

/** Sonner adds a style element when it loads, which the content security policy refuses: its style sheet is imported. */
function withoutInjectedStyle(): Plugin {
  return {
    name: "without-injected-style",
    transform(code, id) {
      if (!/sonner\/dist\/index\.mjs/.test(id)) return;
      const without = code.replace(/^__insertCSS\(".*"\);$/m, "");
      if (without === code) this.error("sonner injects its style in another way than before");
      return { code: without, map: null };
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), tailwind(), withoutInjectedStyle(), budget()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
