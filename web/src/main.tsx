import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { configQuery, meQuery, queries } from "./lib/session";
import { applyTheme } from "./lib/theme";
import { router } from "./router";
import { readView } from "./lib/view";
import { openList } from "./pages/Customers";
import "./app.css";

// What the first page needs is asked for before any of it is drawn.
function askEarly() {
  void queries.prefetchQuery(meQuery);
  void queries.prefetchQuery(configQuery);
  openList(readView(Object.fromEntries(new URLSearchParams(location.search))));
}

applyTheme();
if (location.pathname === "/customers") askEarly();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
