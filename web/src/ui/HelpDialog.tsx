import { Modal, ModalBody, ModalFoot } from "./Modal";

const groups: [string, [string, string][]][] = [
  ["Everywhere", [["Alt S", "Sync"], ["Alt N", "Add a customer"], ["/", "Search"], ["?", "This help"]]],
  ["In the customers grid", [
    ["Arrows", "Move from cell to cell"], ["Page Up, Page Down", "A page up or down"], ["Home, End", "First or last cell of the row"], ["Ctrl Home, Ctrl End", "First or last record"],
    ["Enter or F2", "Edit the cell"], ["Any letter", "Type over the cell"], ["Delete", "Clear the cell; Enter saves"], ["Shift Enter", "Open the record"], ["Space", "Tick the record"], ["Tab, then Enter", "Sort by a column"],
  ]],
  ["While typing in a cell", [["Enter", "Save, and go down"], ["Tab", "Save, and go right"], ["Escape", "Leave it as it was"]]],
];

export default function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Modal open onClose={onClose} title="Keyboard" wide>
      <ModalBody label="Keys">
        <div className="grid gap-5 sm:grid-cols-2">
          {groups.map(([name, keys]) => (
            <section key={name}>
              <h2 className="mb-1">{name}</h2>
              <dl>
                {keys.map(([key, what]) => (
                  <div key={key} className="flex items-baseline justify-between gap-3 border-b border-line py-1"><dt><kbd className="rounded border border-line-strong bg-hover px-1.5 font-sans text-[0.86rem]">{key}</kbd></dt><dd className="text-right text-muted">{what}</dd></div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </ModalBody>
      <ModalFoot><button type="button" className="btn btn-primary" onClick={onClose}>Close</button></ModalFoot>
    </Modal>
  );
}
