/**
 * Colours of series and runs as CSS variables, so that one drawing serves light and dark pages. Twelve, found by a search
 * for the set whose closest two are farthest apart, for normal eyes and under simulated protanopia, deuteranopia and
 * tritanopia, with a contrast of 3 or more against the page (palette.test.ts measures that). Beyond twelve series the
 * colours come again with dashes. Estimators have a dash and a symbol of their own besides: no colour is told alone.
 */
import { estimators } from "unspool";

/** Series colours by theme. */
export const colours = {
  light: [
    "#2e89ca",
    "#c73389",
    "#007059",
    "#ff480c",
    "#1e2e87",
    "#968e68",
    "#8008ba",
    "#9e3e01",
    "#3700ff",
    "#463600",
    "#eb42fe",
    "#6a004d",
  ],
  dark: [
    "#42a2ff",
    "#fd57da",
    "#00ab30",
    "#be400e",
    "#9150ea",
    "#b48d89",
    "#dcb71a",
    "#78cbc0",
    "#b2fffe",
    "#3c7864",
    "#47ff9b",
    "#f9f702",
  ],
} as const;

/** Dashes by how often all colours have been used before. */
const dashes = [undefined, "6 3", "2 2.5", "9 3 2 3"];

export type PenSymbol = "circle" | "square" | "triangle" | "diamond";

export interface Pen {
  colour: string;
  dash: string | undefined;
  /** Of dots. Default: a circle. */
  symbol?: PenSymbol;
}

/** The pen of the i-th series of a drawing, or the i-th run of a report. */
export function penOf(index: number): Pen {
  const count = colours.light.length;
  return {
    colour: `var(--series-${index % count})`,
    dash: dashes[Math.floor(index / count) % dashes.length],
  };
}

const symbols: readonly PenSymbol[] = ["circle", "square", "triangle", "diamond"];
/** Those of final losses, which are not compared, come last: the first twelve others have twelve colours. */
const penned: readonly string[] = [
  ...estimators.filter(({ objective }) => objective !== "final"),
  ...estimators.filter(({ objective }) => objective === "final"),
].map(({ name }) => name);

/**
 * The pen of an estimator: the same in all figures, whichever they show. Those that nobody registered share one, or have
 * their own by their place among them.
 */
export function estimatorPen(name: string, place = 0): Pen {
  const index = penned.includes(name) ? penned.indexOf(name) : penned.length + place;
  const pen = penOf(index);
  return { ...pen, dash: pen.dash ?? dashes[Math.floor(index / 4) % 3], symbol: symbols[index % 4]! };
}

/** The pen of element `index` out of `count`, which have an order: a ramp from blue to yellow. */
export function rampPen(index: number, count: number): Pen {
  return { colour: viridis(count < 2 ? 0 : 0.05 + (0.85 * index) / (count - 1)), dash: undefined };
}

/** CSS declarations of the variables. */
export function paletteCss(theme: "light" | "dark"): string {
  return colours[theme].map((colour, i) => `--series-${i}:${colour};`).join("");
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
