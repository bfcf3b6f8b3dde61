/** Twists and proposals of networks: what they may look at, and how they begin. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../../array/index.ts";
import { diagonalNormal } from "../../../distributions/index.ts";
import { positionCode } from "../positionCode.ts";
import { recurrentProposal } from "../proposals/recurrentProposal.ts";
import { backwardRecurrentTwist } from "./backwardRecurrentTwist.ts";
import { quadraticMlpTwist } from "./quadraticMlpTwist.ts";
import { runningMoments, unitMoments } from "./standardise.ts";
import { twists } from "./twists.ts";
import { gaussianDrift } from "../../stateSpace/gaussianDrift.ts";

const key = random.key(0);
/** Parameters none of which are 0. */
const jittered = <T>(params: T): T => {
  let i = 0;
  return tree.map(
    (x: Tensor) => x.add(random.normal(random.foldIn(key, i++), [...x.shape]).mul(0.3)),
    params,
  );
};
const y = random.normal(random.key(7), [7, 1]);
const x = np.array([[0.3, -0.2], [1, 0.5], [0.1, 2]]); // prettier-ignore
const at = (t: number) => np.array(t, { dtype: "int32" });
const rowAt = <T>(rows: T, t: number): T => tree.map((leaf: Tensor) => leaf.slice(t), rows);

test(
  "a twist of a backward network sees what comes after its step, and nothing else",
  { tags: ["long"] },
  () => {
    const options = { steps: 7, stateSize: 2, observationSize: 1, units: 4, hidden: [5] };
    for (const every of [1, 3]) {
      const twist = backwardRecurrentTwist({
        ...options,
        every,
        ...(every > 1 && { position: { length: 2 } }),
      });
      const params = jittered(twist.init(key));
      const logTwist = (data: Tensor, t: number): number[] => {
        const series = { y: data };
        const row = rowAt(twist.rows!(params, series, {}), t);
        return Array.from(twist.logTwist(params, { x, t: at(t), row, model: {}, series }).data, Number);
      };
      for (let t = 0; t < 6; t++) {
        const ahead = Math.floor(t / every) * every + every;
        const past = y.at([0, ahead]).set(9);
        expect(logTwist(past, t)).toEqual(logTwist(y, t));
        // Beyond the last observation nothing is seen.
        if (ahead < 7) expect(logTwist(y.at(ahead).add(1), t)).not.toEqual(logTwist(y, t));
      }
      // Not observed, and padding: as if the series ended.
      const row = (data: object) => rowAt(twist.rows!(params, { y, ...data }, {}), 0).context;
      const steps = at(4);
      const observed = np.arange(7).less(4);
      expect([...row({ steps }).data]).toEqual([...row({ observed }).data]);
    }
  },
);

test("networks begin as no twist and as a factor N(0, 1)", () => {
  const sizes = { steps: 7, stateSize: 2, observationSize: 1 };
  for (const twist of [backwardRecurrentTwist(sizes), quadraticMlpTwist(sizes)]) {
    const params = twist.init(key) as never;
    const series = { y };
    const row = rowAt(twist.rows!(params, series, {}) as never, 2);
    expect([...twist.logTwist(params, { x, t: at(2), row, model: {}, series }).data]).toEqual([0, 0, 0]);
  }
  const proposal = recurrentProposal(sizes);
  const params = proposal.init(key);
  const prior = diagonalNormal({ mean: x, sd: 1 });
  const row = rowAt(proposal.rows!(params, { y }, {}), 2);
  const q = proposal.propose(params, { prior, x, t: at(2), row, model: {}, series: { y } });
  // N(x, 1) N(0, 1) is N(x / 2, 1 / 2).
  [...q.mean().data].forEach((m, i) => expect(m).toBeCloseTo(x.data[i]! / 2, 6));
  [...q.variance().data].forEach((v) => expect(v).toBeCloseTo(0.5, 6));
});

test("a filtering proposal does not see the future, a smoothing one does", () => {
  for (const sees of ["past", "all"] as const) {
    const proposal = recurrentProposal({
      steps: 7,
      stateSize: 2,
      observationSize: 1,
      sees,
      units: 4,
      hidden: [5],
      every: 2,
    });
    const params = jittered(proposal.init(key));
    const context = (data: Tensor, t: number): number[] => [
      ...proposal.rows!(params, { y: data }, {}).context.slice(t).data,
    ];
    expect(proposal.name).toBe(sees === "past" ? "filtering" : "smoothing");
    const later = y.at(6).add(1);
    if (sees === "past") expect(context(later, 5)).toEqual(context(y, 5));
    else expect(context(later, 3)).not.toEqual(context(y, 3));
    expect(context(y.at(4).add(1), 4)).not.toEqual(context(y, 4));
    // Steps between observations are not looked at.
    expect(context(y.at(3).add(1), 6)).toEqual(context(y, 6));
  }
});

test("the position code has sines and cosines of the steps that are left", () => {
  const code = positionCode(6, 3, { length: 4, base: 4 });
  const row = (left: number): number[] => [left, left / 4 ** (2 / 2)].flatMap((phase) => [phase]);
  [2, 1, 0, 2, 1, 0].forEach((left, t) => {
    const phases = row(left);
    const expected = [...phases.map(Math.sin), ...phases.map(Math.cos)];
    [...code.slice(t).data].forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
  expect(() => positionCode(6, 3, { length: 3 })).toThrow(/length must be even/);
});

test("running moments go from 0 and 1 to those of the trajectories", () => {
  const drawn = { x: np.array([[[1], [4]], [[3], [4]]]), y: np.array([[[0], [2]], [[0], [6]]]) }; // prettier-ignore
  const moved = runningMoments(unitMoments(2, 1, 1), drawn, 0.5);
  expect([...moved.stateMean.data]).toEqual([1, 2]);
  // Half of 1 and half of the variances 1 and 0.
  expect(moved.stateSd.data[0]).toBeCloseTo(1, 6);
  expect(moved.stateSd.data[1]).toBeCloseTo(Math.SQRT1_2, 6);
  expect([...moved.observationMean.data]).toEqual([0, 2]);
});

test("twists by name", () => {
  const model = gaussianDrift();
  for (const { name, isTrained } of twists.entries) {
    const twist = twists.create(name, { model, steps: 4, logTwist: (z: Tensor) => z.sum(-1) });
    expect([twist.name, twist.isTrained]).toEqual([name, isTrained]);
  }
  expect(() => twists.create("fixed", { model, steps: 4 })).toThrow(
    /logTwist must be given with the twist "fixed"/,
  );
  expect(() => twists.create("quadraticMLP", { model, steps: 4 })).toThrow(/Did you mean "quadraticMlp"/);
  expect(() =>
    backwardRecurrentTwist({ steps: 4, stateSize: 1, observationSize: 1, standardise: "yes" as never }),
  ).toThrow(/"running" or a function/);
});
