// The page's first script, and a small one: it asks for what the page needs, and draws the first rows of the list as soon
// as they come. The rest of the program is fetched meanwhile, and runs when the rows are drawn: both at once would make
// the rows wait for it.
import { drawFirstRows, keptFrame } from "./grid/firstRows";
import { askBlock, askWho } from "./lib/firstAnswers";
import { maySignedIn } from "./lib/signedIn";
import { applyTheme } from "./lib/theme";
import { readView } from "./lib/view";
import "./app.css";

const kWaitMs = 100; // rows that take longer do not keep the program waiting

const parsed = new Promise<void>((resolve) => {
  if (document.readyState !== "loading") resolve();
  else document.addEventListener("DOMContentLoaded", () => resolve());
});
const drawn = () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

async function drawList() {
  const frame = keptFrame();
  const page = await askBlock(readView(Object.fromEntries(new URLSearchParams(location.search))));
  if (!page || !frame) return;
  await parsed;
  drawFirstRows(page, frame);
  await drawn();
}

async function start() {
  applyTheme();
  const isAsked = location.pathname !== "/sign-in" && maySignedIn();
  const list = isAsked && location.pathname === "/customers" ? drawList() : null;
  if (isAsked) askWho();
  if (list) {
    if (keptFrame()) await Promise.race([list, new Promise((resolve) => setTimeout(resolve, kWaitMs))]);
  }
  await parsed;
  await (await import("./app")).start();
}
void start();
