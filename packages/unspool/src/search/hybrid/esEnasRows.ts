/** How the candidates of a step of `esEnas` lie, and what their losses say once those that have failed are left out. */

export interface Rows {
  /** Directions. */
  n: number;
  /** Candidates of a direction: 2, or 1 where only one side is evaluated. */
  members: number;
  /** Choices of a direction: 1, or one for each member. */
  choicesPerDirection: number;
  /** Candidates at theta itself, the last ones. */
  exact: number;
  /** Choices in all. */
  proposals: number;
  /** Candidates in all. */
  candidates: number;
}

export interface ToldRows {
  /** Directions whose members have all finite losses, and these losses. */
  kept: number[];
  plus: Float64Array;
  minus: Float64Array;
  /** Mean of the finite losses at theta itself. */
  exact: number | undefined;
  /** Proposals to feed back, and the mean loss of each. */
  proposals: number[];
  feedback: Float64Array;
  /** Finite losses. */
  losses: number[];
  /** How many are not. */
  failed: number;
}

/** A pair with a loss that is not finite is left out, of the gradient and of the feedback. */
export function toldRows(rows: Rows, losses: Float64Array): ToldRows {
  const { n, members, choicesPerDirection, exact } = rows;
  const kept: number[] = [];
  const [plus, minus]: [number[], number[]] = [[], []];
  const [proposals, feedback]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    const own = losses.subarray(i * members, (i + 1) * members);
    if (!own.every(Number.isFinite)) continue;
    kept.push(i);
    plus.push(own[0]!);
    if (members === 2) minus.push(own[1]!);
    if (choicesPerDirection === members) {
      own.forEach((loss, member) => {
        proposals.push(i * members + member);
        feedback.push(loss);
      });
    } else {
      proposals.push(i);
      feedback.push((own[0]! + own[1]!) / 2);
    }
  }
  const atTheta: number[] = [];
  for (let i = 0; i < exact; i++) {
    const loss = losses[n * members + i]!;
    if (!Number.isFinite(loss)) continue;
    atTheta.push(loss);
    proposals.push(n * choicesPerDirection + i);
    feedback.push(loss);
  }
  const finite = Array.from(losses).filter(Number.isFinite);
  return {
    kept,
    plus: Float64Array.from(plus),
    minus: Float64Array.from(minus),
    exact: atTheta.length === 0 ? undefined : atTheta.reduce((sum, x) => sum + x / atTheta.length, 0),
    proposals,
    feedback: Float64Array.from(feedback),
    losses: finite,
    failed: losses.length - finite.length,
  };
}
