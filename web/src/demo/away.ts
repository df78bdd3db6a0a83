// Whether the walk was put away, in this browser.
const key = "rowlane.walk";
export const isWalkAway = () => localStorage.getItem(key) === "away";
export const putWalkAway = () => localStorage.setItem(key, "away");
