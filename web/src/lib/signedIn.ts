// Whether somebody is likely to be signed in in this browser. The session itself is a cookie that no script can read;
// without this, each first visit would ask the server who is there only to be refused.
const key = "rowlane.signedIn";

export function maySignedIn(): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return true; // storage may be switched off: the server knows
  }
}
export function setSignedIn(isSignedIn: boolean) {
  try {
    if (isSignedIn) localStorage.setItem(key, "1");
    else localStorage.removeItem(key);
  } catch {
    // then it is asked each time
  }
}
