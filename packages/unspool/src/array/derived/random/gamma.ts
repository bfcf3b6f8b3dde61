/**
 * Gamma, beta and Dirichlet numbers. Gamma by Marsaglia and Tsang (2000): with d = alpha - 1/3 and c = 1/sqrt(9 d),
 *
 *     x = d v,  v = (1 + c z)^3,  accepted if  log u < z²/2 + d - d v + d log v
 *
 * for alpha >= 1; below, gamma(alpha) = gamma(alpha + 1) u^(1/alpha). A fixed number of rounds fits into a program: at
 * least 95 % are accepted in each, so that one draw in 10^15 is still open after all, and gets x = d.
 *
 * Derivatives with respect to alpha are those of implicit reparametrisation, dx/dalpha = -(∂F/∂alpha) / f (Figurnov et
 * al. 2018).
 */
import { lax } from "../../lax.ts";
import { isTracing } from "../../lift.ts";
import { np } from "../../np.ts";
import { type DrawOptions, type Key, random } from "../../random.ts";
import { scan } from "../../scan.ts";
import type { Tensor } from "../../tensor.ts";
import type { ArrayLike } from "../arguments.ts";
import { gammaSlope } from "./gammaSlope.ts";
import { drawShape, orInvalid, parameters, requireParameter } from "./parameters.ts";

const rounds = 12;

/** Gamma numbers with shape parameter `alpha` > 0 and scale 1; NaN for others in a trace, as for those below. */
export function gamma(
  key: Key,
  alpha: ArrayLike,
  shape?: readonly number[],
  options: DrawOptions = {},
): Tensor {
  const [a] = positive("random.gamma", options, ["alpha", alpha]);
  const { large, boost } = gammaParts(
    key,
    np.broadcastTo(a!, drawShape("random.gamma", shape, [a!])) as Tensor,
  );
  return orInvalid(large.mul(np.exp(boost)), () => a!.greater(0), a!);
}

/** Beta numbers in (0, 1): x / (x + y) with gamma numbers x of `a` and y of `b`. */
export function beta(
  key: Key,
  a: ArrayLike,
  b: ArrayLike,
  shape?: readonly number[],
  options: DrawOptions = {},
): Tensor {
  const both = positive("random.beta", options, ["a", a], ["b", b]);
  const full = drawShape("random.beta", shape, both);
  const [x, y] = both.map((part, i) =>
    logGamma(random.foldIn(key, i), np.broadcastTo(part, full) as Tensor),
  ) as [Tensor, Tensor];
  // From logarithms: of small parameters both may round to 0.
  const share = np.reciprocal(np.exp(y.sub(x)).add(1)) as Tensor;
  return orInvalid(share, () => np.logicalAnd(both[0]!.greater(0), both[1]!.greater(0)) as Tensor, ...both);
}

/** Points of the simplex [..., n] for parameters [..., n]; `shape` is that of the result without the last axis. */
export function dirichlet(
  key: Key,
  alpha: ArrayLike,
  shape?: readonly number[],
  options: DrawOptions = {},
): Tensor {
  const [a] = positive("random.dirichlet", options, ["alpha", alpha]);
  const full = shape === undefined ? [...a!.shape] : [...shape, a!.shape.at(-1)!];
  const logs = logGamma(key, np.broadcastTo(a!, drawShape("random.dirichlet", full, [a!])) as Tensor);
  const shares = np.exp(logs.sub(lax.stopGradient(logs.max(-1, { keepdims: true })) as Tensor)) as Tensor;
  const isLaw = (): Tensor => a!.greater(0).all(-1, { keepdims: true });
  return orInvalid(shares.div(shares.sum(-1, { keepdims: true })), isLaw, a!);
}

function positive(
  where: string,
  options: DrawOptions,
  ...named: [name: string, value: ArrayLike][]
): Tensor[] {
  const tensors = parameters(options.dtype, ...named.map(([, value]) => value));
  for (const [i, [name]] of named.entries()) requireParameter(where, name, tensors[i]!, (x) => x > 0, "> 0");
  return tensors;
}

function logGamma(key: Key, alpha: Tensor): Tensor {
  const { large, boost } = gammaParts(key, alpha);
  return np.log(large).add(boost);
}

/** A gamma number is `large` exp(`boost`); the second is 0 for alpha >= 1. */
function gammaParts(key: Key, alpha: Tensor): { large: Tensor; boost: Tensor } {
  const isSmall = alpha.less(1);
  const raised = np.where(isSmall, alpha.add(1), alpha) as Tensor;
  const fixed = lax.stopGradient(raised) as Tensor;
  const draws = lax.stopGradient(marsagliaTsang(random.foldIn(key, "rounds"), fixed)) as Tensor;
  // Value 0, derivative the slope: only where a derivative may be asked for.
  const large = alpha.isTraced ? draws.add(raised.sub(fixed).mul(gammaSlope(draws, fixed))) : draws;
  // Uniform in (0, 1], so that its logarithm is finite.
  const u = random.uniform(random.foldIn(key, "boost"), alpha.shape).neg().add(1).astype(alpha.dtype);
  const safe = np.where(isSmall, alpha, 1) as Tensor;
  return { large, boost: np.where(isSmall, np.log(u).div(safe), 0) as Tensor };
}

type Round = { x: Tensor; isOpen: Tensor };

function marsagliaTsang(key: Key, alpha: Tensor): Tensor {
  const d = alpha.sub(1 / 3);
  const c = np.reciprocal(np.sqrt(d.mul(9))) as Tensor;
  const round = ({ x, isOpen }: Round, roundKey: Key): Round => {
    const z = random.normal(random.foldIn(roundKey, 0), alpha.shape).astype(alpha.dtype);
    const u = random.uniform(random.foldIn(roundKey, 1), alpha.shape).neg().add(1).astype(alpha.dtype);
    const root = c.mul(z).add(1);
    const v = root.mul(root).mul(root);
    const isValid = v.greater(0);
    const safe = np.where(isValid, v, 1) as Tensor;
    const bound = z
      .mul(z)
      .mul(0.5)
      .add(d.mul(np.log(safe).sub(safe).add(1)));
    const isAccepted = np.logicalAnd(isValid, np.log(u).less(bound)) as Tensor;
    const isTaken = np.logicalAnd(isOpen, isAccepted) as Tensor;
    return {
      x: np.where(isTaken, d.mul(safe), x) as Tensor,
      isOpen: np.logicalAnd(isOpen, np.logicalNot(isAccepted)) as Tensor,
    };
  };
  return inRounds(key, rounds, round, { x: d, isOpen: np.ones(alpha.shape, { dtype: "bool" }) }).x;
}

/** Rounds of rejection with keys of their own: until all are accepted, in a trace as many as there are. */
export function inRounds<R extends { isOpen: Tensor }>(
  key: Key,
  count: number,
  round: (state: R, key: Key) => R,
  start: R,
): R {
  const keys = random.split(key, count);
  if (isTracing() || keys.isTraced) {
    return scan((state: R, roundKey: Tensor) => [round(state, roundKey), undefined], start, keys)[0] as R;
  }
  let state = start;
  for (let k = 0; k < count && state.isOpen.any().item() !== 0; k++) state = round(state, keys.slice(k));
  return state;
}
