/**
 * AdaBatch (Devarakonda, Naumov & Garland, arXiv 2017): the batch grows by a factor every few epochs, instead of the
 * learning rate falling by it (Smith, Kindermans, Ying & Le, ICLR 2018).
 *
 *     B = start · factor^⌊epochs / every⌋
 */
import { requireInteger, requirePositive } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type BatchController, type BatchRange, batchRangeDefaults, needed } from "./batchController.ts";
import { requireBatchRange, rounded } from "./batchController.ts";

export interface DoubleEveryOptions extends BatchRange {
  /** First batch. Default 64. */
  start?: number;
  /** Epochs between two growths. Default 20. */
  every?: number;
  /** Growth of the batch each time. Default 2. */
  factor?: number;
}

export const doubleEveryDefaults: Required<DoubleEveryOptions> = {
  ...batchRangeDefaults,
  start: 64,
  every: 20,
  factor: 2,
};

/**
 * Batches that grow by a plan. Needs the statistic `epochs`; has no state.
 *
 * @example
 * const controller = doubleEvery({ start: 50, every: 2, most: 800 });
 * const { batchSize } = controller.next(controller.init(), { epochs: 4 }); // 200
 */
export function doubleEvery(options: DoubleEveryOptions = {}): BatchController<null> {
  const rule = withDefaults("doubleEvery", options, doubleEveryDefaults);
  requireBatchRange("doubleEvery", rule);
  requireInteger("doubleEvery", "start", rule.start, 1);
  requirePositive("doubleEvery", "every", rule.every);
  requirePositive("doubleEvery", "factor", rule.factor);
  return {
    name: "doubleEvery",
    init: () => null,
    next(state, statistics) {
      const epochs = needed("doubleEvery", statistics, "epochs");
      return { batchSize: rounded(rule.start * rule.factor ** Math.floor(epochs / rule.every), rule), state };
    },
  };
}
