// The server's sentences start small and have no full stop.
export function sentence(text: string | undefined | null): string {
  if (!text) return "";
  const start = text[0]!.toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
