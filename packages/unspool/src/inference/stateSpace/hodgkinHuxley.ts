/**
 * A neuron of Hodgkin and Huxley with noise, seen through its voltage at times (Lawson et al., NeurIPS 2022, section 5.3).
 * States are (v / 10, logit n, logit m, logit h). One step is an explicit Euler step of
 *
 *     C dv/dt = I - g_Na m^3 h (v - E_Na) - g_K n^4 (v - E_K) - g_L (v - E_L),   dg/dt = alpha_g (1 - g) - beta_g g
 *
 * and then normal noise. Voltages are in mV, times in ms.
 */
import { type Tensor, nn, np } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { OptionError, requireKnownOptions, requirePositive } from "../../errors.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

/** The injected current, float [1]: the one parameter that is learned. */
export type HodgkinHuxleyTheta = { current: Tensor };

export interface HodgkinHuxleyOptions {
  /** Where learning starts. Default 13, the current that data are simulated with. */
  current?: number;
  /** Step of Euler's method in ms. Above 0.025 it is unstable. Default 0.02. */
  dt?: number;
  /** Standard deviation of an observed voltage in mV. Default 5. */
  observationSd?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

const constants = { gNa: 120, eNa: 50, gK: 20, eK: -80, gL: 0.3, eL: -55.4 };
/** Gates are kept off 0 and 1, where their logits end. */
const leastGate = 1e-5;
const restingVoltage = -65;

/** Opening and closing rates of the gates n, m and h, per ms. */
export interface HodgkinHuxleyRates {
  alphaM: Tensor;
  betaM: Tensor;
  alphaN: Tensor;
  betaN: Tensor;
  alphaH: Tensor;
  betaH: Tensor;
}

/** Rates at voltages in mV. Near -35 and -55 alpha is its tangent: the formula is 0 / 0 there. */
export function hodgkinHuxleyRates(v: Tensor): HodgkinHuxleyRates {
  const exp = (offset: number, scale: number): Tensor => np.exp(v.add(offset).div(-scale)) as Tensor;
  // u / (1 - exp(-u / 10)) with u = v + offset, and 10 + u / 2 where |u| < 0.1.
  const ratio = (offset: number): Tensor => {
    const u = v.add(offset);
    const isNear = np.abs(u).less(0.1) as Tensor;
    const safe = np.where(isNear, 1, u) as Tensor;
    const formula = safe.div((np.exp(safe.div(-10)) as Tensor).neg().add(1));
    return np.where(isNear, u.mul(0.5).add(10), formula) as Tensor;
  };
  return {
    alphaM: ratio(35).mul(0.1),
    betaM: exp(65, 18).mul(4),
    alphaN: ratio(55).mul(0.01),
    betaN: exp(65, 80).mul(0.125),
    alphaH: exp(50, 20).mul(0.07),
    betaH: nn.sigmoid(v.add(35).div(10)),
  };
}

/** Open gates at rest, alpha / (alpha + beta): n, m and h at voltages in mV. */
export function hodgkinHuxleySteadyState(v: Tensor): { n: Tensor; m: Tensor; h: Tensor } {
  const { alphaN, betaN, alphaM, betaM, alphaH, betaH } = hodgkinHuxleyRates(v);
  const share = (alpha: Tensor, beta: Tensor): Tensor => alpha.div(alpha.add(beta));
  return { n: share(alphaN, betaN), m: share(alphaM, betaM), h: share(alphaH, betaH) };
}

/** One Euler step without noise: states [..., 4] to states. */
export function hodgkinHuxleyStep(x: Tensor, current: Tensor, dt: number): Tensor {
  const { gNa, eNa, gK, eK, gL, eL } = constants;
  const v = x.slice("...", 0).mul(10);
  const [n, m, h] = [1, 2, 3].map((i) => nn.sigmoid(x.slice("...", i))) as [Tensor, Tensor, Tensor];
  const { alphaM, betaM, alphaN, betaN, alphaH, betaH } = hodgkinHuxleyRates(v);
  const sodium = m.mul(m).mul(m).mul(h).mul(gNa).mul(v.sub(eNa));
  const potassium = n.mul(n).mul(n).mul(n).mul(gK).mul(v.sub(eK));
  const leak = v.sub(eL).mul(gL);
  const moved = v.add(current.sub(sodium).sub(potassium).sub(leak).mul(dt));
  const gate = (g: Tensor, alpha: Tensor, beta: Tensor): Tensor => {
    const rate = alpha.mul(g.neg().add(1)).sub(beta.mul(g));
    return logit(np.clip(g.add(rate.mul(dt)), leastGate, 1 - leastGate) as Tensor);
  };
  return np.stack(
    [moved.div(10), gate(n, alphaN, betaN), gate(m, alphaM, betaM), gate(h, alphaH, betaH)],
    -1,
  ) as Tensor;
}

const logit = (p: Tensor): Tensor => (np.log(p) as Tensor).sub(np.log(p.neg().add(1)) as Tensor);

/** The state at rest: -65 mV and its steady gates, [4]. */
export function hodgkinHuxleyRest(dtype: "float32" | "float64" = "float32"): Tensor {
  const v = np.array(restingVoltage, { dtype });
  const { n, m, h } = hodgkinHuxleySteadyState(v);
  return np.stack([v.div(10), logit(n), logit(m), logit(h)]) as Tensor;
}

/**
 * The model. Voltages (states and observations) are divided by 10. Throws `OptionError`.
 *
 * Simulated traces can run away where their noise is unlucky: `isUsable: usableTrace` of a twist's training leaves them out.
 */
export function hodgkinHuxley(options: HodgkinHuxleyOptions = {}): StateSpaceModel<HodgkinHuxleyTheta> {
  const where = "hodgkinHuxley";
  requireKnownOptions(where, options, ["current", "dt", "observationSd", "dtype"]);
  const { current = 13, dt = 0.02, observationSd = 5, dtype = "float32" } = options;
  requirePositive(where, "dt", dt, "In ms; explicit Euler steps are unstable above 0.025.");
  requirePositive(where, "observationSd", observationSd);
  if (!Number.isFinite(current)) throw new OptionError(where, "current", current, "a finite number");
  const root = Math.sqrt(dt);
  const noise = np.array([(3 * root) / 10, 0.1 * root, 0.1 * root, 0.1 * root], { dtype });
  const rest = hodgkinHuxleyRest(dtype);
  const spread = np.array([2.5, 1, 1, 1], { dtype });
  return {
    name: "hodgkinHuxley",
    stateSize: 4,
    observationSize: 1,
    init: () => ({ current: np.array([current], { dtype }) }),
    initial: () => diagonalNormal({ mean: rest, sd: spread }),
    transition: (theta, x) =>
      diagonalNormal({ mean: hodgkinHuxleyStep(x, theta.current.slice(0), dt), sd: noise }),
    emission: (_, x) => diagonalNormal({ mean: x.slice("...", [0, 1]), sd: observationSd / 10 }),
  };
}

/** Whether a simulated trace is finite and its observations stay within 200 mV, as the published code has it. */
export function usableTrace(x: Tensor, y: Tensor): Tensor {
  const isFinite = np.logicalAnd(np.isfinite(x).all(), np.isfinite(y).all());
  return np.logicalAnd(isFinite, (np.abs(y) as Tensor).max().lessEqual(20)) as Tensor;
}
