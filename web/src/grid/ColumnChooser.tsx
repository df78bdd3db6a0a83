// Which columns the grid shows.
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { labelOf } from "../lib/fields";
import { useConfig } from "../lib/session";
import { owner } from "./columns";
import { chooseColumns } from "./useColumns";

export default function ColumnChooser({ trigger, chosen, isManager }: { trigger: ReactNode; chosen: string[]; isManager: boolean }) {
  const { fields } = useConfig();
  const all = isManager ? [...fields, owner] : fields;
  const toggle = (name: string) => chooseColumns(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <DropdownMenu.Root defaultOpen modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu max-h-[min(70dvh,var(--radix-dropdown-menu-content-available-height))] overflow-y-auto" align="end" sideOffset={4}>
          {all.filter(({ name }) => name !== "name").map(({ name }) => (
            <DropdownMenu.CheckboxItem key={name} className="menu-item" checked={chosen.includes(name)} onSelect={(event) => event.preventDefault()} onCheckedChange={() => toggle(name)}>
              <span aria-hidden className="w-4 text-accent">{chosen.includes(name) ? "✓" : ""}</span>{labelOf(name)}
            </DropdownMenu.CheckboxItem>
          ))}
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className="menu-item" onSelect={() => chooseColumns(null)}>As at first</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
