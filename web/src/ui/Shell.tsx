// The frame of every page: navigation, the Sync button, the account menu, toasts, and what keeps the page up to date.
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { Activity, CircleHelp, Clock, CloudOff, Gauge, LoaderCircle, RefreshCw, Sheet, ListChecks, UserRound, Users } from "lucide-react";
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { Toaster, toast } from "sonner";
import { reasonOf } from "../api/client";
import { isWalkAway } from "../demo/away";
import { showCount } from "../lib/format";
import { useConfig, useMe } from "../lib/session";
import { useIsDark } from "../lib/useTheme";
import { isStreamLive, onLiveChange } from "../live/events";
import { useLive } from "../live/useLive";
import { outbox } from "../grid/outbox";
import { useHeldCount, useLane } from "../sync/lane";
import { pressSync } from "../sync/jobs";
import { LazyMenu } from "./LazyMenu";

const PasswordDialog = lazy(() => import("./PasswordDialog"));
const AccountMenu = lazy(() => import("./AccountMenu"));
const DemoBar = lazy(() => import("../demo/DemoBar"));
const HelpDialog = lazy(() => import("./HelpDialog"));

export function Shell() {
  const me = useMe();
  const { demo } = useConfig();
  countRender();
  useLive(me);
  const [dialog, setDialog] = useState<"password" | "help" | null>(null);
  const isDark = useIsDark();
  const close = () => setDialog(null);
  useShortcuts(() => setDialog("help"), me.role !== "admin");
  return (
    <div className="flex h-dvh flex-col">
      <a href="#main" className="btn btn-primary absolute top-1 left-1 z-50 -translate-y-16 focus:translate-y-0">Skip to the content</a>
      <Header onPassword={() => setDialog("password")} onHelp={() => setDialog("help")} />
      <LiveBanner />
      {demo && me.role !== "admin" && !isWalkAway() && <Suspense fallback={<div className="h-[calc(2.5rem+1px)]" />}><DemoBar /></Suspense>}
      <main id="main" className="min-h-0 flex-1" tabIndex={-1}><Outlet /></main>
      <Suspense>
        {dialog === "password" && <PasswordDialog onClose={close} />}
        {dialog === "help" && <HelpDialog onClose={close} />}
      </Suspense>
      <Toaster theme={isDark ? "dark" : "light"} position="bottom-right" closeButton visibleToasts={5} toastOptions={{ classNames: { success: "[&_[data-icon]]:text-good", warning: "[&_[data-icon]]:text-warn", error: "[&_[data-icon]]:text-bad", toast: "!bg-raised !text-text !border-line", description: "!text-muted", actionButton: "!bg-accent !text-on-accent", closeButton: "!bg-raised !text-text !border-line" } }} />
    </div>
  );
}

// How often the frame was rendered, for whoever measures.
function countRender() {
  const measured = window as { shellRenders?: number };
  if (measured.shellRenders !== undefined) measured.shellRenders++;
}

function Header({ onPassword, onHelp }: { onPassword: () => void; onHelp: () => void }) {
  const me = useMe();
  const isAdmin = me.role === "admin";
  const pages = [
    ...(isAdmin ? [] : ([["/customers", "Customers", ListChecks], ["/sync", "Syncs", RefreshCw], ["/activity", "Activity", Activity]] as const)),
    ["/spreadsheet", "Spreadsheet", Sheet] as const,
    ...(me.role === "agent" ? [] : ([["/users", "Users", Users]] as const)),
    ...(isAdmin ? ([["/operations", "Operations", Gauge]] as const) : []),
  ] as const;
  return (
    <header className="flex h-12 items-center gap-1 border-b border-line bg-panel px-2 md:gap-2 md:px-4">
      <Link to="/" className="flex items-center gap-2 rounded-md px-1 font-semibold" aria-label="Rowlane, start page">
        <img src="/icon.svg" alt="" className="size-6" /><span className="max-lg:hidden">Rowlane</span>
      </Link>
      <nav aria-label="Pages" className="flex min-w-0 flex-1 gap-0.5 overflow-x-auto md:ml-2">
        {pages.map(([to, name, Icon]) => (
          <Link key={to} to={to} className="flex h-8 items-center gap-1.5 rounded-md px-2 whitespace-nowrap text-muted hover:bg-hover hover:text-text" activeProps={{ className: "!text-text bg-hover font-semibold", "aria-current": "page" }}>
            <Icon className="size-4" aria-hidden /><span className="max-md:sr-only">{name}</span>
            {to === "/sync" && <HeldCount />}
          </Link>
        ))}
      </nav>
      {!isAdmin && <SyncButton />}
      <button type="button" className="btn btn-plain btn-icon max-sm:hidden" aria-label="Keyboard help" aria-keyshortcuts="?" onClick={onHelp}><CircleHelp className="size-4" aria-hidden /></button>
      <LazyMenu label={`Account of ${me.email}`} className="btn btn-plain btn-icon" icon={<UserRound className="size-4" aria-hidden />} menu={(trigger) => <AccountMenu trigger={trigger} onPassword={onPassword} onHelp={onHelp} />} />
    </header>
  );
}

// Syncs that wait for an approval: nothing else outside their page shows that one is wanted.
function HeldCount() {
  const held = useHeldCount();
  if (held === 0) return null;
  return (
    <span className="min-w-5 rounded-full bg-warn-soft px-1.5 text-center text-[0.86rem] font-semibold text-warn tabular-nums">
      {showCount(held)}<span className="sr-only"> waiting for approval</span>
    </span>
  );
}

async function press() {
  try {
    await pressSync();
  } catch (error) {
    toast.error("The sync was not queued", { description: reasonOf(error) });
  }
}

function SyncButton() {
  const lane = useLane();
  return (
    <button type="button" className="btn btn-primary" onClick={() => void press()} aria-keyshortcuts="Alt+S" data-lane={lane} title="Puts your changes into the sheet">
      <LaneIcon lane={lane} />
      Sync
      <span className="sr-only">{laneTexts[lane]}</span>
    </button>
  );
}

const laneTexts = { idle: "", queued: ", one is queued", syncing: ", one is running", waiting: ", one waits" };
function LaneIcon({ lane }: { lane: keyof typeof laneTexts }) {
  if (lane === "waiting") return <Clock className="size-4" aria-hidden />;
  if (lane === "idle") return <RefreshCw className="size-4" aria-hidden />;
  return <LoaderCircle className="size-4 animate-spin" aria-hidden />;
}

function LiveBanner() {
  const isLive = useSyncExternalStore(onLiveChange, isStreamLive);
  const waiting = useSyncExternalStore(outbox.onWaiting, outbox.waitingCount);
  const unsaved = waiting === 1 ? "1 edit is waiting to be saved." : `${showCount(waiting)} edits are waiting to be saved.`;
  return (
    <div role="status">
      {(!isLive || waiting > 0) && (
        <p className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-warn">
          <CloudOff className="size-4 shrink-0" aria-hidden />
          <span>{!isLive && "Connection lost. Reconnecting… "}{waiting > 0 ? unsaved : "Your edits are kept."}</span>
        </p>
      )}
    </div>
  );
}

const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);

function useShortcuts(onHelp: () => void, hasRecords: boolean) {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.altKey && event.code === "KeyS" && hasRecords) void press();
      else if (event.altKey && event.code === "KeyN" && hasRecords) void navigate({ to: "/customers", search: (now: object) => ({ ...now, record: "new" }) });
      else if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog]")) return;
      else if (event.key === "?") onHelp();
      else if (event.key === "/" && document.getElementById("search")) document.getElementById("search")!.focus();
      else return;
      event.preventDefault();
    };
    // Before the cell that is typed into, which keeps its keys to itself.
    document.addEventListener("keydown", onKey, true);
    return () => document.removeEventListener("keydown", onKey, true);
  });
}
