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

export default defineConfig({
  plugins: [noStyleElements, react(), tailwindcss()],
  resolve: { alias: { "react-style-singleton": new URL("src/lib/styleSheets.ts", import.meta.url).pathname } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": server, "/local-sheets": server, "/metrics": server, "/readyz": server } },
  test: { include: ["src/**/*.test.ts"] },
});
