/** The amortised filter on the scalar example: its gradients add up to that of the whole bound, and it learns. */
import { expect, test } from "vitest";
import { type Tensor, grad, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { adam } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import { amortisedFamily, nextSummary } from "./amortisedFamily.ts";
import { type AmortisedTheta, amortisedFilter } from "./amortisedFilter.ts";
import { filterStream } from "./filterStream.ts";
import { exactNoise } from "./filterProgram.ts";
import { oracleModel, oracleObservations, oracleTheta } from "./oracleTesting.ts";
import { type Window, windowReward, windowStates } from "./window.ts";

type Theta = AmortisedTheta<ReturnType<typeof oracleModel.init>>;

const key = random.key(4);
const exact = { T: "exact", S: "exact", V: "exact" } as const;
const filter = amortisedFilter({
  model: oracleModel,
  units: 3,
  regressors: exact,
  samples: "exact",
  start: 0,
});
const theta = tree.astype(filter.start(key), "float64");

/** Bound of all three observations with summaries that are held, by its definition. */
function wholeBound(own: Theta, summaries: readonly Tensor[]): Tensor {
  const parts = {
    model: oracleModel,
    family: amortisedFamily(),
    objective: { usesKernel: true, usesFilter: true },
  };
  const links = summaries.map((summary, t) => ({
    phi: { params: own.phi, summary },
    y: oracleObservations[t]!,
    observed: tree.scalar(1, "bool"),
  }));
  const window: Window<(typeof links)[0]["phi"]> = { links, t: tree.scalar(2, "int32"), reachesStart: true };
  return windowReward(parts, own.model, window, windowStates(parts, window, exactNoise(3, 1))).mean();
}

test(
  "gradients of the steps add up to the gradient of the whole bound, by the model and by the heads",
  { tags: ["long"] },
  () => {
    let state = filter.init(theta, key);
    let sum = tree.zerosLike(theta);
    let elbo = 0;
    const summaries: Tensor[] = [];
    oracleObservations.forEach((y, t) => {
      const step = filter.step(theta, state, y, random.foldIn(key, t));
      [state, elbo] = [step.state, step.logEvidence!];
      summaries.push(state.summary);
      sum = tree.add(sum, step.gradient!);
    });
    const again = nextSummary(theta.phi, summaries[0]!, oracleObservations[1]!, tree.scalar(1, "bool"));
    expect([...again.data]).toEqual([...summaries[1]!.data]);
    const program = compiled("whole", (own: Theta, given: Tensor[]) => ({
      value: wholeBound(own, given),
      gradient: grad((at: Theta) => wholeBound(at, given))(own) as Theta,
    }));
    const { value, gradient } = program(theta, summaries);
    expect(elbo).toBeCloseTo(value.item(), 10);
    for (const part of ["model", "phi.now", "phi.past"]) {
      const of = (tree_: Theta): number[] =>
        tree
          .entries(tree_)
          .flatMap(([path, leaf]) => (path.startsWith(part) ? [...leaf.data].map(Number) : []));
      const [found, wanted] = [of(sum), of(gradient)];
      expect(found.length).toBeGreaterThan(1);
      // The filter's is that of the loss, minus the bound.
      found.forEach((x, i) => expect(x, `${part} ${i}`).toBeCloseTo(-wanted[i]!, 8));
    }
  },
);

test("along a stream the bound of an observation rises", { tags: ["long"] }, async () => {
  const learner = amortisedFilter({ model: oracleModel, units: 4, regressors: exact, samples: 8 });
  const held = learner.start(key);
  const ys = Array.from({ length: 400 }, (_, t) => [Math.sin(0.7 * t)]);
  const told: number[] = [0];
  const stream = filterStream(learner, ys, { theta: held, optimizer: adam({ learningRate: 0.02 }), key });
  for await (const { logEvidence } of stream) told.push(logEvidence!);
  const per = (from: number, to: number): number => (told[to]! - told[from]!) / (to - from);
  expect(per(300, 400)).toBeGreaterThan(per(0, 100) + 0.2);
});

test("options are checked", () => {
  expect(() => amortisedFilter({ model: oracleModel, units: 0 })).toThrow(OptionError);
  expect(() => amortisedFilter({ model: oracleModel, penalty: -1 })).toThrow(/penalty/);
  const own = { ...oracleModel, name: "other" };
  expect(() => amortisedFilter({ model: own, regressors: { T: "exact" } })).toThrow(/regressors\.T/);
});

test("a theta of the model alone, and no options, are refused", () => {
  expect(() => amortisedFilter(undefined as never)).toThrow(/amortisedFilter: options must be a record/);
  const filter = amortisedFilter({ model: oracleModel });
  expect(() => filter.init(oracleTheta as never, random.key(0))).toThrow(
    /theta must be \{ model, phi \}, got .*filter\.start\(key\) gives one/,
  );
});
