// Opens a page of the dashboard from code that is no component. The router says how, once it is there.
let go: (path: string) => void = () => {};
export const openPage = (path: string) => go(path);
export function whenOpened(call: (path: string) => void) {
  go = call;
}
