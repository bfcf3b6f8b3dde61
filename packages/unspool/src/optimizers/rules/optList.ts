/**
 * A list of settings of NAdamW to be tried in order, found by search over a thousand tasks (Metz, Maheswaranathan, Sun,
 * Freeman, Poole & Sohl-Dickstein, "Using a thousand optimization tasks to learn hyperparameter search strategies", arXiv
 * 2002.11887, 2020): the first 20 of the released 1000. Trying the first ten gains most of what the whole list does, its
 * authors say.
 *
 *     T = steps:   up to constantPart · T the learning rate is constant, or rises on a line from 0 if the setting warms up,
 *     then it falls by half a cosine to the part `last` of it at T, where it stays
 *
 * Two things are as in the released code, with which the settings were found, and not as in its description: the warm-up
 * lasts as long as the constant part, and the coupled decay is taken away from the gradient.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Optimizer, Schedule } from "../optimizer.ts";
import type { Skipping } from "../wrappers/skipOverflow.ts";
import type { AdamState } from "./adamMoments.ts";
import { nadamw } from "./nadamw.ts";

export interface OptListOptions {
  /** Place in the list, from 0. Default 0. */
  index?: number;
  /** Steps of the whole training, T. Default 1000. */
  steps?: number;
}

export const optListDefaults: Required<OptListOptions> = { index: 0, steps: 1000 };

/** As its fields are written in `settings`, one setting a row. */
type Setting = readonly [
  learningRate: number,
  beta1: number,
  beta2: number,
  eps: number,
  isNesterov: boolean,
  weightDecay: number,
  coupledDecay: number,
  warmup: number,
  constantPart: number,
  last: number,
];

/**
 * The optimizer at one place of the list. To use it, train with index 0, 1, 2, … and keep the best. Cost: that of `nadamw`.
 *
 * @throws OptionError for an index that is not in the list.
 *
 * @example
 * const rivals = Array.from({ length: 10 }, (_, index) => optList({ index, steps: 2000 }));
 */
export function optList(options: OptListOptions = {}): Optimizer<AdamState & Skipping> {
  const { index, steps } = withDefaults("optList", options, optListDefaults);
  requireInteger("optList", "index", index, 0);
  requireInteger("optList", "steps", steps, 1);
  const setting = settings[index];
  if (setting === undefined) {
    throw new OptionError(
      "optList",
      "index",
      index,
      `below ${settings.length}, which is the length of the list`,
    );
  }
  const [, beta1, beta2, eps, isNesterov, weightDecay, coupledDecay] = setting;
  return {
    ...nadamw({
      learningRate: scheduleOf(setting, steps),
      ...{ beta1, beta2, eps, isNesterov, weightDecay, coupledDecay: -coupledDecay },
    }),
    name: `optList(${index})`,
  };
}

function scheduleOf([rate, , , , , , , warmup, constantPart, last]: Setting, steps: number): Schedule {
  const constant = steps * constantPart;
  // A constant part of 0 steps has no warm-up.
  const rising = warmup > 0 ? steps * Math.max(warmup, constantPart) : 0;
  return (step, dtype = "float32"): Tensor => {
    const t = np.minimum(step.astype(dtype), steps) as Tensor;
    const wave = np.cos((np.maximum(t, constant) as Tensor).sub(constant).mul(Math.PI / (steps - constant)));
    const falling = wave
      .add(1)
      .mul((rate * (1 - last)) / 2)
      .add(rate * last);
    return rising === 0 ? falling : (np.where(t.less(rising), t.mul(rate / rising), falling) as Tensor);
  };
}

// prettier-ignore
const settings: readonly Setting[] = [
  [0.0011948335721160095, 0.9360043452616368, 0.9989497406214962, 5.875814422073298e-6, false, 0.010141964334059882, 0, 0, 0.747304046223346, 0],
  [0.4060109803507517, 0.9972408031165986, 0.9868027286692506, 107.85861559302559, true, 0.015620239959742821, 0, 2.289161370180122e-5, 0.3241485833861578, 0],
  [0.0002118527403995637, 0.6229650835415205, 0.9727800493920264, 1.5402357939162808e-7, false, 0.05360756231092083, 0, 1.139506043021826e-5, 0.2099310299628817, 0.0013864545078620433],
  [0.007531482507067026, 0.6919155876981923, 0.984342979679972, 3.592713026359696e-8, false, 0.0003059674479201108, 0, 0, 0.4224892293642567, 0.0009554387155165385],
  [0.05569700266024712, 0.9742164724896906, 0.999980948972404, 4.2139276965284695, false, 0.00022331133037191596, 0, 0, 0.5209910283942752, 0],
  [0.006954992428540949, 0.9941177962325759, 0.9930455329766189, 4.3517153884397565e-7, false, 3.142332648519505e-5, 0, 0, 0.013619134087588858, 0],
  [0.020526066283142113, 0.3573051949320971, 0.8604303237563932, 8.87354819497349e-5, true, 0.07217167553538734, 0, 0, 0.8851679138723282, 1.566669185534864e-5],
  [0.0005950867356750683, 0.8912956998774763, 0.9998316947284045, 1.4834761018841103e-7, true, 0.04087020908564961, 0, 0.008212683099401206, 0.37760078274486286, 0],
  [0.005328687277638261, 0.960474459618098, 0.9992247804716405, 8.665059017026017e-8, true, 0.005563237041504353, 0, 0, 0.17233141309625333, 0],
  [0.0012415879131444274, 0.9466569269853439, 0.9406663837522827, 8.113630827139477e-8, false, 7.25772958596056e-5, 0, 0, 0.47695142196433893, 0.0010075665692423708],
  [0.008119003241547558, 0.17785142887647176, 0.9603342914414136, 0.07971483354346376, false, 0.014885428421372969, 0, 0, 0.2066434431423435, 0],
  [0.7392511884271304, 0.9969058762714528, 0.8063934885831979, 2899.800988175767, false, 0.07851195003468928, 0, 0.0007327743964713479, 0.5563410540592247, 0.003306718891018076],
  [0.00016536562796354645, 0.9528014372252882, 0.045647676154896955, 2.832299169214906e-6, true, 0.011413102255753298, 0, 0.001899807993750271, 0.4567955168857194, 0.26986516357814333],
  [0.18795824057466287, 0.9859737737254709, 0.5653089879816942, 3.335463336449822, true, 0.0038678836056147293, 1.2650873175731194e-5, 0, 0.2050653689291535, 0.10792195362976087],
  [0.3809343383814296, 0.8490655073162814, 0.9543268957980681, 0.03872341122423678, false, 0.0003584021290810616, 0, 0, 0.8601924538022118, 0.0002529076538459554],
  [0.0037546336890331242, 0.8775621517947911, 0.9612813868549973, 0.0031627447527590507, true, 0.0026267194106628327, 7.467763351870469e-5, 0.0004874241782181279, 0.18384220439903465, 0],
  [0.00469149153710182, 0.9963949268336045, 0.9882032933236298, 2.0556253122637692e-5, false, 0.03551680912823944, 0, 0, 0.508648860672349, 0],
  [0.269689123664345, 0.9851939131264303, 0.9953555080862891, 46.27149536079999, true, 0.06945616633643757, 2.1254769708706067e-5, 0, 0.4891041599832312, 0.00016822813217496997],
  [0.2946112786906611, 0.9967842403006696, 0.9998066384310356, 7.49808525880034, false, 0.00034633751331971464, 0.00037920679770884715, 0, 0.2006529088821566, 0],
  [0.0009466940029950283, 0.43976654692813555, 0.09422257990189098, 2.1198936798793774e-7, false, 0.006901888604529899, 0, 0.007415260343818976, 0.45198368113422815, 0],
];
