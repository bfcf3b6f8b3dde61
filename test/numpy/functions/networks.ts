/** Activations and losses of networks, by their formulas. */
import { type Row, floats, row, unary } from "./row.ts";

const sigmoid = "(1 / (1 + np.exp(-x)))";
const softplus = "np.logaddexp(0, x)";
const clamp6 = "np.clip(x + 3, 0, 6)";

// What is 0 times infinity in a formula has a value in ours: operands are finite where it matters.
const formulas: readonly (readonly [string, string, string])[] = [
  ["relu", "nn.relu(x)", "np.maximum(x, 0)"],
  ["leakyRelu", "nn.leakyRelu(x)", "np.where(x < 0, 0.01 * x, x)"],
  ["sigmoid", "nn.sigmoid(x)", sigmoid],
  ["softplus", "nn.softplus(x)", softplus],
  ["logSigmoid", "nn.logSigmoid(x)", "-np.logaddexp(0, -x)"],
  ["silu", "nn.silu(x)", `x * ${sigmoid}`],
  ["mish", "nn.mish(x)", `x * np.tanh(${softplus})`],
  ["softSign", "nn.softSign(x)", "x / (1 + np.abs(x))"],
  ["hardTanh", "nn.hardTanh(x)", "np.clip(x, -1, 1)"],
  ["hardSigmoid", "nn.hardSigmoid(x)", `${clamp6} / 6`],
  ["hardSilu", "nn.hardSilu(x)", `x * ${clamp6} / 6`],
  ["elu", "nn.elu(x)", "np.where(x < 0, np.expm1(np.minimum(x, 0)), x)"],
  ["celu", "nn.celu(x, 2)", "np.where(x < 0, 2 * np.expm1(np.minimum(x, 0) / 2), x)"],
  [
    "selu",
    "nn.selu(x)",
    "1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(np.minimum(x, 0)), x)",
  ],
  ["gelu", "nn.gelu(x)", "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))"],
  ["geluExact", "nn.gelu(x, { approximate: false })", "0.5 * x * erfc(-x / np.sqrt(2))"],
];

export const networks: readonly Row[] = [
  // The tanh approximation of gelu adds 1 to what is near -1, and multiplies by x.
  ...formulas.map(([name, ours, numpy]) =>
    unary(
      name,
      [ours, numpy],
      // Only relu has whole numbers of its own, as in JAX.
      name === "relu" ? "sum" : "float",
      {},
      { ulps: 64, weight: 1.5, ...(name === "gelu" && { scale: "np.abs(x)" }) },
    ),
  ),
  row(
    "oneHot",
    ["nn.oneHot(x, 4)", "np.eye(4)[x]"],
    "float32",
    (d) => ({ operands: [d.input("int32", d.shape([0, 2]), "label", 4)] }),
    { isSmooth: false, isExact: true },
  ),
  row(
    "softmaxCrossEntropy",
    ["nn.softmaxCrossEntropy(x, y)", "-np.mean((x - logsumexp(x, -1, True))[np.arange(x.shape[0]), y])"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [2, 2], least: 1, dtypes: floats });
      return { operands: [x, d.input("int32", [x.shape[0]!], "label", x.shape[1]!)] };
    },
    { isSummed: true, ulps: 64 },
  ),
];
