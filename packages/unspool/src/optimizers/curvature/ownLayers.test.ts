/** Layers of one's own, uses with and without a bias, and sequences, against dense Fisher matrices. */
import { describe, expect, test } from "vitest";
import { type OwnLayer, type Tensor, grad, np, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { expectClose, numbers } from "../testing.ts";
import { columnMatrix, fisherColumns } from "./fisherColumns.ts";
import { foof } from "./foof.ts";
import { kfac } from "./kfac.ts";
import { kfacSimple } from "./kfacSimple.ts";
import { observedState } from "./kfacTesting.ts";
import { blockMatrix } from "./layerBlocks.ts";
import { layerTaps } from "./layerTaps.ts";
import { gaussianLikelihood } from "./likelihoods.ts";
import { naturalGradient } from "./naturalGradient.ts";
import { denseFisher, normal } from "./testing.ts";

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

  test(
    "used twice, a full block is the exact one, and a diagonal one its diagonal",
    { tags: ["long"] },
    () => {
      const exact = denseFisher(objectiveWith("full"), own);
      const block = exact.slice([0, 4], [0, 4]);
      const stateOf = (kind: "full" | "diagonal") =>
        observedState(kfac({ fisher: "full" }), own, objectiveWith(kind)).factors["gate"]!;
      expectClose(stateOf("full").outputs, numbers(block));
      const diagonal = stateOf("diagonal").outputs;
      expect(diagonal.shape).toEqual([4]);
      expectClose(diagonal, numbers(np.diagonal(block)));
    },
  );

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

  test.each(["full", "diagonal"] as const)(
    "methods descend over all kinds of layers: %s",
    { tags: ["long"] },
    (block) => {
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
    },
  );

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
