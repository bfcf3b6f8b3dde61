/**
 * Colours of series and runs as CSS variables, so that one drawing serves light and dark pages. The hues follow Okabe
 * and Ito's set for colour-blind readers, darkened (light page) or lightened (dark page) to a contrast of 3 or more
 * against the page. After eight series the colours come again with dashes.
 */

const light = ["#0072b2", "#d1490a", "#00805f", "#a8418f", "#9a6b00", "#2a8fc7", "#5a5f66", "#b3263e"];
const dark = ["#5ab4f0", "#ff8a4c", "#2fc79c", "#e29ad0", "#e8b84a", "#9ad4f7", "#b4bac2", "#ff7d90"];

/** Dashes by how often all colours have been used before. */
const dashes = [undefined, "6 3", "2 2.5", "9 3 2 3"];

export interface Pen {
  colour: string;
  dash: string | undefined;
}

/** The pen of the i-th series of a drawing, or the i-th run of a report. */
export function penOf(index: number): Pen {
  return {
    colour: `var(--series-${index % light.length})`,
    dash: dashes[Math.floor(index / light.length) % dashes.length],
  };
}

/** The pen of element `index` out of `count`, which have an order: a ramp from blue to yellow. */
export function rampPen(index: number, count: number): Pen {
  return { colour: viridis(count < 2 ? 0 : 0.05 + (0.85 * index) / (count - 1)), dash: undefined };
}

/** CSS declarations of the variables. */
export function paletteCss(theme: "light" | "dark"): string {
  return (theme === "light" ? light : dark).map((colour, i) => `--series-${i}:${colour};`).join("");
}

/** Nine stops of matplotlib's viridis, between which colours are mixed. */
const stops = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
];

/** The colour at `share` (0 to 1) of the viridis scale. */
export function viridis(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const from = Math.min(stops.length - 2, Math.floor(at));
  const mix = (channel: number): string => {
    const read = (stop: string): number => Number.parseInt(stop.slice(1 + 2 * channel, 3 + 2 * channel), 16);
    const value = read(stops[from]!) + (at - from) * (read(stops[from + 1]!) - read(stops[from]!));
    return Math.round(value).toString(16).padStart(2, "0");
  };
  return `#${mix(0)}${mix(1)}${mix(2)}`;
}

/** The whole viridis scale as a CSS gradient from left to right. */
export const viridisGradient: string = `linear-gradient(to right, ${stops.join(", ")})`;
