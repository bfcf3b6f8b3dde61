/** Choice of scale, ticks and tick labels for one axis. Explicit, so that labels neither crowd nor overlap. */
import type { Axis } from "unspool/train";

export type ScaleType = NonNullable<Axis["scale"]>;

export interface AxisPlan {
  type: ScaleType;
  domain: [number, number];
  ticks: number[];
  format(tick: number): string;
  /** Below this size a symlog axis is linear. */
  constant?: number;
}

/**
 * Log where all values are positive and span more than two decades; symlog where some are 0 and the others span more
 * than three, as a gradient norm that vanishes.
 */
export function automaticScale(values: readonly number[]): ScaleType {
  const [low, high] = extent(values);
  if (low > 0) return high / low > 100 ? "log" : "linear";
  const [least] = extent(values.filter((value) => value > 0));
  return low === 0 && high / least > 1000 ? "symlog" : "linear";
}

/**
 * Plans an axis that shows `values` (those that the scale can show) with about `count` ticks. `room` is the part of
 * the span that stays free at either end, where the axis has no domain of its own.
 */
export function planAxis(axis: Axis, values: readonly number[], count: number, room = 0): AxisPlan {
  if (axis.names !== undefined && axis.names.length > 0) return namedPlan(axis.names);
  const type = axis.scale ?? "linear";
  const shown = type === "log" ? values.filter((value) => value > 0) : values;
  const [low, high] = axis.domain ?? withRoom(type, extent(shown), room);
  if (!(low <= high)) return linearPlan(0, 1, count);
  if (type === "log" && low > 0) return logPlan(low, high, count);
  const [from, to] = [low, high].map((x) => (Math.abs(x) < leastLogValue ? 0 : x)) as [number, number];
  if (type === "symlog") return symlogPlan(from, to, shown, count);
  return linearPlan(from, to, count);
}

/** Least and greatest finite value; [Infinity, -Infinity] if there is none. */
export function extent(values: Iterable<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function withRoom(type: ScaleType, [low, high]: [number, number], room: number): [number, number] {
  if (type === "log" && low > 0) {
    const factor = (high / low) ** room;
    return [low / factor, high * factor];
  }
  // Symlog stretches what is near zero: there each end moves by a share of itself.
  const spare =
    type === "symlog" ? [Math.abs(low) * room, Math.abs(high) * room] : [1, 1].map(() => (high - low) * room);
  const bottom = low - spare[0]!;
  return [low >= 0 ? Math.max(0, bottom) : bottom, high + spare[1]!];
}

/** Letters of all names together that fit under an axis. */
const namedLetters = 56;

/** A place for each name, and half a place beside the first and the last. */
function namedPlan(names: readonly string[]): AxisPlan {
  const most = Math.max(3, Math.floor(namedLetters / names.length));
  const cut = (name: string): string => (name.length <= most ? name : `${name.slice(0, most - 1)}…`);
  return {
    type: "linear",
    domain: [-0.5, names.length - 0.5],
    ticks: [...names.keys()],
    format: (tick) => cut(names[tick] ?? ""),
  };
}

function linearPlan(low: number, high: number, count: number): AxisPlan {
  const pad = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  const domain: [number, number] = [low - pad, high + pad];
  const step = niceStep((domain[1] - domain[0]) / count);
  const ticks: number[] = [];
  // Multiples of the step, not sums of it: 0.30000000000000004 would be labelled as such.
  for (let i = Math.ceil(domain[0] / step - 1e-9); i * step <= domain[1] + step * 1e-9; i++)
    ticks.push(i * step);
  const size = Math.max(Math.abs(domain[0]), Math.abs(domain[1]));
  return { type: "linear", domain, ticks, format: linearFormat(step, size) };
}

/** Below this, half of a number may be 0, and its power of ten. */
const leastLogValue = 1e-300;

function logPlan(lowest: number, highest: number, count: number): AxisPlan {
  const [low, high] = [Math.max(lowest, leastLogValue), Math.max(highest, leastLogValue)];
  const domain: [number, number] = low === high ? [low / 2, high * 2] : [low, high];
  const first = Math.floor(Math.log10(domain[0]) + 1e-9);
  const last = Math.ceil(Math.log10(domain[1]) - 1e-9);
  const inside = (tick: number): boolean => tick >= domain[0] * 0.999999 && tick <= domain[1] * 1.000001;
  const decades = range(first, last).map((exponent) => 10 ** exponent);
  const candidates = [
    decades.flatMap((decade) => [1, 2, 5].map((digit) => digit * decade)).filter(inside),
    decades.flatMap((decade) => [1, 3].map((digit) => digit * decade)).filter(inside),
    ...[1, 2, 3, 5, 10, 20].map((stride) =>
      range(first, last)
        .filter((exponent) => exponent % stride === 0)
        .map((exponent) => 10 ** exponent)
        .filter(inside),
    ),
  ];
  const ticks = candidates.find((list) => list.length <= count + 1) ?? [];
  // Less than half a decade has too few round numbers of the form 1, 2, 5: linear ticks are as good there.
  const few =
    ticks.length < 3
      ? linearPlan(domain[0], domain[1], Math.min(count, 4)).ticks.filter((t) => t > 0)
      : ticks;
  return { type: "log", domain, ticks: few, format: wideFormat(domain[0], domain[1]) };
}

function symlogPlan(low: number, high: number, values: readonly number[], count: number): AxisPlan {
  const greatest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const sizes = values
    .filter((value) => Number.isFinite(value) && value !== 0)
    .map(Math.abs)
    .toSorted((a, b) => a - b);
  const small = sizes[Math.floor(sizes.length * 0.1)] ?? greatest;
  const top = Math.floor(Math.log10(greatest) + 1e-9);
  const bottom = Math.max(top - 6, Math.min(top, Math.floor(Math.log10(small))));
  const sides = (low < 0 ? 1 : 0) + (high > 0 ? 1 : 0);
  const perSide = Math.max(1, Math.floor((count - 1) / Math.max(1, sides)));
  const stride = Math.max(1, Math.ceil((top - bottom + 1) / perSide));
  // The label at the size where the axis turns linear would touch that of 0 once many decades share the axis.
  const first = top - bottom >= 3 ? bottom + 1 : bottom;
  const powers = range(first, top).filter((exponent) => (top - exponent) % stride === 0);
  const ticks = [...powers.map((e) => -(10 ** e)).toReversed(), 0, ...powers.map((e) => 10 ** e)];
  return {
    type: "symlog",
    domain: low === high ? [low - greatest, high + greatest] : [low, high],
    ticks: ticks.filter((tick) => tick >= low && tick <= high),
    format: wideFormat(10 ** bottom, greatest),
    constant: 10 ** bottom,
  };
}

/** The labels of one linear axis share their number of decimals; very large and small ones use powers of ten. */
function linearFormat(step: number, size: number): (tick: number) => string {
  if (size >= 1e4 || size < 1e-3) return formatTick;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (tick) => (Math.abs(tick) < step / 1e6 ? 0 : tick).toFixed(decimals).replace("-", "−");
}

/** Labels of sizes from `low` to `high`: all of them powers of ten where some would be, so that one style rules. */
function wideFormat(low: number, high: number): (tick: number) => string {
  if (low >= 1e-4 && high < 1e7) return formatTick;
  return (tick) => (tick === 0 || Math.abs(tick) === 1 ? formatTick(tick) : powerText(tick));
}

/** `10⁻⁷`, `2·10⁹`. */
function powerText(tick: number): string {
  const size = Math.abs(tick);
  const exponent = Math.floor(Math.log10(size) + 1e-9);
  const digits = String(Number((size / 10 ** exponent).toPrecision(6)));
  const power = String(exponent).replace(/[-\d]/g, (character) => superscripts[character]!);
  return `${tick < 0 ? "−" : ""}${digits === "1" ? "" : `${digits}·`}10${power}`;
}

/** `0.01`, `250`, `20k`, `3M`, `10⁻⁷`, `2·10⁹`. */
export function formatTick(tick: number): string {
  if (tick === 0) return "0";
  const sign = tick < 0 ? "−" : "";
  const size = Math.abs(tick);
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  if (size >= 1e-3 && size < 1e4) return sign + short(size);
  if (size >= 1e4 && size < 1e6) return `${sign}${short(size / 1e3)}k`;
  if (size >= 1e6 && size < 1e9) return `${sign}${short(size / 1e6)}M`;
  return powerText(tick);
}

const superscripts: Record<string, string> = Object.fromEntries(
  [..."-0123456789"].map((character, i) => [character, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]!]),
);

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((digit) => digit * power >= step * 0.999999) ?? 10);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
