/**
 * Fixed points of a component system at a steady gradient: where the state comes to rest. Sussillo and Barak (2013)
 * minimise the speed of the state from visited states,
 *
 *     q(h) = ½ |h - F(g, h)|²
 *
 * by Adam; Newton's method, h ← h + (I - J_h)^-1 (F - h), gets to the last digit and is the default. It goes to saddles as
 * well as to points at which a state comes to rest, so the system first runs by itself for a while, and each point is
 * marked stable (all |λ| of J_h below 1) or not.
 */
import {
  OptionError,
  requireInteger,
  requireOneOf,
  requirePositive,
  requireKnownOptions,
} from "../../errors.ts";
import { eigenvalues, solveLinear, vectorNorm } from "../../numerics/index.ts";
import type { ComponentSystem } from "./componentSystem.ts";
import { linearize } from "./linearize.ts";

export interface FixedPointOptions {
  /** g. Default 0. */
  gradient?: number;
  /** "adam" is the paper's search. Default "newton". */
  method?: "newton" | "adam";
  /**
   * Where |h - F| is at most this, h is fixed. Default 1e-12 for Newton, √2 · 1e-4 for Adam, which is a speed of 1e-8.
   */
  tolerance?: number;
  /** Default 100 for Newton, 1000 for Adam. */
  steps?: number;
  /** Fixed points that are nearer than this are one. Default 1e-4 for Newton, 1e-2 for Adam. */
  separation?: number;
}

export interface SoughtPoint {
  state: Float64Array;
  /** q. */
  speed: number;
  /** False for a slow point: one where the search ended before it found a fixed one. */
  isFixed: boolean;
  /** Whether the state comes to rest there: it is fixed, and the largest |λ| of J_h is below 1. */
  isStable: boolean;
  /** The largest |λ| of J_h; NaN where that is not finite. */
  radius: number;
}

export interface FixedPoints {
  /** Where the search from each seed ended. */
  points: SoughtPoint[];
  /** The fixed ones that differ: stable ones first, then by speed. */
  distinct: SoughtPoint[];
}

/**
 * Searches from every seed, a state [n]. A search that does not converge is a result, not an error: its point is slow.
 * Cost: for each seed some ten derivatives of the step with Newton, hundreds with Adam.
 */
export function fixedPoints(
  system: ComponentSystem,
  seeds: readonly Float64Array[],
  options: FixedPointOptions = {},
): FixedPoints {
  requireKnownOptions("fixedPoints", options, ["gradient", "method", "tolerance", "steps", "separation"]);
  const { gradient = 0, method = "newton" } = options;
  requireOneOf("fixedPoints", "method", method, ["newton", "adam"]);
  const isNewton = method === "newton";
  const tolerance = options.tolerance ?? (isNewton ? 1e-12 : Math.SQRT2 * 1e-4);
  const steps = options.steps ?? (isNewton ? 100 : 1000);
  requirePositive("fixedPoints", "tolerance", tolerance);
  requireInteger("fixedPoints", "steps", steps, 0);
  for (const seed of seeds) {
    if (seed.length === system.size) continue;
    throw new OptionError("fixedPoints", "seeds", seed, `states of ${system.size} numbers`);
  }
  const ends = isNewton
    ? seeds.map((seed) => newtonFrom(system, seed, gradient, tolerance, steps))
    : adamOnSpeed(system, seeds, gradient, steps);
  const points = ends.map((state): SoughtPoint => {
    const distance = vectorNorm(offset(system, state, gradient));
    const isFixed = distance <= tolerance;
    const radius = radiusAt(system, gradient, state);
    return { state, speed: distance ** 2 / 2, isFixed, isStable: isFixed && radius < 1, radius };
  });
  return { points, distinct: distinctOf(points, options.separation ?? (isNewton ? 1e-4 : 1e-2)) };
}

/** F(g, h) - h. */
function offset(system: ComponentSystem, state: Float64Array, gradient: number): Float64Array {
  return system.step(gradient, state).map((x, i) => x - state[i]!);
}

/** The largest |λ| of J_h. */
function radiusAt(system: ComponentSystem, gradient: number, state: Float64Array): number {
  const jacobian = jacobianAt(system, gradient, state);
  if (!jacobian.entries.every(Number.isFinite)) return NaN;
  const { re, im } = eigenvalues(jacobian);
  return Math.hypot(re[0]!, im[0]!);
}

/** Steps of the system itself, before the search. */
const settlingSteps = 200;

/** From where the system goes by itself; where that finds no fixed point, from the seed. */
function newtonFrom(
  system: ComponentSystem,
  seed: Float64Array,
  gradient: number,
  tolerance: number,
  steps: number,
): Float64Array {
  const left = (state: Float64Array): number => vectorNorm(offset(system, state, gradient));
  let settled = seed;
  for (let t = 0; t < Math.min(steps, settlingSteps); t++) settled = system.step(gradient, settled);
  const first = settled.every(Number.isFinite)
    ? newton(system, settled, gradient, tolerance, steps)
    : undefined;
  if (first !== undefined && left(first) <= tolerance) return first;
  const second = newton(system, seed, gradient, tolerance, steps);
  return first !== undefined && left(first) < left(second) ? first : second;
}

/** Of a Newton step. */
const shares = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128] as const;
/** A mode that needs 1e9 steps to fall to 1/e counts as one that stays: I - J is singular. */
const singular = 1e-9;

/** Steps are halved until they help; where none helps, or I - J is singular, the system takes a step itself. */
function newton(
  system: ComponentSystem,
  seed: Float64Array,
  gradient: number,
  tolerance: number,
  steps: number,
): Float64Array {
  let state = seed;
  let off = offset(system, state, gradient);
  for (let step = 0; step < steps && !(vectorNorm(off) <= tolerance); step++) {
    const full = newtonStep(system, state, gradient, off);
    let next: { state: Float64Array; off: Float64Array } | undefined;
    for (const share of full === undefined ? [] : shares) {
      const there = state.map((x, i) => x + share * full![i]!);
      const left = offset(system, there, gradient);
      if (!(vectorNorm(left) < vectorNorm(off))) continue;
      next = { state: there, off: left };
      break;
    }
    if (next === undefined) {
      const there = system.step(gradient, state);
      next = { state: there, off: offset(system, there, gradient) };
    }
    if (!next.off.every(Number.isFinite)) break;
    ({ state, off } = next);
  }
  // What is fixed within the tolerance can still be off by that over 1 - |λ|: one more step costs little.
  const last = newtonStep(system, state, gradient, off)?.map((x, i) => state[i]! + x);
  return last !== undefined && vectorNorm(offset(system, last, gradient)) < vectorNorm(off) ? last : state;
}

function newtonStep(
  system: ComponentSystem,
  state: Float64Array,
  gradient: number,
  off: Float64Array,
): Float64Array | undefined {
  const { size, entries } = jacobianAt(system, gradient, state);
  return solveLinear(
    { size, entries: entries.map((x, k) => (k % (size + 1) === 0 ? 1 - x : -x)) },
    off,
    singular,
  );
}

function jacobianAt(system: ComponentSystem, gradient: number, state: Float64Array) {
  // A jump at g = 0 is none in the state: J_h exists there.
  return linearize(system, state, { gradient, ...(system.isSmooth === false && { width: 1e-3 }) })
    .stateJacobian;
}

/** Adam with learning rate 0.01 on the mean speed, until that is below 1e-8. */
function adamOnSpeed(
  system: ComponentSystem,
  seeds: readonly Float64Array[],
  gradient: number,
  steps: number,
): Float64Array[] {
  const { size } = system;
  const searches = seeds.map((seed) => ({
    state: seed.slice(),
    first: new Float64Array(size),
    second: new Float64Array(size),
  }));
  for (let t = 1; t <= steps; t++) {
    const offs = searches.map(({ state }) => offset(system, state, gradient));
    if (offs.reduce((sum, off) => sum + vectorNorm(off) ** 2 / 2, 0) / seeds.length < 1e-8) break;
    searches.forEach(({ state, first, second }, s) => {
      const { entries } = jacobianAt(system, gradient, state);
      const slopes = state.map((_, j) =>
        // (I - J)' (h - F), over the number of seeds.
        offs[s]!.reduce((sum, off, i) => sum - ((i === j ? 1 : 0) - entries[i * size + j]!) * off, 0),
      );
      slopes.forEach((slope, j) => {
        const g = slope / seeds.length;
        first[j] = 0.9 * first[j]! + 0.1 * g;
        second[j] = 0.999 * second[j]! + 0.001 * g * g;
        const scale = Math.sqrt(second[j]! / (1 - 0.999 ** t)) + 1e-8;
        state[j]! -= (0.01 * (first[j]! / (1 - 0.9 ** t))) / scale;
      });
    });
  }
  return searches.map(({ state }) => state);
}

function distinctOf(points: readonly SoughtPoint[], separation: number): SoughtPoint[] {
  const found: SoughtPoint[] = [];
  const ranked = points
    .filter(({ isFixed }) => isFixed)
    .toSorted((a, b) => Number(b.isStable) - Number(a.isStable) || a.speed - b.speed);
  for (const point of ranked) {
    const isNew = found.every(
      ({ state }) => vectorNorm(state.map((x, i) => x - point.state[i]!)) >= separation,
    );
    if (isNew) found.push(point);
  }
  return found;
}
