// The button of a menu whose code is loaded when it is first opened.
import { type ReactNode, Suspense, useState } from "react";

interface Props {
  label: string;
  className: string;
  icon: ReactNode;
  text?: string;
  menu: (trigger: ReactNode) => ReactNode;  // opens at once
}

export function LazyMenu({ label, className, icon, text, menu }: Props) {
  const [isWanted, setWanted] = useState(false);
  const content = <>{icon}{text && <span className="max-sm:sr-only">{text}</span>}</>;
  const button = <button type="button" className={className} aria-label={label} aria-haspopup="menu" onClick={() => setWanted(true)}>{content}</button>;
  if (!isWanted) return button;
  return <Suspense fallback={button}>{menu(<button type="button" className={className} aria-label={label}>{content}</button>)}</Suspense>;
}
