/**
 * Blocks of embeddings, attention, scales and shifts, and layers of one's own: against torch 1.13 (float64, layers written
 * out, derivatives at their results by autograd), and against dense Fisher matrices.
 */
import { describe, expect, test } from "vitest";
import {
  type Layers,
  type OwnLayer,
  type Tensor,
  grad,
  jacobian,
  np,
  plainLayers,
  random,
  tree,
} from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { attention, layerNorm } from "../../networks/index.ts";
import { compiled } from "../../unroll/index.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { expectClose, numbers } from "../testing.ts";
import { columnMatrix, blockMatrices, fisherColumns } from "./fisherColumns.ts";
import { foof } from "./foof.ts";
import { kfac } from "./kfac.ts";
import { kfacSimple } from "./kfacSimple.ts";
import { observedState } from "./kfacTesting.ts";
import { blockMatrix } from "./layerBlocks.ts";
import { layerTaps } from "./layerTaps.ts";
import { categoricalLogits, gaussianLikelihood } from "./likelihoods.ts";
import { naturalGradient } from "./naturalGradient.ts";
import { f64, normal } from "./testing.ts";

/** sin(phase + 0.7 i + 0.13 i²) for the i-th element, as in the script that the numbers come from. */
function values(shape: number[], phase: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const all = Array.from({ length: size }, (_, i) => Math.sin(phase + 0.7 * i + 0.13 * i * i));
  return np.array(all, { ...f64, shape });
}
const dense = (weights: number, bias: number) => ({
  weights: values([4, 4], weights).mul(0.6),
  bias: values([4], bias).mul(0.2),
});
const theta = {
  attention: { query: dense(4, 8), key: dense(5, 9), value: dense(6, 10), output: dense(7, 11) },
  norm: { scale: values([4], 2).mul(0.2).add(1), shift: values([4], 3).mul(0.1) },
  out: { weights: values([4, 3], 12), bias: values([3], 13) },
  words: { table: values([5, 4], 1) },
};
type Theta = typeof theta;
const ids = np.array([[0, 2, 1], [4, 4, 3], [1, 0, 0]], { dtype: "int32" }); // prettier-ignore

/** Words, a normalisation, causal attention of two heads beside a way around it, and the mean over positions. */
function transformer(at: Theta, indices: Tensor, layers: Layers): Tensor {
  const h = layers.embedding(at.words, indices);
  const seen = attention(at.attention, layerNorm(at.norm, h, { layers }), {
    heads: 2,
    isCausal: true,
    layers,
  });
  return layers.dense(at.out, h.add(seen).mean(1));
}
const objective = networkObjective({
  network: transformer,
  likelihood: categoricalLogits,
  inputs: ids,
  targets: np.array([0, 2, 1], { dtype: "int32" }),
});

/** Dense F over all parameters, in the order of leaves: mean over examples of Jᵀ F_R J. */
function denseFisher<T>(of: Objective<T>, at: T): Tensor {
  const network = of.network!;
  const run = compiled("fisher", (now: T) => {
    const outputs = network.outputs(now, plainLayers);
    const at = (v: Tensor): T => {
      let offset = 0;
      const cut = (leaf: Tensor): Tensor => v.slice([offset, (offset += leaf.size)]).reshape([...leaf.shape]);
      return tree.map(cut, now);
    };
    const vector = np.concatenate(
      tree.leaves(now).map((leaf) => leaf.reshape([-1])),
      0,
    );
    const rows = jacobian((v: Tensor) => network.outputs(at(v), plainLayers))(vector);
    const units = np.eye(outputs.shape[1]!).astype("float64");
    const half = np.stack(
      Array.from({ length: outputs.shape[1]! }, (_, k) =>
        network.likelihood.fisherFactor(outputs, np.zerosLike(outputs).add(units.slice(k))),
      ),
    );
    // [draws, batch, parameters].
    const g = np.einsum("dbn,bnp->dbp", half, rows);
    const all = g.reshape([-1, g.shape[2]!]);
    return np.matmul(np.transpose(all), all).div(outputs.shape[0]!);
  });
  return run(at);
}

describe("blocks of a small transformer against torch", () => {
  const { factors } = observedState(kfac({ fisher: "full" }), theta, objective);
  const first = (x: Tensor): Tensor => x.slice(0);
  const trace = (x: Tensor): number => np.trace(x).item();

  test("the loss, and every leaf in a block", () => {
    expect(objective.loss(theta).item()).toBeCloseTo(1.432033362387716, 13);
    const { parameters } = kfac().registrationReport(theta, objective);
    expect(parameters.filter(({ treatment }) => treatment !== "kronecker").map(({ path, treatment }) => [path, treatment])).toEqual([
      ["norm.scale", "gradients"],
      ["norm.shift", "gradients"],
    ]); // prettier-ignore
    expect(Object.keys(factors).toSorted()).toEqual(["attention.key.weights", "attention.output.weights", "attention.query.weights", "attention.value.weights", "norm.scale", "out.weights", "words.table"]); // prettier-ignore
  });

  test("attention: inputs in the mean, derivatives in the sum over positions", () => {
    const query = factors["attention.query.weights"]!;
    expectClose(first(query.inputs), [1.1782999739881022, 0.04576345692229723, -0.19432069294502094, -0.7695492886352473, 0.6905366808573952]); // prettier-ignore
    expectClose(query.inputs.sum(), [1.5239009473906515]);
    expectClose(first(query.outputs), [0.0014155967768075253, 0.0008052106105817902, 0.0005252713178768532, -0.0004742691820649638]); // prettier-ignore
    expect(trace(query.outputs)).toBeCloseTo(0.005282488258276075, 13);
    const value = factors["attention.value.weights"]!;
    expectClose(first(value.outputs), [0.24495003079761432, 0.09316834855153161, 0.15739215466946363, -0.13225467071182484]); // prettier-ignore
    const output = factors["attention.output.weights"]!;
    expectClose(first(output.outputs), [0.10746828219979054, -0.03296747429743194, -0.006425656063281236, -0.02167804662108863]); // prettier-ignore
    expect(trace(output.outputs)).toBeCloseTo(0.46053510724931795, 12);
  });

  test("an embedding: how often each entry comes up, on a diagonal", () => {
    const words = factors["words.table"]!;
    expect(words.inputs.shape).toEqual([5]);
    expectClose(words.inputs, [3 / 9, 2 / 9, 1 / 9, 1 / 9, 2 / 9]);
    expectClose(first(words.outputs), [0.11954953207425165, -0.06381355803249453, -0.0027477297481905694, -0.018493582793981875]); // prettier-ignore
    expect(trace(words.outputs)).toBeCloseTo(0.9848893959793148, 12);
  });

  test("a scale and shift: the exact block of both", () => {
    const { inputs, outputs } = factors["norm.scale"]!;
    expect([...inputs.data]).toEqual([1]);
    expect(outputs.shape).toEqual([8, 8]);
    expectClose(first(outputs), [0.037055298614353534, -0.0029353385796790313, -0.07771598931123848, -0.0017803286403855923, 0.03602923875052136, 0.007777794978596953, 0.10864430877639851, 0.002365166818469283]); // prettier-ignore
    expectClose(outputs.slice(5), [0.007777794978596953, 0.0008469717980104569, -0.023494472969276627, 0.004552217682020408, 0.011906687704930207, 0.003367706547883, 0.03872728432365383, -0.002924764988375861]); // prettier-ignore
    expectClose(outputs.mul(outputs).sum(), [0.660590810785995]);
  });

  test("columns of the Fisher information are those of the whole network, whatever the layer", () => {
    const columns = fisherColumns(objective.network!, theta, { fisher: "full", key: random.key(0) });
    const g = np.concatenate(columns.layers.map(columnMatrix), 1);
    expect(g.shape[0]).toBe(columns.count);
    const exact = denseFisher(objective, theta);
    // Order of columns: blocks with biases as last rows. Permute the dense matrix alike.
    const order = np.concatenate(
      blockMatrices(columns.registration.blocks, places(theta)).map((matrix) => matrix.reshape([-1])),
      0,
    );
    const permuted = np.take(np.take(exact, order.astype("int32"), 0), order.astype("int32"), 1);
    expectClose(np.matmul(np.transpose(g), g), numbers(permuted), 1e-11);
  });
});

/** A tree like theta whose elements are their places among all parameters. */
function places<T>(like: T): T {
  let offset = 0;
  return tree.map((leaf) => {
    const own = np
      .arange(offset, offset + leaf.size)
      .astype("float64")
      .reshape([...leaf.shape]);
    offset += leaf.size;
    return own;
  }, like);
}

describe("layers of one's own", () => {
  const own = {
    gate: normal("gate", [4]),
    mix: normal("mix", [2, 3, 2]),
    out: { weights: normal("out", [4, 2]), bias: normal("outBias", [2]) },
  };
  type Own = typeof own;
  const inputs = normal("rows", [5, 2, 3]);

  /** [batch, positions, 3] by heads [2, 3, 2] to [batch, positions, 4]: a dense layer in another form. */
  const mixed = (mix: Tensor, x: Tensor): OwnLayer<Tensor, Tensor> => ({
    name: "heads",
    parameters: mix,
    inputs: x,
    apply: (w, rows) => np.einsum("bti,hio->btho", rows, w).reshape([rows.shape[0]!, rows.shape[1]!, 4]),
    block: {
      rows: x,
      derivatives: (d) => d,
      matrix: (w) => np.transpose(w, [1, 0, 2]).reshape([3, 4]),
      parameters: (matrix) => np.transpose(matrix.reshape([3, 2, 2]), [1, 0, 2]),
    },
  });
  const gated = (gate: Tensor, x: Tensor, block: "full" | "diagonal"): OwnLayer<Tensor, Tensor> => ({
    name: "gate",
    parameters: gate,
    inputs: x,
    apply: (g, rows) => np.tanh(rows.mul(g)),
    block,
  });
  const objectiveWith = (block: "full" | "diagonal", uses = 2): Objective<Own> =>
    networkObjective({
      network(at: Own, x, layers) {
        let h = layers.own(mixed(at.mix, x));
        for (let use = 0; use < uses; use++) h = layers.own(gated(at.gate, h, block));
        return layers.dense(at.out, h.sum(1));
      },
      likelihood: gaussianLikelihood,
      inputs,
      targets: normal("wanted", [5, 2]),
    });

  test("taps have the gradient of the loss, of every kind of block", () => {
    const of = objectiveWith("full");
    const run = compiled("taps", (at: Own) => {
      const taps = layerTaps(of.network!, at);
      return { inputs: [...taps.inputs], errors: [...taps.errors] };
    });
    const { blocks } = layerTaps(of.network!, own).registration;
    expect(blocks.map(({ name, inputs: m, outputs: n, positions, uses }) => [name, m, n, positions, uses.length])).toEqual([
      ["mix", 3, 4, 2, 1],
      ["gate", 1, 4, 1, 2],
      ["out.weights", 5, 2, 1, 1],
    ]); // prettier-ignore
    expect(
      kfac()
        .registrationReport(own, of)
        .parameters.some(({ isUsedOutside }) => isUsedOutside),
    ).toBe(false);
    const slope = grad(of.loss)(own);
    const taps = run(own);
    blocks.forEach((block, i) => {
      const [a, e] = [taps.inputs[i]!, taps.errors[i]!];
      const product = np.matmul(np.transpose(a.reshape([-1, block.inputs])), e.reshape([-1, block.outputs]));
      expectClose(product.div(5), numbers(blockMatrix(block, slope)));
    });
  });

  test("used twice, a full block is the exact one, and a diagonal one its diagonal", () => {
    const exact = denseFisher(objectiveWith("full"), own);
    const block = exact.slice([0, 4], [0, 4]);
    const stateOf = (kind: "full" | "diagonal") =>
      observedState(kfac({ fisher: "full" }), own, objectiveWith(kind)).factors["gate"]!;
    expectClose(stateOf("full").outputs, numbers(block));
    const diagonal = stateOf("diagonal").outputs;
    expect(diagonal.shape).toEqual([4]);
    expectClose(diagonal, numbers(np.diagonal(block)));
  });

  test("a matrix in another form has the factors of the dense layer that it is", () => {
    const as = (isDense: boolean) => {
      const at = { mix: isDense ? np.transpose(own.mix, [1, 0, 2]).reshape([3, 4]) : own.mix };
      const of = networkObjective({
        network: (now: typeof at, x, layers) =>
          np.tanh(isDense ? layers.dense({ weights: now.mix }, x) : layers.own(mixed(now.mix, x))).sum(1),
        likelihood: gaussianLikelihood,
        inputs,
        targets: normal("four", [5, 4]),
      });
      const state = observedState(kfac({ fisher: "full" }), at, of);
      const direction = kfac().multiplyInverse(at, state, of, grad(of.loss)(at)).mix;
      return { ...state.factors["mix"]!, direction: isDense ? direction : mixed(direction, direction).block };
    };
    const [wanted, got] = [as(true), as(false)];
    expectClose(got.inputs, numbers(wanted.inputs));
    expectClose(got.outputs, numbers(wanted.outputs));
  });

  test("an undamped full block of gradients is inverted exactly, and damped by the damping itself", () => {
    const at = { gate: own.gate };
    const of = networkObjective({
      network: (now: typeof at, x, layers) => layers.own(gated(now.gate, x, "full")).sum(1),
      likelihood: gaussianLikelihood,
      inputs: normal("direct", [6, 2, 4]),
      targets: normal("four", [6, 4]),
    });
    const slope = grad(of.loss)(at);
    const f = denseFisher(of, at);
    const gamma = 0.3;
    const optimizer = kfac({ fisher: "full", gamma, adaptGamma: false, adaptDamping: false });
    const direction = optimizer.multiplyInverse(at, observedState(optimizer, at, of), of, slope);
    const image = np.matmul(
      f.add(
        np
          .eye(4)
          .astype("float64")
          .mul(gamma ** 2),
      ),
      direction.gate.reshape([4, 1]),
    );
    expectClose(image, numbers(slope.gate), 1e-11);
  });

  test.each(["full", "diagonal"] as const)("methods descend over all kinds of layers: %s", (block) => {
    const of = objectiveWith(block);
    const plain = { damping: 0.1, inverseInterval: 1, adaptGamma: false, adaptDamping: false };
    const methods =
      block === "full"
        ? [kfac(plain), naturalGradient({ learningRate: 0.1 })]
        : [
            kfac({ ...plain, eigenbasis: "ekfac", sharing: "reduce" }),
            foof({ learningRate: 0.1 }),
            kfacSimple({ learningRate: 0.05 }),
          ];
    for (const optimizer of methods) {
      const step = compiledStep(optimizer as ReturnType<typeof foof>, () => of);
      let [at, state] = [own, optimizer.init(own, of, random.key(0)) as never];
      for (let i = 0; i < 12; i++) ({ theta: at, state } = step(at, state, {}, random.key(i)) as never);
      expect(of.loss(at).item(), optimizer.name).toBeLessThan(0.8 * of.loss(own).item());
    }
  });

  test("a layer that mixes examples, and a form whose parts do not fit, are refused by name", () => {
    const at = { w: normal("w", [3, 2]) };
    const initOf = (layer: (w: Tensor, x: Tensor) => OwnLayer<Tensor, Tensor>) => {
      const of = networkObjective({
        network: (now: typeof at, x, layers) => layers.own(layer(now.w, x)),
        likelihood: gaussianLikelihood,
        inputs: normal("x", [4, 3]),
        targets: normal("y", [4, 2]),
      });
      return () => kfac().init(at, of, random.key(0));
    };
    const product = (w: Tensor, rows: Tensor): Tensor => np.matmul(rows, w);
    const form = (rows: Tensor) => ({
      rows: rows.reshape([4, 1, 3]),
      derivatives: (d: Tensor) => d.reshape([4, 1, 2]),
      matrix: (w: Tensor) => w,
      parameters: (matrix: Tensor) => matrix,
    });
    const normed = (x: Tensor): Tensor => x.sub(x.mean(0));
    expect(initOf((w, x) => ({ parameters: w, inputs: x, apply: product, block: form(x) }))).not.toThrow();
    expect(initOf((w, x) => ({ parameters: w, inputs: x, apply: product, block: form(x.mul(2)) }))).toThrow(
      /kfac: the layer of one's own with "w" must be one whose `rows`, .* The gradient of its block is not that of the loss/,
    );
    expect(initOf((w, x) => ({ parameters: w, inputs: x, apply: product }))).not.toThrow();
    expect(
      initOf((w, x) => ({ parameters: w, inputs: x, apply: (own, rows) => product(own, normed(rows)) })),
    ).toThrow(/"w" must be one whose `apply` computes each example from the inputs of that example alone/);
  });

  test("one parameter in two layers that do not agree is refused by its path", () => {
    const at = { w: normal("w", [3, 3]) };
    const of = networkObjective({
      network: (now: typeof at, x, layers) =>
        layers.own({
          parameters: now.w,
          inputs: layers.dense({ weights: now.w }, x),
          apply: (w, rows) => np.matmul(rows, w),
        }),
      likelihood: gaussianLikelihood,
      inputs: normal("x", [2, 3]),
      targets: normal("y", [2, 3]),
    });
    expect(() => kfac().init(at, of, random.key(0))).toThrow(OptionError);
    expect(() => kfac().init(at, of, random.key(0))).toThrow(
      /theta at "w" must be in layers that are of one kind/,
    );
  });
});

test("a bias that only one of two uses has: the other's rows have 0 for it", () => {
  const at = { w: normal("w", [3, 3]), b: normal("b", [3]) };
  const of = networkObjective({
    network: (now: typeof at, x, layers) =>
      layers.dense({ weights: now.w }, np.tanh(layers.dense({ weights: now.w, bias: now.b }, x))),
    likelihood: gaussianLikelihood,
    inputs: normal("x", [4, 3]),
    targets: normal("y", [4, 3]),
  });
  const taps = layerTaps(of.network!, at);
  const [a, e] = [taps.inputs[0]!, taps.errors[0]!];
  const product = np.matmul(np.transpose(a.reshape([-1, 4])), e.reshape([-1, 3])).div(4);
  expectClose(product, numbers(blockMatrix(taps.registration.blocks[0]!, grad(of.loss)(at))));
});

describe("sequences: a target at each position", () => {
  const at = { w: normal("w", [3, 2]) };
  const x = normal("x", [4, 3, 3]);
  const of = networkObjective({
    network: (now: typeof at, rows, layers) => layers.dense({ weights: now.w }, rows),
    likelihood: gaussianLikelihood,
    inputs: x,
    targets: normal("y", [4, 3, 2]),
  });

  test("the loss is the mean over positions, and K-FAC exact where every position is an example", () => {
    const { factors } = observedState(kfac({ fisher: "full" }), at, of);
    const { inputs, outputs } = factors["w"]!;
    const rows = x.reshape([12, 3]);
    expectClose(inputs, numbers(np.matmul(np.transpose(rows), rows).div(12)));
    expectClose(outputs, [1, 0, 0, 1]);
    const half = np.matmul(rows, at.w).sub(normal("y", [4, 3, 2]).reshape([12, 2]));
    expectClose(of.loss(at), [half.mul(half).sum().item() / 24]);
    const columns = fisherColumns(of.network!, at, { fisher: "full", key: random.key(0) });
    const g = np.concatenate(columns.layers.map(columnMatrix), 1);
    expect(columns.count).toBe(4 * 3 * 2);
    expectClose(np.matmul(np.transpose(g), g), numbers(denseFisher(of, at)));
  });

  test("what the quadratic model predicts of a least-squares problem is what happens: the ratio is 1", () => {
    const options = { fisher: "full", dampingInterval: 1, isRatioDamped: false, adaptGamma: false } as const;
    const optimizer = kfac(options);
    const step = compiledStep(optimizer, () => of);
    const { metrics, loss } = step(at, optimizer.init(at, of, random.key(0)), {}, random.key(1));
    expect(loss.item()).toBeCloseTo(of.loss(at).item(), 12);
    expect(metrics["ratio"]!.item()).toBeCloseTo(1, 10);
  });

  test("kfacSimple: derivatives in the mean over outputs, inputs in the sum over positions", () => {
    const { layers } = kfacSimple({ fisher: "full", ema: 0 }).init(at, of, random.key(0));
    const rows = x.reshape([12, 3]);
    expectClose(layers[0]!.outputs.total, [1, 0, 0, 1]);
    expectClose(layers[0]!.inputs.total, numbers(np.matmul(np.transpose(rows), rows).div(4)));
  });

  test("averaged over positions first, `reduce` is exact where the network averages too", () => {
    const averaged = networkObjective({
      network: (now: typeof at, rows, layers) => layers.dense({ weights: now.w }, rows).mean(1),
      likelihood: gaussianLikelihood,
      inputs: x,
      targets: normal("y", [4, 2]),
    });
    const factorsOf = (sharing: "expand" | "reduce") =>
      observedState(kfac({ fisher: "full", sharing }), at, averaged).factors["w"]!;
    const product = ({ inputs, outputs }: ReturnType<typeof factorsOf>): Tensor =>
      np.einsum("ij,kl->ikjl", inputs, outputs).reshape([6, 6]);
    const exact = denseFisher(averaged, at);
    expectClose(product(factorsOf("reduce")), numbers(exact));
    const off = product(factorsOf("expand")).sub(exact);
    expect(Math.hypot(...off.data)).toBeGreaterThan(0.1 * Math.hypot(...exact.data));
  });
});
