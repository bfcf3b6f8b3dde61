/**
 * A character-level language model: an LSTM reads a text and predicts each next character; the loss is its
 * cross-entropy in nats. The problem on which the variance of persistent ES was studied (Vicol, Metz,
 * Sohl-Dickstein 2021; Vicol, Kolter, Swersky 2023, Figure 1).
 */
import { type Key, type Tensor, nn, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { type LstmState, type LstmWeights, fanInNormal, initLstm, lstmCell } from "../networks/index.ts";

export interface CharacterModelOptions {
  /** Numbers of characters. Each trajectory begins at a random place; at the first, if the text has horizon + 1. */
  text: Int32Array;
  /** Kinds of characters. Default 27. */
  symbols?: number;
  /** Characters predicted in a trajectory, T. Default 100. */
  horizon?: number;
}

export type CharacterModelTheta = {
  /** [symbols, embedding]. */
  embedding: Tensor;
  cell: LstmWeights;
  /** [units, symbols]. */
  readWeights: Tensor;
  /** [symbols]. */
  readBias: Tensor;
};

/** The LSTM's state, and where in the text its trajectory began (int32). */
export type CharacterModelState = { cell: LstmState; start: Tensor };

/** The model as an inner problem: theta are its weights, the state is that of the LSTM, and a step is a character. */
export function characterModel(
  options: CharacterModelOptions,
): Problem<CharacterModelTheta, CharacterModelState, undefined> {
  requireKnownOptions("characterModel", options, ["text", "symbols", "horizon"]);
  const { text, symbols = 27, horizon = 100 } = options;
  requireInteger("characterModel", "horizon", horizon, 1);
  if (text.length <= horizon) {
    throw new OptionError("characterModel", "text", text, `longer than the horizon ${horizon}`);
  }
  const strange = text.find((symbol) => !(symbol >= 0 && symbol < symbols));
  if (strange !== undefined) {
    throw new OptionError("characterModel", "text", strange, `made of numbers from 0 to ${symbols - 1}`);
  }
  const characters = np.array(text);
  const starts = text.length - horizon;
  return defineProblem({
    name: "characterModel",
    horizon,
    init(theta: CharacterModelTheta, key) {
      const zero = np.zeros([1, theta.cell.stateWeights.shape[0]!]);
      const start = starts === 1 ? tree.scalar(0, "int32") : random.randint(key, [], 0, starts);
      return { cell: { h: zero, c: zero }, start };
    },
    step(theta: CharacterModelTheta, { cell, start }, { t }) {
      const at = start.add(t);
      const input = np.take(theta.embedding, np.take(characters, at, 0), 0).reshape([1, -1]);
      const next = lstmCell(theta.cell, input, cell);
      const logits = np.matmul(next.h, theta.readWeights).add(theta.readBias);
      const wanted = np.take(characters, at.add(1), 0).reshape([1]);
      return { state: { cell: next, start }, loss: nn.softmaxCrossEntropy(logits, wanted) };
    },
  });
}

/** Random parameters of a model. Defaults are those of the papers' variance study: 27 symbols, 5 and 5. */
export function initCharacterModel(
  key: Key,
  options: { symbols?: number; embedding?: number; units?: number } = {},
): CharacterModelTheta {
  requireKnownOptions("initCharacterModel", options, ["symbols", "embedding", "units"]);
  const { symbols = 27, embedding = 5, units = 5 } = options;
  return {
    embedding: random.normal(random.foldIn(key, "embedding"), [symbols, embedding]),
    cell: initLstm(random.foldIn(key, "cell"), { inputs: embedding, units }),
    readWeights: fanInNormal(random.foldIn(key, "read"), [units, symbols]),
    readBias: np.zeros([symbols]),
  };
}
