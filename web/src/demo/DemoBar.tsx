// Only in `rowlane demo`: offers a short walk that shows what the program is for. It lies above the page, covers
// nothing, and stays away once it is put away.
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { isWalkAway, putWalkAway } from "./away";
import { PeoplesColumns } from "./PeoplesColumns";
import { CodeBlock, TenUsers } from "./TenUsers";

export default function DemoBar() {
  const [step, setStep] = useState<number | null>(null);
  const [isAway, setAway] = useState(isWalkAway);
  if (isAway) return null;
  const putAway = () => {
    putWalkAway();
    setAway(true);
  };
  const close = <button type="button" className="btn btn-plain btn-icon" aria-label="Put the walk away" onClick={putAway}><X className="size-4" aria-hidden /></button>;
  if (step === null)
    return (
      <aside className="flex items-center gap-2 border-b border-line bg-info-soft py-1 pr-2 pl-4 text-info" aria-label="Demo">
        <p className="min-w-0 flex-1"><span className="font-semibold">This is the demo.</span> <span className="max-sm:hidden">A walk of three steps shows what to look at.</span></p>
        <button type="button" className="btn" onClick={() => setStep(0)}>Start the walk</button>
        {close}
      </aside>
    );
  const { title, content } = steps[step]!;
  return (
    <aside className="flex max-h-[55dvh] flex-col border-b border-line bg-raised" aria-label="Demo walk">
      <div className="flex items-center gap-2 border-b border-line bg-info-soft py-1 pr-2 pl-4 text-info">
        <h2 className="min-w-0 flex-1">{step + 1} of {steps.length}: {title}</h2>
        <button type="button" className="btn" disabled={step === 0} onClick={() => setStep(step - 1)}>Back</button>
        {step + 1 < steps.length && <button type="button" className="btn btn-primary" onClick={() => setStep(step + 1)}>Next</button>}
        {step + 1 === steps.length && <button type="button" className="btn btn-primary" onClick={putAway}>Done</button>}
        {close}
      </div>
      <div className="grid min-h-0 gap-3 overflow-y-auto px-4 py-3 [grid-template-columns:minmax(0,1fr)]" tabIndex={0} role="group" aria-label={title}>{content}</div>
    </aside>
  );
}

function Kill() {
  const { origin } = window.location;
  return (
    <>
      <p>Each press was on disk before it was answered, so a killed server goes on where it was. In another terminal on the server's machine, this presses for the ten users and kills the server in the same breath:</p>
      <CodeBlock>{`for i in $(seq 10); do curl -s -X POST ${origin}/api/insurance/sync/to-sheet -H "Authorization: Bearer token_user_$i" & done; wait; kill -9 $(pgrep -f '[r]owlane demo')`}</CodeBlock>
      <p>Then start it again as before (<code>./dev demo</code>, or <code>rowlane demo</code>). This page connects again by itself, and the same numbers end below: none is lost, no row is there twice.</p>
      <TenUsers />
    </>
  );
}

function TenAtOnce() {
  return (
    <>
      <p>Ten people press at the same moment, into one spreadsheet. Every press is taken at once and none has to wait for another; what belongs together is done in one go.</p>
      <TenUsers withButton />
    </>
  );
}

const steps: { title: string; content: ReactNode }[] = [
  { title: "ten users at once", content: <TenAtOnce /> },
  { title: "what people made stays", content: <PeoplesColumns /> },
  { title: "a killed server goes on", content: <Kill /> },
];
