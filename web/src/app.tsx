// The program itself, started by the page's first script (main.ts).
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { endFirstRows, hasFirstRows } from "./grid/firstRows";
import { queries } from "./lib/session";
import { maySignedIn } from "./lib/signedIn";
import { readView } from "./lib/view";
import { openList } from "./pages/Customers";
import { router } from "./router";

export async function start() {
  if (location.pathname === "/customers" && maySignedIn()) openList(readView(Object.fromEntries(new URLSearchParams(location.search))));
  // What stands already stays until all of the page can take its place.
  if (hasFirstRows()) await router.load();
  endFirstRows();
  createRoot(document.getElementById("root")!).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
