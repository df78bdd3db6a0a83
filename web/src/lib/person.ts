// What a page remembers beside the server's answers (ticks, the open cell, places) is one person's: it stays over a
// session that ended, and goes when somebody else signs in at the same page.
const forgetters = new Set<() => void>();
let person: string | null = null;

export function onForget(call: () => void) {
  forgetters.add(call);
}
export function forgetPerson() {
  for (const forget of forgetters) forget();
  person = null;
}
export function enterAs(userId: string) {
  if (person !== null && person !== userId) forgetPerson();
  person = userId;
}
export const currentPerson = () => person;
