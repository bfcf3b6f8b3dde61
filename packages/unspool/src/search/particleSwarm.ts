/**
 * Particle swarm optimisation: particles with a velocity, drawn to the best point that each has seen and to the best that any has
 * (Kennedy and Eberhart 1995), with the constriction of Clerc and Kennedy 2002, under which the swarm settles.
 *
 *     v ← inertia v + own U (p - x) + swarm U' (g - x),    x ← x + v,    U, U' uniform for each number
 */
import { type RandomStream, type Tensor, tensorOf } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { firstPoints } from "./firstPoints.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface ParticleSwarmOptions extends SigmaOptions {
  /** Particles, each with a candidate per step. Default 40. */
  population?: number;
  /** What is left of a velocity, below 1. Default 0.7298. */
  inertia?: number;
  /** Pull of the best point that the particle has seen. Default 1.49618. */
  ownPull?: number;
  /** Pull of the best point that any has seen. Default 1.49618. */
  swarmPull?: number;
}

export interface ParticleSwarmState {
  /** [particles, d]. */
  positions: Tensor;
  velocities: Tensor;
  /** The best point of each, and its loss: Infinity before it was evaluated. */
  best: Tensor;
  bestLosses: Tensor;
  /** Bounds, where there are any. */
  low: Tensor | null;
  high: Tensor | null;
}

/**
 * Particle swarm with one neighbourhood. Recommends the best candidate so far. Particles begin uniformly in a finite box,
 * otherwise normal around the start, where the first is; at a bound they stop. Cost: d operations per candidate.
 */
export function particleSwarm<Theta>(
  options: ParticleSwarmOptions = {},
): Search<Theta, VectorSearchState<ParticleSwarmState>> {
  requireKnownOptions("particleSwarm", options, [
    "sigma",
    "population",
    "inertia",
    "ownPull",
    "swarmPull",
    "box",
  ]);
  return vectorSearch(particleSwarmRules(options), options.box);
}

/** The same over vectors. */
export function particleSwarmRules(
  options: Omit<ParticleSwarmOptions, "box">,
): VectorRules<ParticleSwarmState> {
  const where = "particleSwarm";
  const { sigma = 0.3, population = 40, inertia = 0.7298 } = options;
  const { ownPull = 1.49618, swarmPull = 1.49618 } = options;
  requireSigma(where, sigma);
  requireInteger(where, "population", population, 2);
  if (!(inertia >= 0 && inertia < 1)) throw new OptionError(where, "inertia", inertia, "from 0 to below 1");
  for (const [name, value] of Object.entries({ ownPull, swarmPull })) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new OptionError(where, name, value, "a finite number of at least 0");
  }
  return {
    name: where,
    recipe: { sigma, population, inertia, ownPull, swarmPull },
    bounds: "inside",
    canFail: true,
    init(given) {
      const size = given.start.length;
      const positions = firstPoints(given, population, sigma);
      // Half of the way to another such point (Clerc's standard of 2007).
      const aims = firstPoints(given, population, sigma);
      const table = (data: Float64Array): Tensor => tensorOf(data, [population, size], "float64");
      return {
        positions: table(positions),
        velocities: table(positions.map((x, i) => (aims[i]! - x) / 2)),
        best: table(positions),
        bestLosses: vector(new Float64Array(population).fill(Infinity)),
        low: given.box ? vector(given.box.low) : null,
        high: given.box ? vector(given.box.high) : null,
      };
    },
    ask(own, stream) {
      const isFirst = numbersOf(own.bestLosses).every((loss) => loss === Infinity);
      const next = isFirst ? own : moved(own, { inertia, ownPull, swarmPull }, stream);
      return { candidates: numbersOf(next.positions).slice(), own: next };
    },
    tell(own, candidates, losses) {
      const [best, before] = [numbersOf(own.best), numbersOf(own.bestLosses)];
      const size = best.length / before.length;
      const isBetter = (i: number): boolean => losses[i]! < before[i]!;
      const points = best.map((x, i) => (isBetter(Math.floor(i / size)) ? candidates[i]! : x));
      const bestLosses = before.map((loss, i) => (isBetter(i) ? losses[i]! : loss));
      const speed = Math.sqrt(numbersOf(own.velocities).reduce((sum, v) => sum + v * v, 0) / best.length);
      return {
        own: { ...own, best: tensorOf(points, own.best.shape, "float64"), bestLosses: vector(bestLosses) },
        metrics: { speed },
      };
    },
  };
}

type Pulls = Required<Pick<ParticleSwarmOptions, "inertia" | "ownPull" | "swarmPull">>;

function moved(own: ParticleSwarmState, pulls: Pulls, stream: RandomStream): ParticleSwarmState {
  const { inertia, ownPull, swarmPull } = pulls;
  const [positions, best, losses] = [
    numbersOf(own.positions),
    numbersOf(own.best),
    numbersOf(own.bestLosses),
  ];
  const size = positions.length / losses.length;
  const leader = losses.reduce((least, loss, i) => (loss < losses[least]! ? i : least), 0) * size;
  const velocities = numbersOf(own.velocities).map(
    (v, i) =>
      inertia * v +
      ownPull * stream.uniform() * (best[i]! - positions[i]!) +
      swarmPull * stream.uniform() * (best[leader + (i % size)]! - positions[i]!),
  );
  const next = positions.map((x, i) => {
    const [low, high] = [own.low?.data[i % size] ?? -Infinity, own.high?.data[i % size] ?? Infinity];
    const y = x + velocities[i]!;
    const inside = Math.min(Math.max(y, low), high);
    if (inside !== y) velocities[i] = 0;
    return inside;
  });
  return {
    ...own,
    positions: tensorOf(next, own.positions.shape, "float64"),
    velocities: tensorOf(velocities, own.velocities.shape, "float64"),
  };
}
