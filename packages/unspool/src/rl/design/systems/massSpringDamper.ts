/**
 * A mass on a spring with a damper, which a controller pushes: how stiff, how damped, and three numbers that only cost.
 *
 *     psi = (omega, zeta, phi_0, phi_1, phi_2),   x'' + 2 zeta omega x' + omega² x = F,   F = a + xi constant over dt = 0.05
 *     r = exp(-(|x - 0.2| + (omega - 0.5)² + (zeta - 0.5)² + prod_i (phi_i - d_i)²)),   d = (0.5, -0.3, 0.1)
 *
 * The step is exact: with y = x - F / omega², w = omega dt, q = v / omega + zeta y and u = (zeta² - 1) w²,
 *
 *     x⁺ = e^{-zeta w} (y C + q w S) + F / omega²
 *     v⁺ = -zeta omega e^{-zeta w} (y C + q w S) + e^{-zeta w} (y omega (zeta² - 1) w S + (v + zeta y omega) C)
 *
 * where C = cosh sqrt(u) and S = sinh sqrt(u) / sqrt(u) are series in u, whose sign they need not know: no branch at
 * critical damping. Bolland et al. 2022, section 5.1. The bound of the return is the horizon.
 */
import { type Tensor, np, random, tree } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import { type DesignTask, designTask } from "../designTask.ts";
import { normalLogProb, numbersLike, split } from "../numbersLike.ts";

export interface MassSpringDamperOptions {
  /** T. Default 100. */
  horizon?: number;
}

/** What an action pushes with. */
export const massSpringForces: readonly number[] = [-0.3, -0.1, 0, 0.1, 0.3];

const equilibrium = 0.2;
const target = { omega: 0.5, zeta: 0.5, phi: [0.5, -0.3, 0.1] } as const;
const dt = 0.05;

/** 1 / (2 n)! and 1 / (2 n + 1)!: |u| is at most 0.0071 in the box, where five terms are exact to 1e-16. */
const coefficients = {
  C: [1, 1 / 2, 1 / 24, 1 / 720, 1 / 40320],
  S: [1, 1 / 6, 1 / 120, 1 / 5040, 1 / 362880],
} as const;

/** The system of the mass, the spring and the damper; its actions are the five of `massSpringForces`, by number. */
export function massSpringDamper(options: MassSpringDamperOptions = {}): DesignTask {
  requireKnownOptions("massSpringDamper", options, ["horizon"]);
  const { horizon = 100 } = options;
  requireInteger("massSpringDamper", "horizon", horizon, 1);
  return designTask({
    name: "massSpringDamper",
    horizon,
    actions: massSpringForces.length,
    designBox: [
      [0.1, 0.1, -2, -2, -2],
      [1.5, 1.5, 2, 2, 2],
    ],
    designNames: ["omega", "zeta", "phi 0", "phi 1", "phi 2"],
    initialState(design, key) {
      const uniforms = random.uniform(key, [2], { minval: -1, maxval: 1, dtype: tree.floatType(design) });
      return uniforms.mul(numbersLike(design, [0.002, 0.01])).add(numbersLike(design, [equilibrium, 0]));
    },
    dynamics: (design, state, action, xi) => massSpringStep(design, state, forceOf(design, action).add(xi)),
    reward: (design, state) => rewardAt(design, state),
    disturbance: {
      sample(design, state, action, key) {
        const z = random.normal(key, [], { dtype: tree.floatType(design) });
        return state.slice(0).add(z.mul(deviation(state, forceOf(design, action))));
      },
      logProb: (design, state, action, xi) =>
        normalLogProb(xi, state.slice(0), deviation(state, forceOf(design, action))),
    },
    observe: (state) =>
      state.sub(numbersLike(state, [equilibrium, 0])).div(numbersLike(state, [0.005, 0.02])),
  });
}

const forceOf = (design: Tensor, action: Tensor): Tensor =>
  numbersLike(design, massSpringForces).slice(action);

const deviation = (state: Tensor, force: Tensor): Tensor =>
  np
    .abs(force)
    .mul(0.1)
    .add(np.abs(state.slice(1)))
    .add(1e-6) as Tensor;

/** The state after dt under a constant force. */
export function massSpringStep(design: Tensor, state: Tensor, force: Tensor): Tensor {
  const [omega, zeta] = split(design, 2) as [Tensor, Tensor];
  const [x, v] = split(state, 2) as [Tensor, Tensor];
  const w = omega.mul(dt);
  const beyond = zeta.mul(zeta).sub(1);
  const u = beyond.mul(w).mul(w);
  const series = (terms: readonly number[]): Tensor =>
    terms.reduceRight((sum, term) => sum.mul(u).add(term), np.zerosLike(u));
  const [C, S] = [series(coefficients.C), series(coefficients.S)];
  const decay = np.exp(zeta.mul(w).neg()) as Tensor;
  const rest = force.div(omega.mul(omega));
  const y = x.sub(rest);
  const q = v.div(omega).add(zeta.mul(y));
  const offset = decay.mul(y.mul(C).add(q.mul(w).mul(S)));
  const turned = y.mul(omega).mul(beyond).mul(w).mul(S);
  const speed = v.add(zeta.mul(y).mul(omega)).mul(C);
  return np.stack([
    offset.add(rest),
    decay.mul(turned.add(speed)).sub(zeta.mul(omega).mul(offset)),
  ]) as Tensor;
}

function rewardAt(design: Tensor, state: Tensor): Tensor {
  const [omega, zeta, ...phi] = split(design, 5) as [Tensor, Tensor, ...Tensor[]];
  const square = (x: Tensor): Tensor => x.mul(x);
  const product = phi.map((p, i) => square(p.sub(target.phi[i]!))).reduce((all, p) => all.mul(p));
  const misses = square(omega.sub(target.omega))
    .add(square(zeta.sub(target.zeta)))
    .add(product);
  return np.exp(np.abs(state.slice(0).sub(equilibrium)).add(misses).neg()) as Tensor;
}

/** The rule of the authors: pushes back by 0.3 where x is beyond 0.2, and else lets go. */
export function massSpringRule(_design: Tensor, state: Tensor): Tensor {
  const isBeyond = state.slice(0).greater(equilibrium);
  return np.where(isBeyond, tree.scalar(0, "int32"), tree.scalar(2, "int32"));
}
