/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// `npm run dev` talks to a server that runs beside it.
const server = process.env.ROWLANE_SERVER ?? "http://127.0.0.1:5000";

// The content security policy allows no <style> elements. sonner makes one when it is loaded: its styles are imported
// by app.css instead. (react-style-singleton, of the dialogs, has src/lib/styleSheets.ts in its place.)
const noStyleElements: Plugin = {
  name: "no-style-elements",
  transform(code, id) {
    if (!id.includes("/sonner/dist/index.mjs")) return null;
    const without = code.replace(/^__insertCSS\(".*"\);?$/m, "");
    if (without === code) this.error("sonner inserts its styles in another way now");
    return { code: without, map: null };
  },
};

// The program is asked for by the page's first script, which is too late for it to begin to come.
const preloadApp: Plugin = {
  name: "preload-app",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((one) => one.type === "chunk");
      const wanted = new Set<string>();
      const add = (fileName: string) => {
        const chunk = chunks.find((one) => one.fileName === fileName);
        if (!chunk || wanted.has(fileName)) return;
        wanted.add(fileName);
        chunk.imports.forEach(add);
      };
      const app = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith("/src/app.tsx")));
      if (app) add(app.fileName);
      const linked = [...wanted].filter((fileName) => !html.includes(fileName));
      return linked.map((fileName) => ({ tag: "link", attrs: { rel: "preload", as: "script", crossorigin: true, href: `/${fileName}` }, injectTo: "head" as const }));
    },
  },
};

// What the first page needs comes in two files, the first script and the program, and not in a file for each set of
// modules that some later page shares with it: every file costs time before the first one runs.
type Modules = { getModuleInfo: (id: string) => { importers: string[] } | null };
function isPartOf(entry: string, id: string, modules: Modules, seen = new Set<string>()): boolean {
  if (id.endsWith(entry)) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return modules.getModuleInfo(id)?.importers.some((importer) => isPartOf(entry, importer, modules, seen)) ?? false;
}
const groups = [
  { debugName: "first", priority: 2, name: (id: string, modules: Modules) => (isPartOf("/src/main.ts", id, modules) ? "first" : null) },
  { debugName: "app", priority: 1, name: (id: string, modules: Modules) => (isPartOf("/src/app.tsx", id, modules) ? "app" : null) },
];

export default defineConfig({
  plugins: [noStyleElements, preloadApp, react(), tailwindcss()],
  resolve: { alias: { "react-style-singleton": new URL("src/lib/styleSheets.ts", import.meta.url).pathname } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, rolldownOptions: { output: { codeSplitting: { groups } } } },
  server: { proxy: { "/api": server, "/local-sheets": server, "/metrics": server, "/readyz": server } },
  test: { include: ["src/**/*.test.ts"] },
});
