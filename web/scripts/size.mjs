// The limits of what a browser has to load, gzipped: the first route, and everything together.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const kFirstRouteMax = 170_000, kWholeMax = 300_000;
const assets = new URL("../dist/assets/", import.meta.url).pathname;
const size = (name) => statSync(join(assets, `${name}.gz`)).size;
const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
// The entry and what it imports before it runs; lazy parts are named otherwise (import("...")).
const first = new Set();
const add = (name) => {
  if (first.has(name)) return;
  first.add(name);
  const text = readFileSync(join(assets, name), "utf8");
  for (const [, imported] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) add(imported);
};
for (const [, name] of html.matchAll(/assets\/([^"]+\.js)/g)) add(name);
const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);
const figures = { first: sum(first), whole: sum(scripts) };
console.log(`JavaScript, gzipped: first route ${figures.first} of ${kFirstRouteMax} bytes, everything ${figures.whole} of ${kWholeMax}`);
if (figures.first > kFirstRouteMax || figures.whole > kWholeMax) process.exit(1);
