// How a badge looks, by what it says.
const tones = { good: "bg-good-soft text-good", warn: "bg-warn-soft text-warn", bad: "bg-bad-soft text-bad", info: "bg-info-soft text-info", plain: "bg-hover text-muted" };
export type Tone = keyof typeof tones;
export const badgeClass = (tone: Tone) => `inline-flex h-5 items-center gap-1 rounded px-1.5 text-[0.86rem] font-medium whitespace-nowrap ${tones[tone]}`;
