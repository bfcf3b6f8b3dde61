/**
 * The four systems against numbers from outside: values and derivatives computed in NumPy and PyTorch (float64) from the
 * equations of the module comments, and the closed form of the linear one.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, jacobian, np, random, scan, tree, valueAndGrad } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import { droneBody, droneDerivative } from "./droneBody.ts";
import { droneEllipse, droneReward, ellipsePoint, speedAlongEllipse } from "./droneEllipse.ts";
import { linearGaussianDesign } from "./linearGaussianDesign.ts";
import { massSpringDamper, massSpringStep } from "./massSpringDamper.ts";
import { baseLoadRule, microgrid, microgridAmortisation } from "./microgrid.ts";

const wide = (numbers: number[]): Tensor => np.array(numbers, { dtype: "float64" });
const scalar = (x: number): Tensor => tree.scalar(x, "float64");
const listOf = (x: Tensor): number[] => Array.from(x.data, Number);

/** Equal to the digits that were printed: within half a unit of the last of `digits` significant ones. */
function expectDigits(found: readonly number[], expected: readonly number[], digits = 12): void {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    const unit = 10 ** (Math.floor(Math.log10(Math.abs(expected[i]!) || 1)) + 1 - digits);
    expect(Math.abs(x - expected[i]!), `number ${i}: ${x}, expected ${expected[i]}`).toBeLessThanOrEqual(
      unit,
    );
  });
}

describe("massSpringDamper", () => {
  const at = (omega: number, zeta: number): Tensor => wide([omega, zeta, 0, 0, 0]);
  const state = wide([0.201, -0.004]);
  // omega, zeta, [x, v], d[x, v] / d omega, d[x, v] / d zeta
  const steps: [number, number, number[], number[], number[]][] = [
    [
      0.5,
      0.5,
      [0.20090135666713, 3.764848148484e-5],
      [-2.4581839463581e-4, -9.824115517104e-3],
      [3.276187211512e-6, 9.698980593866e-5],
    ],
    [
      1.2,
      1,
      [0.20062014255769, -0.01104878150801],
      [-5.636450388226e-4, -2.197456856793e-2],
      [1.858291e-5, 8.666509e-4],
    ],
    [
      0.9,
      1.4,
      [0.20077281414274, -0.00506357055895],
      [-4.1894020640159e-4, -1.6382605934291e-2],
      // The second by the complex step of the closed form in NumPy.
      [9.43121184444e-6, 3.850419379992e-4],
    ],
    [
      1.5,
      0.1,
      [0.20040106026264, -0.01990658459334],
      [-7.468249841459e-4, -2.9743121883964e-2],
      [3.481591329949e-5, 1.785253593859e-3],
    ],
  ];

  test.each(steps)(
    "a step at omega %f, zeta %f, and its derivatives",
    (omega, zeta, next, byOmega, byZeta) => {
      const step = (design: Tensor): Tensor => massSpringStep(design, state, scalar(0.13));
      listOf(step(at(omega, zeta))).forEach((x, i) => expect(x).toBeCloseTo(next[i]!, 13));
      const slopes = jacobian(step)(at(omega, zeta));
      const column = (j: number): number[] => listOf(slopes.slice([], j));
      column(0).forEach((x, i) => expect(x).toBeCloseTo(byOmega[i]!, 12));
      // At critical damping the source printed seven digits.
      column(1).forEach((x, i) => expect(x).toBeCloseTo(byZeta[i]!, zeta === 1 ? 10 : 12));
    },
  );

  test("the reward", () => {
    const reward = massSpringDamper().reward(
      wide([0.7, 0.4, 0.3, -0.1, 0.6]),
      wide([0.21, 0]),
      scalar(0),
      scalar(0),
    );
    expect(reward.item()).toBeCloseTo(0.9413879031019332, 15);
  });
});

describe("microgrid", () => {
  const task = microgrid();
  /** The state that the task itself reaches at an hour: production and demand follow from the hour. */
  const stateAt = (design: Tensor, charge: number, hour: number, last: number): Tensor => {
    const day = wide([charge, (hour + 23) % 24, last, 0, 0]);
    const next = task.dynamics(design, day, wide([0, last]), scalar(0));
    return np.concatenate([wide([charge, hour, last]), next.slice([3, 5])]) as Tensor;
  };
  const steps: [number[], number[], number, number, number][] = [
    // [P, B, G], [charge, hour, last, a_B, a_G, xi], variable cost, next charge, reward
    [[100, 100, 8], [40, 12, 3, -70, 5, 0.2], 1238.6226575, 100, -92257.69712519],
    [[50, 60, 5], [10, 20, 2, 15, 9, -0.3], 54.6893625, 0, -4659.88566329],
    [[50, 60, 5], [10, 3, 6, 4, -1, 0], 123.1995975, 6, -9661.13281829],
  ];

  test.each(steps)(
    "an hour of %j from %j",
    (sizes, [charge, hour, last, battery, generator, xi], cost, next, reward) => {
      const design = wide(sizes);
      const state = stateAt(design, charge!, hour!, last!);
      const action = wide([battery!, generator!]);
      const scaled = task.reward(design, state, action, scalar(xi!)).item();
      const unscaled = scaled * 5000 - 5000;
      expect(unscaled).toBeCloseTo(reward, 7);
      const variable = (-unscaled * 120) / 8760 - microgridAmortisation(design).item();
      expect(variable).toBeCloseTo(cost, 9);
      expect(task.dynamics(design, state, action, scalar(xi!)).slice(0).item()).toBeCloseTo(next, 12);
    },
  );

  test("amortisation of the best base-load design", () => {
    expectDigits([microgridAmortisation(wide([127.8, 95.73, 4.64])).item()], [20.045129788594], 14);
  });

  test("the derivative of a day's rewards by the design", { tags: ["long"] }, () => {
    const day = microgrid({ horizon: 24 });
    const total = (design: Tensor): { reward: Tensor; charge: Tensor } => {
      // The charge is no function of the design here; production at midnight is, by 1e-8 of it.
      const first = day.initialState(design, random.key(0));
      const start = np.concatenate([wide([35]), first.slice([1, 5])]) as Tensor;
      const [end, rewards] = scan(
        (state: Tensor, _: undefined, k: Tensor): [Tensor, Tensor] => {
          const t = k.astype("float64");
          const angle = t.mul((2 * Math.PI) / 24);
          const action = np.stack([np.sin(angle).mul(6), np.cos(angle).mul(2).add(3)]) as Tensor;
          const xi = np.sin(t).mul(0.1) as Tensor;
          const reward = day.reward(design, state, action, xi).mul(5000).sub(5000);
          return [day.dynamics(design, state, action, xi), reward];
        },
        start,
        null,
        24,
      );
      return { reward: rewards.sum(), charge: end.slice(0) };
    };
    const design = wide([80, 70, 5]);
    const [reward, slopes] = valueAndGrad((at: Tensor) => total(at).reward)(design);
    expect(reward.item()).toBeCloseTo(-1448848.885808, 6);
    // PyTorch 1.13 in float64 with the tables as they are printed, to ten digits.
    listOf(slopes).forEach((x, i) =>
      expect(x).toBeCloseTo([-3542.0367990369, -1667.92667177, -8943.422102027][i]!, 8),
    );
    expect(total(design).charge.item()).toBeCloseTo(45.574524676, 9);
  });

  test("the generator's three readings", () => {
    const design = wide([50, 60, 8]);
    const generated = (generator: "absolute" | "delta" | "asCoded"): number => {
      const grid = microgrid({ generator });
      return grid
        .dynamics(design, stateAt(design, 10, 3, 2), wide([0, 5]), scalar(0))
        .slice(2)
        .item();
    };
    // From a last power of 2: 5, 2 + 5, 5 - 2.
    expect(["absolute", "delta", "asCoded"].map((name) => generated(name as "delta"))).toEqual([5, 7, 3]);
  });

  test("the base-load rule is within what the battery can do", () => {
    const design = wide([127.8, 95.73, 4.64]);
    const [battery, generator] = listOf(baseLoadRule(design, stateAt(design, 2, 20, 0)));
    // Demand at 20 h is 16.5 kW and nothing shines: what is missing, 11.9, is more than the 2 kWh that are left.
    expect([battery, generator]).toEqual([2, 4.64]);
  });
});

describe("droneEllipse", () => {
  const design = wide([0.12, 0.08, 0.004, 0.006, 0, 0, 0, 0]);
  const state = wide([0.1, -0.05, 0.2, 0.3, -0.2, 0.1, 0.5, -0.3, 0.2, 0.4, 0.7, -0.1]);
  const wind = wide([0.01, -0.02, 0.005]);

  test("mass, lift, hover speed and inertia", () => {
    const body = droneBody(design, "corrected");
    expectDigits([body.mass.item(), body.hover.item()], [0.0171504, 23.101154143197], 14);
    expectDigits([body.lift.item()], [7.881627649326e-5], 13);
    expectDigits(
      body.inertia.map((x) => x.item()),
      [1.1521152e-4, 1.1521152e-4, 2.304510624e-4],
      8,
    );
    const coded = droneBody(design, "asCoded").inertia.map((x) => x.item());
    expectDigits(coded, [0.01920192, 0.01920192, 0.0576127656], 7);
  });

  test("the derivative of a state", () => {
    const of = (physics: "corrected" | "asCoded"): number[] => {
      const body = droneBody(design, physics);
      const rotors = wide([1, -0.5, 0.25, -1.5]).add(body.hover);
      return listOf(droneDerivative(body, state, rotors, wind, physics));
    };
    const corrected = [
      ...[0.2960199961, -0.2089841747, 0.079633254, -4.8493184247, -6.0177583286, -50.8635398344],
      ...[0.8542169834, -0.2369436809, 0.4701532697, 0.5444100849, -0.2145878152, 0.1938291232],
    ];
    of("corrected").forEach((x, i) => expect(x).toBeCloseTo(corrected[i]!, 10));
    const coded = of("asCoded");
    [0.010791357, 0.0237243514, -0.2034541593, 0.7817264001].forEach((x, i) =>
      expect(coded[3 + i]).toBeCloseTo(x, 10),
    );
    expect(coded[11]).toBeCloseTo(0.0695048732, 10);
  });

  test("the point of the ellipse, speed along it, and the reward", () => {
    const point = ellipsePoint(scalar(0.4), scalar(0.7));
    expectDigits(
      point.map((x) => x.item()),
      [0.414966683785, 0.690475746683],
    );
    const distance = (0.4 - point[0].item()) ** 2 + (0.7 - point[1].item()) ** 2 + 0.01;
    expectDigits([distance], [0.010314713024766], 14);
    const speeds = (["corrected", "asCoded"] as const).map((physics) =>
      speedAlongEllipse(state, point, physics).item(),
    );
    expectDigits(speeds, [0.323460155516, 0.291107414396]);
    const rewards = (["corrected", "asCoded"] as const).map((physics) => droneReward(state, physics).item());
    expectDigits(rewards, [0.08672333363, 0.077017511294], 11);
  });

  test("at the start, on the ellipse with y = 0, rewards and their derivatives are finite", () => {
    const at = (start: Tensor): Tensor => droneReward(start, "corrected");
    const [reward, slopes] = valueAndGrad(at)(np.zeros([12], { dtype: "float64" }));
    expect(reward.item()).toBe(0);
    expect(listOf(slopes).every(Number.isFinite)).toBe(true);
  });

  test("without wind the design that hovers stays where it is", () => {
    const task = droneEllipse({ horizon: 5 });
    const still = task.dynamics(
      wide([0.1, 0.15, 0.005, 0.005, 0, 0, 0, 0]),
      np.zeros([12], { dtype: "float64" }),
      wide([0, 0, 0, 0]),
      wide([0, 0, 0]),
    );
    listOf(still).forEach((x) => expect(x).toBeCloseTo(0, 14));
  });
});

describe("linearGaussianDesign", () => {
  const task = linearGaussianDesign({ design: ["a", "b", "s"] });

  test("the exact return", () => {
    expectDigits([task.exactReturn([0.9, 0.5, 0.2], -0.6, 0.3)], [-6.0049367232], 13);
  });

  test("the joint optimum, with and without exploration", () => {
    const free = linearGaussianDesign();
    expect(free.exactReturn([0.287658], -0.408659, 0.3)).toBeCloseTo(-1.58179, 6);
    expect(free.exactReturn([0.28832], -0.41126, 0)).toBeCloseTo(-1.444802, 6);
  });

  test("control only at a = 0.9 is far below", () => {
    const free = linearGaussianDesign();
    const best = Math.max(
      ...Array.from({ length: 4001 }, (_, i) => free.exactReturn([0.9], -2 + i / 1000, 0)),
    );
    expect(best).toBeCloseTo(-5.353203, 5);
  });
});

describe("options of systems", () => {
  test.each([
    [
      () => microgrid({ generator: "relative" as never }),
      'microgrid: generator must be one of "absolute", "delta", "asCoded", got "relative".',
    ],
    [
      () => droneEllipse({ physics: "coded" as never }),
      'droneEllipse: physics must be one of "corrected", "asCoded", got "coded".',
    ],
    [
      () => massSpringDamper({ horizon: 0 }),
      "massSpringDamper: horizon must be an integer of at least 1, got 0.",
    ],
    [
      () => linearGaussianDesign({ design: [] }),
      'linearGaussianDesign: design must be one or more of "a", "b", "s", got [].',
    ],
  ])("%# are refused", (make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});
