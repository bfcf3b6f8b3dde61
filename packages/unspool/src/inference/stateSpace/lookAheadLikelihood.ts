/**
 * What the future says of a state of a linear-Gaussian model, as a quadratic of the state:
 *
 *     log p(y_{t+1} … y_{T-1} | x_t = x) = c + bᵀ x - xᵀ A x / 2
 *
 * by the backward information filter (Mayne 1966). From A, b, c of step t + 1, first with the observation y = y_{t+1},
 *
 *     A' = A + Gᵀ R⁻¹ G,   b' = b + Gᵀ R⁻¹ (y - offset),   c' = c + log N(y; offset, R),
 *
 * then through the transition, with M = (I + A' Q)⁻¹:
 *
 *     A = Fᵀ M A' F,   b = Fᵀ M (b' - A' drift),
 *     c = c' - log |I + A' Q| / 2 + b'ᵀ Q M b' / 2 + driftᵀ M b' - driftᵀ M A' drift / 2
 *
 * It is the optimal twist of a particle filter.
 */
import { type Tensor, isTracing, linalg, np, scan } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import {
  type GivenMatrices,
  type LinearGaussianMatrices,
  linearGaussianMatrices,
  solveFactored,
  symmetric,
} from "./linearGaussianMatrices.ts";
import { type Observations, requireObservations } from "./observations.ts";

/** Row t is that of step t; the last row is 0. */
export interface LookAheadLikelihood {
  /** A, [T, dx, dx]. */
  precisions: Tensor;
  /** b, [T, dx]. */
  slopes: Tensor;
  /** c, [T]. */
  constants: Tensor;
}

type Quadratic = { precision: Tensor; slope: Tensor; constant: Tensor };

/**
 * The quadratics for all steps, for arguments as `kalmanFilter` takes them.
 *
 * @throws OptionError, ShapeError for matrices or data that do not fit.
 */
export function lookAheadLikelihood(model: GivenMatrices, data: Observations): LookAheadLikelihood {
  const matrices = linearGaussianMatrices("lookAheadLikelihood", model, data?.y);
  const { y, observed } = requireObservations("lookAheadLikelihood", data, matrices.G.shape[0]!);
  return isTracing() ? quadratics(matrices, { y, observed }) : program(matrices, { y, observed });
}

const program = compiled("lookAheadLikelihood", quadratics);

function quadratics(
  { F, G, Q, R, drift, offset }: LinearGaussianMatrices,
  { y, observed }: { y: Tensor; observed: Tensor },
): LookAheadLikelihood {
  const [dx, dy, steps] = [F.shape[0]!, G.shape[0]!, y.shape[0]!];
  const { dtype } = F;
  const identity = np.eye(dx, dx, { dtype });
  const L = linalg.cholesky(R);
  const information = solveFactored(L, G);
  const logHeight = np
    .log(np.diagonal(L))
    .sum()
    .add((dy * Math.log(2 * Math.PI)) / 2)
    .neg();
  const step = (next: Quadratic, row: { y: Tensor; observed: Tensor }): [Quadratic, Quadratic] => {
    const from = np.where(row.observed, row.y.sub(offset), 0);
    const z = linalg.triangularSolve(L, from.reshape([dy, 1]), { leftSide: true, lower: true });
    const seen = (x: Tensor): Tensor => np.where(row.observed, x, 0);
    const A = next.precision.add(seen(np.matmul(G.transpose(), information)));
    const b = next.slope.add(seen(np.matvec(information.transpose(), from)));
    const c = next.constant.add(seen(logHeight.sub(z.mul(z).sum().mul(0.5))));
    const system = identity.add(np.matmul(A, Q));
    const solved = linalg.solve(system, np.concatenate([A, b.reshape([dx, 1])], 1));
    const [MA, Mb] = [symmetric(solved.slice([], [0, dx])), solved.slice([], dx)];
    const moved = np.matvec(MA, drift);
    const constant = c
      .sub(linalg.slogdet(system)[1].mul(0.5))
      .add(b.mul(np.matvec(Q, Mb)).sum().mul(0.5))
      .add(drift.mul(Mb.sub(moved.mul(0.5))).sum());
    const own = {
      precision: symmetric(np.matmul(np.matmul(F.transpose(), MA), F)),
      slope: np.matvec(F.transpose(), Mb.sub(moved)),
      constant,
    };
    return [own, own];
  };
  const zero = {
    precision: np.zeros([dx, dx], { dtype }),
    slope: np.zeros([dx], { dtype }),
    constant: np.zeros([], { dtype }),
  };
  const row = (x: Tensor): Tensor => x.reshape([1, ...x.shape]);
  if (steps === 1) {
    return { precisions: row(zero.precision), slopes: row(zero.slope), constants: row(zero.constant) };
  }
  const future = { y: np.flip(y.slice([1, steps]), 0), observed: np.flip(observed.slice([1, steps]), 0) };
  const [, all] = scan(step, zero, future);
  const whole = (rows: Tensor, last: Tensor): Tensor => np.concatenate([np.flip(rows, 0), row(last)]);
  return {
    precisions: whole(all.precision, zero.precision),
    slopes: whole(all.slope, zero.slope),
    constants: whole(all.constant, zero.constant),
  };
}
