/**
 * An off-grid microgrid: how much sun, battery and diesel a village should buy, and how to run them for five days.
 *
 *     psi = (P [kW], B [kWh], G [kW]),   s = (charge, hour, last generation, production, demand)
 *     charge' = charge - p_B,   d = p_G + production + p_B - (30 demand + xi),   xi ~ N(0, std_hour²)
 *     cost an hour = 4 p_G + ½ max(p_G - last, 0)² + 25 |d| + amortisation(psi),   r = -8760 / T · cost
 *
 * with p_B in [-(B - charge), charge] (discharging is positive) and p_G in [0, G]. Bolland et al. 2022, section 5.2, with
 * the constants of the authors' code. The noise of the demand does not depend on psi.
 */
import { type Tensor, lax, np, random, tree } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import { type DesignTask, designTask } from "../designTask.ts";
import { normalLogProb, numbersLike, split } from "../numbersLike.ts";
import { demandDeviation, meanDemand, sunlight } from "./microgridTables.ts";

export interface MicrogridOptions {
  /**
   * What the second number of an action is: the power of the generator ("absolute"), its change ("delta"), or, as the authors'
   * code has it, that from which the last power is subtracted ("asCoded"). Default "absolute".
   */
  generator?: "absolute" | "delta" | "asCoded";
  /** Hours, T. Default 120. */
  horizon?: number;
}

const hoursOfYear = 8760;
const price = { fuel: 4, rampUp: 0.5, shed: 25, curtailed: 25 } as const;
/** Of P, B and G: price per unit and per squared unit, in the order of the design. */
const investment = { linear: [100, 200, 1000], squared: [20, 100, 10000] } as const;
/** Yearly payment per unit of a loan of 20 years at 10 per cent. */
const annuity = (0.1 * 1.1 ** 20) / (1.1 ** 20 - 1);
const demandScale = 30;

/** The microgrid. An action is [p_B, p_G], clipped to what battery and generator can do. */
export function microgrid(options: MicrogridOptions = {}): DesignTask {
  const where = "microgrid";
  requireKnownOptions(where, options, ["generator", "horizon"]);
  const { generator = "absolute", horizon = 120 } = options;
  requireOneOf(where, "generator", generator, ["absolute", "delta", "asCoded"]);
  requireInteger(where, "horizon", horizon, 1);

  const powers = (design: Tensor, state: Tensor, action: Tensor) => {
    const [charge, , last] = split(state, 3) as [Tensor, Tensor, Tensor];
    const [battery, asked] = split(action, 2) as [Tensor, Tensor];
    const set = { absolute: asked, delta: asked.add(last), asCoded: asked.sub(last) }[generator];
    const room = design.slice(1).sub(charge);
    return {
      battery: least(largest(battery, room.neg()), charge),
      generator: least(largest(set, np.zerosLike(set)), design.slice(2)),
    };
  };
  return designTask({
    name: where,
    horizon,
    designBox: [
      [20, 20, 1.6],
      [200, 200, 16],
    ],
    designNames: ["sun", "battery", "generator"],
    designScale: [100, 100, 8],
    rewardScale: { shift: 5000, scale: 5000 },
    initialState: (design) =>
      np.stack([
        design.slice(1).mul(0.5),
        ...split(numbersLike(design, [0, 0]), 2),
        design.slice(0).mul(sunlight[0]!),
        ...split(numbersLike(design, [meanDemand[0]!]), 1),
      ]) as Tensor,
    dynamics(design, state, action) {
      const { battery, generator: generated } = powers(design, state, action);
      const hour = np.mod(state.slice(1).add(1), 24);
      const row = (table: readonly number[]): Tensor => atHour(design, table, hour);
      return np.stack([
        state.slice(0).sub(battery),
        hour,
        generated,
        row(sunlight).mul(design.slice(0)),
        row(meanDemand),
      ]) as Tensor;
    },
    reward(design, state, action, xi) {
      const [, , last, production, demand] = split(state, 5) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const { battery, generator: generated } = powers(design, state, action);
      const surplus = generated.add(production).add(battery).sub(demand.mul(demandScale).add(xi));
      const rampUp = nonNegative(generated.sub(last));
      const cost = generated
        .mul(price.fuel)
        .add(rampUp.mul(rampUp).mul(price.rampUp))
        .add(nonNegative(surplus.neg()).mul(price.shed))
        .add(nonNegative(surplus).mul(price.curtailed))
        .add(microgridAmortisation(design));
      return cost.mul(-hoursOfYear / horizon);
    },
    disturbance: {
      sample: (design, state, _action, key) =>
        random
          .normal(key, [], { dtype: tree.floatType(design) })
          .mul(atHour(design, demandDeviation, state.slice(1))),
      logProb: (design, state, _action, xi) =>
        normalLogProb(xi, 0, atHour(design, demandDeviation, state.slice(1))),
    },
  });
}

const nonNegative = (x: Tensor): Tensor => largest(x, np.zerosLike(x));

/** The smaller of two, with half of the derivative for each where they are equal: as in PyTorch, and so in the paper. */
const least = (x: Tensor, y: Tensor): Tensor => np.minimum(x, y).add(np.minimum(y, x)).mul(0.5);

const largest = (x: Tensor, y: Tensor): Tensor => np.maximum(x, y).add(np.maximum(y, x)).mul(0.5);

function atHour(like: Tensor, table: readonly number[], hour: Tensor): Tensor {
  return numbersLike(like, table).slice((lax.stopGradient(hour) as Tensor).astype("int32"));
}

/** What the design costs an hour. */
export function microgridAmortisation(design: Tensor): Tensor {
  const linear = design.mul(numbersLike(design, investment.linear));
  const squared = design.mul(design).mul(numbersLike(design, investment.squared));
  return linear
    .add(squared)
    .sum()
    .mul(annuity / hoursOfYear);
}

/** What is missing: demand less production. */
const shortageOf = (state: Tensor): Tensor => state.slice(4).mul(demandScale).sub(state.slice(3));

const withinBattery = (design: Tensor, state: Tensor, power: Tensor): Tensor =>
  np.minimum(np.maximum(power, state.slice(0).sub(design.slice(1))), state.slice(0)) as Tensor;

/** The base-load rule of the authors, for `generator: "absolute"`: the generator always runs in full. */
export function baseLoadRule(design: Tensor, state: Tensor): Tensor {
  const generator = design.slice(2);
  const battery = withinBattery(design, state, shortageOf(state).sub(generator));
  return np.stack([battery, generator]) as Tensor;
}

/** The load-following rule of the authors, for `generator: "absolute"`: the battery first, then the generator. */
export function loadFollowingRule(design: Tensor, state: Tensor): Tensor {
  const shortage = shortageOf(state);
  const battery = withinBattery(design, state, shortage);
  return np.stack([battery, shortage.sub(battery)]) as Tensor;
}
