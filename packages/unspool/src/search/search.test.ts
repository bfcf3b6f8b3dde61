/** What every search does, whatever its rules: trees, dtypes, boxes, failed evaluations, and what is refused. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { decodeState, encodeState } from "../train/index.ts";
import { type SearchEntry, createSearch, searchEntry, searches } from "./registry.ts";
import type { Search } from "./search.ts";
import { suitsSize } from "./traits.ts";

type Theta = { a: Tensor; b: Tensor[] };

/** A nested tree with both float types: 2 + 1 numbers. */
const start = (): Theta => ({ a: np.array([0.5, -0.4]), b: [np.array(0.3, { dtype: "float64" })] });

/** Sum of (x - 0.2)² of each candidate. */
function sphere(candidates: unknown): Float64Array {
  const count = tree.leaves(candidates)[0]!.shape[0]!;
  const losses = new Float64Array(count);
  for (const leaf of tree.leaves(candidates)) {
    const size = leaf.size / count;
    leaf.data.forEach((x: number, i: number) => (losses[Math.floor(i / size)]! += (x - 0.2) ** 2));
  }
  return losses;
}

interface Run<T> {
  state: unknown;
  candidates: T[];
}

function generations<T>(
  search: Search<T>,
  theta: T,
  count: number,
  losses: (candidates: T) => ArrayLike<number>,
): Run<T> {
  let state = search.init(theta, random.key(1));
  const seen: T[] = [];
  for (let i = 0; i < count; i++) {
    const asked = search.ask(state, random.foldIn(random.key(2), i));
    seen.push(asked.candidates);
    state = search.tell(asked.state, losses(asked.candidates)).state;
  }
  return { state, candidates: seen };
}

describe.each(searches.map((entry) => [entry.name, entry] as const))("%s", (name, entry) => {
  const make = (options = {}): Search<Theta> =>
    createSearch<Theta>(name, { sigma: 0.2, population: entry.kind === "model" ? 1 : 8, ...options });

  test("candidates have the structure, the shapes and the dtypes of theta, with an axis in front", () => {
    const search = make();
    const { candidates, state } = search.ask(search.init(start(), random.key(0)), random.key(1));
    const [count] = candidates.a.shape as [number];
    expect(candidates.a.toString()).toContain(`float32[${count},2]`);
    expect(candidates.b[0]!.toString()).toContain(`float64[${count}]`);
    tree.requireSame(name, "the incumbent", start(), search.incumbent(state));
  });

  test("goes down on a sphere, and says where", () => {
    const search = make();
    const { state } = generations(search, start(), 40, sphere);
    const found = sphere(tree.map((leaf) => leaf.reshape([1, ...leaf.shape]), search.incumbent(state)))[0]!;
    // The start has 0.09 + 0.36 + 0.01.
    expect(found).toBeLessThan(0.46 / 4);
  });

  test("no candidate and no incumbent leaves the box, at an edge of which it starts", () => {
    const box = { low: { a: np.array([-0.4, -0.4]), b: [0] }, high: 0.5 };
    const search = make({ box, sigma: 2 });
    // Losses fall outwards.
    const outwards = (candidates: Theta): number[] => {
      const count = candidates.a.shape[0]!;
      return Array.from({ length: count }, (_, i) => -candidates.a.data[2 * i]!);
    };
    const edge = { a: np.array([0.5, -0.4]), b: [np.array(0, { dtype: "float64" })] };
    const { state, candidates } = generations(search, edge, 12, outwards);
    for (const at of [...candidates, search.incumbent(state)]) {
      for (const x of at.a.data) expect(Math.abs(x)).toBeLessThanOrEqual(Math.fround(0.5));
      for (const x of at.a.data) expect(x).toBeGreaterThanOrEqual(Math.fround(-0.4));
      for (const x of at.b[0]!.data) expect(x).toBeGreaterThanOrEqual(0);
    }
  });

  test("candidates that have failed rank last, and do not stop it", () => {
    const search = make();
    const { state } = generations(search, start(), 15, (candidates) => {
      const losses = sphere(candidates);
      return losses.map((loss, i) => (losses.length > 1 && i === 0 ? NaN : loss));
    });
    expect(tree.isFinite(search.incumbent(state))).toBe(true);
    const metrics = (state as { bestLoss: number }).bestLoss;
    expect(metrics).toBeLessThan(0.46);
  });

  if (entry.kind !== "distribution") {
    test("goes on after a step of which every candidate has failed, once one has not", () => {
      const search = make();
      let step = 0;
      const { state } = generations(search, start(), 12, (candidates) => {
        const losses = sphere(candidates);
        return step++ % 3 === 1 ? losses.fill(NaN) : losses;
      });
      const best = (state as { bestLoss: number }).bestLoss;
      expect(best).toBeLessThan(Infinity);
      expect(tree.isFinite(search.incumbent(state))).toBe(true);
    });
  }

  test("takes the population that it is given by name, and no other", () => {
    expect(() => make({ population: "8" as never })).toThrow(
      /population must be an integer of at least 1, got "8"/,
    );
    if (!entry.options.includes("population")) return;
    const search = createSearch<Theta>(name, { population: 4 });
    const { state } = generations(search, start(), 1, sphere);
    expect(search.ask(state, random.key(5)).candidates.a.shape[0]).toBe(4);
  });

  test("says what is wrong with losses that are no numbers, and with a state that has lost its own", () => {
    const search = make();
    const { state, candidates } = search.ask(search.init(start(), random.key(0)), random.key(1));
    const count = candidates.a.shape[0]!;
    const told = (losses: unknown) => () => search.tell(state, losses as number[]);
    expect(told(np.zeros([count]))).toThrow(OptionError);
    expect(told(np.zeros([count]))).toThrow("Of a tensor hand in its .data.");
    expect(told(undefined)).toThrow(
      `${name}: losses must be a list of numbers, one of each candidate, got undefined.`,
    );
    expect(told(Promise.resolve([]))).toThrow("Wait for it ahead of tell.");
    expect(told(Array.from({ length: count }, (_, i) => (i === 0 ? undefined : 1)))).toThrow(
      "the loss of candidate 0 must be a number, got undefined. A candidate that has failed has the loss NaN.",
    );
    expect(told(Array.from({ length: count }, () => "1"))).toThrow(
      /the loss of candidate 0 must be a number, got "1"/,
    );
    const written: unknown = JSON.parse(JSON.stringify(state));
    for (const use of [
      () => search.tell(written, new Float64Array(count)),
      () => search.ask(written, random.key(0)),
      () => search.incumbent(written),
    ])
      expect(use).toThrow(/state must be what init, ask or tell gave.*keep it by encodeState/);
    const { own, ...rest } = state as { own: object };
    // Random search knows nothing that another could lack.
    if (Object.keys(own).length > 0)
      expect(() => search.ask({ ...rest, own: { someoneElses: 1 } }, random.key(0))).toThrow(
        /It has no ".*": is it the state of another search\?/,
      );
    expect(() => search.init(start(), 0 as never)).toThrow(`${name}.init: a key is uint32[2], got number.`);
    expect(() => search.ask(state, undefined as never)).toThrow(
      `${name}.ask: a key is uint32[2], got undefined.`,
    );
    const { structure, tensors } = encodeState(state);
    const again = decodeState(structure, tensors);
    const losses = sphere(candidates);
    const next = (from: unknown) => search.ask(search.tell(from, losses).state, random.key(7)).candidates;
    expect(tree.flatten(next(again))).toEqual(tree.flatten(next(state)));
  });

  test("the same state and key give the same candidates; another key others, unless it draws nothing", () => {
    const search = make();
    const { state } = generations(search, start(), 3, sphere);
    const asked = (key: number): string =>
      tree.flatten(search.ask(state, random.key(key)).candidates).toString();
    expect(asked(1)).toBe(asked(1));
    if (entry.isDeterministic !== true) expect(asked(1)).not.toBe(asked(2));
  });

  if (entry.isRankBased === true) {
    test("takes the same steps for any rising function of the losses", () => {
      const search = make();
      const [plain, bent] = [sphere, (at: Theta) => sphere(at).map((loss) => Math.log(loss) * 7 - 1e3)].map(
        (losses) => tree.flatten(search.incumbent(generations(search, start(), 10, losses).state)),
      );
      expect([...bent!]).toEqual([...plain!]);
    });
  }

  test("refuses what it cannot do, by typed errors that say what to do", () => {
    expect(() => make({ sigma: 0 })).toThrow(OptionError);
    expect(() => make({ sigma: -1 })).toThrow(/sigma must be a finite number above 0, got -1/);
    if (entry.options.includes("population")) expect(() => make({ population: 0.5 })).toThrow(/population/);
    expect(() => make({ box: { low: 1, high: -1 } })).toThrow(
      /a lower bound below an upper one, got \[1, -1\]/,
    );
    expect(() => make({ box: { low: 1 } as never })).toThrow(/box.high/);
    const boxed = make({ box: { low: 0, high: 1 } });
    expect(() => boxed.init(start(), random.key(0))).toThrow(/in its box, \[0, 1\], got -0.4/);
    const search = make();
    const whole = { a: np.array([1, 2]), b: [np.array(1, { dtype: "int32" })] };
    expect(() => search.init(whole, random.key(0))).toThrow(ShapeError);
    expect(() => search.init(whole, random.key(0))).toThrow(/theta at "b.0" is .*int32/);
    expect(() => search.init({ a: np.array([NaN, 1]), b: [] }, random.key(0))).toThrow(/finite, got NaN/);
    expect(() => search.init({ a: np.zeros([0]), b: [] }, random.key(0))).toThrow(/no numbers/);
    const first = search.init(start(), random.key(0));
    expect(() => search.tell(first, [1])).toThrow(/after ask/);
    const { state, candidates } = search.ask(first, random.key(1));
    const count = candidates.a.shape[0]!;
    expect(() => search.tell(state, new Float64Array(count + 1))).toThrow(
      `tell takes one loss for each of the ${count} candidates that were asked for, got ${count + 1}`,
    );
    const failed = new Float64Array(count).fill(NaN);
    expect(() => search.tell(state, failed)).toThrow(NonFiniteError);
  });

  test("refuses a theta that is too large for it", () => {
    const { largestTheta = Infinity } = entry as SearchEntry;
    expect(suitsSize(entry, 3)).toBe(true);
    if (largestTheta === Infinity) return;
    const search = createSearch<Tensor>(name, {});
    expect(() => search.init(np.zeros([largestTheta + 1]), random.key(0))).toThrow(OptionError);
  });
});

test("names are found in any case, by alias, and the nearest is suggested", () => {
  expect(searchEntry("CMAES").name).toBe("cmaEs");
  expect(searchEntry("cma").name).toBe("cmaEs");
  expect(() => createSearch("cmaEz")).toThrow(/Did you mean "cmaEs"/);
});

test.each(["xnes", "snes", "pgpe"])("%s stands still on a plateau: equal losses have equal ranks", (name) => {
  const search = createSearch<Tensor>(name, { sigma: 0.3 });
  let state = search.init(np.array([1, 1]), random.key(0));
  for (let i = 0; i < 50; i++) {
    const asked = search.ask(state, random.foldIn(random.key(1), i));
    state = search.tell(asked.state, new Float64Array(asked.candidates.shape[0]!)).state;
  }
  for (const x of search.incumbent(state).data) expect(x).toBeCloseTo(1, 6);
});
