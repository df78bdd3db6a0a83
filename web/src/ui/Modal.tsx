// A dialog over the page: keeps the focus inside, closes on Escape, gives the focus back.
import { Dialog } from "radix-ui";
import { type ReactNode, useEffect, useState } from "react";

export function Modal({ open, onClose, title, description, wide, children }: { open: boolean; onClose: () => void; title: string; description?: string; wide?: boolean; children: ReactNode }) {
  useFocusBack();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={`fixed top-1/2 left-1/2 z-40 flex max-h-[92dvh] w-[calc(100vw-1.5rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-raised shadow-xl outline-none ${wide ? "max-w-3xl" : "max-w-md"}`}
        >
          <div className="border-b border-line px-4 py-3">
            <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
            {description && <Dialog.Description className="mt-0.5 text-muted">{description}</Dialog.Description>}
          </div>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
// A dialog that goes with its page part gives the focus back to what had it, or to the list.
function useFocusBack() {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () =>
      void setTimeout(() => {
        if (document.activeElement && document.activeElement !== document.body) return;
        const before = opener instanceof HTMLElement && opener.isConnected && opener !== document.body ? opener : document.querySelector<HTMLElement>("[role=grid]");
        before?.focus({ preventScroll: true });
      }),
    [opener],
  );
}

// `label`: of a body that is read alone; without anything to focus in it, it must itself be reached to be scrolled.
export const ModalBody = ({ label, children }: { label?: string; children: ReactNode }) => (
  <div className="min-h-0 flex-1 overflow-y-auto p-4" {...(label ? { tabIndex: 0, role: "group", "aria-label": label } : {})}>{children}</div>
);
export const ModalFoot = ({ children }: { children: ReactNode }) => <div className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{children}</div>;
