/**
 * Nelder and Mead's simplex: d + 1 points, of which the worst is reflected through the others, further where that is good, nearer
 * where it is not (Nelder and Mead 1965; Lagarias et al. 1998; coefficients for many numbers by Gao and Han 2012).
 *
 *     x(t) = c + t (c - x_worst),    c the mean of the others;    t = r reflects, r e expands, ± r k contracts
 *
 * The same points as SciPy 1.17's `minimize(method="Nelder-Mead")` from the same simplex.
 */
import { type Tensor, tensorOf } from "../array/index.ts";
import { requireKnownOptions } from "../errors.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import { ranking } from "./ranks.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface NelderMeadOptions extends SigmaOptions {
  /** Length of the first edges, one along each number. Default 0.3. */
  sigma?: number;
  /** Coefficients that depend on the number of numbers, for ten and more. Default false. */
  isAdaptive?: boolean;
}

/** What was asked for last. */
type Phase = "simplex" | "reflect" | "expand" | "outside" | "inside" | "shrink";

export interface NelderMeadState {
  /** Best first once they are evaluated, [d + 1, d]. */
  vertices: Tensor;
  /** NaN before they are evaluated. */
  losses: Tensor;
  phase: Phase;
  /** The reflected point, and its loss, where it is not decided yet. */
  reflected: Tensor | null;
  reflectedLoss: number;
}

/**
 * The Nelder-Mead simplex. Draws nothing. One candidate per step, but for the first simplex (d + 1) and where it shrinks (d).
 * Recommends the best candidate so far. Candidates outside of a box are moved to its nearest point. Cost: d² operations.
 */
export function nelderMead<Theta>(
  options: NelderMeadOptions = {},
): Search<Theta, VectorSearchState<NelderMeadState>> {
  requireKnownOptions("nelderMead", options, ["sigma", "isAdaptive", "box"]);
  return vectorSearch(nelderMeadRules(options), options.box);
}

/** The same over vectors. */
export function nelderMeadRules(options: Omit<NelderMeadOptions, "box">): VectorRules<NelderMeadState> {
  const { sigma = 0.3, isAdaptive = false } = options;
  requireSigma("nelderMead", sigma);
  return {
    name: "nelderMead",
    recipe: { sigma, isAdaptive },
    bounds: "clip",
    canFail: true,
    init({ start, box }) {
      const size = start.length;
      const vertices = Float64Array.from({ length: (size + 1) * size }, (_, i) => start[i % size]!);
      for (let j = 0; j < size; j++) {
        const isInside = box === undefined || start[j]! + sigma <= box.high[j]!;
        vertices[(j + 1) * size + j]! += isInside ? sigma : -sigma;
      }
      return {
        vertices: tensorOf(vertices, [size + 1, size], "float64"),
        losses: vector(new Float64Array(size + 1).fill(NaN)),
        phase: "simplex",
        reflected: null,
        reflectedLoss: 0,
      };
    },
    ask: (own) => ({ candidates: asked(own, coefficients(own.vertices.shape[1]!, isAdaptive)), own }),
    tell: (own, candidates, losses) => ({
      own: told(own, candidates, losses),
    }),
  };
}

interface Coefficients {
  reflect: number;
  expand: number;
  contract: number;
  shrink: number;
}

function coefficients(size: number, isAdaptive: boolean): Coefficients {
  if (!isAdaptive || size === 1) return { reflect: 1, expand: 2, contract: 0.5, shrink: 0.5 };
  return { reflect: 1, expand: 1 + 2 / size, contract: 0.75 - 1 / (2 * size), shrink: 1 - 1 / size };
}

/** The candidates of the phase. */
function asked({ vertices, phase }: NelderMeadState, use: Coefficients): Float64Array {
  const points = numbersOf(vertices);
  const size = vertices.shape[1]!;
  const { reflect, expand, contract, shrink } = use;
  if (phase === "simplex") return points.slice();
  if (phase === "shrink") {
    return points.slice(size).map((x, i) => points[i % size]! + shrink * (x - points[i % size]!));
  }
  const along = {
    reflect,
    expand: reflect * expand,
    outside: reflect * contract,
    inside: -contract,
  }[phase];
  return Float64Array.from({ length: size }, (_, j) => {
    let center = 0;
    for (let i = 0; i < size; i++) center += points[i * size + j]!;
    center /= size;
    return (1 + along) * center - along * points[size * size + j]!;
  });
}

function told(own: NelderMeadState, candidates: Float64Array, losses: Float64Array): NelderMeadState {
  const [vertices, before] = [numbersOf(own.vertices), numbersOf(own.losses)];
  const size = own.vertices.shape[1]!;
  const [best, second, worst] = [before[0]!, before[size - 1]!, before[size]!];
  const loss = losses[0]!;
  const kept = own.reflected === null ? undefined : numbersOf(own.reflected);
  /** The worst is replaced, and the next step reflects. */
  const replaced = (point: Float64Array, its: number): NelderMeadState => {
    const next = vertices.slice();
    next.set(point, size * size);
    const all = before.slice();
    all[size] = its;
    return sorted(next, all, size);
  };
  const then = (phase: Phase): NelderMeadState => ({ ...own, phase });
  switch (own.phase) {
    case "simplex":
      return sorted(candidates, losses, size);
    case "shrink": {
      const next = vertices.slice();
      next.set(candidates, size);
      const all = before.slice();
      all.set(losses, 1);
      return sorted(next, all, size);
    }
    case "reflect": {
      const held = { ...own, reflected: vector(candidates), reflectedLoss: loss };
      if (loss < best) return { ...held, phase: "expand" };
      if (loss < second) return replaced(candidates, loss);
      return { ...held, phase: loss < worst ? "outside" : "inside" };
    }
    case "expand":
      return loss < own.reflectedLoss ? replaced(candidates, loss) : replaced(kept!, own.reflectedLoss);
    case "outside":
      return loss <= own.reflectedLoss ? replaced(candidates, loss) : then("shrink");
    case "inside":
      return loss < worst ? replaced(candidates, loss) : then("shrink");
  }
}

/** The simplex with its best vertex first, to be reflected. */
function sorted(vertices: Float64Array, losses: Float64Array, size: number): NelderMeadState {
  const order = ranking(losses);
  const rows = Float64Array.from(
    vertices,
    (_, i) => vertices[order[Math.floor(i / size)]! * size + (i % size)]!,
  );
  return {
    vertices: tensorOf(rows, [size + 1, size], "float64"),
    losses: vector(Float64Array.from(order, (i) => losses[i]!)),
    phase: "reflect",
    reflected: null,
    reflectedLoss: 0,
  };
}
