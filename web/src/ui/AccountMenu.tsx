// Theme, formats, password, sign-out.
import { useNavigate } from "@tanstack/react-router";
import { DropdownMenu } from "radix-ui";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { api, json, reasonOf, unwrap } from "../api/client";
import { outbox } from "../grid/outbox";
import { formatStyle, setFormatStyle } from "../lib/format";
import { forgetPerson } from "../lib/person";
import { configQuery, meQuery, queries, useMe } from "../lib/session";
import { setSignedIn } from "../lib/signedIn";
import { setTheme, type Theme } from "../lib/theme";
import { useTheme } from "../lib/useTheme";
import { tellSignedOut } from "../live/events";

export default function AccountMenu({ trigger, onPassword, onHelp }: { trigger: ReactNode; onPassword: () => void; onHelp: () => void }) {
  const me = useMe();
  const theme = useTheme();
  const navigate = useNavigate();
  const [style, setStyle] = useState(formatStyle);
  const signOut = async () => {
    try {
      await unwrap(api.POST("/api/auth/logout", json));
    } catch (error) {
      return void toast.error("You are still signed in", { description: reasonOf(error) });
    }
    const unsaved = outbox.all().length;
    tellSignedOut();
    setSignedIn(false);
    forgetPerson();
    toast.dismiss();
    if (unsaved > 0) toast.warning(unsaved === 1 ? "1 edit is not saved yet" : `${unsaved} edits are not saved yet`, { description: "They stay in this window, and are saved when you sign in here again.", duration: Number.POSITIVE_INFINITY });
    queries.removeQueries({ queryKey: meQuery.queryKey });
    await navigate({ to: "/sign-in" });
    queries.clear();
  };
  // Formats stand in every cell: the page is built anew with them, without a reload.
  const chooseStyle = (next: string) => {
    setFormatStyle(next as "indian" | "browser");
    setStyle(next as "indian" | "browser");
    void queries.invalidateQueries({ queryKey: configQuery.queryKey });
  };
  const radio = (value: string, name: string, current: string) => (
    <DropdownMenu.RadioItem key={value} value={value} className="menu-item"><span aria-hidden className="w-4 text-accent">{value === current ? "✓" : ""}</span>{name}</DropdownMenu.RadioItem>
  );
  return (
    <DropdownMenu.Root defaultOpen modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.Label className="px-2 py-1"><span className="block font-semibold">{me.name ?? me.email}</span><span className="block text-muted">{me.email}, {me.role}</span></DropdownMenu.Label>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Label className="px-2 text-[0.86rem] text-muted">Theme</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
            {radio("system", "As the system", theme)}{radio("light", "Light", theme)}{radio("dark", "Dark", theme)}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Label className="px-2 text-[0.86rem] text-muted">Numbers and dates</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={style} onValueChange={chooseStyle}>
            {radio("indian", "Indian", style)}{radio("browser", "As the browser", style)}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className="menu-item" onSelect={onHelp}>Keyboard help</DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={onPassword}>Change password</DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void signOut()}>Sign out</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
