/** A day in a small village, hour by hour from midnight: the tables of the authors' microgrid (Bolland et al. 2022). */

const night = 1e-8;

/** Photovoltaic production per kilowatt installed. */
export const sunlight: readonly number[] = [
  ...Array.from({ length: 9 }, () => night),
  ...[0.0462232374, 0.0889720101, 0.122127062, 0.141992336, 0.149666484, 0.143378674, 0.120629623],
  ...[0.0871089652, 0.0464848134, 1.84e-17, night, night, night, night, night],
];

/** Mean demand, of which the microgrid takes 30 times as much in kilowatt. */
export const meanDemand: readonly number[] = [
  0.3457438, 0.32335429, 0.309672, 0.29759948, 0.28587788, 0.27293944, 0.24240862, 0.22680175, 0.23042503,
  0.23326265, 0.23884741, 0.24825482, 0.25547133, 0.26739509, 0.27287241, 0.27219202, 0.2706911, 0.29403735,
  0.42060912, 0.53479381, 0.5502525, 0.5267475, 0.46403763, 0.39285948,
];

/** Standard deviation of the demand in kilowatt: as in the authors' code not 30 times that of the profile. */
export const demandDeviation: readonly number[] = [
  0.05542831, 0.05022998, 0.0432726, 0.03978419, 0.03952021, 0.03775034, 0.03728352, 0.03621157, 0.04035931,
  0.04320152, 0.04408169, 0.04740461, 0.04239965, 0.04087229, 0.04240869, 0.04717433, 0.0436305, 0.04424234,
  0.08158905, 0.06022856, 0.0553013, 0.05767294, 0.06095378, 0.05918214,
];
