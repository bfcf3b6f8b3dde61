/** What a test of a paper's claims said, beside what it said when that was recorded. */

export interface TestSaid {
  /** With the titles around it. */
  name: string;
  state: string;
  seconds: number;
  /** Lines that it wrote. */
  said: readonly string[];
  /** Of its error. */
  message?: string;
}

/** By the names of tests: the lines that each wrote. */
export type Recorded = Readonly<Record<string, readonly string[]>>;

export interface Difference {
  test: string;
  /** "number" beyond the tolerance, other "text", "new" or "missing" lines or tests. */
  kind: "number" | "text" | "new" | "missing";
  recorded?: string;
  now?: string;
  /** |a - b| / max(|a|, |b|), of the numbers of a line that differ most. */
  relative?: number;
}

/** Numbers as they are printed, also without a digit in front of the point; not those inside of names. */
const number = /(?<![\w.])[-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])|\bNaN\b|\bInfinity\b/g;
/** Times of a clock, which are no figures. */
const clock = /\b\d+(?:\.\d+)?\s?(?:ms|s|seconds|minutes|min)\b/g;

/** Differences of a run from its records; numbers count as equal up to `tolerance`, relative to the larger one. */
export function differences(recorded: Recorded, tests: readonly TestSaid[], tolerance: number): Difference[] {
  const now = new Map(tests.map(({ name, said }) => [name, said]));
  const missing = Object.keys(recorded)
    .filter((name) => !now.has(name))
    .map((test): Difference => ({ test, kind: "missing" }));
  const found = [...now].flatMap(([test, said]): Difference[] => {
    const before = recorded[test];
    if (before === undefined) return said.length === 0 ? [] : [{ test, kind: "new" }];
    return Array.from({ length: Math.max(before.length, said.length) }, (_, i) =>
      ofLines(test, before[i], said[i], tolerance),
    ).flat();
  });
  return [...missing, ...found];
}

function ofLines(
  test: string,
  recorded: string | undefined,
  now: string | undefined,
  tolerance: number,
): Difference[] {
  if (recorded === undefined) return [{ test, kind: "new", now: now! }];
  if (now === undefined) return [{ test, kind: "missing", recorded }];
  const [a, b] = [recorded, now].map((line) => line.replace(clock, "…"));
  const lines = { test, recorded, now };
  if (a!.replace(number, "#") !== b!.replace(number, "#")) return [{ ...lines, kind: "text" }];
  const [before, after] = [a!, b!].map((line) => (line.match(number) ?? []).map(valueOf));
  const relative = Math.max(0, ...before!.map((value, i) => distance(value, after![i]!)));
  return relative > tolerance ? [{ ...lines, kind: "number", relative }] : [];
}

const valueOf = (text: string): number => Number(text.replace("−", "-"));

function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}
