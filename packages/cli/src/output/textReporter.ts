/** A run for people: one block that is redrawn in place on a terminal, a plain line now and then elsewhere. */
import pc from "picocolors";
import type { MeasureEvent, StepEvent, TrainEvent } from "unspool/train";
import { visible } from "./visible.ts";
import { formatDuration, formatNumber, formatSpeed, formatTable } from "@unspool/report/format";
import { type Progress, progressBlock, progressLine, speedometer } from "./progressBlock.ts";
import type { FailureReport, Reporter, RunSummary } from "./reporter.ts";
import { type StudyProgress, cellEndLine, studyEndLines, studyProgress } from "./studyProgress.ts";

/** The part of a terminal or pipe that is used. */
export interface TextOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const redrawMs = 100;
const plainLineMs = 2000;

export function textReporter(stdout: TextOutput, stderr: TextOutput, now: () => number = Date.now): Reporter {
  const colours = pc.createColors(hasColour(stdout));
  const isTerminal = stdout.isTTY === true && process.env["TERM"] !== "dumb";
  let measureSpeed = speedometer();
  let drawnLines = 0;
  let drawnAt = -Infinity;
  let last: Progress | undefined;
  let lastDrawn: Progress | undefined;

  const clear = (): void => {
    if (drawnLines > 0) stdout.write(`\u001B[${drawnLines}A\u001B[J`);
    drawnLines = 0;
  };
  const line = (text: string): void => {
    clear();
    stdout.write(`${text}\n`);
  };
  // What comes from files goes through `visible`; colours are put around it.
  const draw = (progress: Progress): void => {
    drawnAt = now();
    lastDrawn = progress;
    if (!isTerminal) {
      stdout.write(`${progressLine(progress)}\n`);
      return;
    }
    const [bar = "", ...rest] = progressBlock(progress, stdout.columns || 80);
    clear();
    const lines = [colours.cyan(bar), ...rest];
    stdout.write(`${lines.join("\n")}\n`);
    drawnLines = lines.length;
  };
  const step = ({ record, steps }: StepEvent): void => {
    const loss = Number.isFinite(record.loss) ? record.loss : null;
    last = { step: record.step, steps, loss, stepsPerSecond: measureSpeed(record.step, now()) };
    if (now() - drawnAt >= (isTerminal ? redrawMs : plainLineMs)) draw(last);
  };
  const measure = ({ name, part, parts }: MeasureEvent): void => {
    if (part < parts && now() - drawnAt < (isTerminal ? redrawMs : plainLineMs)) return;
    drawnAt = now();
    line(`evaluating: ${visible(name)} ${part}/${parts}`);
    drawnLines = isTerminal ? 1 : 0;
  };
  let study: StudyProgress | undefined;
  const drawStudy = (): void => {
    if (study === undefined || now() - drawnAt < (isTerminal ? redrawMs : plainLineMs)) return;
    drawnAt = now();
    if (!isTerminal) {
      stdout.write(`${visible(study.line(now()))}\n`);
      return;
    }
    const lines = study.block(stdout.columns || 80, now()).map(visible);
    clear();
    stdout.write(`${lines.join("\n")}\n`);
    drawnLines = lines.length;
  };
  const warn = (message: string): void => {
    clear();
    stderr.write(`${colours.yellow("warning")} ${visible(message)}\n`);
  };

  return {
    preparing: (what) => line(`preparing ${visible(what)} …`),
    warning: warn,
    trainEvent(event: TrainEvent) {
      if (event.type === "start") {
        // The first sample is the first step: compilation does not recur, and the forecast leaves it out.
        measureSpeed = speedometer();
        const from = event.step > 0 ? `, from outer step ${event.step}` : "";
        line(
          `${colours.bold(visible(event.experiment))}  seed ${event.seed}  ${event.steps} outer steps${from}  ${colours.dim(visible(event.store ?? ""))}`,
        );
      } else if (event.type === "step") step(event);
      else if (event.type === "warning") warn(event.message);
      else if (event.type === "evaluate") {
        if (last !== undefined && lastDrawn !== last) draw(last);
        drawnLines = 0;
        line("evaluating …");
      } else if (event.type === "measure") measure(event);
    },
    studyEvent(event) {
      if (event.type === "study") {
        study = studyProgress(event, now());
        const done = event.cells.filter(({ status }) => status !== "open").length;
        const ended = done > 0 ? `, ${done} done` : "";
        line(
          `${colours.bold(visible(event.study))}  seed ${event.seed}  ${event.cells.length} cells${ended}  ${colours.dim(visible(event.store))}`,
        );
        return;
      }
      study?.hear(event, now());
      if (event.type === "warning") warn(event.message);
      if (event.type === "study-grow") line(visible(event.note));
      if (event.type === "cell" && event.event.type === "warning") warn(event.event.message);
      if (event.type === "cell-end") line(visible(cellEndLine(event)));
      if (event.type === "cell") drawStudy();
    },
    studyFinished(told) {
      clear();
      const [head = "", ...rest] = studyEndLines(told).map(visible);
      const isWhole = !told.isInterrupted && told.blocked.length === 0;
      const colour = isWhole ? colours.green : colours.yellow;
      stdout.write(`${[colour(head), ...rest].join("\n")}\n`);
    },
    queueProgress(told) {
      study?.queue(told);
      drawStudy();
    },
    interrupting() {
      clear();
      stderr.write(
        "Interrupted: finishing this outer step and writing a checkpoint. Ctrl-C again ends at once.\n",
      );
    },
    finished(summary) {
      clear();
      for (const text of summaryLines(summary, colours)) stdout.write(`${text}\n`);
    },
    answer: (lines) => void stdout.write(`${visible(lines.join("\n"))}\n`),
    failed(failure) {
      clear();
      stderr.write(`${failureText(failure, pc.createColors(hasColour(stderr)))}\n`);
    },
  };
}

type Colours = ReturnType<typeof pc.createColors>;

function summaryLines(summary: RunSummary, colours: Colours): string[] {
  const { run, step, steps, loss, stepsPerSecond, durationMs, evaluation, report, lost } = summary;
  if (summary.isInterrupted) {
    const done = steps === 0 ? "" : ` after ${step} of ${steps} outer steps; a checkpoint is written.`;
    return [
      `${colours.yellow("interrupted")}${done}`,
      ...(lost === undefined ? [] : [lost]),
      ...(summary.resume === undefined ? [] : [`Continue with: ${summary.resume}`]),
    ];
  }
  const metrics = Object.entries(evaluation?.metrics ?? {});
  const table = evaluation?.table;
  const head = [
    `${colours.green("done")} ${step} outer steps in ${formatDuration(durationMs)}`,
    ...(loss === undefined ? [] : [`loss ${formatNumber(loss)}`]),
    ...(stepsPerSecond > 0 ? [formatSpeed(stepsPerSecond)] : []),
  ].join("  ");
  return [
    head,
    ...(table === undefined
      ? []
      : ["", colours.bold(visible(table.title)), ...formatTable(table.columns, table.rows).map(visible)]),
    ...(metrics.length === 0 ? [] : ["", ...formatTable(["evaluation", "value"], metrics).map(visible)]),
    "",
    ...(report === undefined ? [] : [`report  ${visible(report)}`]),
    `run     ${visible(run ?? "")}`,
  ];
}

function failureText({ code, message, trace }: FailureReport, colours: Colours): string {
  return [
    `${colours.red("error")} ${colours.dim(visible(code))} ${visible(message)}`,
    ...(trace === undefined ? [] : [colours.dim(visible(trace))]),
  ].join("\n");
}

/** https://no-color.org: any value that is not empty turns colours off. */
function hasColour(output: TextOutput): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return output.isTTY === true && TERM !== "dumb";
}
