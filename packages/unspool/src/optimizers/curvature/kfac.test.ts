/**
 * K-FAC on a network of 2-2-2-1 units against values from an independent program (numpy, float64, from the equations of
 * Martens and Grosse 2015 and George et al. 2018), and against what defines the approximations.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, linalg, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { networkObjective } from "../objective/objective.ts";
import { kfac } from "./kfac.ts";
import type { KfacOptions } from "./kfacOptions.ts";
import { buildInverses, dampedFactors } from "./kfacInverses.ts";
import { kfacRule } from "./kfacOptions.ts";
import { drawSamples, factorsOf } from "./kfacStatistics.ts";
import { adaptedDamping, multiplyInverse } from "./kfacStep.ts";
import { registrationOf } from "./registrationReport.ts";
import * as net from "./kfacTesting.ts";
import { layerTaps } from "./layerTaps.ts";
import { gaussianLikelihood } from "./likelihoods.ts";
import { curvatureOf, minimise, modelChange, quadraticModel } from "./quadraticModel.ts";

const { theta } = net;
const tanhObjective = net.objective();
const gradient = compiled("gradient", grad(tanhObjective.loss))(theta);
const fixed = { adaptGamma: false, adaptDamping: false, fisher: "full" } as const;

function solvedBy(options: KfacOptions, of = tanhObjective, at = theta, slope = gradient): net.ChainTheta {
  const optimizer = kfac({ ...fixed, ...options });
  const state = net.observedState(optimizer, at, of);
  return optimizer.multiplyInverse(at, state, of, slope) as net.ChainTheta;
}

function close(actual: readonly number[], expected: readonly number[], tolerance = 2e-10): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!), `${i}: ${x}`).toBeLessThan(tolerance));
}

const closeLayers = (actual: net.ChainTheta, expected: number[][], tolerance?: number): void =>
  net.paperForm(actual).forEach((layer, i) => close(layer, expected[i]!, tolerance));

const blockDiagonal = [
  [-0.1490154954, -0.332663149, -0.164219888, -0.2135657021, 0.2150466666, -0.1044593851],
  [0.1255371713, -0.3704322557, -0.0565654182, -0.1722272718, 0.2073982797, -0.1084335137],
  [0.4419832006, -0.4068700773, 0.0925452677],
];
const tridiagonal = [
  [-0.1894230549, -0.2800154823, -0.1595986907, -0.1678057417, 0.1573231408, -0.1068017311],
  [0.0114819853, -0.1627490006, -0.0892643172, -0.1195069767, 0.11955071, -0.0878248772],
  [0.3770874509, -0.3507288505, 0.1259754278],
];
const exactTikhonov = [
  [-0.4089310682, -0.6607310932, -0.3919061813, -0.489617469, 0.3934701818, -0.2825542117],
  [0.2183259817, -0.7846692335, -0.1432345144, -0.3255134555, 0.4306180658, -0.3268592183],
  [0.8512432768, -0.8124158573, 0.1676062787],
];
const ekfac = [
  [-0.3624110858, -0.6436131465, -0.3632526874, -0.5697324176, 0.4191632523, -0.3155410304],
  [0.2939575127, -0.8939474596, -0.153328075, -0.3547616853, 0.4731854418, -0.3221162342],
  exactTikhonov[2]!,
];

describe("factors and inverses", () => {
  test("second moments of the network, and π", { tags: ["long"] }, () => {
    const state = net.observedState(kfac({ ...fixed, structure: "tridiagonal" }), theta, tanhObjective);
    const [first, second, third] = Object.values(state.factors);
    close([...first!.inputs.data], [1.5225, -0.1775, 0.575, -0.1775, 1.435, 0.2, 0.575, 0.2, 1]);
    close([...first!.outputs.data], [0.2073623504, -0.2253062413, -0.2253062413, 0.2913243773]);
    close([...first!.nextOutputs!.data], [0.3636617843, -0.1356881240, -0.4171313363, 0.1687324437]); // prettier-ignore
    close([...second!.outputs.data], [0.6619058734, -0.2592260755, -0.2592260755, 0.1078103455]);
    close([...second!.nextOutputs!.data], [0.7843236757, -0.3263539162]);
    close([...third!.outputs.data], [1]);
    const gamma = tree.scalar(0.5, "float64");
    [2.3001222934, 1.1771327119, 0.700260353].forEach((pi, i) => {
      const factors = Object.values(state.factors)[i]!;
      const damped = dampedFactors("trace", factors, gamma);
      expect(damped.inputs.sub(factors.inputs).data[0]! / 0.5).toBeCloseTo(pi, 9);
      expect(damped.outputs.sub(factors.outputs).data[0]!).toBeCloseTo(0.5 / pi, 9);
    });
  });

  test("the gradient under each approximate inverse", () => {
    expect(tanhObjective.loss(theta).item()).toBeCloseTo(0.9293467745, 9);
    closeLayers(solvedBy({ gamma: 0.5 }), blockDiagonal);
    closeLayers(solvedBy({ gamma: 0.5, structure: "tridiagonal" }), tridiagonal);
    closeLayers(solvedBy({ damping: 0.25, eigenbasis: "exact" }), exactTikhonov);
    closeLayers(solvedBy({ damping: 0.25, eigenbasis: "ekfac" }), ekfac);
  });

  const rows = net.jacobianRows(tanhObjective, theta);
  /** F̃ from second moments over all pairs of layers, F from rows of the Jacobian. */
  function fisherPair(of = tanhObjective) {
    const jacobian = of === tanhObjective ? rows : net.jacobianRows(of, theta);
    const taps = compiled("taps", (at: net.ChainTheta) => {
      const t = layerTaps(of.network!, at);
      return { a: [...t.inputs], g: t.errorsAlong(np.onesLike(t.outputs)) };
    })(theta);
    const list = (x: Tensor): number[][] => jacobian.map((_, n) => net.rowOf(x, n));
    const blocks = taps.a.map((a, i) =>
      taps.a.map((b, j) =>
        net.kronecker(net.moment(list(a), list(b)), net.moment(list(taps.g[i]!), list(taps.g[j]!))),
      ),
    );
    return { exact: net.moment(jacobian), approximate: joined(blocks) };
  }

  test("F and F̃: their norms, equal for a deep linear network", () => {
    const { exact, approximate } = fisherPair();
    expect(net.frobenius(exact)).toBeCloseTo(2.7748610519, 9);
    expect(net.frobenius(approximate)).toBeCloseTo(2.9578553643, 9);
    expect(net.frobenius(exact, approximate)).toBeCloseTo(1.0519452522, 9);
    const linear = fisherPair(net.objective((x) => x));
    expect(net.frobenius(linear.exact)).toBeCloseTo(6.8005405541, 9);
    expect(net.frobenius(linear.exact, linear.approximate)).toBeLessThan(1e-12);
  });

  test("the inverse of F̂ has tridiagonal blocks of damped F̃ in its inverse, and nothing beyond", () => {
    const optimizer = kfac({ ...fixed, gamma: 0.5, structure: "tridiagonal" });
    const state = net.observedState(optimizer, theta, tanhObjective);
    const { inverseMatrix, damped, sizes } = denseCase(optimizer, state, theta, tanhObjective);
    const block = (m: number[][], i: number, j: number) => blockOf(m, sizes, i, j);
    const hat = net.inverse(inverseMatrix);
    for (const [i, j] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
      [1, 2],
      [1, 0],
    ] as const)
      // prettier-ignore
      expect(net.frobenius(block(hat, i, j), block(damped, i, j))).toBeLessThan(1e-11);
    expect(block(inverseMatrix, 0, 2).flat().every((x) => x === 0)).toBe(true); // prettier-ignore
    expect(net.frobenius(block(hat, 0, 2), block(damped, 0, 2))).toBeGreaterThan(1e-3);
  });

  test.each([1, 2])("with %i layers the tridiagonal structure is complete", (count) => {
    const at = Object.fromEntries(Object.entries(theta).slice(3 - count)) as net.ChainTheta;
    const optimizer = kfac({ ...fixed, gamma: 0.5, structure: "tridiagonal" });
    const state = net.observedState(optimizer, at, tanhObjective);
    const { inverseMatrix, damped } = denseCase(optimizer, state, at, tanhObjective);
    expect(net.frobenius(net.inverse(damped), inverseMatrix)).toBeLessThan(1e-11);
    if (count > 1) return;
    const slope = compiled("gradient", grad(tanhObjective.loss))(at) as net.ChainTheta;
    const [tri, block] = (["tridiagonal", "block"] as const).map((structure) =>
      solvedBy({ gamma: 0.5, structure }, tanhObjective, at, slope),
    );
    close(net.toVector(tri!), net.toVector(block!), 1e-14);
  });

  test("blocks of EKFAC are nearer to F than those of K-FAC", () => {
    const { exact, approximate } = fisherPair();
    const sizes = [6, 6, 3];
    const state = net.observedState(kfac({ ...fixed, eigenbasis: "ekfac" }), theta, tanhObjective);
    const errors = { kfac: [0.6649247632, 0.2533168486, 0], ekfac: [0.4762309018, 0.2373958992, 0] };
    Object.keys(theta).forEach((_, i) => {
      const name = `layer${i + 1}.weights`;
      const { inputVectors, outputVectors } = state.inverses[name]!;
      const basis = net.kronecker(rowsOf(inputVectors!), rowsOf(outputVectors!));
      const scale = [...state.factors[name]!.scale!.data];
      const block = basis.map((row) =>
        basis.map((other) => row.reduce((sum, x, k) => sum + x * scale[k]! * other[k]!, 0)),
      );
      const own = blockOf(exact, sizes, i, i);
      expect(net.frobenius(own, blockOf(approximate, sizes, i, i))).toBeCloseTo(errors.kfac[i]!, 9);
      expect(net.frobenius(own, block)).toBeCloseTo(errors.ekfac[i]!, 9);
    });
  });

  test(
    "undamped, the step does not depend on coordinates of inputs and pre-activations",
    { tags: ["long"] },
    () => {
      const draw = (name: string, shape: number[]) =>
        random.normal(random.foldIn(random.key(3), name), shape, net.f64);
      const [omega, phi] = [draw("omega", [4, 4]), draw("phi", [3, 3])];
      const x = draw("x", [40, 4]);
      const weights = { w1: draw("w1", [4, 3]), w2: draw("w2", [3, 2]) };
      const turned = {
        w1: np.matmul(np.matmul(linalg.inv(omega), weights.w1), linalg.inv(phi)),
        w2: weights.w2,
      };
      const change = (at: typeof weights, isTurned: boolean) => {
        const of = networkObjective({
          network: (now: typeof weights, rows, layers) => {
            const s = layers.dense({ weights: now.w1 }, isTurned ? np.matmul(rows, omega) : rows);
            return layers.dense({ weights: now.w2 }, np.tanh(isTurned ? np.matmul(s, phi) : s));
          },
          likelihood: gaussianLikelihood,
          inputs: x,
          targets: draw("y", [40, 2]),
        });
        const optimizer = kfac(fixed);
        const state = net.observedState(optimizer, at, of);
        const registration = registrationOf(of.network!, at);
        const inverses = buildInverses(kfacRule(fixed), registration.blocks, state.factors, tree.scalar(0, "float64")); // prettier-ignore
        const slope = compiled("gradient", grad(of.loss))(at) as typeof weights;
        return multiplyInverse(kfacRule(fixed), registration, { ...state, inverses }, slope);
      };
      const [plain, other] = [change(weights, false), change(turned, true)];
      const back = np.matmul(np.matmul(omega, other.w1), phi);
      close([...back.data], [...plain.w1.data], 1e-8);
      close([...other.w2.data], [...plain.w2.data], 1e-8);
    },
  );

  test(
    "sampled targets have the second moments of the model: 100,000 draws within 4 standard errors",
    { tags: ["long"] },
    () => {
      const many = networkObjective({
        network: net.chain(np.tanh),
        likelihood: gaussianLikelihood,
        inputs: np.tile(net.inputs, [25_000, 1]),
        targets: np.tile(net.targets, [25_000, 1]),
      });
      const rule = kfacRule({});
      const run = compiled("draws", (at: net.ChainTheta) => {
        const taps = layerTaps(many.network!, at);
        const { blocks } = taps.registration;
        const of = (fisher: "mc" | "cprop" | "full") => {
          const samples = drawSamples(fisher, many.network!, taps, random.key(11));
          return factorsOf(rule, blocks, samples).map(({ outputs }) => outputs);
        };
        return { mc: of("mc"), cprop: of("cprop"), full: of("full"), errors: drawSamples("mc", many.network!, taps, random.key(11)).errors[0]! }; // prettier-ignore
      });
      const { mc, cprop, full, errors } = run(theta);
      // One output: signs have no variance, so that curvature propagation is exact.
      cprop.forEach((g, i) => close([...g.data], [...full[i]!.data], 1e-10));
      const samples = rowsOf(errors.reshape([-1, 2]));
      [
        [0, 0],
        [0, 1],
        [1, 1],
      ].forEach(([i, j]) => {
        // prettier-ignore
        const values = samples.map((row) => row[i!]! * row[j!]!);
        const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
        const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / values.length;
        const exact = full[0]!.data[2 * i! + j!]!;
        expect(mc[0]!.data[2 * i! + j!]!).toBeCloseTo(mean, 10);
        expect(Math.abs(mean - exact)).toBeLessThan(4 * error);
      });
    },
  );
});

describe("the quadratic model", () => {
  const total = 0.3 + 0.01;
  const at = (layers: number[][]): net.ChainTheta =>
    net.fromVector(
      theta,
      layers.flatMap((layer, i) => columnsOf(layer, i === 2 ? 1 : 2)).map((x) => -x),
    );
  const solve = compiled("model", (direction: net.ChainTheta, previous: net.ChainTheta) => {
    const model = quadraticModel(tanhObjective.network!, theta, [direction, previous], gradient);
    const curvature = curvatureOf(model, total);
    const [alpha, mu] = minimise(model, curvature, {});
    return { alpha, mu, change: modelChange(model, curvature, [alpha, mu]), slopes: [...model.slopes] };
  });
  const nothing = tree.map(np.zerosLike, theta);

  test("α for block-diagonal and tridiagonal steps, and the exact minimiser", () => {
    const block = solve(at(blockDiagonal), nothing);
    expect(block.alpha.item()).toBeCloseTo(0.9378441562, 8);
    expect(block.change.item()).toBeCloseTo(-0.5491153968, 8);
    expect(block.mu.item()).toBe(0);
    const tri = solve(at(tridiagonal), nothing);
    expect(tri.alpha.item()).toBeCloseTo(1.2342237729, 8);
    expect(tri.change.item()).toBeCloseTo(-0.549332283, 8);
    const fisher = net.moment(net.jacobianRows(tanhObjective, theta));
    const damped = fisher.map((row, i) => row.map((x, j) => x + (i === j ? total : 0)));
    const slope = net.toVector(gradient as net.ChainTheta);
    const best = net.inverse(damped).map((row) => -row.reduce((sum, x, j) => sum + x * slope[j]!, 0));
    const exact = solve(net.fromVector(theta, best), nothing);
    expect(exact.change.item()).toBeCloseTo(-0.5947277231, 9);
    expect(exact.alpha.item()).toBeCloseTo(1, 10);
  });

  test("α and μ together; at the optimum the change is half of the slope", () => {
    const previous = net.fromVector(
      theta,
      Array.from({ length: 15 }, (_, i) => -0.1 + (0.2 * i) / 14),
    );
    const { alpha, mu, change, slopes } = solve(at(blockDiagonal), previous);
    expect(alpha.item()).toBeCloseTo(0.9158403, 7);
    expect(mu.item()).toBeCloseTo(-0.81090419, 7);
    expect(change.item()).toBeCloseTo(-0.5585840859, 8);
    const along = slopes[0]!.mul(alpha).add(slopes[1]!.mul(mu)).item();
    expect(change.item()).toBeCloseTo(along / 2, 12);
  });

  test("on a quadratic it is preconditioned conjugate gradients", () => {
    const f = net.matrix([[4, 1, 0, 0.5], [1, 3, 0.7, 0], [0, 0.7, 2, -0.3], [0.5, 0, -0.3, 1]]); // prettier-ignore
    const b = np.array([1, 2, -1, 0.5], net.f64);
    // h = ½ |Lᵀθ - L⁻¹b|² - ½ |L⁻¹b|², for F = L Lᵀ.
    const lower = linalg.cholesky(f) as Tensor;
    const wanted = linalg.solve(lower, b.reshape([4, 1])).reshape([1, 4]);
    const of = networkObjective({
      network: (x: Tensor, _inputs, _layers) => np.matmul(x.reshape([1, 4]), lower),
      likelihood: gaussianLikelihood,
      inputs: b,
      targets: wanted,
    });
    const constant = wanted.mul(wanted).sum().mul(0.5).item();
    let [x, before] = [np.zeros([4], net.f64), np.zeros([4], net.f64)];
    const iterates = [
      [0.2356902357, 0.6285072952, -0.4713804714, 0.4713804714],
      [0.0192047134, 0.8237192848, -0.7776184393, 0.2581742684],
      [0.0114458106, 0.8404585772, -0.7554165102, 0.255900582],
      [0.0060114637, 0.8404865092, -0.7535299874, 0.2709352719],
    ];
    const values = [-1.0998877666, -1.2866744282, -1.2878648832, -1.2879910527];
    iterates.forEach((iterate, i) => {
      const slope = np.matmul(f, x.reshape([4, 1])).reshape([4]).sub(b); // prettier-ignore
      const direction = slope.div(np.diagonal(f)).neg();
      const model = quadraticModel(of.network!, x, [direction, before], slope);
      const [alpha, mu] = minimise(model, curvatureOf(model, 0), {});
      before = direction.mul(alpha).add(before.mul(mu));
      x = x.add(before);
      close([...x.data], iterate, 1e-9);
      expect(of.loss(x).item() - constant).toBeCloseTo(values[i]!, 9);
    });
  });

  test("λ after ratios 0.9, 0.5, 0.1, NaN, and after a step that promised nothing", () => {
    const rule = kfacRule({});
    const after = (ratio: number, predicted = -1) =>
      adaptedDamping(rule, tree.scalar(1, "float64"), tree.scalar(predicted, "float64"), tree.scalar(ratio, "float64")).item(); // prettier-ignore
    const factor = 0.7737809375;
    const expected = [factor, 1, 1 / factor, 1 / factor, 1 / factor];
    close([after(0.9), after(0.5), after(0.1), after(NaN), after(0.9, 1)], expected, 1e-12);
    expect(adaptedDamping(rule, tree.scalar(1e-8), tree.scalar(-1), tree.scalar(1)).item()).toBeCloseTo(
      1e-8,
      12,
    );
  });
});

function rowsOf(x: Tensor): number[][] {
  const [count, columns] = x.shape as [number, number];
  return Array.from({ length: count }, (_, i) => [...x.data.slice(i * columns, (i + 1) * columns)]);
}

/** W of the paper's form, flat, by its columns. */
function columnsOf(flat: readonly number[], outputs: number): number[] {
  const columns = flat.length / outputs;
  return Array.from(
    { length: flat.length },
    (_, k) => flat[(k % outputs) * columns + Math.floor(k / outputs)]!,
  );
}

function joined(blocks: readonly (readonly number[][][])[]): number[][] {
  return blocks.flatMap((row) => row[0]!.map((_, i) => row.flatMap((block) => block[i]!)));
}

function blockOf(m: readonly number[][], sizes: readonly number[], i: number, j: number): number[][] {
  const start = (k: number) => sizes.slice(0, k).reduce((sum, size) => sum + size, 0);
  return m.slice(start(i), start(i + 1)).map((row) => row.slice(start(j), start(j + 1)));
}

/** The approximate inverse as a matrix, and F̃ with damped diagonal factors. */
function denseCase(
  optimizer: ReturnType<typeof kfac>,
  state: ReturnType<ReturnType<typeof kfac>["init"]>,
  at: net.ChainTheta,
  of: typeof tanhObjective,
) {
  const size = tree.size(at);
  const apply = compiled("apply", (direction: net.ChainTheta) => optimizer.multiplyInverse(at, state, of, direction)); // prettier-ignore
  const unit = (k: number) =>
    net.fromVector(
      at,
      Array.from({ length: size }, (_, i) => Number(i === k)),
    );
  const inverseMatrix = Array.from({ length: size }, (_, k) =>
    net.toVector(apply(unit(k)) as net.ChainTheta),
  );
  const factors = Object.values(state.factors);
  const damped = factors.map((f) => dampedFactors("trace", f, tree.scalar(0.5, "float64")));
  const blocks = factors.map((own, i) =>
    factors.map((other, j) => {
      if (i === j) return net.kronecker(rowsOf(damped[i]!.inputs), rowsOf(damped[i]!.outputs));
      if (j === i + 1) return net.kronecker(rowsOf(own.nextInputs!), rowsOf(own.nextOutputs!));
      if (i === j + 1)
        return net.kronecker(
          rowsOf(np.transpose(other.nextInputs!)),
          rowsOf(np.transpose(other.nextOutputs!)),
        );
      const [rows, columns] = [own, other].map((f) => f.inputs.shape[0]! * f.outputs.shape[0]!);
      return Array.from({ length: rows! }, () => Array<number>(columns!).fill(0));
    }),
  );
  const sizes = factors.map((f) => f.inputs.shape[0]! * f.outputs.shape[0]!);
  return { inverseMatrix, damped: joined(blocks), sizes };
}
