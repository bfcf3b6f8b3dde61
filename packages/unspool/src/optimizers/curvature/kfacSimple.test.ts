/** K-FAC's directions for the tiny network in numpy (Benzing 2022's method), and what they have in common with FOOF. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { updateCosine } from "../../diagnostics/updateCosine.ts";
import { expectClose, numbers } from "../testing.ts";
import {
  type DampedOptions,
  type Factors,
  dampedDirection,
  dampedFactors,
  dampingShare,
} from "./dampedFactors.ts";
import { inversePositive, secondMoment, shifted } from "./factors.ts";
import { type KfacSimpleOptions, kfacSimple } from "./kfacSimple.ts";
import { layerTaps } from "./layerTaps.ts";
import { convObjective, convTheta, labels, normal, tinyObjective, tinyTheta, turned } from "./testing.ts";

const key = random.key(0);
/** The published numbers have ten digits. */
const published = 1e-9;
const heuristic: DampedOptions = { dampingMode: "heuristic", dropE: false, matchNorm: "lambdaE" };

const taps = layerTaps(tinyObjective.network!, tinyTheta);
const drawn = taps.errorsFor(labels([1, 2, 0, 0]));
const factors = taps.inputs.map((inputs, i): Factors => ({
  inputs: secondMoment(inputs),
  outputs: secondMoment(drawn[i]!),
}));
const slopes = [taps.gradient.first, taps.gradient.second];

const known = new Map<string, Tensor[]>();

/** Directions of the first step on the tiny network, by layer. */
function directions(options: KfacSimpleOptions): Tensor[] {
  const name = JSON.stringify(options);
  const found = known.get(name) ?? computed({ learningRate: 1, damping: 0.1, ...options });
  known.set(name, found);
  return found;
}

function computed(options: KfacSimpleOptions): Tensor[] {
  const optimizer = kfacSimple(options);
  const state = optimizer.init(tinyTheta, tinyObjective, key);
  const { theta } = optimizer.step(tinyTheta, state, tinyObjective, { key });
  return [tinyTheta.first.sub(theta.first), tinyTheta.second.sub(theta.second)];
}

describe("the tiny network with damping 0.1", () => {
  const wanted = {
    heuristic: [
      turned([[0.18918711, 0.1575221803, 0.6529116191], [0.3624114174, -0.0501577746, -0.0017395606]]), // prettier-ignore
      turned([[-0.4405841324, -0.2736964188], [0.607321347, 0.1148118716], [-0.1667372146, 0.1588845472]]), // prettier-ignore
    ],
    standard: turned([[0.544481169, 0.3001450667, 1.341289674], [0.7841908768, 0.1128674156, -0.0635140095]]), // prettier-ignore
  };

  test("π, λ_A, λ_E", () => {
    const { pi, inputs, outputs } = dampingShare(factors[0]!, 0.1);
    expectClose([pi, inputs, outputs], [1.7476927814, 0.552668984, 0.180940134], published);
    expectClose(dampingShare(factors[1]!, 0.1).pi, [1.039746671], published);
  });

  test("heuristic and standard directions", () => {
    expectClose(directions({}), numbers(wanted.heuristic), published);
    expectClose(directions({ dampingMode: "standard" })[0], numbers(wanted.standard), published);
  });

  test("standard damping solves (Σ_A ⊗ Σ_E + λ I) D = G", () => {
    directions({ dampingMode: "standard" }).forEach((d, i) => {
      const { inputs, outputs } = factors[i]!;
      const image = np.matmul(np.matmul(inputs, d), outputs).add(d.mul(0.1));
      expectClose(image, numbers(slopes[i]!));
    });
  });

  test("without Σ_E: FOOF with λ_A, over λ_E or with K-FAC's norm", () => {
    const [scaled, matched] = [directions({ dropE: true }), directions({ dropE: true, matchNorm: "kfac" })];
    const whole = directions({});
    const norm = (x: Tensor) => Math.sqrt(x.mul(x).sum().item());
    factors.forEach((factor, i) => {
      const share = dampingShare(factor, 0.1);
      const plain = np.matmul(inversePositive(shifted(factor.inputs, share.inputs)), slopes[i]!);
      expectClose(scaled[i], numbers(plain.div(share.outputs)));
      expectClose(matched[i], numbers(plain.mul(norm(whole[i]!) / norm(plain))));
    });
  });

  test("cosines with FOOF(λ_A) in layer 1: .8606 for heuristic damping, .7741 for standard", () => {
    const [a] = [factors[0]!.inputs];
    const reference = directions({ dropE: true })[0]!;
    const cosine = (d: Tensor) => updateCosine([a], [d], [reference]);
    expectClose(cosine(directions({})[0]!), [0.8606282939], published);
    expectClose(cosine(directions({ dampingMode: "standard" })[0]!), [0.7741049177], published);
  });

  test("the factor of all targets is the mean of drawn ones, weighted by their probabilities", () => {
    const state = kfacSimple({ fisher: "full" }).init(tinyTheta, tinyObjective, key);
    // Each example's probabilities times the outer product of the derivative for that target.
    const logits = numbers(taps.outputs);
    const probability = (example: number, k: number): number => {
      const exponentials = [0, 1, 2].map((j) => Math.exp(logits[3 * example + j]!));
      return exponentials[k]! / (exponentials[0]! + exponentials[1]! + exponentials[2]!);
    };
    const byTarget = [0, 1, 2].map((k) => taps.errorsFor(labels([k, k, k, k]))[0]!);
    const expected = byTarget.flatMap((errors, k) =>
      [0, 1, 2, 3].map((example) =>
        secondMoment(errors.slice([example, example + 1])).mul(probability(example, k) / 4),
      ),
    );
    const total = expected.reduce((sum, part) => sum.add(part));
    expectClose(state.layers[0]!.outputs.total.div(0.05), numbers(total));
  });

  test("the empirical factor is that of the data's targets", () => {
    const state = kfacSimple({ fisher: "empirical" }).init(tinyTheta, tinyObjective, key);
    expectClose(state.layers[0]!.outputs.total.div(0.05), numbers(secondMoment(taps.errors[0]!)));
  });
});

test("with Σ_E a multiple of the identity the direction is FOOF's, up to its length", () => {
  const inputs = secondMoment(normal("a", [9, 1, 5]));
  const outputs = np.eye(4).astype("float64").mul(0.7);
  const gradient = normal("g", [5, 4]);
  const kfac = dampedDirection(dampedFactors({ inputs, outputs }, 0.3, heuristic), gradient, heuristic);
  const { inputs: shift } = dampingShare({ inputs, outputs }, 0.3);
  const other = np.matmul(inversePositive(shifted(inputs, shift)), gradient);
  expectClose(updateCosine([inputs], [kfac], [other]), [1]);
});

test("momentum is on the gradient, and is preconditioned afterwards", () => {
  const optimizer = kfacSimple({ learningRate: 1, momentum: 0.5, inversePeriod: 10 });
  const start = optimizer.init(convTheta, convObjective(5), key);
  const first = optimizer.step(convTheta, start, convObjective(5), { key, phase: optimizer.phaseAt!(1) });
  // At the same theta, the second step is 1.5 times the first.
  const second = optimizer.step(convTheta, first.state, convObjective(5), {
    key,
    phase: optimizer.phaseAt!(1),
  });
  const moves = [first, second].map(({ theta }) => convTheta.out.weights.sub(theta.out.weights));
  expectClose(moves[1], numbers(moves[0]!.mul(1.5)));
});

test("standard damping is for both factors", () => {
  expect(() => kfacSimple({ dropE: true, dampingMode: "standard" })).toThrow(
    'kfacSimple: dampingMode must be "heuristic" with dropE, got "standard".',
  );
});
